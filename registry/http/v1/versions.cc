// SPDX-License-Identifier: Apache-2.0
// Versions of an artifact: publish, list, show, their manifest, files and lineage. Next to read:
// registry/service/publish.h.
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/ranges.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/content.h"
#include "registry/service/delete_version.h"
#include "registry/service/describe.h"
#include "registry/service/fetch.h"
#include "registry/service/import_records.h"
#include "registry/service/lineage.h"
#include "registry/service/publish.h"

namespace assay::http::v1 {
namespace {

constexpr const char* kVersions = "/api/v1/{kind=models|datasets|plugins}/{namespace}/{name}/versions";
constexpr const char* kVersion =
    "/api/v1/{kind=models|datasets|plugins}/{namespace}/{name}/versions/{version}";

// What a number or a digest names never changes; what a stage or `latest` names does.
bool names_forever(const Selector& selector) {
  return std::holds_alternative<VersionNumber>(selector.value()) ||
         std::holds_alternative<Digest>(selector.value());
}

Response create(const Context& context, Request& request) {
  const std::string body = json_body(request);
  const PublishRequest wish = parse_publish_request(kind_of(request), name_of(request), body);
  return with_key(request, body, [&](RequestKey* key) {
    const Publication publication = publish(context.services, *request.principal, wish, key);
    nlohmann::json json = publication.version;
    json["created"] = publication.created;
    return json_response(publication.created ? 201 : 200, json,
                         request.target.path + "/" + std::to_string(publication.version.number));
  });
}

Response list(const Context& context, const Request& request) {
  const Page<Version> page = list_versions(context.services, *request.principal, kind_of(request),
                                           name_of(request), page_of(request));
  return page_response(request, page.items, page.next_cursor);
}

Response show(const Context& context, const Request& request) {
  const auto [version, contents] = describe_version(context.services, *request.principal, kind_of(request),
                                                    name_of(request), selector_of(request));
  nlohmann::json json = version;
  json["content"] = contents_answer(contents);
  return json_response(200, json);
}

Response show_lineage(const Context& context, const Request& request) {
  return json_response(200, lineage(context.services, *request.principal, kind_of(request), name_of(request),
                                    selector_of(request)));
}

Response remove(const Context& context, const Request& request) {
  return json_response(200, delete_version(context.services, *request.principal, kind_of(request),
                                           name_of(request), selector_of(request)));
}

Response import_versions(const Context& context, Request& request) {
  return json_response(200, import_records(context.services, *request.principal, parse_import_request(json_body(request))));
}

class TextSource final : public BodySource {
 public:
  TextSource(std::string text, std::uint64_t offset, std::uint64_t length)
      : text_(text.substr(offset, length)) {}
  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), text_.size() - at_);
    std::copy_n(reinterpret_cast<const std::byte*>(text_.data()) + at_, n, out.data());
    at_ += n;
    return n;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

Response show_manifest(const Context& context, const Request& request) {
  const Selector selector = selector_of(request);
  const StoredManifest manifest =
      fetch_manifest(context.services, *request.principal, kind_of(request), name_of(request), selector);
  return answer(request, {.digest = manifest.digest,
                          .size = manifest.bytes.size(),
                          .media_type = manifest.media_type,
                          .file_name = "manifest.json",
                          .immutable = names_forever(selector),
                          .open = [&](std::uint64_t offset, std::uint64_t length) {
                            return std::make_unique<TextSource>(manifest.bytes, offset, length);
                          }});
}

Response show_file(const Context& context, const Request& request) {
  const Selector selector = selector_of(request);
  const VersionFile file = find_file(context.services, *request.principal, kind_of(request), name_of(request),
                                     selector, FilePath::parse(request.parameter("path")));
  return answer(request, {.digest = file.digest,
                          .size = file.size,
                          .media_type = "application/octet-stream",
                          .file_name = file.path.text(),
                          .immutable = names_forever(selector),
                          .open = [&](std::uint64_t offset, std::uint64_t length) {
                            return source_of(open_blob(context.services, *request.principal, file.digest,
                                                       {.offset = offset, .length = length}));
                          }});
}

}  // namespace

void add_version_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::post,
             .pattern = "/api/v1/imports",
             .permission = Permission::admin,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return import_versions(context, request); },
             .place = Place::slow_worker});
  table.add({.method = Method::post,
             .pattern = kVersions,
             .permission = Permission::register_,
             .body = BodyKind::whole,
             .body_limit = kJsonBytes,
             .handler = [context](Request& request) { return create(context, request); }});
  table.add({.method = Method::get,
             .pattern = kVersions,
             .permission = Permission::read,
             .query = {"cursor", "limit"},
             .handler = [context](Request& request) { return list(context, request); }});
  table.add({.method = Method::delete_,
             .pattern = kVersion,
             .permission = Permission::delete_,
             .handler = [context](Request& request) { return remove(context, request); }});
  const auto get = [&](const std::string& tail, Response (*handler)(const Context&, const Request&)) {
    table.add({.method = Method::get,
               .pattern = kVersion + tail,
               .permission = Permission::read,
               .handler = [context, handler](Request& request) { return handler(context, request); }});
  };
  get("", show);
  get("/manifest", show_manifest);
  get("/lineage", show_lineage);
  get("/files/{path...}", show_file);
}

}  // namespace assay::http::v1
