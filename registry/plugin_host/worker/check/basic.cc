// SPDX-License-Identifier: Apache-2.0
// C05 to C10: opening, creating, and what a plugin says of itself.
#include <fmt/format.h>

#include <cstddef>
#include <cstring>

#include "registry/plugin_host/worker/check/run.h"
#include "registry/plugin_host/worker/check/settings.h"
#include "registry/plugin_host/worker/lending.h"
#include "registry/plugin_host/worker/loaded_plugin.h"

namespace assay::worker::check {
namespace {

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

void refuses_component(const assay_plugin& plugin, const assay_call* call, const std::string& id,
                       const char* what, const std::string& settings = "{}") {
  const LentConfig config(settings);
  assay_component component{};
  component.struct_size = sizeof component;
  demand(plugin.create(plugin.self, call, str(id), config.get(), &component) != ASSAY_OK,
         fmt::format("it creates a component for {}", what));
  demand(component.self == nullptr && component.destroy == nullptr,
         fmt::format("it refuses {}, but fills the output all the same", what));
}

void runs_bare(const Component& component) {
  ordinary(Made(component));
  Way bare;
  bare.bare = true;
  const Made alone(component, Services::none);
  try {
    run(alone, {}, bare);
  } catch (const Error& error) {
    throw Broken{fmt::format("component {} refuses to work in a host without services: status {}: {}", component.id,
                             error.status(), error.message())};
  }
}

}  // namespace

std::string opens_more_than_once(Subject& subject) {
  const assay_call* call = subject.call;
  assay_plugin first = opened(call), second = opened(call);
  demand(view(first.manifest) == view(second.manifest), "two opens answer two descriptors");
  first.close(first.self);
  assay_plugin third = opened(call);
  third.close(third.self);
  second.close(second.self);
  return "opened three times, closed out of order";
}

std::string respects_struct_sizes(Subject& subject) {
  const assay_call* call = subject.call;
  for (const std::uint32_t size : odd_sizes<assay_plugin>())
    fill_with_canary<assay_plugin>("assay_plugin", size,
                                   [&](assay_plugin* out) { load_plugin()(this_host(), call, out); });
  const assay_plugin plugin = opened(call);
  for (const Component& each : subject.components) {
    const LentConfig config(each.defaults);
    for (const std::uint32_t size : odd_sizes<assay_component>())
      fill_with_canary<assay_component>("assay_component", size, [&](assay_component* out) {
        plugin.create(plugin.self, call, str(each.id), config.get(), out);
      });
  }
  return "nothing is written past the size that the host gives";
}

std::string lives_without_options(Subject& subject) {
  const assay_call* call = subject.call;
  assay_call bare = *call;
  bare.progress = nullptr;
  bare.log = nullptr;
  bare.metric = nullptr;
  const assay_host host{sizeof(assay_host), ASSAY_ABI_MINOR, nullptr, {nullptr, 0}, {nullptr, 0}, nullptr};
  assay_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  demand(load_plugin()(&host, &bare, &plugin) == ASSAY_OK, "it does not open in a host without services");
  for (const Component& each : subject.components) {
    const assay_component component = created(plugin, &bare, each.id, each.defaults);
    component.destroy(component.self);
  }
  plugin.close(plugin.self);
  try {
    each_runnable(subject, runs_bare);
  } catch (const Skipped&) {
    subject.given.clear();  // nothing can be run, or not even with all options, which C22 tells
  }
  return "opens, creates and runs without log, metric, progress and services";
}

std::string refuses_strangers(Subject& subject) {
  const assay_call* call = subject.call;
  const assay_plugin plugin = opened(call);
  refuses_component(plugin, call, "no.such.component", "an unknown id");
  refuses_component(plugin, call, "", "an empty id");
  refuses_component(plugin, call, std::string(64 << 10, 'x'), "an id of 64 KiB");
  for (const Component& each : subject.components) {
    refuses_component(plugin, call, each.id + "x", "a known id with a letter more", each.defaults);
    refuses_component(plugin, call, each.id + '\0' + "x", "a known id with a NUL in it", each.defaults);
    const assay_component component = created(plugin, call, each.id, each.defaults);
    for (const char* unknown : {"assay.none/1", "assay.scorer/1x", "assay.scorer/", ""})
      demand(component.get_capability(component.self, unknown) == nullptr,
             fmt::format("component {} offers the unknown capability \"{}\"", each.id, unknown));
    component.destroy(component.self);
  }
  if (plugin.get_extension != nullptr)
    demand(plugin.get_extension(plugin.self, "org.example.none/1") == nullptr,
           "it offers an unknown extension");
  plugin.close(plugin.self);
  return "unknown components, capabilities and extensions are refused";
}

std::string says_the_same(Subject& subject) {
  const assay_call* call = subject.call;
  const assay_plugin plugin = opened(call);
  demand(view(plugin.manifest) == subject.descriptor,
         "the descriptor that it answers is not the one embedded in its library, byte for byte");
  return "the running plugin and its library carry the same descriptor";
}

std::string offers_what_it_declares(Subject& subject) {
  const assay_call* call = subject.call;
  const assay_plugin plugin = opened(call);
  constexpr const char* known[] = {ASSAY_CAP_TRAINER_V1, ASSAY_CAP_SCORER_V1, ASSAY_CAP_EVALUATOR_V1,
                                   ASSAY_CAP_DRIFT_V1, ASSAY_CAP_VALIDATOR_V1};
  std::size_t settings = 0;
  for (const Component& each : subject.components) {
    const assay_component component = created(plugin, call, each.id, each.defaults);
    for (const std::string& capability : each.capabilities)
      demand(component.get_capability(component.self, capability.c_str()) != nullptr,
             fmt::format("component {} declares {} and does not offer it", each.id, capability));
    for (const char* capability : known)
      demand(each.offers(capability) || component.get_capability(component.self, capability) == nullptr,
             fmt::format("component {} offers {} and does not declare it", each.id, capability));
    component.destroy(component.self);
    for (const auto& [name, value] : allowed_ends(each)) {
      fake::Json::Object changed = each.settings();
      changed.insert_or_assign(name, value);
      try {
        const Made made(each, changed);
        ++settings;
      } catch (const Error& error) {
        throw Broken{fmt::format("component {} refuses {} = {}, which its config_schema allows: {}", each.id, name,
                                 value.dump(), error.message())};
      }
    }
  }
  plugin.close(plugin.self);
  return fmt::format("every component is made with its defaults and {} extreme settings, and offers exactly what it declares",
                     settings);
}

}  // namespace assay::worker::check
