// SPDX-License-Identifier: Apache-2.0
#include "registry/http/problem.h"

#include <nlohmann/json.hpp>

#include "registry/http/limits.h"

namespace assay::http {
namespace {

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
    case 421:
      return Code::denied;
    case 404:
      return Code::not_found;
    case 408:
      return Code::deadline;
    case 412:
      return Code::conflict;
    case 413:
    case 414:
    case 431:
      return Code::too_large;
    case 405:
    case 415:
    case 417:
    case 505:
      return Code::unsupported;
    case 503:
      return Code::unavailable;
    default:
      return status < 500 ? Code::invalid_argument : Code::internal;
  }
}

void add_usual_headers(Problem& problem) {
  // Both forms of the same token: Bearer for programs, Basic for clients that only know passwords.
  if (problem.status == 401)
    problem.headers.add("WWW-Authenticate", "Bearer realm=\"assay\", Basic realm=\"assay\"");
  if (problem.status == 503) problem.headers.add("Retry-After", std::to_string(kRetryAfter.count()));
}

}  // namespace

Problem problem_of(const Error& error) {
  const CodeInfo& row = info(error.code());
  Problem problem{row.http_status,        "urn:assay:error:" + std::string(row.name),
                  std::string(row.title), std::string(row.name),
                  error.message(),        {}};
  add_usual_headers(problem);
  return problem;
}

Problem problem_of(int status, std::string detail) {
  Problem problem{status,
                  "about:blank",
                  std::string(status_text(status)),
                  std::string(info(code_of(status)).name),
                  std::move(detail),
                  {}};
  add_usual_headers(problem);
  return problem;
}

Problem problem_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return problem_of(known);
  } catch (...) {
    return problem_of(
        Error(Code::internal, "the server failed to answer; its log tells why under this request_id"));
  }
}

Response render(const Problem& problem, std::string_view path, std::string_view request_id) {
  nlohmann::json json = {{"type", problem.type},    {"title", problem.title},   {"status", problem.status},
                         {"code", problem.code},    {"detail", problem.detail}, {"instance", path},
                         {"request_id", request_id}};
  Response response;
  response.status = problem.status;
  response.problem = problem.code;
  response.headers = problem.headers;
  response.headers.set("Content-Type", "application/problem+json");
  // A detail may quote what a client sent; whatever is not UTF-8 in there is replaced, never a second
  // failure.
  response.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace assay::http
