// SPDX-License-Identifier: Apache-2.0
// Errors as clients see them: RFC 9457 application/problem+json, with the code of storage/base/error.h.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "registry/http/message.h"
#include "storage/base/error.h"

namespace assay::http {

struct Problem {
  int status = 500;
  std::string type;  // `urn:assay:error:<code>`, or `about:blank` when the status says it all
  std::string title;
  std::string code;    // always one of error.h, so that a client may turn it back into an Error
  std::string detail;  // what was attempted, on what, what to do next
  Headers headers;     // that go with it: Allow, Retry-After, WWW-Authenticate
};

// By the table of error.h.
Problem problem_of(const Error& error);
// A refusal that HTTP itself has a status for, such as 405 or 431.
Problem problem_of(int status, std::string detail);
// Whatever a handler threw. What is not an Error says nothing of itself to the client.
Problem problem_of(const std::exception_ptr& error);

// The response; `path` and `request_id` say which request it was about.
Response render(const Problem& problem, std::string_view path, std::string_view request_id);

}  // namespace assay::http
