// SPDX-License-Identifier: Apache-2.0
// The audit trail from outside: pinned, edited behind the registry's back in every way, and verified.
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "registry/client/verify_audit.h"
#include "storage/base/error.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Ten changes and more.
struct AuditedRegistry : Registry {
  AuditedRegistry() {
    for (int i = 0; i < 10; ++i) expect(0, {"token", "create", "--role", "reader", "--name", "r" + std::to_string(i)});
  }

  void pin(const std::string& name) const { expect(0, {"audit", "checkpoint", "--output", name}); }

  // What an intruder does who can write the catalogue's file, guards and all. The server is stopped meanwhile.
  void edit(const std::string& sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open((data() / "catalog.db").c_str(), &handle) == SQLITE_OK);
    const std::string all =
        "DROP TRIGGER IF EXISTS audit_is_append_only_1; DROP TRIGGER IF EXISTS audit_is_append_only_2;"
        "DROP TRIGGER IF EXISTS audit_nodes_are_append_only_1; DROP TRIGGER IF EXISTS audit_nodes_are_append_only_2;" +
        sql;
    char* why = nullptr;
    const int status = sqlite3_exec(handle, all.c_str(), nullptr, nullptr, &why);
    INFO((why ? why : ""));
    CHECK(status == SQLITE_OK);
    sqlite3_free(why);
    sqlite3_close(handle);
  }

  std::string copy_catalogue(const std::string& to) const {
    fs::copy_file(data() / "catalog.db", file(to), fs::copy_options::overwrite_existing);
    return file(to);
  }
  void put_back(const std::string& from) const {
    for (const char* rest : {"catalog.db-wal", "catalog.db-shm"}) fs::remove(data() / rest);
    fs::copy_file(file(from), data() / "catalog.db", fs::copy_options::overwrite_existing);
  }
};

TEST_CASE("Audit: a trail that nobody touched is verified, alone and against what was pinned earlier") {
  AuditedRegistry registry;
  const auto printed = registry.expect(0, {"audit", "checkpoint"}).out;
  registry.pin("pinned.txt");
  CHECK(read_file(registry.file("pinned.txt")) == printed);
  registry.expect(0, {"token", "create", "--role", "reader"});
  const auto verified = registry.expect(0, {"audit", "verify", "--checkpoint", "pinned.txt"});
  CHECK(has(verified.out, "all 12 entries of assay/"));
  CHECK(has(verified.out, "they continue the 11 of the pinned checkpoint"));
  const auto shown = registry.json({"audit", "checkpoint"});
  registry.write("audit.pub", shown["key"].get<std::string>() + "\n");
  const auto result = registry.json({"audit", "verify", "--checkpoint", "pinned.txt", "--key", "audit.pub"});
  CHECK(result["entries"] == 12);
  CHECK(result["pinned"] == 11);
  CHECK(result["root"] == shown["root"]);
  CHECK(result["problems"].empty());
  CHECK(registry.json({"audit", "--limit", "5"}).size() == 5);
  CHECK(registry.json({"audit"})[0]["seq"] == 12);
  registry.stop();
  const auto fsck = registry.json({"fsck", "--data", registry.data().string()});
  CHECK(fsck["audit_entries"] == 12);
  CHECK(fsck["problems"].empty());
}

TEST_CASE("Audit: an entry that was edited, removed, moved or added in the catalogue is found, and named") {
  AuditedRegistry registry;
  registry.pin("pinned.txt");
  registry.stop();
  registry.copy_catalogue("sound.db");
  const std::pair<const char*, const char*> edits[] = {
      {"UPDATE audit SET actor = 'mallory' WHERE seq = 7", "entry 7 is not"},
      {"UPDATE audit SET details = '{' WHERE seq = 7", "ntry 7 "},
      {"DELETE FROM audit WHERE seq = 4", "entry 4 is"},
      {"DELETE FROM audit WHERE seq > 9", "entry 10 is"},
      {"UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE "
       "seq = 99",
       "entry 2 is not"},
      {"INSERT INTO audit SELECT 12, time, actor, action, subject, details FROM audit WHERE seq = 1",
       "entry 12 was not appended"}};
  for (const auto& [sql, words] : edits) {
    INFO(sql);
    registry.put_back("sound.db");
    registry.edit(sql);
    CHECK(has(registry.expect(40, {"fsck", "--data", registry.data().string()}).out, words));
    registry.start();
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"audit", "verify"}, {"audit", "verify", "--checkpoint", "pinned.txt"}}) {
      const auto result = registry.expect(40, command);
      CHECK(has(result.out + result.err, words));
    }
    registry.stop();
  }
}

// The tree over what stands in the table now, as a careful intruder makes it.
std::string remade_tree(const Registry& registry) {
  std::string sql = "DELETE FROM audit_nodes;";
  client::Session session({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  client::Call call;
  call.method = "GET";
  call.target = "/api/v1/audit/texts";
  const std::string texts = session.call(call, "reading").body;
  GrowingTree tree;
  for (std::size_t begin = 0, end; (end = texts.find('\n', begin)) != std::string::npos; begin = end + 1)
    tree.add(leaf_hash(texts.substr(begin, end - begin)), [&](const TreeNode& node, const Digest& hash) {
      sql += "INSERT INTO audit_nodes VALUES (" + std::to_string(node.level) + ", " + std::to_string(node.position) +
             ", x'" + hash.hex() + "');";
    });
  return sql;
}

TEST_CASE("Audit: whoever edits entries and the tree alike is found by the last checkpoint, or else by a pinned one") {
  for (const char* sql : {"UPDATE audit SET actor = 'mallory' WHERE seq = 7", "DELETE FROM audit WHERE seq > 9"}) {
    INFO(sql);
    AuditedRegistry registry;
    registry.pin("pinned.txt");
    registry.stop();
    // The intruder's own server says what the leaves of the edited entries are.
    registry.edit(sql);
    const fs::path last = registry.data() / "audit.checkpoint";
    registry.start();
    const std::string tree = remade_tree(registry);
    registry.stop();
    registry.edit(tree);
    CHECK(has(registry.expect(40, {"fsck", "--data", registry.data().string()}).out, "signed"));
    const auto refused = registry.expect(40, {"serve", "--data", registry.data().string(), "--listen", "127.0.0.1:0"});
    CHECK(has(refused.err, "audit.checkpoint"));
    // With that word gone the registry believes its catalogue again; whoever has pinned a checkpoint does not.
    fs::remove(last);
    registry.start();
    registry.expect(0, {"audit", "verify"});
    const auto result = registry.expect(40, {"audit", "verify", "--checkpoint", "pinned.txt"});
    CHECK(has(result.out, "pinned"));
  }
}

TEST_CASE("Audit: a checkpoint that is damaged, of another registry, or none, is refused with its reason") {
  AuditedRegistry registry;
  Registry other;
  registry.pin("pinned.txt");
  const std::string good = read_file(registry.file("pinned.txt"));
  const auto refused = [&](int code, const std::string& text, const std::string& words) {
    registry.write("bad.txt", text);
    CHECK(has(registry.expect(code, {"audit", "verify", "--checkpoint", "bad.txt"}).err, words));
  };
  std::string edited = good;
  edited.replace(edited.find("\n11\n"), 4, "\n10\n");
  refused(40, edited, "signature");
  refused(40, other.expect(0, {"audit", "checkpoint"}).out, "another registry");
  refused(60, "", "no checkpoint");
  refused(60, good.substr(0, good.size() / 2), "no checkpoint");
  registry.expect(60, {"audit", "verify", "--checkpoint", "nowhere.txt"});
  registry.write("bad.pub", "nonsense");
  CHECK(has(registry.expect(60, {"audit", "verify", "--key", "bad.pub"}).err, "public key"));
  registry.write("other.pub", other.json({"audit", "checkpoint"})["key"].get<std::string>());
  CHECK(has(registry.expect(40, {"audit", "verify", "--key", "other.pub"}).err, "another registry"));
  registry.expect(60, {"audit", "verify", "--limit", "5"});
  CHECK(has(registry.expect(60, {"audit", "verfy"}).err, "verify"));
}

TEST_CASE("Audit: a restored registry continues the log, and a pin tells what the backup did not have yet") {
  AuditedRegistry registry;
  registry.pin("early.txt");
  const std::string backup = registry.file("backup").string();
  registry.expect(0, {"backup", backup, "--data", registry.data().string()});
  for (int i = 0; i < 3; ++i) registry.expect(0, {"token", "create", "--role", "reader"});
  registry.pin("late.txt");
  registry.stop();
  fs::rename(registry.data(), registry.file("old"));
  registry.expect(0, {"restore", backup, "--data", registry.data().string()});
  registry.start();
  registry.expect(0, {"audit", "verify", "--checkpoint", "early.txt"});
  CHECK(has(registry.expect(40, {"audit", "verify", "--checkpoint", "late.txt"}).out, "cut off"));
}

}  // namespace
}  // namespace assay::test
