// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/manifest.h"

#include <algorithm>

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

VersionFile file(const std::string& path, const std::string& bytes) {
  return {FilePath::parse(path), Digest::of(bytes), bytes.size(), ""};
}

std::vector<VersionFile> model_files() {
  return {file("weights.bin", "abc"), file("README.md", "# hi"), file("config/a.json", "{}")};
}

Code code_of(std::vector<VersionFile> files) {
  try {
    Manifest::build(Kind::model, std::move(files));
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;  // not refused
}

// Frozen: a version's digest must never change.
constexpr const char* kGoldenConfig =
    R"({"config":{},"descriptor":{},"modelfs":{"diffIds":["sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],"type":"layers"}})";
constexpr const char* kGolden =
    R"({"artifactType":"application/vnd.cncf.model.manifest.v1+json",)"
    R"("config":{"digest":"CONFIG","mediaType":"application/vnd.cncf.model.config.v1+json","size":143},)"
    R"("layers":[{"annotations":{"org.cncf.model.filepath":"data.csv"},)"
    R"("digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",)"
    R"("mediaType":"application/vnd.cncf.model.dataset.v1.raw","size":3}],)"
    R"("mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2})";

}  // namespace

TEST_CASE("Manifest: golden bytes of a dataset of one file") {
  const Manifest manifest = Manifest::build(Kind::dataset, {file("data.csv", "abc")});
  CHECK(manifest.config() == kGoldenConfig);
  std::string expected = kGolden;
  expected.replace(expected.find("CONFIG"), 6, Digest::of(std::string_view(kGoldenConfig)).text());
  CHECK(manifest.bytes() == expected);
  CHECK(manifest.digest() == Digest::of(manifest.bytes()));
  CHECK(manifest.digest().text() ==
        "sha256:3d85adb615df4c9e1e65ff742c999f954ca7b0095babb4a80f215480b0f6fb4b");
}

TEST_CASE("Manifest: the order of the files does not matter") {
  auto files = model_files();
  const Digest digest = Manifest::build(Kind::model, files).digest();
  std::sort(files.begin(), files.end(),
            [](const auto& left, const auto& right) { return left.size < right.size; });
  CHECK(Manifest::build(Kind::model, files).digest() == digest);
  files[0].path = FilePath::parse("other.bin");
  CHECK(Manifest::build(Kind::model, files).digest() != digest);
}

TEST_CASE("Manifest: media types go by kind, and for models by extension") {
  const auto type = [](Kind kind, const char* path) {
    return std::string(layer_media_type(kind, FilePath::parse(path)));
  };
  CHECK(type(Kind::model, "a.bin") == "application/vnd.cncf.model.weight.v1.raw");
  CHECK(type(Kind::model, "assay.json") == "application/vnd.cncf.model.weight.config.v1.raw");
  CHECK(type(Kind::model, "README.MD") == "application/vnd.cncf.model.doc.v1.raw");
  CHECK(type(Kind::model, "load.py") == "application/vnd.cncf.model.code.v1.raw");
  CHECK(type(Kind::dataset, "a.json") == "application/vnd.cncf.model.dataset.v1.raw");
  CHECK(type(Kind::plugin, "gbt.so") == "application/vnd.cncf.model.code.v1.raw");
}

TEST_CASE("Manifest: parsing gives back what was built") {
  const Manifest built = Manifest::build(Kind::model, model_files());
  const Manifest parsed = Manifest::parse(built.bytes());
  CHECK(parsed.digest() == built.digest());
  CHECK(parsed.config_digest() == Digest::of(built.config()));
  CHECK(parsed.config_size() == built.config().size());
  REQUIRE(parsed.files().size() == 3);
  CHECK(parsed.files()[0].path.text() == "README.md");
  CHECK(parsed.files()[2].size == 3);
}

TEST_CASE("Manifest: files that cannot stand beside each other are refused") {
  CHECK(code_of({}) == Code::invalid_argument);
  CHECK(code_of({file("a", "1"), file("a", "2")}) == Code::invalid_argument);
  CHECK(code_of({file("a/b/c", "1"), file("a/b", "2")}) == Code::invalid_argument);
}

TEST_CASE("Manifest: 10 000 files are taken and one more is not") {
  std::vector<VersionFile> files;
  for (std::size_t i = 0; i < kMaxFiles; ++i) files.push_back(file("f" + std::to_string(i), "x"));
  CHECK(Manifest::build(Kind::dataset, files).files().size() == kMaxFiles);
  files.push_back(file("one-more", "x"));
  CHECK(code_of(files) == Code::too_large);
}

TEST_CASE("Manifest: strange documents are refused") {
  const std::string good = Manifest::build(Kind::dataset, {file("data.csv", "abc")}).bytes();
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string bytes = good;
    return bytes.replace(bytes.find(from), from.size(), to);
  };
  CHECK_THROWS_AS(Manifest::parse("{}"), Error);
  CHECK_THROWS_AS(Manifest::parse(changed("data.csv", "../data.csv")), Error);
  CHECK_THROWS_AS(Manifest::parse(changed("\"schemaVersion\":2", "\"schemaVersion\":1")), Error);
  CHECK_THROWS_AS(Manifest::parse(changed("dataset.v1.raw", "dataset.v1.tar")), Error);
  CHECK_THROWS_AS(Manifest::parse(changed("\"size\":3", "\"size\":-3")), Error);
  CHECK_THROWS_AS(Manifest::parse(changed("\"schemaVersion\":2", "\"schemaVersion\":2,\"x\":1")), Error);
}
