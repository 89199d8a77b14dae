// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/lease.h"

#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"

namespace assay {

void to_json(nlohmann::json& json, const Lease& lease) {
  json = {{"holder", lease.holder},
          {"token", lease.token.text()},
          {"reason", lease.reason},
          {"until", format_time(lease.until)}};
}

Lease lease_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  Lease lease{.token = Id::parse(object.text("token")),
              .holder = object.text("holder"),
              .reason = object.text("reason"),
              .until = parse_time(object.text("until"))};
  object.finish();
  return lease;
}

}  // namespace assay
