// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/plugin_failure.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assay/abi.h"

namespace assay {
namespace {

using nlohmann::json;

Code code_of(std::int64_t status) {
  switch (status) {
    case ASSAY_E_INVALID_CONFIG:
    case ASSAY_E_INVALID_DATA:
      return Code::invalid_argument;
    case ASSAY_E_NOT_FOUND:
      return Code::not_found;
    case ASSAY_E_UNSUPPORTED:
      return Code::unsupported;
    case ASSAY_E_OUT_OF_MEMORY:
      return Code::too_large;
    case ASSAY_E_IO:
      return Code::unavailable;
    case ASSAY_E_CANCELLED:
      return Code::cancelled;
    case ASSAY_E_DEADLINE:
      return Code::deadline;
    case ASSAY_E_CORRUPT_ARTIFACT:
      return Code::corrupt;
    case ASSAY_E_DENIED:
      return Code::denied;
    default:
      // INVALID_ARGUMENT too: it says that we broke the contract, which is nobody's fault but ours.
      return Code::internal;
  }
}

// "; column dep_hour, row 17; hint", as far as the plugin told.
std::string details_text(const json& details) {
  std::string text;
  for (const char* key : {"column", "row", "json_pointer", "hint"}) {
    const auto found = details.find(key);
    if (found == details.end() || !found->is_primitive()) continue;
    const std::string value = found->is_string() ? found->get<std::string>() : found->dump();
    text += std::string(key) == "hint" ? "; " + value : fmt::format("; {} {}", key, value);
  }
  return text;
}

}  // namespace

Error plugin_failure(std::string_view subject, std::int64_t status, std::string_view message, const json& details) {
  std::string reason = message.empty() ? fmt::format("it failed with status {} and gave no reason", status)
                                       : std::string(message);
  if (details.is_object()) reason += details_text(details);
  return {code_of(status), fmt::format("{}: {}", subject, reason)};
}

}  // namespace assay
