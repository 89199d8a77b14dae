// SPDX-License-Identifier: Apache-2.0
// Rows in, rows with scores out. Next to read: registry/service/score.h.
#include "registry/service/score.h"

#include "registry/http/limits.h"
#include "registry/http/v1/render.h"
#include "registry/http/v1/routes.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"

namespace assay::http::v1 {
namespace {

TableFormat format_of(const Request& request) {
  const std::string* field = request.headers.find("content-type");
  std::string type = field ? lower_case(field->substr(0, field->find(';'))) : "";
  while (type.ends_with(' ')) type.pop_back();
  if (type == "text/csv") return TableFormat::csv;
  if (type == "application/json") return TableFormat::json;
  throw Error(
      Code::unsupported,
      "scoring takes a table; send `Content-Type: text/csv`, or `application/json` with {\"rows\":[…]}");
}

Response score(const Context& context, Request& request) {
  if (context.score == nullptr)
    throw Error(Code::unavailable,
                "scoring is not configured on this server; use `assay score` at the command line");
  const TableFormat format = format_of(request);
  const Version version =
      resolve(context.services, *request.principal, Kind::model, name_of(request), selector_of(request));
  const std::string body = read_all(*request.body, kScoreBytes);
  const std::string label = version.reference();
  Response response;
  response.body =
      context.score->score({.version = version.digest, .label = label, .format = format, .body = body});
  response.headers.set("Content-Type",
                       format == TableFormat::csv ? "text/csv; charset=utf-8" : "application/json");
  response.headers.set("Assay-Version", label);
  response.headers.set("Assay-Digest", version.digest.text());
  return response;
}

}  // namespace

void add_score_routes(RouteTable& table, const Context& context) {
  table.add({.method = Method::post,
             .pattern = "/api/v1/models/{namespace}/{name}/versions/{version}:score",
             .permission = Permission::read,
             .body = BodyKind::whole,
             .body_limit = kScoreBytes,
             .handler = [context](Request& request) { return score(context, request); },
             .place = Place::slow_worker});
}

}  // namespace assay::http::v1
