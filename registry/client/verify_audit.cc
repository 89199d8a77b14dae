// SPDX-License-Identifier: Apache-2.0
#include "registry/client/verify_audit.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/client/reading.h"

namespace assay::client {
namespace {

using nlohmann::json;

constexpr const char* kServers = "the server's checkpoint";

// One reading of a trail.
class AuditReading {
 public:
  AuditReading(Session& session, AuditVerification& out) : session_(session), out_(out) {}

  // Until `size` entries are there, or there are no more. A page may bring more than that.
  void read_to(std::uint64_t size, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    while (leaves_.size() < size && read_page())
      if (progress) progress(leaves_.size(), size);
  }

  std::uint64_t size() const { return leaves_.size(); }

  // Entries that are not there count as something that no entry hashes to.
  TreeHead head_at(std::uint64_t size) {
    if (leaves_.size() < size) leaves_.resize(size, Digest(Digest::Bytes{}));
    GrowingTree tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.add(leaves_[i]);
    return {size, tree.root()};
  }

  // Names the first entry that is not in the tree of `head`, which is not that of the entries.
  void locate(const TreeHead& head) {
    const std::vector<std::vector<Digest>> own = own_nodes(head.size);
    const ReadNode read = [&](const TreeNode& node) {
      return own[static_cast<std::size_t>(node.level)][static_cast<std::size_t>(node.position)];
    };
    // All before `first` agree. In each proof the first subtree to the right that differs holds what is looked for.
    for (std::uint64_t first = 0;;) {
      const auto path = inclusion_path(first, head.size);
      const auto [leaf, hashes] = proof_from_server(first, head.size);
      if (hashes.size() != path.size() || !proves_inclusion(head, first, leaf, hashes)) return report_tree(first);
      if (leaf != leaves_[first]) return report_entry(first);
      std::size_t i = 0;
      while (i < path.size() && (path[i].begin < first || hashes[i] == range_hash(path[i], read))) ++i;
      if (i == path.size()) return report_tree(first);
      first = path[i].begin;
    }
  }

 private:
  bool read_page() {
    Call call;
    call.method = "GET";
    call.target = "/api/v1/audit/texts?after=" + std::to_string(leaves_.size());
    const std::string body = session_.call(call, "reading the audit trail").body;
    std::size_t begin = 0;
    for (std::size_t end; (end = body.find('\n', begin)) != std::string::npos; begin = end + 1)
      leaves_.push_back(leaf_hash(std::string_view(body).substr(begin, end - begin)));
    return begin > 0;
  }

  // Level by level, as far as the subtrees of the first `size` are whole.
  std::vector<std::vector<Digest>> own_nodes(std::uint64_t size) const {
    std::vector<std::vector<Digest>> levels;
    GrowingTree tree;
    for (std::uint64_t i = 0; i < size; ++i)
      tree.add(leaves_[i], [&](const TreeNode& node, const Digest& hash) {
        if (levels.size() <= static_cast<std::size_t>(node.level)) levels.emplace_back();
        levels[static_cast<std::size_t>(node.level)].push_back(hash);
      });
    return levels;
  }

  std::pair<Digest, std::vector<Digest>> proof_from_server(std::uint64_t index, std::uint64_t size) {
    const json answer = session_.get(fmt::format("/api/v1/audit/proof?entry={}&size={}", index + 1, size),
                                     "asking where the audit trail was changed");
    return reading("a proof", [&] {
      std::vector<Digest> hashes;
      for (const json& hash : answer.at("hashes")) hashes.push_back(Digest::parse(hash.get_ref<const std::string&>()));
      return std::pair(Digest::parse(answer.at("leaf").get_ref<const std::string&>()), std::move(hashes));
    });
  }

  void report_entry(std::uint64_t index) {
    out_.problems.push_back(fmt::format(
        "entry {} is not the one that was signed: it was changed, or others were removed, added or moved before it",
        index + 1));
  }
  void report_tree(std::uint64_t index) {
    out_.problems.push_back(fmt::format(
        "the entries from {} on are not those that were signed, and the server's tree over them was changed too",
        index + 1));
  }

  Session& session_;
  AuditVerification& out_;
  std::vector<Digest> leaves_;
};

void compare(AuditReading& trail, const TreeHead& head, AuditVerification& out) {
  out.entries = head.size;
  out.root = head.root;
  if (trail.size() < head.size)
    out.problems.push_back(
        fmt::format("{} entries were signed, {} are there: some were removed", head.size, trail.size()));
  if (trail.head_at(head.size) != head) trail.locate(head);
}

void compare_pinned(AuditReading& trail, const TreeHead& pinned, AuditVerification& out) {
  out.pinned = pinned.size;
  if (trail.size() < pinned.size)
    out.problems.push_back(fmt::format("the trail has {} entries, the pinned checkpoint {}: it was cut off since",
                                       trail.size(), pinned.size));
  else if (trail.head_at(pinned.size) != pinned)
    out.problems.push_back(
        fmt::format("the first {} entries are not those of the pinned checkpoint: they were changed, removed or moved "
                    "after it was pinned",
                    pinned.size));
}

}  // namespace

AuditCheckpoint audit_checkpoint(Session& session) {
  const json answer = session.get("/api/v1/audit/checkpoint", "asking for a checkpoint");
  return reading("a checkpoint", [&] {
    return AuditCheckpoint{LogKey::parse(answer.at("key").get_ref<const std::string&>()),
                           answer.at("checkpoint").get<std::string>()};
  });
}

AuditVerification verify_audit(Session& session, const AuditExpected& expected,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const AuditCheckpoint served = audit_checkpoint(session);
  const LogKey& key = expected.key ? *expected.key : served.key;
  std::optional<TreeHead> pinned;
  if (expected.pinned) pinned = open_checkpoint(*expected.pinned, key, "the pinned checkpoint");
  TreeHead head = open_checkpoint(served.checkpoint, key, kServers);
  AuditVerification out{.log = key.name()};
  AuditReading trail(session, out);
  trail.read_to(head.size, progress);
  // What came in meanwhile must have been signed for as well.
  if (trail.size() > head.size)
    head = open_checkpoint(audit_checkpoint(session).checkpoint, key, kServers);
  if (trail.size() > head.size)
    out.problems.push_back(fmt::format("entry {} was not appended by the registry", head.size + 1));
  trail.read_to(head.size, progress);
  if (pinned) compare_pinned(trail, *pinned, out);
  compare(trail, head, out);
  return out;
}

}  // namespace assay::client
