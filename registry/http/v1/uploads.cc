// SPDX-License-Identifier: Apache-2.0
// Uploads that resume and send only what is missing. Next on the way of the bytes:
// registry/service/upload_sessions.h.
#include "registry/service/upload_sessions.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "registry/http/limits.h"
#include "registry/http/problem.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

constexpr const char* kUploads = "/api/v1/uploads";
constexpr const char* kUpload = "/api/v1/uploads/{id}";
constexpr const char* kOffset = "Upload-Offset";

Id id_of(const Request& request) {
  return Id::parse(request.parameter("id"));
}

Response state_response(int status, const UploadState& state) {
  nlohmann::json parents = nlohmann::json::array();
  for (const Digest& parent : state.parents) parents.push_back(parent.text());
  Response response = json_response(status, {{"id", state.id.text()},
                                             {"digest", state.digest.text()},
                                             {"size", state.size},
                                             {"offset", state.offset},
                                             {"parents", std::move(parents)}});
  response.headers.set(kOffset, std::to_string(state.offset));
  return response;
}

Response begin(UploadSessions& sessions, Request& request) {
  const auto state = sessions.begin(*request.principal, parse_upload_wanted(json_body(request)));
  if (!state) return json_response(200, {{"stored", true}});
  Response response = state_response(201, *state);
  response.headers.set("Location", request.target.path + "/" + state->id.text());
  return response;
}

std::uint64_t offset_of(const Request& request) {
  std::uint64_t offset = 0;
  if (const std::string* text = request.headers.find(kOffset)) {
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, offset);
    if (error == std::errc() && stop == end && !text->empty()) return offset;
  }
  throw Error(Code::invalid_argument,
              "say with `Upload-Offset: N` where in the file the first frame goes; GET tells it");
}

// Other conflicts answer 412, to If-Match. This one comes from where the upload stands, as in other protocols
// for uploads.
Response refuse_conflict(UploadSessions& sessions, const Request& request, const Error& conflict) {
  Problem problem = problem_of(conflict);
  problem.status = 409;
  problem.headers.set(kOffset, std::to_string(sessions.describe(*request.principal, id_of(request)).offset));
  return render(problem, request.target.path, request.id);
}

template <class Work>
Response answering_conflict(UploadSessions& sessions, const Request& request, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != Code::conflict) throw;
    return refuse_conflict(sessions, request, error);
  }
}

Response append(UploadSessions& sessions, Request& request) {
  const auto appended = sessions.append(*request.principal, id_of(request), offset_of(request),
                                        [&](std::span<std::byte> out) { return request.body->read(out); });
  if (appended.blob) return created_blob(*appended.blob);
  Response response = json_response(200, {{"offset", appended.offset}});
  response.headers.set(kOffset, std::to_string(appended.offset));
  return response;
}

Response abandon(UploadSessions& sessions, const Request& request) {
  sessions.abandon(*request.principal, id_of(request));
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

void add_upload_routes(RouteTable& table, const Context& context) {
  const auto sessions = std::make_shared<UploadSessions>(context.services);
  table.add({.method = Method::post,
             .pattern = kUploads,
             .permission = Permission::register_,
             .body = BodyKind::whole,
             .body_limit = kSmallJsonBytes,
             .handler = [sessions](Request& request) { return begin(*sessions, request); }});
  table.add({.method = Method::get,
             .pattern = kUpload,
             .permission = Permission::register_,
             .handler = [sessions](Request& request) {
               return state_response(200, sessions->describe(*request.principal, id_of(request)));
             }});
  table.add({.method = Method::patch,
             .pattern = kUpload,
             .permission = Permission::register_,
             .body = BodyKind::streamed,
             .body_limit = kFramedBytes,
             .handler = [sessions](Request& request) {
               return answering_conflict(*sessions, request, [&] { return append(*sessions, request); });
             }});
  table.add({.method = Method::delete_,
             .pattern = kUpload,
             .permission = Permission::register_,
             .handler = [sessions](Request& request) {
               return answering_conflict(*sessions, request, [&] { return abandon(*sessions, request); });
             }});
}

}  // namespace assay::http::v1
