// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/deliveries.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "registry/catalog/cursor.h"
#include "registry/catalog/id_list.h"

namespace assay {
namespace {

using nlohmann::json;

Event read_event(const Rows& row, int column) {
  return {.seq = row.get<std::int64_t>(column),
          .id = row.get<Id>(column + 1),
          .type = row.get<std::string>(column + 2),
          .subject = row.get<std::string>(column + 3),
          .at = row.get<Time>(column + 4),
          .data = json::parse(row.get<std::string>(column + 5))};
}

// seq, id, webhook_id, cause, created_at, status, due_at, attempts, then the event's columns: NULL for a test, which
// tells of itself.
Delivery read_delivery(const Rows& row) {
  const Id id = row.get<Id>(1);
  const Id webhook = row.get<Id>(2);
  const Time created_at = row.get<Time>(4);
  return {.id = id,
          .webhook = webhook,
          .cause = parse_delivery_cause(row.get<std::string>(3)),
          .event = row.null(8) ? test_event(webhook, created_at, id) : read_event(row, 8),
          .created_at = created_at,
          .status = parse_delivery_status(row.get<std::string>(5)),
          .due_at = row.get<std::optional<Time>>(6),
          .attempts = json::parse(row.get<std::string>(7)).get<std::vector<DeliveryAttempt>>()};
}

std::optional<Delivery> read_one(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return read_delivery(rows);
}

}  // namespace

void insert_delivery(Transaction& transaction, const Delivery& delivery) {
  const bool test = delivery.cause == DeliveryCause::test;
  transaction.execute(
      "INSERT INTO deliveries (id, webhook_id, cause, event_seq, created_at, status, due_at, attempts) VALUES "
      "(?, ?, ?, ?, ?, ?, ?, ?)",
      {delivery.id, delivery.webhook, to_text(delivery.cause), test ? Value(nullptr) : Value(delivery.event.seq),
       delivery.created_at, to_text(delivery.status), delivery.due_at, json(delivery.attempts).dump()});
}

void update_delivery(Transaction& transaction, const Delivery& delivery) {
  transaction.execute("UPDATE deliveries SET status = ?, due_at = ?, attempts = ? WHERE id = ?",
                      {to_text(delivery.status), delivery.due_at, json(delivery.attempts).dump(), delivery.id});
}

void trim_deliveries(Transaction& transaction, const Id& webhook, int kept) {
  transaction.execute(
      "DELETE FROM deliveries WHERE webhook_id = ?1 AND status <> 'due' AND seq <= (SELECT seq FROM deliveries WHERE "
      "webhook_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
      {webhook, kept});
}

std::optional<Delivery> find_delivery(Snapshot& snapshot, const Id& id) {
  return read_one(snapshot.query(
      "SELECT d.seq, d.id, d.webhook_id, d.cause, d.created_at, d.status, d.due_at, d.attempts, e.seq, e.id, e.type, "
      "e.subject, e.at, e.data FROM deliveries d LEFT JOIN events e ON e.seq = d.event_seq WHERE d.id = ?",
      {id}));
}

Page<Delivery> list_deliveries(Snapshot& snapshot, const Id& webhook, const PageRequest& page) {
  const std::int64_t before = page.cursor ? integer_key(decode_cursor("deliveries", *page.cursor, 1)[0])
                                          : std::numeric_limits<std::int64_t>::max();
  Page<Delivery> out;
  std::int64_t last = 0;
  Rows rows = snapshot.query(
      "SELECT d.seq, d.id, d.webhook_id, d.cause, d.created_at, d.status, d.due_at, d.attempts, e.seq, e.id, e.type, "
      "e.subject, e.at, e.data FROM deliveries d LEFT JOIN events e ON e.seq = d.event_seq WHERE d.webhook_id = ? "
      "AND d.seq < ? ORDER BY d.seq DESC LIMIT ?",
      {webhook, before, page.limit + 1});
  while (rows.next()) {
    if (out.items.size() == static_cast<std::size_t>(page.limit)) {
      out.next_cursor = encode_cursor("deliveries", {std::to_string(last)});
      break;
    }
    last = rows.get<std::int64_t>(0);
    out.items.push_back(read_delivery(rows));
  }
  return out;
}

std::optional<Delivery> due_delivery(Snapshot& snapshot, Time now, const std::set<Id>& except) {
  return read_one(snapshot.query(
      "SELECT d.seq, d.id, d.webhook_id, d.cause, d.created_at, d.status, d.due_at, d.attempts, e.seq, e.id, e.type, "
      "e.subject, e.at, e.data FROM deliveries d LEFT JOIN events e ON e.seq = d.event_seq WHERE d.status = 'due' "
      "AND d.due_at <= ? AND d.webhook_id NOT IN (SELECT value FROM json_each(?)) ORDER BY d.due_at, d.seq LIMIT 1",
      {now, id_list(except)}));
}

std::optional<Time> next_due(Snapshot& snapshot, Time now) {
  Rows rows = snapshot.query("SELECT MIN(due_at) FROM deliveries WHERE status = 'due' AND due_at > ?", {now});
  if (!rows.next()) return std::nullopt;
  return rows.get<std::optional<Time>>(0);
}

std::optional<Event> next_event(Snapshot& snapshot, const Webhook& webhook, std::int64_t after, std::int64_t last) {
  std::optional<std::string> space;
  if (webhook.space) space = webhook.space->key();
  Rows rows = snapshot.query(
      "SELECT seq, id, type, subject, at, data FROM events WHERE seq > ?1 AND seq <= ?4 AND (?2 IS NULL OR space IN (?2, '*')) AND "
      "(json_array_length(?3) = 0 OR EXISTS (SELECT 1 FROM json_each(?3) w WHERE events.type GLOB w.value)) "
      "ORDER BY seq LIMIT 1",
      {after, space, json(webhook.events.wanted()).dump(), last});
  if (!rows.next()) return std::nullopt;
  return read_event(rows, 0);
}

}  // namespace assay
