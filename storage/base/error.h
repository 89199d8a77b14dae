// SPDX-License-Identifier: Apache-2.0
// The one exception type, and the one table from its codes to HTTP status, exit code and plugin ABI status.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

enum class Code {
  invalid_argument,
  not_found,
  already_exists,
  conflict,
  unauthenticated,
  denied,
  too_large,
  full,
  unsupported,
  corrupt,
  unavailable,
  deadline,
  cancelled,
  internal,
};

struct CodeInfo {
  Code code;
  std::string_view name;   // as written in JSON: "not_found"
  std::string_view title;  // for people: "Not found"
  int http_status;
  int exit_code;   // of the command line
  int abi_status;  // ASSAY_E_* of sdk/include/assay/abi.h; a test compares them
};

// Every code has a row; never fails.
const CodeInfo& info(Code code);
// The code that `name` spells, if it is one of ours.
std::optional<Code> code_from_name(std::string_view name);

// The message says what was attempted, on what, and what to do next. It never holds a secret.
class Error : public std::exception {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Code code_;
  std::string message_;
};

// An Error for a failed system call: `what` was attempted, errno says why. ENOSPC and EDQUOT are `full`,
// EACCES and EPERM `denied`, ENOENT `not_found`, EEXIST `already_exists`; anything else is `unavailable`.
Error system_error(std::string_view what, int error_number);

}  // namespace assay
