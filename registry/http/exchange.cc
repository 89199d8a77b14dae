// SPDX-License-Identifier: Apache-2.0
#include "registry/http/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "registry/domain/utf8.h"
#include "registry/http/limits.h"
#include "storage/base/error.h"

namespace assay::http {
namespace {

bool has_token(const std::string* field, std::string_view token) {
  if (!field) return false;
  std::string lower = *field;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower.find(token) != std::string::npos;
}

Problem no_such_method(const std::vector<Method>& allowed_methods) {
  std::string allowed;
  for (const Method method : allowed_methods)
    allowed += (allowed.empty() ? "" : ", ") + std::string(text(method));
  Problem problem = problem_of(405, "this path does not take that method, only " + allowed);
  problem.headers.set("Allow", allowed);
  return problem;
}

// Runs `work` and turns what it throws into the response and, when it is our fault, into a line for the log.
template <class Work>
bool guarded(Exchange& exchange, Work work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    exchange.refuse(problem_of(error));
    if (info(error.code()).http_status >= 500) exchange.failure = error.message();
  } catch (const std::exception& error) {
    exchange.refuse(problem_of(std::current_exception()));
    exchange.failure = error.what();
  } catch (...) {
    exchange.refuse(problem_of(std::current_exception()));
    exchange.failure = "unknown exception";
  }
  return false;
}

}  // namespace

std::size_t TextReader::read(std::span<std::byte> out) {
  const std::size_t n = std::min(out.size(), rest_.size());
  std::copy_n(reinterpret_cast<const std::byte*>(rest_.data()), n, out.data());
  rest_.remove_prefix(n);
  return n;
}

std::optional<Problem> check(Exchange& exchange) {
  const Request& request = exchange.request;
  const Route* route = exchange.route();
  if (!route && exchange.match.allowed.empty())
    return problem_of(404, "there is nothing at this path; /openapi.yaml lists what there is");
  if (!route) return no_such_method(exchange.match.allowed);
  for (const auto& [name, value] : request.query.pairs())
    if (std::find(route->query.begin(), route->query.end(), name) == route->query.end())
      return problem_of(
          Error(Code::invalid_argument,
                fmt::format("there is no query parameter `{}` here; /openapi.yaml lists what there is",
                            beginning(name))));
  if (exchange.has_body() && route->body == BodyKind::none)
    return problem_of(Error(Code::too_large, "this request takes no body; leave it out"));
  if (request.body_size && *request.body_size > route->body_limit)
    return problem_of(Error(Code::too_large, fmt::format("the body is {} bytes; this path takes at most {}",
                                                         *request.body_size, route->body_limit)));
  if (const std::string* expect = request.headers.find("expect"); expect) {
    if (!has_token(expect, "100-continue"))
      return problem_of(417, "the only expectation met here is 100-continue");
    exchange.wants_continue = exchange.has_body() && !exchange.http10;
  }
  if (const std::string* coding = request.headers.find("content-encoding");
      coding && *coding != "identity" && exchange.has_body())
    return problem_of(415, "bodies are taken as they are; send it without Content-Encoding");
  return std::nullopt;
}

bool admit(const Site& site, Exchange& exchange) {
  return guarded(exchange, [&] {
    exchange.principal = site.admit(*exchange.route(), exchange.request);
    exchange.request.principal = exchange.principal ? &*exchange.principal : nullptr;
  });
}

namespace {

// A short body is read where the handler ran: the answer needs no other thread, and what fails is still told.
void read_short_source(Response& response) {
  if (!response.source || response.length > kShortBody) return;
  response.body.resize(response.length);
  for (std::size_t done = 0; done < response.length;) {
    const std::size_t got =
        response.source->read(std::as_writable_bytes(std::span(response.body)).subspan(done));
    if (got == 0) throw Error(Code::internal, "the body of an answer ended before its length");
    done += got;
  }
  response.source.reset();
}

}  // namespace

void handle(const Site& site, Exchange& exchange) {
  guarded(exchange, [&] {
    exchange.response = site.handle(*exchange.route(), exchange.request);
    read_short_source(exchange.response);
  });
}

std::string response_head(Exchange& exchange, std::string_view date, std::string_view server) {
  Response& response = exchange.response;
  const Request& request = exchange.request;
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!response.source && !response.body.empty()) response.length = response.body.size();
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, status_text(response.status));
  const auto put = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ");
    // A line break in a value would be a second field, or a second response.
    for (const char c : value) head += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
    head += "\r\n";
  };
  put("Date", date);
  put("Server", server);
  put("X-Request-Id", request.id);
  put("X-Content-Type-Options", "nosniff");
  if (!response.headers.find("cache-control")) put("Cache-Control", "no-cache");
  if (const std::string* trace = request.headers.find("traceparent")) put("traceparent", *trace);
  for (const auto& [name, value] : response.headers) put(name, value);
  if (!bodiless) put("Content-Length", std::to_string(response.length));
  if (exchange.close)
    put("Connection", "close");
  else if (exchange.http10)
    put("Connection", "keep-alive");
  return head + "\r\n";
}

namespace {

// The trace of a W3C traceparent: version, trace, parent and flags. Nothing when it does not keep the form, so that no
// client can write into the log what it likes.
std::string_view trace_of(std::string_view traceparent) {
  constexpr std::string_view kForm = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const auto keeps = [](char c, char form) {
    return form == '-' ? c == '-' : std::isdigit(static_cast<unsigned char>(c)) != 0 || (c >= 'a' && c <= 'f');
  };
  if (traceparent.size() < kForm.size() || traceparent.starts_with("ff") ||
      !std::equal(kForm.begin(), kForm.end(), traceparent.begin(), [&](char form, char c) { return keeps(c, form); }))
    return {};
  // Later versions may append fields.
  if (traceparent.size() > kForm.size() && (traceparent.starts_with("00") || traceparent[kForm.size()] != '-')) return {};
  const std::string_view trace = traceparent.substr(3, 32);
  return trace.find_first_not_of('0') == std::string_view::npos ? std::string_view() : trace;
}

}  // namespace

LogEvent log_event(const Exchange& exchange, Exchange::Clock::duration took) {
  const Request& request = exchange.request;
  LogEvent event("http_request");
  event.with("method", text(request.method))
      .with("path", request.target.path)
      .with("route", exchange.route() ? std::string_view(exchange.route()->pattern) : "")
      .with("status", exchange.response.status)
      .with("ms", std::round(std::chrono::duration<double, std::micro>(took).count()) / 1000)
      .with("bytes_in", exchange.received)
      .with("bytes_out", exchange.sent)
      .with("peer", request.peer)
      .with("request_id", request.id);
  if (exchange.principal) event.with("principal", exchange.principal->name);
  if (const std::string* parent = request.headers.find("traceparent"))
    if (const std::string_view trace = trace_of(*parent); !trace.empty()) event.with("trace_id", trace);
  if (!exchange.response.problem.empty()) event.with("problem", exchange.response.problem);
  if (exchange.broken) event.with("broken", true);
  if (!exchange.failure.empty()) event.with("error", exchange.failure);
  return event;
}

}  // namespace assay::http
