// SPDX-License-Identifier: Apache-2.0
#include "registry/service/checkpoint_keeper.h"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "registry/catalog/audit.h"
#include "registry/catalog/audit_tree.h"
#include "registry/catalog/sqlite_session.h"
#include "registry/service/audit_trail.h"
#include "storage/env/private_file.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

struct SignedRegistry : Registry {
  std::filesystem::path folder = catalogue.directory.path();
  std::unique_ptr<CheckpointKeeper> keeper = open();

  std::unique_ptr<CheckpointKeeper> open() { return std::make_unique<CheckpointKeeper>(folder, clock, entropy); }

  void append(int count) {
    services.database.write([&](Transaction& transaction) {
      for (int i = 0; i < count; ++i)
        append_audit(transaction, {.time = kNow, .actor = "ann", .action = "test", .subject = std::to_string(i)});
    });
  }
  std::string file(const char* name) const { return read_private_file(folder / name).value_or(""); }

  // What somebody does who can write the catalogue's file and nothing else.
  void intrude(const std::string& sql) {
    Session session(catalogue.path(), SessionMode::write);
    for (const char* trigger : {"audit_is_append_only_1", "audit_is_append_only_2", "audit_nodes_are_append_only_1",
                                "audit_nodes_are_append_only_2"})
      session.run(("DROP TRIGGER IF EXISTS " + std::string(trigger)).c_str());
    session.run(("BEGIN; " + sql + "; DELETE FROM audit_nodes").c_str());
    Transaction transaction(session);
    append_earlier_leaves(transaction);
    session.run("COMMIT");
  }
};

void refuses(SignedRegistry& registry, CheckpointKeeper& keeper) {
  try {
    keeper.sign(registry.services.database);
    FAIL("it was signed");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK_THAT(error.message(), Catch::Contains("audit.checkpoint") && Catch::Contains("fsck"));
  }
}

}  // namespace

TEST_CASE("Checkpoints: the first start makes a key for the owner's eyes only, and later ones keep it") {
  SignedRegistry registry;
  struct stat status {};
  REQUIRE(::stat((registry.folder / "audit.key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const LogKey key = registry.keeper->key();
  CHECK(registry.open()->key() == key);
  CHECK_THAT(registry.file("audit.key"), Catch::StartsWith("PRIVATE+KEY+" + key.name()));
}

TEST_CASE("Checkpoints: each says what the trail is now, and the newest is remembered") {
  SignedRegistry registry;
  for (const int count : {3, 1, 0, 7}) {
    registry.append(count);
    const auto [head, text] = registry.keeper->sign(registry.services.database);
    CHECK(open_checkpoint(text, registry.keeper->key(), "it") == head);
    CHECK(head == registry.services.database.read([](Snapshot& snapshot) { return audit_head(snapshot); }));
    CHECK(registry.file("audit.checkpoint") == text);
    CHECK(last_signed_head(registry.folder) == head);
  }
  const auto again = registry.open();
  registry.append(1);
  CHECK(again->sign(registry.services.database).head.size == 12);
}

TEST_CASE("Checkpoints: none takes back what was signed before, even when the tree was made anew as well") {
  for (const char* change : {"UPDATE audit SET actor = 'eve' WHERE seq = 2", "DELETE FROM audit WHERE seq = 5"}) {
    INFO(change);
    SignedRegistry registry;
    registry.append(5);
    registry.keeper->sign(registry.services.database);
    registry.append(2);
    registry.intrude(std::string(change) + "; UPDATE audit SET seq = seq - 1 WHERE seq > 5 AND NOT EXISTS (SELECT 1 FROM "
                                           "audit WHERE seq = 5)");
    refuses(registry, *registry.keeper);
    refuses(registry, *registry.open());
  }
  SignedRegistry registry;
  registry.append(5);
  registry.keeper->sign(registry.services.database);
  registry.intrude("DELETE FROM audit WHERE seq > 3");
  refuses(registry, *registry.open());
}

TEST_CASE("Checkpoints: a key or a last checkpoint that is not its own stops the start") {
  SignedRegistry registry;
  registry.append(3);
  registry.keeper->sign(registry.services.database);
  const std::string key = registry.file("audit.key"), text = registry.file("audit.checkpoint");
  const auto stops = [&](const std::string& words) {
    try {
      registry.open();
      FAIL("it started");
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
      CHECK_THAT(error.message(), Catch::Contains(words));
    }
    CHECK_THROWS_AS(last_signed_head(registry.folder), Error);
  };
  write_private_file(registry.folder / "audit.key", "PRIVATE+KEY+nonsense\n");
  stops("audit.key does not read");
  write_private_file(registry.folder / "audit.key", LogSecret::make(registry.clock, registry.entropy).text());
  stops("another registry");
  write_private_file(registry.folder / "audit.key", key);
  write_private_file(registry.folder / "audit.checkpoint", "nonsense");
  stops("no checkpoint");
  write_private_file(registry.folder / "audit.checkpoint", text);
  CHECK(registry.open()->sign(registry.services.database).checkpoint == text);
}

TEST_CASE("Checkpoints: many threads sign while entries are appended, and what is remembered never goes back") {
  SignedRegistry registry;
  registry.keeper->sign(registry.services.database);
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (std::uint64_t kept = 0; !over;) {
        registry.keeper->sign(registry.services.database);
        const auto now = last_signed_head(registry.folder);
        if (!now || now->size < kept) ++wrong;
        kept = now ? now->size : kept;
      }
    });
  for (int i = 0; i < 200; ++i) registry.append(1 + i % 3);
  over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  const TreeHead head = registry.keeper->sign(registry.services.database).head;
  CHECK(last_signed_head(registry.folder) == head);
}

TEST_CASE("Audit proofs: lead from any entry and any earlier size to the root that is signed") {
  SignedRegistry registry;
  registry.append(21);
  std::vector<TreeHead> heads(22, TreeHead{0, Digest::of("")});
  registry.services.database.read([&](Snapshot& snapshot) {
    for (std::uint64_t size = 1; size <= 21; ++size) heads[size] = {size, tree_root(size, audit_nodes(snapshot))};
  });
  for (std::uint64_t seq = 1; seq <= 21; ++seq)
    for (std::uint64_t size = seq; size <= 21; ++size) {
      const InclusionProof in = prove_entry(registry.services, registry.admin, seq, size);
      CHECK(proves_inclusion(heads[size], seq - 1, in.leaf, in.hashes));
      const AuditProof on = prove_consistency(registry.services, registry.admin, seq, size);
      CHECK(proves_consistency(heads[seq], heads[size], on.hashes));
    }
  CHECK(prove_entry(registry.services, registry.admin, 1, {}).size == 21);
  CHECK(prove_consistency(registry.services, registry.admin, 1, {}).size == 21);
  for (const auto& [first, end] : {std::pair(0, 5), std::pair(6, 5), std::pair(1, 22), std::pair(22, 22)}) {
    const auto from = static_cast<std::uint64_t>(first), to = static_cast<std::uint64_t>(end);
    CHECK(code_of([&] { prove_entry(registry.services, registry.admin, from, to); }) == Code::invalid_argument);
    CHECK(code_of([&] { prove_consistency(registry.services, registry.admin, from, to); }) == Code::invalid_argument);
  }
}

TEST_CASE("Audit texts: are the entries' own, oldest first, and hash to their leaves") {
  SignedRegistry registry;
  registry.append(10);
  const std::string all = audit_texts(registry.services, registry.admin, 0);
  CHECK_THAT(all, Catch::StartsWith(R"({"action":"test","actor":"ann","details":{},"seq":1,"subject":"0","time":")"));
  CHECK(std::count(all.begin(), all.end(), '\n') == 10);
  const std::string last = audit_texts(registry.services, registry.admin, 9);
  CHECK(all.ends_with(last));
  CHECK(leaf_hash(std::string_view(last).substr(0, last.size() - 1)) ==
        prove_entry(registry.services, registry.admin, 10, {}).leaf);
  CHECK(audit_texts(registry.services, registry.admin, 10).empty());
}

TEST_CASE("Audit proofs: only admins of everything get them, and without a key there are no checkpoints") {
  Registry registry;
  const Principal& ann = registry.ann;
  CHECK(code_of([&] { audit_texts(registry.services, ann, 0); }) == Code::denied);
  CHECK(code_of([&] { audit_checkpoint(registry.services, ann); }) == Code::denied);
  CHECK(code_of([&] { prove_entry(registry.services, ann, 1, {}); }) == Code::denied);
  CHECK(code_of([&] { prove_consistency(registry.services, ann, 1, {}); }) == Code::denied);
  CHECK(code_of([&] { audit_checkpoint(registry.services, registry.admin); }) == Code::unavailable);
}
