// SPDX-License-Identifier: Apache-2.0
// Bytes in and out, by digest and streamed. Next to read: registry/service/upload.h and fetch.h.
#include <optional>
#include <vector>

#include "registry/domain/transfer_format.h"
#include "registry/http/limits.h"
#include "registry/http/ranges.h"
#include "registry/http/v1/chunk_list.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/fetch.h"
#include "registry/service/upload.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

constexpr const char* kBlobs = "/api/v1/blobs";
constexpr const char* kBlob = "/api/v1/blobs/{digest}";
constexpr const char* kStored = "stored";

// `curl -T file URL/api/v1/blobs/` puts the file's name where a digest may stand: then nothing is promised.
std::optional<Digest> promised_digest(const Request& request) {
  const std::string& name = request.parameter("digest");
  if (name.starts_with("sha256:")) return Digest::parse(name);
  const bool hex = name.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (hex && name.size() == 2 * Digest::kSize)
    throw Error(Code::invalid_argument, "a digest is written sha256: and 64 digits in lower case");
  return std::nullopt;
}

// A client that says twice what it sends must say the same.
void check_digest_fields(const Request& request, std::optional<Digest>& digest) {
  for (const std::string_view name : {std::string_view("repr-digest"), std::string_view("content-digest")}) {
    const std::string* field = request.headers.find(name);
    const std::optional<Digest> claimed = field ? parse_repr_digest(*field) : std::nullopt;
    if (!claimed) continue;
    if (digest && *claimed != *digest)
      throw Error(Code::invalid_argument,
                  "uploading " + digest->text() + ": the digest field of the request names other bytes");
    digest = claimed;
  }
}

std::vector<Digest> parents_of(const Request& request) {
  std::vector<Digest> parents;
  for (const auto& [name, value] : request.query.pairs())
    if (name == "parent") parents.push_back(Digest::parse(value));
  if (parents.size() > kMaxUploadParents)
    throw Error(Code::too_large, "at most " + std::to_string(kMaxUploadParents) + " parents are taken");
  return parents;
}

Stored stored_of(const Request& request) {
  const auto wish = request.query.find(kStored);
  if (!wish) return Stored::trusted;
  if (*wish != "checked")
    throw Error(Code::invalid_argument, "the query parameter `stored` is `checked`, or left out");
  return Stored::checked;
}

Response take(const Context& context, Request& request, std::optional<Digest> digest) {
  check_digest_fields(request, digest);
  Upload upload(context.services, *request.principal,
                {.digest = digest,
                 .size = request.body_size,
                 .parents = parents_of(request),
                 .stored = stored_of(request)});
  std::vector<std::byte> part(kStreamChunk / 4);
  while (const std::size_t n = request.body->read(part)) upload.write(std::span(part).first(n));
  return created_blob(upload.finish());
}

Response list_chunks(const Context& context, const Request& request) {
  const Digest digest = Digest::parse(request.parameter("digest"));
  stat_blob(context.services, *request.principal, digest);
  Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Cache-Control", "private, no-cache");
  auto list = std::make_unique<ChunkList>(context.services.blobs, digest);
  response.length = list->size();
  if (request.method != Method::head && response.length > 0) response.source = std::move(list);
  return response;
}

Response get(const Context& context, const Request& request) {
  const Digest digest = Digest::parse(request.parameter("digest"));
  const BlobInfo blob = stat_blob(context.services, *request.principal, digest);
  return answer(
      request, {.digest = digest,
                .size = blob.size,
                .media_type = "application/octet-stream",
                .file_name = digest.hex(),
                .immutable = true,
                .open = [&](std::uint64_t offset, std::uint64_t length) {
                  // Whether the caller may was asked above.
                  return source_of(context.services.blobs.open(digest, {.offset = offset, .length = length}));
                }});
}

}  // namespace

void add_blob_routes(RouteTable& table, const Context& context) {
  const auto add_upload = [&](Method method, const char* pattern, Handler handler) {
    table.add({.method = method,
               .pattern = pattern,
               .permission = Permission::register_,
               .body = BodyKind::streamed,
               .body_limit = kBlobBytes,
               .query = {"parent", kStored},
               .handler = std::move(handler)});
  };
  add_upload(Method::put, kBlob,
             [context](Request& request) { return take(context, request, promised_digest(request)); });
  add_upload(Method::post, kBlobs,
             [context](Request& request) { return take(context, request, std::nullopt); });
  table.add({.method = Method::get,
             .pattern = kBlob,
             .permission = Permission::read,
             .handler = [context](Request& request) { return get(context, request); }});
  table.add({.method = Method::get,
             .pattern = "/api/v1/blobs/{digest}/chunks",
             .permission = Permission::read,
             .handler = [context](Request& request) { return list_chunks(context, request); }});
}

}  // namespace assay::http::v1
