// SPDX-License-Identifier: Apache-2.0
#include "registry/content/pickle_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "registry/content/pickle_walk.h"

namespace assay {
namespace {

using Answer = FileContent::Answer;
using End = PickleWalk::End;

constexpr std::uint8_t kProtocolMark = 0x80;

// From protocol 2 on a mark says so. Older ones start as any text may, so they must either come to their end, having
// imported something or with nothing behind, or have called something before they broke.
bool is_pickle(std::uint8_t first, const PickleWalk& walk, ByteCursor& cursor) {
  if (first == kProtocolMark) return walk.instructions > 1;
  if (walk.end == End::stop) return walk.imports_anything() || cursor.at_end();
  return walk.called;
}

class Verdict {
 public:
  void add(const PickleWalk& walk, std::uint64_t start) {
    ++count_;
    protocol_ = std::max(protocol_, walk.protocol);
    imports_.insert(walk.imports.begin(), walk.imports.end());
    plain_.insert(walk.plain.begin(), walk.plain.end());
    if (!walk.doubt.empty()) doubts_.push_back(walk.doubt);
    if (walk.end == End::broken)
      doubts_.push_back(fmt::format("it breaks off at byte {}, and what stands before that is run all the same",
                                    start + walk.length));
    if (walk.end == End::exhausted) doubts_.push_back(fmt::format("only its first {} bytes were read", walk.length));
  }
  void doubt(std::string why) { doubts_.push_back(std::move(why)); }
  int count() const { return count_; }

  FileContent content() const {
    FileContent out{.format = "pickle",
                    .pickle = Answer::yes,
                    .safe = imports_.empty() && doubts_.empty() ? Answer::yes : Answer::no};
    const std::string what = count_ == 1 ? fmt::format("a pickle of protocol {}", protocol_)
                                         : fmt::format("{} pickles in a row", count_);
    if (!imports_.empty())
      out.because(fmt::format("{} that imports {}: opening it can run that", what, fmt::join(imports_, ", ")));
    else if (!plain_.empty())
      out.because(fmt::format("{} that imports only what is plain: {}", what, fmt::join(plain_, ", ")));
    else
      out.because(fmt::format("{} that imports nothing", what));
    for (const std::string& doubt : doubts_) out.because(doubt);
    return out;
  }

 private:
  int count_ = 0;
  int protocol_ = 0;
  std::set<std::string> imports_, plain_;
  std::vector<std::string> doubts_;
};

}  // namespace

FileContent check_pickle(ByteStream& stream, ReadBudget& budget) {
  ByteCursor cursor(stream, budget);
  Verdict verdict;
  bool cut = false;
  while (const auto first = cursor.peek()) {
    if (verdict.count() == kMaxPickles) {
      verdict.doubt(fmt::format("more than {} are in a row, of which the rest was not read", kMaxPickles));
      break;
    }
    const std::uint64_t start = cursor.position();
    const PickleWalk walk = walk_pickle(cursor);
    cut = walk.end == End::exhausted;
    if (!is_pickle(*first, walk, cursor)) break;
    verdict.add(walk, start);
    if (walk.end != End::stop) break;
  }
  if (verdict.count() > 0) return verdict.content();
  FileContent out{.format = "unknown", .pickle = cut || cursor.exhausted() ? Answer::unknown : Answer::no};
  if (out.pickle == Answer::unknown) out.because("it is too long to be told from a pickle");
  return out;
}

}  // namespace assay
