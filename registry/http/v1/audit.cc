// SPDX-License-Identifier: Apache-2.0
// The audit trail, its checkpoints and its proofs. Next to read: registry/service/audit_trail.h.
#include <nlohmann/json.hpp>

#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/audit_trail.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

using nlohmann::json;

std::optional<std::uint64_t> number_of(const Request& request, std::string_view name) {
  if (!request.query.find(name)) return std::nullopt;
  return request.query.number(name, 0, 0, INT64_MAX);
}

std::uint64_t need_number(const Request& request, std::string_view name) {
  if (const auto number = number_of(request, name)) return *number;
  throw Error(Code::invalid_argument, "say which with ?" + std::string(name) + "=NUMBER, counted from 1");
}

json texts(const std::vector<Digest>& hashes) {
  json out = json::array();
  for (const Digest& hash : hashes) out.push_back(hash.text());
  return out;
}

Response list(const Context& context, Request& request) {
  const Page<AuditEntry> page = audit_trail(context.services, *request.principal, page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show_texts(const Context& context, Request& request) {
  Response response;
  response.headers.set("Content-Type", "application/jsonl");
  response.body = audit_texts(context.services, *request.principal,
                              static_cast<std::int64_t>(number_of(request, "after").value_or(0)));
  return response;
}

Response show_checkpoint(const Context& context, Request& request) {
  const auto [head, checkpoint] = audit_checkpoint(context.services, *request.principal);
  const LogKey& key = context.services.checkpoints->key();
  return json_response(200, {{"log", key.name()},
                             {"size", head.size},
                             {"root", head.root.text()},
                             {"checkpoint", checkpoint},
                             {"key", key.text()}});
}

Response show_proof(const Context& context, Request& request) {
  const std::uint64_t seq = need_number(request, "entry");
  const InclusionProof proof = prove_entry(context.services, *request.principal, seq, number_of(request, "size"));
  return json_response(
      200,
      {{"entry", seq}, {"size", proof.size}, {"leaf", proof.leaf.text()}, {"hashes", texts(proof.hashes)}});
}

Response show_consistency(const Context& context, Request& request) {
  const std::uint64_t from = need_number(request, "from");
  const AuditProof proof = prove_consistency(context.services, *request.principal, from, number_of(request, "to"));
  return json_response(200, {{"from", from}, {"to", proof.size}, {"hashes", texts(proof.hashes)}});
}

}  // namespace

void add_audit_routes(RouteTable& table, const Context& context) {
  const auto add = [&](const char* pattern, std::vector<std::string> query,
                       Response (*call)(const Context&, Request&)) {
    table.add({.method = Method::get,
               .pattern = pattern,
               .permission = Permission::admin,
               .query = std::move(query),
               .handler = [context, call](Request& request) { return call(context, request); }});
  };
  add("/api/v1/audit", {"cursor", "limit"}, list);
  add("/api/v1/audit/texts", {"after"}, show_texts);
  add("/api/v1/audit/checkpoint", {}, show_checkpoint);
  add("/api/v1/audit/proof", {"entry", "size"}, show_proof);
  add("/api/v1/audit/consistency", {"from", "to"}, show_consistency);
}

}  // namespace assay::http::v1
