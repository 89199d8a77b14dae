// SPDX-License-Identifier: Apache-2.0
// From one registry to another that it cannot reach: one file, the same numbers, nothing twice.
#include <nlohmann/json.hpp>

#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

struct Sender : Registry {
  Sender() {
    write("train.csv", flights_csv(300, 1));
    write("holdout.csv", flights_csv(300, 2));
    expect(0, {"push", "dataset", "flights-train", "train.csv"});
    expect(0, {"push", "dataset", "flights-holdout", "holdout.csv"});
    for (int i = 0; i < 2; ++i)
      expect(0, {"train", "--plugin", "linear", "--seed", std::to_string(i), "--data", "flights-train@1", "--target", "late",
                 "--to", "flights"});
    expect(0, {"evaluate", "flights@2", "--data", "flights-holdout@1"});
    expect(0, {"export", "flights@2", "flights-holdout@1", "--with-inputs", "--output", "first.tar"});
  }
  std::string archive(const std::string& name = "first.tar") const { return file(name).string(); }
};

Json about(const Registry& registry, const std::string& reference) {
  return registry.json({"lineage", reference});
}

}  // namespace

TEST_CASE("Archive: versions arrive with numbers, digests, times, runs and evidence, and again is a no-op") {
  Sender sender;
  Registry receiver;
  CHECK_THAT(receiver.expect(0, {"import", sender.archive(), "--dry-run"}).out, Contains("nothing was changed"));
  receiver.expect(60, {"show", "flights@2"});
  CHECK_THAT(receiver.expect(0, {"import", sender.archive()}).out,
             Contains("default/flights@2") && Contains("3 imported, 0 here already"));
  const Json there = about(sender, "flights@2"), here = about(receiver, "flights@2");
  for (const char* member : {"run", "inputs", "ancestors", "version"}) CHECK(here[member] == there[member]);
  CHECK(here["evidence"][0]["id"] == there["evidence"][0]["id"]);
  CHECK(here["evidence"][0]["rows"] == there["evidence"][0]["rows"]);
  receiver.expect(0, {"pull", "flights@2", "out"});
  CHECK_THAT(receiver.expect(0, {"import", sender.archive()}).out, Contains("0 imported, 3 here already") && Contains("0 B sent"));
  // What came over can be worked with: measured on the same bytes it gives the same numbers.
  receiver.expect(0, {"reproduce", here["evidence"][0]["run_id"].get<std::string>()});
}

TEST_CASE("Archive: a later one has only what is new, and says so where the earlier is missing") {
  Sender sender;
  sender.expect(0, {"train", "--plugin", "linear", "--seed", "7", "--data", "flights-train@1", "--target", "late", "--to", "flights"});
  sender.expect(0, {"export", "flights@3", "--with-inputs", "--since", "first.tar", "--output", "second.tar"});
  CHECK(std::filesystem::file_size(sender.archive("second.tar")) < std::filesystem::file_size(sender.archive()) / 2);
  Registry receiver;
  CHECK_THAT(receiver.expect(60, {"import", sender.archive("second.tar")}).err, Contains("--since"));
  receiver.expect(0, {"import", sender.archive()});
  receiver.expect(0, {"import", sender.archive("second.tar")});
  CHECK(about(receiver, "flights@3")["version"]["digest"] == about(sender, "flights@3")["version"]["digest"]);
}

TEST_CASE("Archive: one that must be signed is, by a key that is trusted, and what was signed is all of it") {
  Sender sender;
  const auto key = [&](const std::string& name) {
    const std::string pem = sender.file(name + ".pem").string();
    REQUIRE(run_process({"/usr/bin/openssl", "genpkey", "-algorithm", "ed25519", "-out", pem}).exit_code == 0);
    REQUIRE(run_process({"/usr/bin/openssl", "pkey", "-in", pem, "-pubout", "-out", pem + ".pub"}).exit_code == 0);
    return pem;
  };
  const std::string ours = key("ours"), theirs = key("theirs");
  sender.expect(0, {"export", "flights@2", "--with-inputs", "--key", ours, "--output", "signed.tar"});
  Registry receiver;
  const auto import = [&](int code, const std::string& file, const std::string& trusted) {
    return receiver.expect(code, {"import", file, "--trusted", trusted + ".pub"}).err;
  };
  CHECK_THAT(import(50, sender.archive("signed.tar"), theirs), Contains("not signed by a key"));
  CHECK_THAT(import(50, sender.archive(), ours), Contains("is not signed"));
  std::string altered = read_file(sender.archive("signed.tar"));
  altered[altered.find("default/flights:2") + 16] = '3';  // what other tools call it
  receiver.write("altered.tar", altered);
  CHECK_THAT(import(50, receiver.file("altered.tar").string(), ours), Contains("not signed by a key"));
  import(0, sender.archive("signed.tar"), ours);
}

TEST_CASE("Archive: one that would renumber, and one with a changed bit or a cut end, moves nothing") {
  Sender sender;
  Registry other;
  other.write("x", "another model");
  for (const char* text : {"a", "b"}) {
    other.write("x", text);
    other.expect(0, {"push", "model", "flights", "x"});
  }
  CHECK_THAT(other.expect(30, {"import", sender.archive()}).err, Contains("default/flights@2 is sha256:"));
  CHECK(other.json({"ls", "datasets"}).empty());

  const std::string whole = read_file(sender.archive());
  Registry receiver;
  for (const char* inside : {"assay-archive/1", "late,"}) {  // the records, a table
    std::string damaged = whole;
    REQUIRE(damaged.find(inside) != std::string::npos);
    damaged[damaged.find(inside)] ^= 1;
    receiver.write("damaged.tar", damaged);
    CHECK_THAT(receiver.expect(40, {"import", "damaged.tar"}).err, Contains("digest"));
    receiver.expect(60, {"show", "flights@2"});
  }
  receiver.write("cut.tar", whole.substr(0, whole.size() / 2));
  CHECK(receiver.assay({"import", "cut.tar"}).exit_code != 0);
  receiver.write("text.tar", "not an archive");
  CHECK_THAT(receiver.expect(40, {"import", "text.tar"}).err, Contains("not an archive"));
  receiver.expect(60, {"import", "none.tar"});
}

}  // namespace assay::test
