// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/rebase.h"

#include <unordered_map>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/encode_chunk.h"
#include "storage/blob/pack_copy.h"

namespace assay {
namespace {

struct Family {
  std::vector<Digest> children;  // parts of blobs, stored against this parent
  std::uint64_t stored = 0;      // bytes of those
};

using Families = std::unordered_map<Digest, Family>;  // by parent

// The parents that are needed as parents only, with their children.
Families find_families(StoreParts& parts, const Marks& marks) {
  Families families;
  marks.for_each_chunk([&](const Digest& chunk, bool is_part) {
    if (!is_part) families.try_emplace(chunk);
  });
  if (families.empty()) return families;
  marks.for_each_chunk([&](const Digest& chunk, bool is_part) {
    if (!is_part) return;
    const auto found = parts.index.find(RecordKind::chunk, chunk);
    if (!found) return;
    for (const Digest& base : found->bases)
      if (const auto family = families.find(base); family != families.end()) {
        family->second.children.push_back(chunk);
        family->second.stored += found->entry.size();
        return;
      }
  });
  return families;
}

// A child alone takes about what the parent takes, which resembles it.
bool is_worth_it(StoreParts& parts, const Digest& parent, const Family& family) {
  if (family.children.empty()) return false;
  const auto found = parts.index.find(RecordKind::chunk, parent);
  return found && (family.children.size() - 1) * found->entry.size() <= family.stored;
}

class Rebase {
 public:
  Rebase(StoreParts& parts, std::uint64_t limit, const std::function<bool()>& stop)
      : parts_(parts), limit_(limit), stop_(stop), copy_(parts.files, parts.entropy, parts.publisher) {}

  std::uint64_t run(const Families& families) {
    for (const auto& [parent, family] : families) {
      if (!is_worth_it(parts_, parent, family)) continue;
      for (const Digest& child : family.children) {
        if (raw_ >= limit_ || (stop_ && stop_())) return finish();
        store_alone(child);
      }
    }
    return finish();
  }

 private:
  void store_alone(const Digest& chunk) {
    const auto found = parts_.index.find(RecordKind::chunk, chunk);
    if (!found || found->bases.empty()) return;  // stored alone meanwhile
    NewChunk fresh{chunk, found->entry.element, std::vector<std::byte>(found->entry.raw_length), {}};
    try {
      parts_.source.read(chunk, fresh.raw);
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
      return;  // a scrub reports it
    }
    copy_.add(encode_chunk(parts_, fresh, nullptr));
    raw_ += fresh.raw.size();
    ++count_;
    if (copy_.size() >= parts_.sizes.own) copy_.publish(parts_.index);
  }

  std::uint64_t finish() {
    if (!copy_.empty()) copy_.publish(parts_.index);
    return count_;
  }

  StoreParts& parts_;
  const std::uint64_t limit_;
  const std::function<bool()>& stop_;
  PackCopy copy_;
  std::uint64_t raw_ = 0, count_ = 0;
};

}  // namespace

std::uint64_t rebase_chunks(StoreParts& parts, const Marks& marks, std::uint64_t limit,
                            const std::function<bool()>& stop) {
  const Families families = find_families(parts, marks);
  if (families.empty()) return 0;
  try {
    return Rebase(parts, limit, stop).run(families);
  } catch (const Error& error) {
    if (error.code() != Code::full) throw;  // no room for copies: the next collection tries again
    return 0;
  }
}

}  // namespace assay
