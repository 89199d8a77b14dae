// SPDX-License-Identifier: Apache-2.0
#include "registry/client/session.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

#include "registry/client/problem.h"
#include "registry/domain/id.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"

namespace assay::client {
namespace {

constexpr int kBusy = 503;
constexpr const char* kIdempotencyKey = "Idempotency-Key";

bool may_repeat(const Call& call) {
  return !call.on_body && (call.method == "GET" || call.method == "HEAD" || call.method == "PUT" ||
                           call.fields.contains(kIdempotencyKey));
}

bool may_try_again(const Call& call, Outcome outcome, const Answer& answer) {
  if (outcome == Outcome::answered) return answer.status == kBusy && !call.on_body;
  return outcome == Outcome::broken && may_repeat(call);
}

nlohmann::json parse(const Answer& answer, std::string_view doing) {
  auto document = nlohmann::json::parse(answer.body, nullptr, false);
  if (document.is_discarded())
    throw Error(Code::internal,
                std::string(doing) + ": the answer is not JSON; is this the address of an Assay registry?");
  return document;
}

}  // namespace

Session::Session(SessionOptions options)
    : options_(std::move(options)), connection_(options_.endpoint, options_.timeouts) {}

Outcome Session::attempt(const Call& call, Answer& answer) {
  if (options_.token.empty()) return connection_.exchange(call, answer);
  Call authorized = call;
  authorized.fields["Authorization"] = "Bearer " + options_.token;
  return connection_.exchange(authorized, answer);
}

Answer Session::call(const Call& call, std::string_view doing) {
  for (int failures = 1;; ++failures) {
    Answer answer;
    const Outcome outcome = attempt(call, answer);
    if (outcome == Outcome::answered && answer.status / 100 == 2) return answer;
    if (failures >= options_.retry.attempts || !may_try_again(call, outcome, answer)) {
      if (outcome == Outcome::answered) throw error_of(answer, doing);
      throw failure(outcome, doing);
    }
    back_off(failures, answer);
  }
}

nlohmann::json Session::get(const std::string& target, std::string_view doing) {
  Call call;
  call.method = "GET";
  call.target = target;
  return parse(this->call(call, doing), doing);
}

nlohmann::json Session::send(const std::string& method, const std::string& target, const nlohmann::json& body,
                             std::string_view doing, const Fields& fields) {
  Call call;
  call.method = method;
  call.target = target;
  call.fields = fields;
  if (!body.is_null()) {
    call.body = body.dump();
    call.content_type = "application/json";
  }
  return parse(this->call(call, doing), doing);
}

nlohmann::json Session::record(const std::string& target, const nlohmann::json& body, std::string_view doing,
                               Fields fields) {
  SystemEntropy entropy;
  fields[kIdempotencyKey] = new_id(SystemClock(), entropy).text();
  return send("POST", target, body, doing, fields);
}

void Session::back_off(int failures, const Answer& answer) {
  auto delay = options_.retry.first_delay * (1 << std::min(failures - 1, 10));
  if (const auto asked = answer.fields.find("retry-after"); asked != answer.fields.end()) {
    int seconds = 0;
    const std::string& text = asked->second;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc() && seconds >= 0)
      delay = std::chrono::seconds(std::min(seconds, 3600));
  }
  delay = std::min(delay, options_.retry.longest_delay);
  if (options_.retry.sleep)
    options_.retry.sleep(delay);
  else
    std::this_thread::sleep_for(delay);
}

Error Session::failure(Outcome outcome, std::string_view doing) const {
  const std::string& where = options_.endpoint.text();
  const std::string what(doing);
  switch (outcome) {
    case Outcome::refused:
      return Error(Code::unavailable,
                   "no server at " + where +
                       ": start one with `assay serve`, or say where it is with --url or ASSAY_URL");
    case Outcome::timed_out:
      return Error(Code::unavailable,
                   "no answer from " + where + " in time: is the address right and reachable?");
    case Outcome::untrusted:
      return Error(Code::unavailable, "the TLS certificate of " + where + " could not be verified");
    case Outcome::stopped:
      return Error(Code::cancelled, what + ": ended before it was complete");
    default:
      return Error(Code::unavailable, what + ": the connection to " + where +
                                          " broke each time; try again, or see the server's log");
  }
}

}  // namespace assay::client
