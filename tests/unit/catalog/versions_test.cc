// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/versions.h"

#include <thread>

#include "registry/catalog/uploads.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

const Name kChurn = Name::parse("churn");

Version add(Catalogue& catalogue, const Name& name, const std::string& bytes) {
  return catalogue.database->write(
      [&](Transaction& transaction) { return add_version(transaction, name, bytes); });
}

}  // namespace

TEST_CASE("Versions: what was appended is found by number, digest and as the newest") {
  Catalogue catalogue;
  const Version first = add(catalogue, kChurn, "one");
  const Version second = add(catalogue, kChurn, "two");
  CHECK(first.number == 1);
  CHECK(second.number == 2);
  CHECK(first.reference() == "default/churn@1");
  CHECK(first.labels == Labels{{"k", "v"}});
  REQUIRE(first.files.size() == 1);
  CHECK(first.files[0].path.text() == "w.bin");
  CHECK(first.digest == manifest_of("one").digest());
  catalogue.database->read([&](Snapshot& snapshot) {
    CHECK(newest_version(snapshot, Kind::model, kChurn)->number == 2);
    CHECK(find_version(snapshot, Kind::model, kChurn, 1)->digest == first.digest);
    CHECK(find_version(snapshot, Kind::model, kChurn, first.digest)->number == 1);
    CHECK_FALSE(find_version(snapshot, Kind::model, kChurn, 3));
    CHECK_FALSE(newest_version(snapshot, Kind::dataset, kChurn));
    CHECK(find_manifest(snapshot, first.digest)->bytes == manifest_of("one").bytes());
  });
}

TEST_CASE("Versions: the same bytes may be published again and share one manifest") {
  Catalogue catalogue;
  add(catalogue, kChurn, "one");
  add(catalogue, Name::parse("acme/other"), "one");
  const Version again = add(catalogue, kChurn, "one");
  CHECK(again.number == 2);
  catalogue.database->read([&](Snapshot& snapshot) {
    CHECK(versions_with_digest(snapshot, again.digest, 10).size() == 3);
    CHECK(versions_with_digest(snapshot, again.digest, 2).size() == 2);
    CHECK(find_version(snapshot, Kind::model, kChurn, again.digest)->number == 2);
    Rows rows = snapshot.query("SELECT COUNT(*) FROM manifests");
    REQUIRE(rows.next());
    CHECK(rows.get<std::int64_t>(0) == 1);
  });
}

TEST_CASE("Versions: 16 threads get dense numbers") {
  Catalogue catalogue;
  constexpr int kThreads = 16, kEach = 8;
  std::vector<std::vector<VersionNumber>> numbers(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        numbers[static_cast<std::size_t>(t)].push_back(
            add(catalogue, kChurn, std::to_string(t) + "/" + std::to_string(i)).number);
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<VersionNumber> all;
  for (const auto& some : numbers) {
    CHECK(std::is_sorted(some.begin(), some.end()));
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == kThreads * kEach);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == static_cast<VersionNumber>(i + 1));
}

TEST_CASE("Versions: nothing of one can be changed, nor its row removed") {
  Catalogue catalogue;
  add(catalogue, kChurn, "one");
  for (const char* sql : {"UPDATE versions SET number = 7",
                          "UPDATE versions SET manifest_id = 1, created_by = 'eve'", "DELETE FROM versions"})
    CHECK_THROWS_AS(catalogue.database->write([&](Transaction& transaction) { transaction.execute(sql); }),
                    Error);
}

TEST_CASE("Versions: a deleted one is seen by nothing and its number is not given out again") {
  Catalogue catalogue;
  const Version gone = add(catalogue, kChurn, "one");
  catalogue.database->write([&](Transaction& transaction) {
    transaction.execute("UPDATE versions SET deleted_at = ? WHERE id = ?", {kNow, gone.id});
  });
  catalogue.database->read([&](Snapshot& snapshot) {
    CHECK_FALSE(newest_version(snapshot, Kind::model, kChurn));
    CHECK_FALSE(find_version(snapshot, gone.id));
    CHECK(find_artifact(snapshot, Kind::model, kChurn)->version_count == 0);
    CHECK_FALSE(is_held_in(snapshot, Digest::of(std::string_view("one")), ReadableSpaces::everything()));
  });
  CHECK(add(catalogue, kChurn, "one").number == 2);
}

TEST_CASE("Versions: pages run newest first without gap or repeat") {
  Catalogue catalogue;
  for (int i = 0; i < 5; ++i) add(catalogue, kChurn, std::to_string(i));
  std::vector<VersionNumber> seen;
  PageRequest request{.cursor = {}, .limit = 2};
  do {
    const auto page = catalogue.database->read(
        [&](Snapshot& snapshot) { return list_versions(snapshot, Kind::model, kChurn, request); });
    for (const Version& version : page.items) seen.push_back(version.number);
    request.cursor = page.next_cursor;
  } while (request.cursor);
  CHECK(seen == std::vector<VersionNumber>{5, 4, 3, 2, 1});
}

TEST_CASE("Versions: a page ends early when its versions have very many files") {
  Catalogue catalogue;
  std::vector<VersionFile> files;
  for (std::size_t i = 0; i < kMaxFiles; ++i)
    files.push_back({FilePath::parse("f" + std::to_string(i)), Digest::of(std::string_view("x")), 1, ""});
  const Manifest manifest = Manifest::build(Kind::model, files);
  for (int i = 0; i < 4; ++i)
    catalogue.database->write([&](Transaction& transaction) {
      append_version(transaction, {.artifact_id = ensure_artifact(transaction, Kind::model, kChurn, kNow),
                                   .manifest = manifest,
                                   .created_at = kNow,
                                   .created_by = "ann",
                                   .labels = {},
                                   .profile = {},
                                   .run_id = {}});
    });
  const auto page = [&](std::optional<std::string> cursor) {
    return catalogue.database->read([&](Snapshot& snapshot) {
      return list_versions(snapshot, Kind::model, kChurn, {.cursor = std::move(cursor), .limit = 4});
    });
  };
  const auto first = page({});
  CHECK(first.items.size() == 3);
  REQUIRE(first.next_cursor);
  const auto second = page(first.next_cursor);
  REQUIRE(second.items.size() == 1);
  CHECK(second.items[0].number == 1);
  CHECK_FALSE(second.next_cursor);
}

TEST_CASE("Artifacts: two spellings are one name, shown as it was first written") {
  Catalogue catalogue;
  add(catalogue, Name::parse("Acme/ChurnModel"), "one");
  CHECK(add(catalogue, Name::parse("acme/churnmodel"), "two").number == 2);
  catalogue.database->read([&](Snapshot& snapshot) {
    const auto artifact = find_artifact(snapshot, Kind::model, Name::parse("ACME/CHURNMODEL"));
    REQUIRE(artifact);
    CHECK(artifact->name.text() == "Acme/ChurnModel");
    CHECK(artifact->version_count == 2);
    CHECK(artifact->latest->number == 2);
    CHECK(count_artifacts(snapshot, Kind::model) == 1);
  });
}

TEST_CASE("Artifacts: lists show the readable namespaces in order, page by page") {
  Catalogue catalogue;
  for (const char* name : {"b/x", "a/y", "a/X", "c/z", "b/a"}) add(catalogue, Name::parse(name), name);
  const auto names = [&](const ReadableSpaces& spaces) {
    std::string out;
    PageRequest request{.cursor = {}, .limit = 2};
    do {
      const auto page = catalogue.database->read(
          [&](Snapshot& snapshot) { return list_artifacts(snapshot, Kind::model, spaces, request); });
      CHECK(page.items.size() <= 2);
      for (const Artifact& artifact : page.items) out += artifact.name.text() + " ";
      request.cursor = page.next_cursor;
    } while (request.cursor);
    return out;
  };
  CHECK(names(ReadableSpaces::everything()) == "a/X a/y b/a b/x c/z ");
  CHECK(names({.all = false, .keys = {"a", "c"}}) == "a/X a/y c/z ");
  CHECK(names({.all = false, .keys = {}}).empty());
}

TEST_CASE("Uploads: a blob is held only in the namespaces of versions that have it") {
  Catalogue catalogue;
  add(catalogue, Name::parse("acme/churn"), "one");
  const Manifest manifest = manifest_of("one");
  const Id token = Id::make(kNow, {});
  const Digest other = Digest::of(std::string_view("mine"));
  catalogue.database->write([&](Transaction& transaction) {
    record_upload(transaction, {token, other, 4, kNow});
    record_upload(transaction, {token, other, 4, kNow});
  });
  catalogue.database->read([&](Snapshot& snapshot) {
    const auto acme = ReadableSpaces::only(Namespace::parse("ACME"));
    const auto rival = ReadableSpaces::only(Namespace::parse("rival"));
    for (const Digest& digest :
         {Digest::of(std::string_view("one")), manifest.digest(), manifest.config_digest()}) {
      CHECK(is_held_in(snapshot, digest, acme));
      CHECK_FALSE(is_held_in(snapshot, digest, rival));
    }
    CHECK_FALSE(is_held_in(snapshot, other, ReadableSpaces::everything()));
    CHECK(was_uploaded_by(snapshot, token, other));
    CHECK_FALSE(was_uploaded_by(snapshot, Id::make(kNow + std::chrono::milliseconds(1), {}), other));
  });
}
