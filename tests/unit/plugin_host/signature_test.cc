// SPDX-License-Identifier: Apache-2.0
// Signatures of plugins, also against the openssl command.
#include "registry/plugin_host/signature.h"

#include <cstdlib>

#include "registry/plugin_host/worker_plugins.h"
#include "registry/signing/keys.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) {
  return "'" + path.string() + "'";
}

void openssl(const std::string& arguments) {
  REQUIRE(std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0);
}

// A folder with a library and two pairs of keys.
struct Desk {
  TempDir folder;
  fs::path library = folder / "probe.so", key = folder / "key.pem", pub = folder / "pub.pem",
           other_key = folder / "other.pem", other_pub = folder / "other-pub.pem";

  Desk() {
    fs::copy_file(test_plugin("probe"), library);
    for (const auto& [private_key, public_key] : {std::pair(key, pub), std::pair(other_key, other_pub)}) {
      openssl("genpkey -algorithm ed25519 -out " + quoted(private_key));
      openssl("pkey -in " + quoted(private_key) + " -pubout -out " + quoted(public_key));
    }
  }

  std::optional<std::string> require(const fs::path& keys) const {
    return TrustedKeys::load(keys).require(read_text(library), library, "probe");
  }
  PluginInfo find(const fs::path& keys) const {
    PluginHostOptions options{.worker = worker(), .directories = {}, .registry = {}};
    options.keys = TrustedKeys::load(keys);
    return WorkerPlugins(std::move(options)).find(library.string());
  }
};

}  // namespace

TEST_CASE("Signature: what is signed here openssl verifies, and the other way round") {
  Desk desk;
  CHECK(sign_library(desk.library, desk.key) == desk.folder / "probe.so.sig");
  openssl("pkeyutl -verify -pubin -inkey " + quoted(desk.pub) + " -rawin -in " + quoted(desk.library) +
          " -sigfile " + quoted(signature_file(desk.library)));
  const auto signer = desk.require(desk.pub);
  REQUIRE(signer);
  CHECK(signer->starts_with("sha256:"));

  openssl("pkeyutl -sign -inkey " + quoted(desk.other_key) + " -rawin -in " + quoted(desk.library) +
          " -out " + quoted(signature_file(desk.library)));
  CHECK(desk.require(desk.other_pub) != signer);
}

TEST_CASE("Signature: any one of the trusted keys is enough") {
  Desk desk;
  sign_library(desk.library, desk.key);
  write_text(desk.folder / "both.pem", read_text(desk.other_pub) + read_text(desk.pub));
  CHECK(desk.require(desk.folder / "both.pem").has_value());
}

TEST_CASE("Signature: an unsigned, altered, foreign or malformed one is refused, and nothing is loaded") {
  Desk desk;
  const auto refused = [&] { return error_of([&] { desk.find(desk.pub); }).code(); };
  CHECK(refused() == Code::denied);
  sign_library(desk.library, desk.other_key);
  CHECK(refused() == Code::denied);
  sign_library(desk.library, desk.key);
  CHECK(desk.find(desk.pub).name == "probe");
  const std::string good = read_text(signature_file(desk.library));
  std::string flipped = good;
  flipped[17] ^= 1;
  for (const std::string& bad : {std::string(), good.substr(1), good + '\0', flipped}) {
    write_text(signature_file(desk.library), bad);
    CHECK(refused() == Code::denied);
  }
  write_text(signature_file(desk.library), good);
  write_text(desk.library, read_text(desk.library) + "x");
  CHECK(refused() == Code::denied);
}

TEST_CASE("Signature: listing leaves out what is not signed") {
  Desk desk;
  PluginHostOptions options{.worker = worker(), .directories = {desk.folder.path()}, .registry = {}};
  options.keys = TrustedKeys::load(desk.pub);
  CHECK(WorkerPlugins(options).list().empty());
  sign_library(desk.library, desk.key);
  CHECK(WorkerPlugins(options).list().size() == 1);
}

TEST_CASE("Signature: files that hold no key, or one of another kind, are refused by name") {
  Desk desk;
  openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + quoted(desk.folder / "ec.pem"));
  CHECK(error_of([&] { sign_library(desk.library, desk.folder / "ec.pem"); }).code() == Code::invalid_argument);
  CHECK(error_of([&] { sign_library(desk.library, desk.pub); }).code() == Code::invalid_argument);
  CHECK(error_of([&] { sign_library(desk.library, desk.folder / "none.pem"); }).code() == Code::not_found);
  CHECK(error_of([&] { TrustedKeys::load(desk.key); }).code() == Code::invalid_argument);
  CHECK(error_of([&] { TrustedKeys::load(desk.library); }).code() == Code::invalid_argument);
  std::filesystem::resize_file(desk.library, kMaxPemBytes + 1);
  CHECK(error_of([&] { TrustedKeys::load(desk.library); }).code() == Code::invalid_argument);
}

TEST_CASE("Plugins: a library that may not run any more is refused each time it is asked for") {
  Desk desk;
  bool revoked = false;
  PluginHostOptions options{.worker = worker(), .directories = {}, .registry = {}};
  options.vet = [&](const PluginInfo& plugin) {
    if (revoked) throw Error(Code::denied, plugin.name + " was revoked");
  };
  WorkerPlugins plugins(std::move(options));
  const Digest digest = plugins.find(desk.library.string()).digest;
  CHECK(plugins.find(digest.text()).name == "probe");
  revoked = true;
  CHECK(error_of([&] { plugins.find(digest.text()); }).code() == Code::denied);
  CHECK(error_of([&] { plugins.find(desk.library.string()); }).code() == Code::denied);
}

}  // namespace assay::test
