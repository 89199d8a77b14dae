// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/subject.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/worker/check/inside.h"
#include "registry/plugin_host/worker/check/rules.h"
#include "registry/plugin_host/worker/loaded_plugin.h"

namespace assay::worker {
namespace check {
namespace {

using nlohmann::json;

struct Named {
  const char* id;
  Rule rule;
  bool silent = false;  // printing breaks it
};

constexpr Named kRules[] = {
    {"C04", loads_quietly, true},
    {"C05", opens_more_than_once},
    {"C06", respects_struct_sizes},
    {"C07", lives_without_options},
    {"C08", refuses_strangers},
    {"C09", says_the_same},
    {"C10", offers_what_it_declares},
    {"C11", refuses_bad_settings},
    {"C12", explains_failures},
    {"C13", copes_with_few_rows},
    {"C14", copes_with_odd_numbers},
    {"C15", reads_nulls},
    {"C16", heeds_offsets},
    {"C17", finds_columns_by_name},
    {"C18", refuses_foreign_types},
    {"C19", ignores_batch_ends},
    {"C20", releases_once},
    {"C21", copes_with_short_io},
    {"C22", round_trips},
    {"C23", refuses_damage},
    {"C24", repeats_itself},
    {"C25", ignores_the_seed},
    {"C26", stops_when_cancelled},
    {"C27", stops_at_deadline},
    {"C28", merges_exactly},
    {"C29", answers_true_tables},
    {"C30", leaks_nothing},
    {"C31", works_on_many_threads},
    {"C33", leaves_the_process_alone, true},
    {"C34", calls_only_what_it_may},
    {"C35", survives_without_memory},
    {"C36", ends_every_entry},
    {"C37", gives_equal_bits_anywhere},
    {"C38", survives_chance},
    {"C39", copes_with_sizes},
};

std::vector<std::string> texts(const json& list) {
  std::vector<std::string> out;
  for (const json& item : list)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

Component component_from(const json& declared, const json& defaults) {
  Component component;
  component.id = declared.at("id").get<std::string>();
  component.defaults = defaults.at(component.id).get<std::string>();
  try {
    component.schema = fake::Json::parse(declared.value("config_schema", json::object()).dump());
  } catch (const std::exception&) {
    // Without its schema no settings are tried but the defaults.
  }
  component.capabilities = texts(declared.at("capabilities"));
  const json roles = declared.value("input_roles", json::object());
  component.roles = texts(roles.value("required", json::array()));
  component.optional_roles = texts(roles.value("optional", json::array()));
  if (!declared.contains("input_roles")) {
    component.roles = {"label"};
    if (component.offers(ASSAY_CAP_EVALUATOR_V1)) component.roles.emplace_back("score");
  }
  component.determinism = declared.value("determinism", "seeded");
  return component;
}

Subject subject_from(const assay_call* call, const json& request) {
  Subject subject{.call = call,
                  .descriptor = request.at("descriptor").get<std::string>(),
                  .components = {},
                  .before = {},
                  .again = {},
                  .seed = request.at("seed").get<std::uint64_t>()};
  const json descriptor = json::parse(subject.descriptor);
  for (const json& declared : descriptor.at("components"))
    subject.components.push_back(component_from(declared, request.at("defaults")));
  if (request.at("before").is_string()) subject.before = request.at("before").get<std::string>();
  return subject;
}

// As the SDK's host for tests has them; what they take is not the plugin's own.
const void* service(const assay_host* host, const char* id) {
  static const assay_scratch_v1 scratch{
      sizeof scratch, 0, nullptr, std::uint64_t{1} << 30,
      [](const assay_scratch_v1*, const assay_call* call, std::uint64_t bytes, void** out) {
        const Outside outside;
        return fake::scratch_of(call).take(bytes, out);
      },
      [](const assay_scratch_v1*, const assay_call* call, void* memory) {
        const Outside outside;
        fake::scratch_of(call).give_back(memory);
      }};
  const bool wanted = id != nullptr && std::string_view(id) == ASSAY_HOST_SCRATCH_V1;
  return wanted ? &scratch : fake::fake_service(host, id);
}

}  // namespace

void Subject::trying(const std::string& what) const {
  call->progress(call, 0, str(given + what));
}

bool Component::offers(std::string_view capability) const {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

const char* Component::fold() const {
  for (const char* capability : {ASSAY_CAP_EVALUATOR_V1, ASSAY_CAP_DRIFT_V1, ASSAY_CAP_VALIDATOR_V1})
    if (offers(capability)) return capability;
  return nullptr;
}

bool Component::takes(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Made::Made(const Component& component, Services services) : Made(component, component.settings(), services) {}

Made::Made(const Component& component, const fake::Json::Object& settings, Services services)
    : about_(component),
      host_(load_plugin(), services == Services::all ? &service : nullptr),
      component_(host_.plugin, component.id, fake::Json(settings)) {}

}  // namespace check

nlohmann::json check_rule(CallContext& context, const nlohmann::json& request) {
  using namespace check;
  const auto id = request.at("rule").get<std::string>();
  for (const Named& named : kRules) {
    if (named.id != id) continue;
    Subject subject = subject_from(context.get(), request);
    nlohmann::json answer = {{"silent", named.silent}};
    try {
      answer["message"] = named.rule(subject);
      answer["passed"] = true;
      if (!subject.again.empty()) answer["again"] = subject.again;
    } catch (const Broken& broken) {
      answer["message"] = subject.given + broken.why;
    } catch (const Skipped& skipped) {
      answer["message"] = subject.given + skipped.why;
      answer["skipped"] = true;
    } catch (const Error& error) {
      answer["message"] =
          subject.given + "it answers status " + std::to_string(error.status()) + ": " + error.message();
    }
    return answer;
  }
  return {{"message", "this worker knows no rule " + id + "; install assay and assay-worker together"}};
}

}  // namespace assay::worker
