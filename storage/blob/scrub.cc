// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/scrub.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "storage/base/error.h"
#include "storage/blob/check_record.h"
#include "storage/blob/explain.h"
#include "storage/blob/pack_loader.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A stop is heard this soon, however slow the rate is.
constexpr milliseconds kLongestNap{50};
constexpr std::size_t kMaxDamaged = 1000;  // blobs named in a report

struct Cursor {
  std::string pack;
  std::uint64_t offset = 0;

  static Cursor parse(const std::string& text) {
    Cursor cursor;
    if (text.empty()) return cursor;
    const std::size_t space = std::min(text.find(' '), text.size());
    const char* digits = text.data() + std::min(space + 1, text.size());
    const char* end = text.data() + text.size();
    const auto [read, failure] = std::from_chars(digits, end, cursor.offset);
    if (space == 0 || failure != std::errc() || read != end)
      throw Error(
          Code::invalid_argument,
          "\"" + text.substr(0, 64) + "\" is not where a scrub stopped; start one from the beginning");
    cursor.pack = text.substr(0, space);
    return cursor;
  }
  std::string text() const { return fmt::format("{} {}", pack, offset); }
};

class Scrub {
 public:
  Scrub(StoreParts& parts, const ScrubRequest& request)
      : parts_(parts), request_(request), start_(Cursor::parse(request.cursor)) {}

  ScrubReport run() {
    auto packs = parts_.index.packs();
    std::sort(packs.begin(), packs.end(),
              [](const auto& one, const auto& other) { return one->name < other->name; });
    std::erase_if(packs, [&](const auto& pack) { return pack->name < start_.pack; });
    for (const auto& pack : packs) total_ += pack->file->size();
    const bool all = std::all_of(packs.begin(), packs.end(), [&](const auto& pack) { return read(pack); });
    // What a repair has put aside is no record that could be read: it is missed only where it is needed.
    if (healed_) parts_.damage.rewrite();
    if (all || lost_) report_.damaged_blobs = incomplete_blobs(parts_, kMaxDamaged);
    return std::move(report_);
  }

 private:
  // False when it was stopped.
  bool read(const std::shared_ptr<Pack>& pack) {
    const PackContents contents = parts_.index.contents(pack);
    std::vector<PackEntry> entries = contents.entries;
    std::sort(entries.begin(), entries.end(),
              [](const PackEntry& one, const PackEntry& other) { return one.offset < other.offset; });
    if (pack->sealed && (pack->name != start_.pack || start_.offset == 0)) check_frame(*pack);
    for (const PackEntry& entry : entries) {
      if (pack->name == start_.pack && entry.offset < start_.offset) continue;
      if (request_.stop && report_.records > 0 && request_.stop()) {
        report_.cursor = Cursor{pack->name, entry.offset}.text();
        return false;
      }
      const auto bases = contents.bases_of(entry);
      check(Found{pack, entry, {bases.begin(), bases.end()}});
      keep_to_rate();
      if (request_.progress) request_.progress(report_.stored_bytes, std::max(total_, report_.stored_bytes));
    }
    return true;
  }

  // What is around the records. Where they can be read all the same no blob needs a repair, but the next damage
  // may be where it hurts.
  void check_frame(const Pack& pack) {
    const std::string trouble = trouble_of(*pack.file, pack.name);
    if (trouble.empty()) return;
    report_.problems.push_back({pack.name, 0, std::nullopt, false,
                                trouble + "; run assay repair on the data directory, with the server stopped"});
  }

  void check(const Found& found) {
    ++report_.records;
    report_.stored_bytes += found.entry.size();
    if (found.entry.dead) return;
    const RecordCheck result = check_record(parts_.index, parts_.source, found, raw_);
    if (result.state != RecordState::damaged) {  // what it is stored against is reported by itself
      if (found.entry.damaged) take_back(found);
      return;
    }
    parts_.index.mark_damaged(found);
    const bool repaired = has_sound_copy(found);
    report_.problems.push_back({found.pack->name, found.entry.offset, found.entry.id, repaired, result.what});
    lost_ = lost_ || !repaired;
  }

  // It was taken for damaged: somebody has put its pack back, or reading it failed only once.
  void take_back(const Found& found) {
    parts_.index.mark_sound(found);
    healed_ = true;
  }

  // Readers pass the damaged copy over from now on; a collection leaves it behind.
  bool has_sound_copy(const Found& damaged) {
    while (const auto copy = parts_.index.find(damaged.entry.kind, damaged.entry.id)) {
      const RecordState state = check_record(parts_.index, parts_.source, *copy, raw_).state;
      if (state == RecordState::sound) return true;
      if (state == RecordState::undecodable) return false;
      parts_.index.mark_damaged(*copy);
    }
    return false;
  }

  void keep_to_rate() {
    for (;;) {
      const auto elapsed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun_);
      const milliseconds wait = rate_delay(report_.stored_bytes, request_.bytes_per_second, elapsed);
      if (wait <= milliseconds(0) || (request_.stop && request_.stop())) return;
      std::this_thread::sleep_for(std::min(wait, kLongestNap));
    }
  }

  StoreParts& parts_;
  const ScrubRequest& request_;
  const Cursor start_;
  const steady_clock::time_point begun_ = steady_clock::now();
  std::uint64_t total_ = 0;
  std::vector<std::byte> raw_;
  bool healed_ = false;  // a record is sound that was marked as damaged
  bool lost_ = false;    // a record of which there is no sound copy
  ScrubReport report_;
};

}  // namespace

milliseconds rate_delay(std::uint64_t bytes, std::uint64_t bytes_per_second, milliseconds elapsed) {
  if (bytes_per_second == 0) return milliseconds(0);
  const double due_ms = 1000.0 * static_cast<double>(bytes) / static_cast<double>(bytes_per_second);
  return milliseconds(static_cast<std::int64_t>(due_ms)) - elapsed;
}

ScrubReport scrub(StoreParts& parts, const ScrubRequest& request) {
  return Scrub(parts, request).run();
}

}  // namespace assay
