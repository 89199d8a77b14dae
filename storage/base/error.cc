// SPDX-License-Identifier: Apache-2.0
#include "storage/base/error.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace assay {
namespace {

constexpr std::array kCodes = {
    CodeInfo{Code::invalid_argument, "invalid_argument", "Invalid argument", 400, 60, 1},
    CodeInfo{Code::not_found, "not_found", "Not found", 404, 60, 4},
    CodeInfo{Code::already_exists, "already_exists", "Already exists", 409, 60, 1},
    CodeInfo{Code::conflict, "conflict", "Conflict", 412, 30, 1},
    CodeInfo{Code::unauthenticated, "unauthenticated", "Not authenticated", 401, 50, 12},
    CodeInfo{Code::denied, "denied", "Permission denied", 403, 50, 12},
    CodeInfo{Code::too_large, "too_large", "Too large", 413, 60, 6},
    CodeInfo{Code::full, "full", "Storage full", 507, 70, 7},
    CodeInfo{Code::unsupported, "unsupported", "Unsupported", 422, 60, 5},
    CodeInfo{Code::corrupt, "corrupt", "Corrupt data", 500, 40, 10},
    CodeInfo{Code::unavailable, "unavailable", "Unavailable", 503, 70, 7},
    CodeInfo{Code::deadline, "deadline", "Deadline exceeded", 504, 70, 9},
    CodeInfo{Code::cancelled, "cancelled", "Cancelled", 499, 70, 8},
    CodeInfo{Code::internal, "internal", "Internal error", 500, 70, 11},
};

Code code_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return Code::full;
    case EACCES:
    case EPERM:
      return Code::denied;
    case ENOENT:
      return Code::not_found;
    case EEXIST:
      return Code::already_exists;
    default:
      return Code::unavailable;
  }
}

}  // namespace

const CodeInfo& info(Code code) {
  return kCodes.at(static_cast<std::size_t>(code));
}

std::optional<Code> code_from_name(std::string_view name) {
  for (const CodeInfo& row : kCodes)
    if (row.name == name) return row.code;
  return std::nullopt;
}

Error system_error(std::string_view what, int error_number) {
  return Error(code_of(error_number),
               std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace assay
