// SPDX-License-Identifier: Apache-2.0
#include "registry/http/v1/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

// `application/json` or `…+json`, whatever parameters follow.
bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  const std::string lower = lower_case(type);
  return lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"));
}

class BlobSource final : public BodySource {
 public:
  explicit BlobSource(std::unique_ptr<BlobReader> reader) : reader_(std::move(reader)) {}
  std::size_t read(std::span<std::byte> out) override { return reader_->read(out); }

 private:
  std::unique_ptr<BlobReader> reader_;
};

}  // namespace

Kind kind_of(const Request& request) {
  return kind_from_plural(request.parameter("kind"));
}

Name name_of(const Request& request) {
  return Name::of(request.parameter("namespace"), request.parameter("name"));
}

Selector selector_of(const Request& request) {
  return Selector::parse(request.parameter("version"));
}

StageName stage_of(const Request& request) {
  return StageName::parse(request.parameter("stage"));
}

std::string json_body(Request& request) {
  const std::string* type = request.headers.find("content-type");
  if (!type && request.body_size == 0) return "";
  if (!type || !is_json(*type))
    throw Error(Code::unsupported,
                "this path takes a JSON document; send it with `Content-Type: application/json`");
  return read_all(*request.body, kJsonBytes);
}

std::optional<std::string_view> if_match(const Request& request) {
  const std::string* field = request.headers.find("if-match");
  if (!field) return std::nullopt;
  return *field;
}

Response with_key(const Request& request, std::string_view body,
                  const std::function<Response(RequestKey*)>& work) {
  const std::string* field = request.headers.find("idempotency-key");
  if (!field) return work(nullptr);
  RequestKey key = parse_request_key(*field, fmt::format("{} {}", text(request.method), request.target.path),
                                     body, if_match(request));
  Response response = work(&key);
  if (key.replayed) response.headers.set("Idempotent-Replayed", "true");
  return response;
}

PageRequest page_of(const Request& request) {
  const std::optional<std::string> limit = request.query.find("limit");
  return PageRequest::parse(request.query.find("cursor"), limit);
}

Response json_response(int status, const nlohmann::json& json) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  // Everything stored was checked to be UTF-8; should some text not be, a reader gets a replacement, not a
  // failure.
  response.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

Response decision_response(const Decision& decision) {
  Response response = json_response(decision.verdict == DecisionVerdict::waiting ? 202 : 200, decision);
  response.headers.set("ETag", '"' + std::to_string(decision.revision_after) + '"');
  return response;
}

Response page_response(const Request& request, nlohmann::json items,
                       const std::optional<std::string>& next_cursor) {
  nlohmann::json page = {{"items", std::move(items)}, {"next_cursor", nullptr}};
  if (next_cursor) page["next_cursor"] = *next_cursor;
  Response response = json_response(200, page);
  if (!next_cursor) return response;
  std::string link = request.target.path + "?";
  for (const auto& [key, value] : request.query.pairs())
    if (key != "cursor") link += percent_encode(key) + "=" + percent_encode(value) + "&";
  response.headers.set("Link",
                       fmt::format("<{}cursor={}>; rel=\"next\"", link, percent_encode(*next_cursor)));
  return response;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~:").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Response json_response(int status, const nlohmann::json& json, const std::string& location) {
  Response response = json_response(status, json);
  response.headers.set("Location", location);
  return response;
}

Response created_blob(const BlobInfo& blob) {
  return json_response(201, {{"digest", blob.digest.text()}, {"size", blob.size}},
                       "/api/v1/blobs/" + blob.digest.text());
}

std::unique_ptr<BodySource> source_of(std::unique_ptr<BlobReader> reader) {
  return std::make_unique<BlobSource>(std::move(reader));
}

}  // namespace assay::http::v1
