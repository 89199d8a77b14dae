// SPDX-License-Identifier: Apache-2.0
#include "registry/access/json_web_token.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "registry/domain/json_reader.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

Error refuse(const std::string& why) {
  return Error(Code::unauthenticated, "The identity token " + why);
}

json part_of(std::string_view text, const char* what) try {
  json document = parse_json(from_base64url(text).value_or(""), what);
  if (!document.is_object()) throw Error(Code::invalid_argument, "it is no object");
  return document;
} catch (const Error& error) {
  throw refuse(fmt::format("has a malformed {}: {}", what, error.message()));
}

std::string text_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Seconds since 1970, whole or not (RFC 7519, 2).
std::optional<Time> time_of(const json& claims, const char* member) {
  const auto found = claims.find(member);
  if (found == claims.end()) return std::nullopt;
  if (!found->is_number() || !(found->get<double>() >= 0) || !(found->get<double>() <= kLastSecond))
    throw refuse(fmt::format("has no time in \"{}\"", member));
  return Time(std::chrono::seconds(static_cast<std::int64_t>(found->get<double>())));
}

void check_times(const json& claims, Time now) {
  const auto expires = time_of(claims, "exp");
  if (!expires) throw refuse("does not say when it expires");
  if (now >= *expires + kClockLeeway)
    throw refuse(fmt::format("expired at {}: ask the provider for a fresh one", format_time(*expires)));
  const auto from = time_of(claims, "nbf");
  if (from && now + kClockLeeway < *from)
    throw refuse(fmt::format("is valid only from {}: set the clocks right", format_time(*from)));
}

}  // namespace

json proven_claims(std::string_view token, const JsonWebKeys& keys, Time now) {
  if (token.size() > kMaxWebToken) throw refuse(fmt::format("has more than {} bytes", kMaxWebToken));
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last)
    throw refuse("is not three parts with dots in between");
  const json header = part_of(token.substr(0, first), "header");
  const std::string algorithm = text_of(header, "alg");
  if (algorithm != "RS256" && algorithm != "ES256")
    throw refuse("is not signed by RS256 or ES256, and nothing else is accepted");
  if (header.contains("crit")) throw refuse("asks for extensions that are not known here");
  const auto signature = from_base64url(token.substr(last + 1));
  if (!signature) throw refuse("has a malformed signature");
  if (!keys.verify(text_of(header, "kid"), algorithm, token.substr(0, last), *signature))
    throw refuse("was not signed by a key that is trusted here: if the provider has new keys, run assay trust refresh");
  json claims = part_of(token.substr(first + 1, last - first - 1), "body");
  check_times(claims, now);
  return claims;
}

}  // namespace assay
