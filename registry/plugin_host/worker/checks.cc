// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/checks.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "registry/plugin_host/worker/lending.h"
#include "registry/plugin_host/worker/loaded_plugin.h"

namespace assay::worker {
namespace {

using nlohmann::json;

// A promise that the plugin broke; the text says which.
struct Broken {
  std::string why;
};

void demand(bool kept, std::string why) {
  if (!kept) throw Broken{std::move(why)};
}

assay_plugin opened(const assay_call* call) {
  assay_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  const assay_status status = load_plugin()(this_host(), call, &plugin);
  demand(status == ASSAY_OK, fmt::format("assay_plugin_open_v1 answers status {}", status));
  demand(plugin.struct_size >= sizeof plugin && plugin.create != nullptr && plugin.close != nullptr,
         "assay_plugin_open_v1 leaves create or close empty");
  return plugin;
}

assay_component created(const assay_plugin& plugin, const assay_call* call, const std::string& id,
                        const std::string& config_text) {
  const LentConfig config(config_text);
  assay_component component{};
  component.struct_size = sizeof component;
  const assay_status status = plugin.create(plugin.self, call, str(id), config.get(), &component);
  demand(status == ASSAY_OK,
         fmt::format("component {} with its default settings is refused with status {}", id, status));
  demand(component.get_capability != nullptr && component.destroy != nullptr,
         fmt::format("component {} leaves get_capability or destroy empty", id));
  return component;
}

std::string opens_more_than_once(const assay_call* call) {
  assay_plugin first = opened(call), second = opened(call);
  demand(view(first.manifest) == view(second.manifest), "two opens answer two descriptors");
  first.close(first.self);
  assay_plugin third = opened(call);
  third.close(third.self);
  second.close(second.self);
  return "opened three times, closed out of order";
}

// Opens or creates into a buffer that claims `claimed` bytes and has a canary behind them.
template <typename Struct, typename Fill>
void fill_with_canary(const char* name, std::uint32_t claimed, Fill fill) {
  constexpr std::size_t canary = 64;
  constexpr unsigned char mark = 0xA5;
  alignas(std::max_align_t) unsigned char room[sizeof(Struct) + 2 * canary];
  std::memset(room, mark, sizeof room);
  std::memset(room, 0, std::min<std::size_t>(claimed, sizeof(Struct)));
  std::memcpy(room, &claimed, sizeof claimed);
  fill(reinterpret_cast<Struct*>(room));
  for (std::size_t i = std::min<std::size_t>(claimed, sizeof(Struct)); i < sizeof room; ++i)
    demand(room[i] == mark,
           fmt::format("given {} of {} bytes, it writes to byte {}; a host may know a shorter or longer "
                       "struct than the plugin's header",
                       name, claimed, i));
}

template <typename Struct>
std::vector<std::uint32_t> odd_sizes() {
  return {8, sizeof(Struct) - 8, sizeof(Struct), sizeof(Struct) + 64};
}

std::string respects_struct_sizes(const assay_call* call, const json& defaults) {
  for (const std::uint32_t size : odd_sizes<assay_plugin>())
    fill_with_canary<assay_plugin>("assay_plugin", size,
                                   [&](assay_plugin* out) { load_plugin()(this_host(), call, out); });
  const assay_plugin plugin = opened(call);
  for (const auto& [id, config_text] : defaults.items()) {
    const LentConfig config(config_text.get<std::string>());
    for (const std::uint32_t size : odd_sizes<assay_component>())
      fill_with_canary<assay_component>("assay_component", size, [&](assay_component* out) {
        plugin.create(plugin.self, call, str(id), config.get(), out);
      });
  }
  return "nothing is written past the size that the host gives";
}

std::string lives_without_options(const assay_call* call, const json& defaults) {
  assay_call bare = *call;
  bare.progress = nullptr;
  bare.log = nullptr;
  bare.metric = nullptr;
  const assay_host host{sizeof(assay_host), ASSAY_ABI_MINOR, nullptr, {nullptr, 0}, {nullptr, 0}, nullptr};
  assay_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  demand(load_plugin()(&host, &bare, &plugin) == ASSAY_OK, "it does not open in a host without services");
  for (const auto& [id, config] : defaults.items()) {
    const assay_component component = created(plugin, &bare, id, config.get<std::string>());
    component.destroy(component.self);
  }
  plugin.close(plugin.self);
  return "opens and creates without log, metric, progress and services";
}

void refuses_component(const assay_plugin& plugin, const assay_call* call, const std::string& id,
                       const char* what) {
  const LentConfig config("{}");
  assay_component component{};
  component.struct_size = sizeof component;
  demand(plugin.create(plugin.self, call, str(id), config.get(), &component) != ASSAY_OK,
         fmt::format("it creates a component for {}", what));
  demand(component.self == nullptr && component.destroy == nullptr,
         fmt::format("it refuses {}, but fills the output all the same", what));
}

std::string refuses_strangers(const assay_call* call, const json& defaults) {
  const assay_plugin plugin = opened(call);
  refuses_component(plugin, call, "no.such.component", "an unknown id");
  refuses_component(plugin, call, "", "an empty id");
  refuses_component(plugin, call, std::string(64 << 10, 'x'), "an id of 64 KiB");
  for (const auto& [id, config] : defaults.items()) {
    refuses_component(plugin, call, id + "x", "a known id with a letter more");
    refuses_component(plugin, call, id + '\0' + "x", "a known id with a NUL in it");
    const assay_component component = created(plugin, call, id, config.get<std::string>());
    for (const char* unknown : {"assay.none/1", "assay.scorer/1x", "assay.scorer/", ""})
      demand(component.get_capability(component.self, unknown) == nullptr,
             fmt::format("component {} offers the unknown capability \"{}\"", id, unknown));
    component.destroy(component.self);
  }
  if (plugin.get_extension != nullptr)
    demand(plugin.get_extension(plugin.self, "org.example.none/1") == nullptr,
           "it offers an unknown extension");
  plugin.close(plugin.self);
  return "unknown components, capabilities and extensions are refused";
}

std::string says_the_same(const assay_call* call, const json& request) {
  const assay_plugin plugin = opened(call);
  demand(view(plugin.manifest) == request.at("descriptor").get<std::string>(),
         "the descriptor that it answers is not the one embedded in its library, byte for byte");
  return "the running plugin and its library carry the same descriptor";
}

std::string offers_what_it_declares(const assay_call* call, const json& request) {
  const assay_plugin plugin = opened(call);
  constexpr const char* known[] = {ASSAY_CAP_TRAINER_V1, ASSAY_CAP_SCORER_V1, ASSAY_CAP_EVALUATOR_V1,
                                   ASSAY_CAP_DRIFT_V1, ASSAY_CAP_VALIDATOR_V1};
  const json descriptor = json::parse(request.at("descriptor").get<std::string>());
  for (const json& declared : descriptor.at("components")) {
    const auto id = declared.at("id").get<std::string>();
    const assay_component component =
        created(plugin, call, id, request.at("defaults").at(id).get<std::string>());
    const auto& capabilities = declared.at("capabilities");
    for (const json& capability : capabilities)
      demand(
          component.get_capability(component.self, capability.get<std::string>().c_str()) != nullptr,
          fmt::format("component {} declares {} and does not offer it", id, capability.get<std::string>()));
    for (const char* capability : known)
      demand(std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end() ||
                 component.get_capability(component.self, capability) == nullptr,
             fmt::format("component {} offers {} and does not declare it", id, capability));
    component.destroy(component.self);
  }
  plugin.close(plugin.self);
  return "every component is made with its defaults and offers exactly what it declares";
}

std::string check(const std::string& rule, const assay_call* call, const json& request) {
  const json& defaults = request.at("defaults");
  if (rule == "C04") return load_plugin(), "loads with every symbol resolved";
  if (rule == "C05") return opens_more_than_once(call);
  if (rule == "C06") return respects_struct_sizes(call, defaults);
  if (rule == "C07") return lives_without_options(call, defaults);
  if (rule == "C08") return refuses_strangers(call, defaults);
  if (rule == "C09") return says_the_same(call, request);
  if (rule == "C10") return offers_what_it_declares(call, request);
  throw Broken{"an unknown rule"};
}

}  // namespace

json check_rule(CallContext& context, const json& request) {
  try {
    return {{"passed", true},
            {"message", check(request.at("rule").get<std::string>(), context.get(), request)}};
  } catch (const Broken& broken) {
    return {{"passed", false}, {"message", broken.why}};
  }
}

}  // namespace assay::worker
