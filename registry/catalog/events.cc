// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/events.h"

#include <nlohmann/json.hpp>

namespace assay {
namespace {

constexpr std::string_view kAllSpaces = "*";  // no namespace is spelled so

}  // namespace

void append_event(Transaction& transaction, const std::optional<Namespace>& space, const Event& event) {
  transaction.execute("INSERT INTO events (id, space, type, subject, at, data) VALUES (?, ?, ?, ?, ?, ?)",
                      {event.id, space ? std::string_view(space->key()) : kAllSpaces, event.type, event.subject, event.at,
                       event.data.dump()});
}

std::int64_t newest_event(Snapshot& snapshot) {
  Rows rows = snapshot.query("SELECT COALESCE(MAX(seq), 0) FROM events");
  rows.next();
  return rows.get<std::int64_t>(0);
}

std::vector<Event> list_events(Snapshot& snapshot, const ReadableSpaces& readable, std::int64_t after, int limit) {
  std::vector<Event> out;
  Rows rows = snapshot.query(
      "SELECT seq, id, type, subject, at, data FROM events WHERE seq > ?1 AND (?2 IS NULL OR space = '*' OR space IN "
      "(SELECT value FROM json_each(?2))) ORDER BY seq LIMIT ?3",
      {after, readable.keys_json(), limit});
  while (rows.next())
    out.push_back({.seq = rows.get<std::int64_t>(0),
                   .id = Id::parse(rows.get<std::string>(1)),
                   .type = rows.get<std::string>(2),
                   .subject = rows.get<std::string>(3),
                   .at = rows.get<Time>(4),
                   .data = nlohmann::json::parse(rows.get<std::string>(5))});
  return out;
}

}  // namespace assay
