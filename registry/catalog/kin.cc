// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/kin.h"

#include <fmt/format.h>

#include <set>

namespace assay {
namespace {

#define ASSAY_READABLE "(?2 IS NULL OR v.namespace_key IN (SELECT value FROM json_each(?2)))"

// Kind and digest of what went into the runs that made ?1, and of what came of the runs that it went into.
constexpr const char* kMadeFrom =
    "SELECT DISTINCT l.kind, l.digest FROM live_versions v JOIN runs r ON r.id = v.run_id "
    "JOIN run_links l ON l.run_seq = r.seq AND l.direction = 'input' WHERE v.digest = ?1 AND " ASSAY_READABLE
    " ORDER BY l.kind, l.digest LIMIT ?3";
constexpr const char* kMadeOf =
    "SELECT DISTINCT v.kind, v.digest FROM run_links l JOIN runs r ON r.seq = l.run_seq "
    "JOIN live_versions v ON v.run_id = r.id WHERE l.digest = ?1 AND l.direction = 'input' AND " ASSAY_READABLE
    " ORDER BY v.id LIMIT ?3";

std::optional<std::string> reference_to(Snapshot& snapshot, Kind kind, const Digest& digest,
                                        const std::optional<std::string>& readable) {
  Rows rows = snapshot.query(
      "SELECT v.namespace, v.name, v.number FROM live_versions v WHERE v.digest = ?1 AND v.kind = ?3 AND " ASSAY_READABLE
      " ORDER BY v.id LIMIT 1",
      {digest, readable, singular(kind)});
  if (!rows.next()) return std::nullopt;
  return fmt::format("{}/{}@{}", rows.get<std::string>(0), rows.get<std::string>(1), rows.get<std::int64_t>(2));
}
#undef ASSAY_READABLE

std::vector<Kin> walk(Snapshot& snapshot, const char* step, const Digest& start, const ReadableSpaces& readable,
                      int limit) {
  const auto spaces = readable.keys_json();
  std::set<Digest> seen = {start};
  std::vector<Kin> out;
  const auto look = [&](const Digest& at, int distance) {
    Rows rows = snapshot.query(step, {at, spaces, limit});
    while (rows.next() && std::ssize(out) < limit) {
      const Kind kind = kind_from_singular(rows.get<std::string>(0));
      const Digest digest = rows.get<Digest>(1);
      if (seen.insert(digest).second)
        out.push_back({kind, digest, reference_to(snapshot, kind, digest, spaces), distance, at});
    }
  };
  look(start, 1);
  for (std::size_t i = 0; i < out.size(); ++i) look(Digest(out[i].digest), out[i].distance + 1);
  return out;
}

}  // namespace

std::vector<Kin> ancestors_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable, int limit) {
  return walk(snapshot, kMadeFrom, digest, readable, limit);
}

std::vector<Kin> descendants_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable, int limit) {
  return walk(snapshot, kMadeOf, digest, readable, limit);
}

}  // namespace assay
