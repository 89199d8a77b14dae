// SPDX-License-Identifier: Apache-2.0
#include "registry/service/request_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/request_keys.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLength = 128;

bool is_printable(char c) {
  return c >= 0x20 && c <= 0x7E;
}

}  // namespace

RequestKey parse_request_key(std::string_view text, std::string_view operation, std::string_view body,
                             std::optional<std::string_view> if_match) {
  if (text.empty() || text.size() > kMaxLength || !std::all_of(text.begin(), text.end(), is_printable))
    throw Error(
        Code::invalid_argument,
        fmt::format("An Idempotency-Key is 1 to {} printable ASCII characters, such as a UUID", kMaxLength));
  const json whole = json::array({operation, if_match ? json(*if_match) : json(),
                                  body.empty() ? json() : parse_json(body, "the request body")});
  return {std::string(text), std::string(operation), Digest::of(whole.dump())};
}

std::optional<std::string> find_recorded(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now) {
  if (key == nullptr) return std::nullopt;
  auto found = find_request_key(snapshot, caller.id, key->text, now - kRequestKeyLife);
  if (!found) return std::nullopt;
  if (found->fingerprint != key->fingerprint)
    throw Error(
        Code::unsupported,
        fmt::format("The Idempotency-Key \"{}\" belongs to another request, {} at {}: repeat that one "
                    "as it was, or send this one with a key of its own",
                    key->text, found->operation, format_time(found->created_at)));
  key->replayed = true;
  return found->subject;
}

void remember(Transaction& transaction, const Principal& caller, const RequestKey* key,
              std::string_view subject, Time now) {
  if (key == nullptr) return;
  put_request_key(transaction, caller.id, key->text,
                  {key->operation, key->fingerprint, std::string(subject), now});
}

}  // namespace assay
