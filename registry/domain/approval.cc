// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/approval.h"

#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"

namespace assay {

void to_json(nlohmann::json& json, const Approval& approval) {
  json = {{"binding", approval.binding.text()},
          {"approver", approval.approver},
          {"agrees", approval.agrees},
          {"reason", approval.reason},
          {"at", format_time(approval.at)}};
}

Approval approval_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  Approval approval{.binding = Digest::parse(object.text("binding")),
                    .approver = object.text("approver"),
                    .agrees = object.boolean("agrees", true),
                    .reason = object.text("reason"),
                    .at = parse_time(object.text("at"))};
  object.finish();
  return approval;
}

}  // namespace assay
