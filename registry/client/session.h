// SPDX-License-Identifier: Apache-2.0
// A caller's conversation with one registry: adds the token, tries again where that is safe, and turns every
// refusal into an Error. What the calls mean is api_client.h's business.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "registry/client/connection.h"
#include "storage/base/error.h"

namespace assay::client {

struct RetryPolicy {
  int attempts = 4;                            // in all, the first included
  std::chrono::milliseconds first_delay{200};  // doubled each time
  std::chrono::milliseconds longest_delay{5'000};
  std::function<void(std::chrono::milliseconds)> sleep;  // empty: the calling thread sleeps
};

struct SessionOptions {
  Endpoint endpoint;
  std::string token;  // empty: none is sent
  Timeouts timeouts;
  RetryPolicy retry;
};

// One thread at a time.
class Session {
 public:
  explicit Session(SessionOptions options);

  const Endpoint& endpoint() const { return options_.endpoint; }
  const RetryPolicy& retry() const { return options_.retry; }
  // For another session like this one, for another thread.
  const SessionOptions& options() const { return options_; }

  // The 2xx answer to `call`. A busy server (503) is asked again, and so is a broken connection when the call
  // may be repeated: the method is GET, HEAD or PUT, or it has an Idempotency-Key; a call with `on_body` is
  // not, for part of its answer is already given away. `doing` says what was attempted, for messages. Throws
  // the server's own Error when it refuses; unavailable when there is no server or the connection breaks too
  // often; cancelled when a callback of `call` ended it.
  Answer call(const Call& call, std::string_view doing);

  // As `call`, with JSON both ways; null sends no body. `record` is a POST of what must be recorded once: it
  // carries an Idempotency-Key of its own.
  nlohmann::json get(const std::string& target, std::string_view doing);
  nlohmann::json send(const std::string& method, const std::string& target, const nlohmann::json& body,
                      std::string_view doing, const Fields& fields = {});
  nlohmann::json record(const std::string& target, const nlohmann::json& body, std::string_view doing,
                        Fields fields = {});

  // One attempt, with the token added; refusals are answers here. For callers that resume by themselves.
  Outcome attempt(const Call& call, Answer& answer);
  // Waits as long as the policy says after failure number `failures`, or as the server's Retry-After asks, if
  // less than the longest delay.
  void back_off(int failures, const Answer& answer);
  // What `outcome`, which is not `answered`, means to the user.
  Error failure(Outcome outcome, std::string_view doing) const;

 private:
  SessionOptions options_;
  Connection connection_;
};

}  // namespace assay::client
