// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "registry/plugin_host/descriptor.h"
#include "registry/plugin_host/elf.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

TEST_CASE("ELF: finds the descriptor and the one export of a plugin") {
  const std::string bytes = read_text(test_plugin("probe"));
  const ElfFile file(bytes, "probe.so");
  REQUIRE(file.section(".assay.manifest"));
  CHECK(file.section(".assay.manifest")->substr(0, 20) == R"({"manifest_version":)");
  CHECK_FALSE(file.section(".no.such.section"));
  CHECK(file.exported_symbols() == std::vector<std::string>{"assay_plugin_open_v1"});
}

TEST_CASE("ELF: a library cut off anywhere is refused, never read past its end") {
  const std::string bytes = read_text(test_plugin("probe"));
  for (std::size_t kept = 0; kept < bytes.size(); kept += 1 + bytes.size() / 997) {
    // A copy of exactly that size, so that a sanitizer sees every step beyond it.
    const std::string cut(bytes.data(), kept);
    const Error error = error_of([&] { read_descriptor(cut, Digest::of(cut), "cut.so"); });
    CHECK((error.code() == Code::corrupt || error.code() == Code::unsupported));
  }
  const Error error =
      error_of([&] { read_descriptor(bytes.substr(0, bytes.size() - 1), Digest::of(""), "cut.so"); });
  CHECK(contains(error.message(),
                 "cut.so is not a whole shared library: it is cut off; copy or build it again"));
}

TEST_CASE("ELF: flipped bytes end in a descriptor or an Error") {
  const std::string bytes = read_text(test_plugin("probe"));
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string broken = bytes;
    // Headers are where flips matter: the first 64 bytes and the section headers at the end.
    const std::size_t span = round % 2 == 0 ? 64 : 4096;
    const std::size_t base = round % 2 == 0 ? 0 : bytes.size() - span;
    for (int flips = 0; flips < 4; ++flips) broken[base + random() % span] = static_cast<char>(random());
    try {
      read_descriptor(broken, Digest::of(""), "flipped.so");
      ElfFile(broken, "flipped.so").exported_symbols();
    } catch (const Error&) {
    }
  }
  SUCCEED();
}

TEST_CASE("ELF: a library that is no plugin says so") {
  const Error text = error_of([] { read_descriptor("#!/bin/sh\n", Digest::of(""), "script.so"); });
  CHECK(text.code() == Code::unsupported);
  CHECK(contains(text.message(), "script.so is not a shared library"));
}

TEST_CASE("Descriptor: a malformed one names the member") {
  const auto refused = [](std::string_view json) {
    return error_of([&] { parse_descriptor(json, Digest::of(""), "x.so"); }).message();
  };
  CHECK(contains(refused("{"), "x.so"));
  CHECK(contains(refused("[]"), "not a JSON object"));
  CHECK(contains(refused(R"({"manifest_version":9,"abi":{"major":1,"min_minor":0}})"), "version 9"));
  CHECK(contains(refused(R"({"manifest_version":1})"), "abi"));
  CHECK(contains(refused(R"({"manifest_version":1,"abi":{"major":1,"min_minor":0}})"), "id"));
  CHECK(contains(
      refused(
          R"({"manifest_version":1,"abi":{"major":1,"min_minor":0},"id":"x","version":"1","components":[]})"),
      "components"));
  CHECK(contains(
      refused(
          R"({"manifest_version":1,"abi":{"major":1,"min_minor":0},"id":"x","version":"1","components":[{"id":"a","capabilities":[]},{"id":"a","capabilities":[]}]})"),
      "two components"));
}

}  // namespace
}  // namespace assay::test
