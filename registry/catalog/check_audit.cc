// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/check_audit.h"

#include <fmt/format.h>

#include <bit>

#include "registry/catalog/audit.h"
#include "registry/domain/audit_entry.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kMaxProblems = 100;

// Walks the entries and the levels of the tree side by side, each in its own order.
class AuditCheck {
 public:
  AuditCheck(Snapshot& snapshot, const std::optional<TreeHead>& signed_head)
      : snapshot_(snapshot), signed_(signed_head), leaves_(level(0)) {}

  std::vector<std::string> run() {
    check_signed();
    read_audit(snapshot_, INT64_MIN, [this](const AuditEntry& entry) { return check(entry); });
    if (usable()) check_end();
    return std::move(problems_);
  }

 private:
  Rows level(int number) {
    return snapshot_.query("SELECT position, hash FROM audit_nodes WHERE level = ? ORDER BY position", {number});
  }

  bool usable() const { return !stopped_ && problems_.size() < kMaxProblems; }

  template <class... Values>
  void report(fmt::format_string<Values...> text, Values&&... values) {
    problems_.push_back(fmt::format(text, std::forward<Values>(values)...));
  }
  // What comes after cannot be told apart from its consequences.
  template <class... Values>
  bool stop(fmt::format_string<Values...> text, Values&&... values) {
    report(text, std::forward<Values>(values)...);
    stopped_ = true;
    return false;
  }

  bool check(const AuditEntry& entry) {
    if (entry.seq < 1) return stop("there is an entry {}, which was never appended", entry.seq);
    while (usable() && static_cast<std::uint64_t>(entry.seq) > tree_.size() + 1) {
      if (!take_leaf()) return stop("entry {} was not appended by the registry", entry.seq);
      report("entry {} is missing", tree_.size());
    }
    if (!usable()) return false;
    const auto stored = take_leaf();
    if (!stored) return stop("entry {} was not appended by the registry", entry.seq);
    compare(entry, *stored);
    return usable();
  }

  void compare(const AuditEntry& entry, const Digest& stored) {
    try {
      const std::string text = entry_text(entry);
      if (leaf_hash(text) != stored) report("entry {} is not what was appended; it reads {}", entry.seq, text);
    } catch (const Error& error) {
      report("{}", error.message());
    }
  }

  // The leaf after those in the tree, which gets it. Nothing at the end, or where one is missing.
  std::optional<Digest> take_leaf() {
    if (!leaves_.next() || static_cast<std::uint64_t>(leaves_.get<std::int64_t>(0)) != tree_.size()) return std::nullopt;
    const Digest leaf = leaves_.get<Digest>(1);
    tree_.add(leaf, [this](const TreeNode& node, const Digest& hash) { check_node(node, hash); });
    check_signed();
    return leaf;
  }

  void check_node(const TreeNode& node, const Digest& hash) {
    if (node.level == 0 || tree_is_wrong_) return;
    while (levels_.size() < static_cast<std::size_t>(node.level)) levels_.push_back(level(node.level));
    Rows& rows = levels_[static_cast<std::size_t>(node.level) - 1];
    if (rows.next() && static_cast<std::uint64_t>(rows.get<std::int64_t>(0)) == node.position &&
        rows.get<Digest>(1) == hash)
      return;
    tree_is_wrong_ = true;  // and so is every node above
    report("the tree over the entries {} to {} does not belong to them", (node.position << node.level) + 1,
           (node.position + 1) << node.level);
  }

  void check_signed() {
    if (signed_ && signed_->size == tree_.size() && signed_->root != tree_.root())
      report("the entries up to {} are not those that were signed: they were changed together with the tree",
             signed_->size);
  }

  void check_end() {
    while (usable() && take_leaf()) report("entry {} is missing", tree_.size());
    if (!usable()) return;
    const std::uint64_t size = tree_.size();
    if (signed_ && signed_->size > size)
      report("the trail ends with entry {}, but {} had been signed", size, signed_->size);
    Rows count = snapshot_.query("SELECT COUNT(*) FROM audit_nodes");
    const std::uint64_t expected = 2 * size - static_cast<std::uint64_t>(std::popcount(size));
    if (count.next() && !tree_is_wrong_ && static_cast<std::uint64_t>(count.get<std::int64_t>(0)) != expected)
      report("the tree holds nodes that belong to no entry");
  }

  Snapshot& snapshot_;
  const std::optional<TreeHead> signed_;
  Rows leaves_;
  std::vector<Rows> levels_;  // from level 1 on
  GrowingTree tree_;
  bool tree_is_wrong_ = false;
  bool stopped_ = false;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_audit(Snapshot& snapshot, const std::optional<TreeHead>& signed_head) {
  if (!snapshot.query("SELECT 1 FROM sqlite_schema WHERE name = 'audit_nodes'").next()) {
    if (!signed_head) return {};
    return {fmt::format("the tree over the {} entries that were signed is not there any more", signed_head->size)};
  }
  return AuditCheck(snapshot, signed_head).run();
}

}  // namespace assay
