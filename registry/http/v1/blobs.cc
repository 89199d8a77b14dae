// SPDX-License-Identifier: Apache-2.0
// Bytes in and out, by digest and streamed. Next to read: registry/service/upload.h and fetch.h.
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "registry/http/limits.h"
#include "registry/http/ranges.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/fetch.h"
#include "registry/service/upload.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

constexpr const char* kBlob = "/api/v1/blobs/{digest}";

// A client that says twice what it sends must say the same.
void require_same_digest(const Request& request, const Digest& digest) {
  for (const std::string_view name : {std::string_view("repr-digest"), std::string_view("content-digest")}) {
    const std::string* field = request.headers.find(name);
    const std::optional<Digest> claimed = field ? parse_repr_digest(*field) : std::nullopt;
    if (claimed && *claimed != digest)
      throw Error(Code::invalid_argument,
                  "uploading " + digest.text() + ": the digest field of the request names other bytes");
  }
}

Response put(const Context& context, Request& request) {
  const Digest digest = Digest::parse(request.parameter("digest"));
  require_same_digest(request, digest);
  Upload upload(context.services, *request.principal, {.digest = digest, .size = request.body_size});
  std::vector<std::byte> part(kStreamChunk);
  while (const std::size_t n = request.body->read(part)) upload.write(std::span(part).first(n));
  const BlobInfo blob = upload.finish();
  Response response = json_response(
      201, {{"digest", blob.digest.text()}, {"size", blob.size}, {"stored_size", blob.stored_size}});
  response.headers.set("Location", request.target.path);
  return response;
}

Response get(const Context& context, const Request& request) {
  const Digest digest = Digest::parse(request.parameter("digest"));
  const BlobInfo blob = stat_blob(context.services, *request.principal, digest);
  return answer(request, {.digest = digest,
                          .size = blob.size,
                          .media_type = "application/octet-stream",
                          .file_name = digest.hex(),
                          .immutable = true,
                          .open = [&](std::uint64_t offset, std::uint64_t length) {
                            return source_of(open_blob(context.services, *request.principal, digest,
                                                       {.offset = offset, .length = length}));
                          }});
}

}  // namespace

void add_blob_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::put,
             .pattern = kBlob,
             .permission = Permission::register_,
             .body = BodyKind::streamed,
             .body_limit = kBlobBytes,
             .handler = [context](Request& request) { return put(context, request); }});
  table.add({.method = Method::get,
             .pattern = kBlob,
             .permission = Permission::read,
             .handler = [context](Request& request) { return get(context, request); }});
}

}  // namespace assay::http::v1
