// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange at a time with one server: the only file beside its source that knows cpp-httplib stands
// behind. It does not retry, authenticate or understand answers; session.h does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "registry/client/endpoint.h"

namespace assay::client {

// Field names in lower case.
using Fields = std::map<std::string, std::string>;

struct Call {
  std::string method;
  std::string target;  // path and query, already encoded
  Fields fields;
  std::string body;
  std::string content_type;
  // When set, the body is `body_size` bytes read from here; returns how many were put, 0 meaning it cannot go
  // on.
  std::function<std::size_t(std::uint64_t offset, std::span<char> into)> body_source;
  std::uint64_t body_size = 0;
  // When set, is shown the head of the answer; returning false ends the exchange.
  std::function<bool(int status, const Fields& fields)> on_head;
  // When set, takes the body of a 2xx answer as it comes; returning false ends the exchange.
  std::function<bool(std::string_view bytes)> on_body;
};

struct Answer {
  int status = 0;
  Fields fields;
  std::string body;  // empty when on_body took it
};

enum class Outcome {
  answered,   // whole
  refused,    // no connection: nothing was sent
  timed_out,  // no connection in time
  broken,     // the connection ended early; the server may or may not have acted
  stopped,    // a callback ended it
  untrusted,  // the server's TLS certificate could not be verified
};

struct Timeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds idle{120'000};  // without a byte either way
};

// One thread at a time; keeps its connection open between calls.
class Connection {
 public:
  Connection(const Endpoint& endpoint, Timeouts timeouts);
  ~Connection();

  // Fills `answer` as far as the exchange came. A refusal that comes before all of a streamed body was sent
  // is an answer too. An answer held in memory is at most 64 MiB; a larger one is `stopped`.
  Outcome exchange(const Call& call, Answer& answer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::client
