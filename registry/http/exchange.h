// SPDX-License-Identifier: Apache-2.0
// One request and its answer on their way through a Session, and what is decided about them without a socket:
// whether the head alone is reason to refuse, what the answer's head says, and what the log says of it all.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/domain/log_event.h"
#include "registry/http/problem.h"
#include "registry/http/routes.h"
#include "registry/http/site.h"

namespace assay::http {

// A body that is in memory; borrows the text.
class TextReader final : public BodyReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  std::string_view rest_;
};

struct Exchange {
  using Clock = std::chrono::steady_clock;

  Request request;
  Response response;
  Match match;
  std::optional<Principal> principal;
  TextReader no_body{""};
  std::string failure;  // for the log
  Clock::time_point start = Clock::now();
  std::optional<Clock::time_point> window_end;  // by when the body must have brought its next share
  std::uint64_t window_bytes = 0;               // of that share, so far
  std::uint64_t received = 0;                   // of the body
  std::uint64_t sent = 0;                       // of the answer's body
  bool http10 = false;
  bool wants_continue = false;
  bool close = false;   // after this answer
  bool linger = false;  // and read on a little before
  bool broken = false;  // no answer can be sent any more

  const Route* route() const { return match.route; }
  bool has_body() const { return !request.body_size || *request.body_size > 0; }
  // The answer has a head only.
  bool bodiless() const {
    return request.method == Method::head || response.status == 204 || response.status == 304;
  }
  void refuse(const Problem& problem) { response = render(problem, request.target.path, request.id); }
};

// What the head alone is reason to refuse: no such path or method, an unknown query parameter, a body where
// none is taken or longer than announced here, an expectation or coding that is not known. Sets
// `wants_continue`.
std::optional<Problem> check(Exchange& exchange);

// Calls the handler. What it throws becomes the answer and, when it is our fault, `failure`.
void handle(const Site& site, Exchange& exchange);
// Finds out who calls; false when they are refused, which is then the answer.
bool admit(const Site& site, Exchange& exchange);

// The answer's head with its empty line. Sets the response's length from its body.
std::string response_head(Exchange& exchange, std::string_view date, std::string_view server);

// `http_request`, never with a secret: no query, and of the headers only the trace that traceparent names.
LogEvent log_event(const Exchange& exchange, Exchange::Clock::duration took);

}  // namespace assay::http
