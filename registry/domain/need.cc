// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/need.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"

namespace assay {

std::string command(const Need& need) {
  std::string out = need.kind == EvidenceKind::validation
                        ? fmt::format("assay validate {}", need.dataset)
                        : fmt::format("assay evaluate {}", need.model);
  if (need.kind == EvidenceKind::comparison)
    out += " --against " + (need.reference.empty() ? "MODEL" : need.reference);
  if (need.kind != EvidenceKind::validation) out += " --data " + need.dataset;
  if (!need.plugin.empty()) out += " --plugin " + need.plugin;
  if (need.confidence > 0) out += fmt::format(" --set confidence={}", need.confidence);
  if (!need.by.empty()) out += " --by " + need.by;
  if (need.batch > 0) out += fmt::format(" --latency --batch {}", need.batch);
  if (need.level == Level::attested) out += " --on server";
  if (need.kind == EvidenceKind::comparison && need.reference.empty())
    out += fmt::format(", where MODEL comes from assay train --plugin {}", need.beats);
  return out;
}

void to_json(nlohmann::json& out, const Need& need) {
  out = {{"kind", to_text(need.kind)}, {"dataset", need.dataset}, {"command", command(need)}};
  for (const auto& [key, text] : {std::pair("model", &need.model),
                                  {"reference", &need.reference},
                                  {"beats", &need.beats},
                                  {"by", &need.by},
                                  {"plugin", &need.plugin}})
    if (!text->empty()) out[key] = *text;
  if (need.confidence > 0) out["confidence"] = need.confidence;
  if (need.batch > 0) out["batch"] = need.batch;
  if (need.level != Level::reported) out["level"] = to_text(need.level);
}

Need need_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  const auto text = [&](const char* key) { return object.optional_text(key).value_or(""); };
  Need need{.kind = parse_evidence_kind(object.text("kind"), what + ".kind"),
            .model = text("model"),
            .reference = text("reference"),
            .beats = text("beats"),
            .dataset = object.text("dataset"),
            .by = text("by"),
            .plugin = text("plugin"),
            .confidence = object.optional_number("confidence").value_or(0),
            .batch = object.optional_integer("batch", 1, std::numeric_limits<std::int64_t>::max()).value_or(0)};
  if (const auto level = object.optional_text("level")) need.level = parse_level(*level, what + ".level");
  object.optional_any("command");  // follows from the rest
  object.finish();
  return need;
}

}  // namespace assay
