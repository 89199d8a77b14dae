// SPDX-License-Identifier: Apache-2.0
// Archives that export never wrote: what a stranger may put into one.
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/cli/archive_file.h"
#include "registry/cli/archive_records.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/tar_text.h"
#include "tests/support/temp_dir.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;
using cli::ArchiveReader;
using cli::recorded_files;
using nlohmann::json;

std::filesystem::path write_tar(const TempDir& folder, std::string_view text) {
  std::ofstream(folder / "a.tar", std::ios::binary) << tar_of(text);
  return folder / "a.tar";
}

template <class Work>
Error refusal_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return Error(Code::internal, "nothing was refused");
}

std::string index_with(const std::string& digest) {
  return R"({"manifests":[{"mediaType":"application/vnd.assay.records.v1+json","digest":"sha256:)" + digest + R"("}]})";
}

const std::string kHead = "--- oci-layout\n{}\n--- index.json\n" + index_with("@3") + "\n--- blobs/sha256/@3\n{}\n";

}  // namespace

TEST_CASE("Archive: entries are read in order, each with its digest") {
  const TempDir folder;
  ArchiveReader reader(write_tar(folder, kHead + "--- blobs/sha256/@4\nhello"));
  CHECK(reader.records() == json::object());
  const auto blob = reader.next();
  REQUIRE(blob);
  CHECK(blob->digest == Digest::of("hello"));
  reader.extract(folder / "blob");
  CHECK(std::filesystem::file_size(folder / "blob") == 5);
  CHECK_FALSE(reader.next());
}

TEST_CASE("Archive: a digest that is none makes it corrupt, not the caller's mistake") {
  const TempDir folder;
  const auto file = write_tar(folder, "--- oci-layout\n{}\n--- index.json\n" + index_with("xyz") + "\n--- x\n");
  const Error error = refusal_of([&] { ArchiveReader reader(file); });
  CHECK(error.code() == Code::corrupt);
  CHECK_THAT(error.message(), Contains("a.tar is not an archive that can be imported"));
}

TEST_CASE("Archive: a file with holes is refused before they are filled") {
  const TempDir folder;
  // GNU's sparse form of a terabyte: a map of what is there, then that. In the first it is the last byte, in the second
  // nothing.
  const std::string sparse = "--- p x\n22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n97 GNU.sparse.name=blobs/sha256/" +
                             std::string(64, 'a') +
                             "\n37 GNU.sparse.realsize=1099511627777\n--- GNUSparseFile.0/x\n";
  for (const std::string& map : {"1\n1099511627776\n1\n" + std::string(512, 'x'), "0\n" + std::string(510, ' ')}) {
    ArchiveReader reader(write_tar(folder, kHead + sparse + map));
    const auto blob = reader.next();
    REQUIRE(blob);
    CHECK(blob->size == 1'099'511'627'777);
    const Error error = refusal_of([&] { reader.extract(folder / "blob"); });
    CHECK(error.code() == Code::corrupt);
    CHECK_THAT(error.message(), Contains("is a file with holes"));
    CHECK(std::filesystem::file_size(folder / "blob") == 0);
  }
}

TEST_CASE("Archive: the name of an entry cannot drive the terminal") {
  const TempDir folder;
  ArchiveReader reader(write_tar(folder, kHead + "--- \x1b[2Jx\n"));
  const Error error = refusal_of([&] { reader.next(); });
  CHECK(error.code() == Code::corrupt);
  CHECK_THAT(error.message(), Contains("it holds ?[2Jx"));
}

TEST_CASE("Archive records: each file of each version, and corrupt where the document is another") {
  const std::string digest = Digest::of("hello").text();
  const json version = {{"namespace", "default"},
                        {"name", "churn"},
                        {"number", 3},
                        {"files", {{{"path", "a"}, {"digest", digest}, {"size", 5}}}}};
  const auto records = [](const json& versions) {
    return json{{"format", "assay-archive/1"}, {"versions", versions}};
  };
  const auto files = recorded_files(records(json::array({version})), "a.tar");
  REQUIRE(files.size() == 1);
  CHECK(files[0].version == "default/churn@3");
  CHECK(files[0].digest == Digest::of("hello"));
  CHECK(files[0].size == 5);
  const auto code = [](const json& document) {
    return refusal_of([&] { recorded_files(document, "a.tar"); }).code();
  };
  CHECK(code({{"format", "assay-archive/2"}}) == Code::unsupported);
  CHECK(code(json::array()) == Code::unsupported);
  CHECK(code(records(5)) == Code::corrupt);
  CHECK(code(records(json::array({5}))) == Code::corrupt);
  for (const char* member : {"namespace", "name", "number", "files"}) {
    json wrong = version;
    wrong[member] = {{"a", 1}};
    CHECK(code(records(json::array({wrong}))) == Code::corrupt);
  }
  for (const char* member : {"digest", "size"}) {
    json wrong = version;
    wrong["files"][0][member] = "x";
    CHECK(code(records(json::array({wrong}))) == Code::corrupt);
  }
}

}  // namespace assay::test
