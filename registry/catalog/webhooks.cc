// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/webhooks.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/id_list.h"

namespace assay {
namespace {

using nlohmann::json;

Webhook read_webhook(const Rows& row) {
  std::optional<Namespace> space;
  if (const auto key = row.get<std::optional<std::string>>(1)) space = Namespace::parse(*key);
  return {.id = row.get<Id>(0),
          .space = std::move(space),
          .url = WebhookUrl::parse(row.get<std::string>(2)),
          .events = EventFilter::parse(json::parse(row.get<std::string>(3)).get<std::vector<std::string>>()),
          .secret = row.get<std::string>(4),
          .created_at = row.get<Time>(5),
          .created_by = row.get<std::string>(6),
          .active = row.get<bool>(7),
          .cursor = row.get<std::int64_t>(8)};
}

std::vector<Webhook> read_all(Rows rows) {
  std::vector<Webhook> out;
  while (rows.next()) out.push_back(read_webhook(rows));
  return out;
}

std::optional<std::string> key_of(const std::optional<Namespace>& space) {
  if (!space) return std::nullopt;
  return space->key();
}

}  // namespace

void insert_webhook(Transaction& transaction, const Webhook& webhook) {
  transaction.execute(
      "INSERT INTO webhooks (id, space, url, wanted, secret, created_at, created_by, active, cursor) VALUES "
      "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {webhook.id, key_of(webhook.space), webhook.url.text(), json(webhook.events.wanted()).dump(), webhook.secret,
       webhook.created_at, webhook.created_by, webhook.active, webhook.cursor});
}

std::optional<Webhook> find_webhook(Snapshot& snapshot, const Id& id) {
  Rows rows = snapshot.query(
      "SELECT id, space, url, wanted, secret, created_at, created_by, active, cursor FROM webhooks WHERE id = ?", {id});
  if (!rows.next()) return std::nullopt;
  return read_webhook(rows);
}

std::vector<Webhook> list_webhooks(Snapshot& snapshot, const ReadableSpaces& spaces) {
  return read_all(snapshot.query(
      "SELECT id, space, url, wanted, secret, created_at, created_by, active, cursor FROM webhooks WHERE ?1 IS NULL "
      "OR space IN (SELECT value FROM json_each(?1)) ORDER BY id",
      {spaces.keys_json()}));
}

std::int64_t count_webhooks(Snapshot& snapshot, const std::optional<Namespace>& space) {
  Rows rows = snapshot.query("SELECT COUNT(*) FROM webhooks WHERE space IS ?", {key_of(space)});
  rows.next();
  return rows.get<std::int64_t>(0);
}

void delete_webhook(Transaction& transaction, const Id& id) {
  transaction.execute("DELETE FROM deliveries WHERE webhook_id = ?", {id});
  transaction.execute("DELETE FROM webhooks WHERE id = ?", {id});
}

void end_webhook(Transaction& transaction, const Id& id) {
  transaction.execute("UPDATE webhooks SET active = 0 WHERE id = ?", {id});
  transaction.execute("UPDATE deliveries SET status = 'dead', due_at = NULL WHERE webhook_id = ? AND status = 'due'",
                      {id});
}

void advance_webhook(Transaction& transaction, const Id& id, std::int64_t seq) {
  transaction.execute("UPDATE webhooks SET cursor = ? WHERE id = ?", {seq, id});
}

std::vector<Webhook> webhooks_without_debt(Snapshot& snapshot, const std::set<Id>& except) {
  return read_all(snapshot.query(
      "SELECT id, space, url, wanted, secret, created_at, created_by, active, cursor FROM webhooks w WHERE active = 1 "
      "AND id NOT IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE "
      "d.webhook_id = w.id AND d.status = 'due' AND d.cause = 'event') ORDER BY id",
      {id_list(except)}));
}

}  // namespace assay
