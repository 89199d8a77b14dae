// SPDX-License-Identifier: Apache-2.0
#include "registry/client/problem.h"

#include <nlohmann/json.hpp>

namespace assay::client {
namespace {

Code code_of_status(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::denied;
    case 404:
      return Code::not_found;
    case 409:
      return Code::already_exists;
    case 412:
      return Code::conflict;
    case 413:
      return Code::too_large;
    case 422:
      return Code::unsupported;
    case 408:
    case 429:
    case 502:
    case 503:
      return Code::unavailable;
    case 504:
      return Code::deadline;
    case 507:
      return Code::full;
    default:
      return status >= 500 ? Code::internal : Code::invalid_argument;
  }
}

}  // namespace

Error error_of(const Answer& answer, std::string_view doing) {
  const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
  if (!problem.is_object() || !problem.contains("detail") || !problem["detail"].is_string()) {
    return Error(code_of_status(answer.status),
                 std::string(doing) + ": the server answered " + std::to_string(answer.status) +
                     " without saying why; is this the address of an Assay registry?");
  }
  Code code = code_of_status(answer.status);
  if (problem.contains("code") && problem["code"].is_string())
    code = code_from_name(problem["code"].get_ref<const std::string&>()).value_or(code);
  return Error(code, problem["detail"].get<std::string>());
}

}  // namespace assay::client
