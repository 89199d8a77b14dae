// SPDX-License-Identifier: Apache-2.0
// The C++ layer over abi.h, header-only and without dependencies. Write a class per component and name it in
// ASSAY_PLUGIN; this header finds what it can do by its members and wraps every edge, so that no exception
// escapes.
//
// clang-format off
// A component has `static constexpr std::string_view id` and is made from `(const Config&)` or from nothing. It is a
//
//   trainer  void fit(Call, Dataset train, Sink model)
//       or   void fit(Call, const Training&, Sink model)      with validation rows and warm start
//
//   scorer   a nested class Model:
//            Model(Source)  or  Model(Call, Source)           load
//            Model(const Component&, Source)  or  Model(const Component&, Call, Source)   with its settings
//            Schema bind(const Schema& input)                 once; answers the output's columns
//            void score(Call, const Batch&, Table& out)       one output row for each input row
//       or, for one column "prediction" f64,
//            void bind(const Schema& input)
//            std::vector<double> score(Call, const Batch&)
//            `static constexpr bool concurrent = true` promises that score may run on several threads at once.
//
//   fold     `static constexpr std::string_view capability` = ASSAY_CAP_EVALUATOR_V1, _DRIFT_V1 or _VALIDATOR_V1,
//            a nested movable class State, and
//            State begin(Call, const Schema&, Roles, std::optional<Source> reference)
//            void update(Call, State&, const Batch&)
//            void merge(Call, State& into, const State& from)
//            void save(Call, const State&, Sink)
//            State restore(Call, const Schema&, Roles, Source saved)
//            Result finish(Call, const State&, std::optional<Sink> extras)
//            Result is std::vector<Metric>, std::vector<Drift> or std::vector<Finding>. What begin learns from the
//            reference belongs to the State, and so to what save writes.
// clang-format on
//
// State and Model must not keep a Schema reference, a Batch, or any handle: copy what you need.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "assay/host.hpp"
#include "assay/results.hpp"

namespace assay::sdk {

struct Training {
  Dataset train;
  std::optional<Dataset> valid;
  std::optional<Source> warm_start;  // a model of the same component
};

namespace detail {

inline assay_status fail(const assay_call* call, assay_status status, std::string_view message,
                         std::string_view details) noexcept {
  if (call != nullptr && call->fail != nullptr) call->fail(call, status, str(message), str(details));
  return status;
}

// Runs `work`; whatever it throws becomes a status and one explanation.
template <class Work>
assay_status guard(const assay_call* call, Work&& work) noexcept {
  try {
    try {
      if (call == nullptr) return ASSAY_E_INVALID_ARGUMENT;
      work();
      return ASSAY_OK;
    } catch (const Error& error) {
      const assay_status status = error.status() == ASSAY_OK ? ASSAY_E_INTERNAL : error.status();
      return fail(call, status, clean_utf8(error.message()), error.details_json());
    } catch (const std::bad_alloc&) {
      return fail(call, ASSAY_E_OUT_OF_MEMORY, "the operation ran out of memory", {});
    } catch (const std::exception& error) {
      return fail(call, ASSAY_E_INTERNAL, "unexpected: " + clean_utf8(error.what()), {});
    }
  } catch (...) {  // anything else, and a failure to say what failed
    return fail(call, ASSAY_E_INTERNAL, "an unexpected exception of unknown type", {});
  }
}

inline void require(bool given, const char* what) {
  if (!given) throw Error(ASSAY_E_INVALID_ARGUMENT, std::string("the host passed no ") + what);
}

// Copies what fits into *out, and says there how much that is.
template <class T>
void fill(T* out, T value) {
  require(out != nullptr && out->struct_size >= sizeof(out->struct_size), "room for the answer");
  value.struct_size = std::min(out->struct_size, static_cast<std::uint32_t>(sizeof(T)));
  std::memcpy(static_cast<void*>(out), &value, value.struct_size);
}

// Takes over a moved array for the length of a scope.
class Moved {
 public:
  explicit Moved(ArrowArray* from) {
    require(from != nullptr && from->release != nullptr, "batch");
    it_ = *from;
    from->release = nullptr;
  }
  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;
  ~Moved() { it_.release(&it_); }
  const ArrowArray& get() const { return it_; }

 private:
  ArrowArray it_;
};

template <class Handle, class Raw>
std::optional<Handle> maybe(const assay_call* call, const Raw* raw) {
  return raw == nullptr ? std::nullopt : std::optional<Handle>(Handle(Call(call), raw));
}

// ---- Trainer ----

template <class C>
concept FitsRows = requires(C& c, Call call, Dataset train, Sink model) {
  c.fit(call, train, model);
};
template <class C>
concept FitsTraining = requires(C& c, Call call, const Training& training, Sink model) {
  c.fit(call, training, model);
};
template <class C>
concept Trains = FitsRows<C> || FitsTraining<C>;

template <class C>
struct TrainerEdge {
  static assay_status fit(void* self, const assay_call* call, const assay_dataset* train,
                          const assay_dataset* valid, const assay_source* warm_start,
                          const assay_sink* model) noexcept {
    return guard(call, [&] {
      require(train != nullptr && model != nullptr, "training rows or model sink");
      const Dataset rows(Call(call), train);
      const Sink sink(Call(call), model);
      if constexpr (FitsTraining<C>)
        static_cast<C*>(self)->fit(
            Call(call), Training{rows, maybe<Dataset>(call, valid), maybe<Source>(call, warm_start)}, sink);
      else
        static_cast<C*>(self)->fit(Call(call), rows, sink);
    });
  }
  static constexpr assay_trainer_v1 table{sizeof(assay_trainer_v1), 0, &fit};
};

// ---- Scorer ----

template <class C>
concept Scores = requires {
  typename C::Model;
};

template <class M>
constexpr std::uint32_t scorer_flags() {
  if constexpr (requires { M::concurrent; }) return M::concurrent ? ASSAY_SCORER_CONCURRENT : 0u;
  return 0u;
}

template <class M, class C>
M load_model(const C& component, Call call, Source source) {
  if constexpr (std::is_constructible_v<M, const C&, Call, Source>)
    return M(component, call, source);
  else if constexpr (std::is_constructible_v<M, const C&, Source>)
    return M(component, source);
  else if constexpr (std::is_constructible_v<M, Call, Source>)
    return M(call, source);
  else
    return M(source);
}

template <class C>
struct ScorerEdge {
  using Model = typename C::Model;
  struct Box {
    Box(const C& component, Call call, Source source) : model(load_model<Model>(component, call, source)) {}
    Model model;
    bool bound = false;
    Schema input, output;
  };

  static assay_status load(void* self, const assay_call* call, const assay_source* source,
                           void** out) noexcept {
    return guard(call, [&] {
      require(source != nullptr && out != nullptr, "stored model");
      const Source stored(Call(call), source);
      *out = std::make_unique<Box>(*static_cast<const C*>(self), Call(call), stored).release();
    });
  }

  static assay_status bind(void*, const assay_call* call, void* model, const ArrowSchema* input,
                           ArrowSchema* output) noexcept {
    return guard(call, [&] {
      require(model != nullptr && input != nullptr && output != nullptr, "model or schema");
      Box& box = *static_cast<Box*>(model);
      Schema columns = Schema::copy(*input);
      if constexpr (std::is_void_v<decltype(box.model.bind(columns))>) {
        box.model.bind(columns);
        box.output = {{"prediction", Type::f64, Nulls::never}};
      } else {
        box.output = box.model.bind(columns);
      }
      box.input = std::move(columns);
      Table(box.output).export_schema(output);
      box.bound = true;
    });
  }

  static assay_status score(void*, const assay_call* call, void* model, ArrowArray* input,
                            ArrowArray* output) noexcept {
    return guard(call, [&] {
      const Moved rows(input);
      require(model != nullptr && output != nullptr, "model or room for the answer");
      Box& box = *static_cast<Box*>(model);
      if (!box.bound) throw Error(ASSAY_E_INVALID_ARGUMENT, "score before bind");
      const Batch batch(box.input, rows.get());
      Table out(box.output);
      if constexpr (requires { box.model.score(Call(call), batch, out); }) {
        box.model.score(Call(call), batch, out);
      } else {
        for (const double value : box.model.score(Call(call), batch)) out.column(0).f64(value);
      }
      if (out.rows() != batch.rows())
        throw Error(ASSAY_E_INTERNAL, "the scorer answered " + std::to_string(out.rows()) + " rows for " +
                                          std::to_string(batch.rows()));
      out.export_all(output);
    });
  }

  static void unload(void*, void* model) noexcept { delete static_cast<Box*>(model); }

  static constexpr assay_scorer_v1 table{
      sizeof(assay_scorer_v1), scorer_flags<Model>(), &load, &bind, &score, &unload};
};

// ---- Fold ----

template <class C>
concept Folds = requires {
  typename C::State;
  C::capability;
};

template <class C>
struct FoldEdge {
  using State = typename C::State;
  struct Box {
    Schema schema;
    State state;
  };
  static C& component(void* self) { return *static_cast<C*>(self); }
  static Box& box(void* state) {
    require(state != nullptr, "state");
    return *static_cast<Box*>(state);
  }

  static assay_status begin(void* self, const assay_call* call, const ArrowSchema* schema,
                            const assay_roles* roles, const assay_source* reference, void** out) noexcept {
    return guard(call, [&] {
      require(schema != nullptr && out != nullptr, "schema");
      Schema columns = Schema::copy(*schema);
      State state = component(self).begin(Call(call), columns, Roles(roles), maybe<Source>(call, reference));
      *out = new Box{std::move(columns), std::move(state)};
    });
  }
  static assay_status update(void* self, const assay_call* call, void* state, ArrowArray* batch) noexcept {
    return guard(call, [&] {
      const Moved rows(batch);
      component(self).update(Call(call), box(state).state, Batch(box(state).schema, rows.get()));
    });
  }
  static assay_status merge(void* self, const assay_call* call, void* into, void* from) noexcept {
    return guard(call,
                 [&] { component(self).merge(Call(call), box(into).state, std::as_const(box(from).state)); });
  }
  static assay_status save(void* self, const assay_call* call, void* state, const assay_sink* out) noexcept {
    return guard(call, [&] {
      require(out != nullptr, "sink");
      component(self).save(Call(call), std::as_const(box(state).state), Sink(Call(call), out));
    });
  }
  static assay_status restore(void* self, const assay_call* call, const ArrowSchema* schema,
                              const assay_roles* roles, const assay_source* saved, void** out) noexcept {
    return guard(call, [&] {
      require(schema != nullptr && saved != nullptr && out != nullptr, "schema or saved state");
      Schema columns = Schema::copy(*schema);
      State state = component(self).restore(Call(call), columns, Roles(roles), Source(Call(call), saved));
      *out = new Box{std::move(columns), std::move(state)};
    });
  }
  static assay_status finish(void* self, const assay_call* call, void* state, const assay_sink* extras,
                             ArrowSchema* out_schema, ArrowArray* out_table) noexcept {
    return guard(call, [&] {
      require(out_schema != nullptr && out_table != nullptr, "room for the answer");
      const auto rows =
          component(self).finish(Call(call), std::as_const(box(state).state), maybe<Sink>(call, extras));
      using Row = typename std::remove_cvref_t<decltype(rows)>::value_type;
      static_assert(!std::is_same_v<Row, Metric> ||
                    C::capability == std::string_view(ASSAY_CAP_EVALUATOR_V1));
      static_assert(!std::is_same_v<Row, Drift> || C::capability == std::string_view(ASSAY_CAP_DRIFT_V1));
      static_assert(!std::is_same_v<Row, Finding> ||
                    C::capability == std::string_view(ASSAY_CAP_VALIDATOR_V1));
      const Table table = to_table(std::span<const Row>(rows));
      ArrowSchema schema{};
      table.export_schema(&schema);
      try {
        table.export_all(out_table);
      } catch (...) {
        schema.release(&schema);
        throw;
      }
      *out_schema = schema;
    });
  }
  static void end(void*, void* state) noexcept { delete static_cast<Box*>(state); }

  static constexpr assay_fold_v1 table{
      sizeof(assay_fold_v1), 0, &begin, &update, &merge, &save, &restore, &finish, &end};
};

// ---- Components and the plugin ----

template <class C>
struct ComponentEdge {
  static const void* capability(void*, const char* id) noexcept {
    const std::string_view wanted = id == nullptr ? std::string_view() : std::string_view(id);
    if constexpr (Trains<C>)
      if (wanted == ASSAY_CAP_TRAINER_V1) return &TrainerEdge<C>::table;
    if constexpr (Scores<C>)
      if (wanted == ASSAY_CAP_SCORER_V1) return &ScorerEdge<C>::table;
    if constexpr (Folds<C>)
      if (wanted == C::capability) return &FoldEdge<C>::table;
    return nullptr;
  }
  static void destroy(void* self) noexcept { delete static_cast<C*>(self); }

  static void create(const assay_host* host, const assay_config* config, assay_component* out) {
    static_assert(
        Trains<C> || Scores<C> || Folds<C>,
        "a component needs fit(Call, Dataset, Sink), a nested Model, or a nested State with `capability`");
    std::unique_ptr<C> self;
    if constexpr (std::is_constructible_v<C, const Config&>) {
      require(config != nullptr, "settings");
      self = std::make_unique<C>(Config(config, host));
    } else {
      self = std::make_unique<C>();
    }
    assay_component it{};
    it.self = self.get();
    it.get_capability = &capability;
    it.destroy = &destroy;
    fill(out, it);
    self.release();
  }
};

template <class... Components>
struct PluginEdge {
  // A plugin is its host: there is nothing else that its components have in common.
  static assay_status create(void* self, const assay_call* call, assay_str id, const assay_config* config,
                             assay_component* out) noexcept {
    return guard(call, [&] {
      const auto* host = static_cast<const assay_host*>(self);
      const bool known =
          ((view(id) == Components::id && (ComponentEdge<Components>::create(host, config, out), true)) || ...);
      if (known) return;
      std::string names;
      ((names += (names.empty() ? "" : ", ") + std::string(Components::id)), ...);
      throw Error(ASSAY_E_NOT_FOUND, "no component '" + clean_utf8(view(id).substr(0, 96)) +
                                         "' in this plugin; it has " + names);
    });
  }
  static const void* extension(void*, const char*) noexcept { return nullptr; }
  static void close(void*) noexcept {}

  static assay_status open(const assay_host* host, const assay_call* call, std::string_view manifest,
                           assay_plugin* out) noexcept {
    return guard(call, [&] {
      assay_plugin it{};
      it.self = const_cast<assay_host*>(host);
      it.abi_minor = ASSAY_ABI_MINOR;
      it.manifest = str(manifest);
      it.create = &create;
      it.get_extension = &extension;
      it.close = &close;
      fill(out, it);
    });
  }
};

// The manifest's bytes without a terminating zero, so that the section holds the document and nothing else.
template <std::size_t N>
struct ManifestBytes {
  char bytes[N - 1];
  // NOLINTNEXTLINE(google-explicit-constructor): made from a literal
  constexpr ManifestBytes(const char (&text)[N]) : bytes{} {
    for (std::size_t i = 0; i + 1 < N; ++i) bytes[i] = text[i];
  }
  std::string_view view() const { return {bytes, N - 1}; }
};

}  // namespace detail
}  // namespace assay::sdk

#if defined(__clang__)
#define ASSAY_NO_REDZONE __attribute__((no_sanitize("address")))
#else
#define ASSAY_NO_REDZONE
#endif

// ASSAY_PLUGIN(manifest, Component, ...): once a library. `manifest` is a string literal or a constexpr char
// array, such as the assay_manifest that assay_add_plugin(... MANIFEST file.json) makes. It lands in the
// allocated ELF section .assay.manifest, where a host reads it without running the plugin, and it is what the
// plugin says of itself.
#define ASSAY_PLUGIN(manifest, ...)                                                                       \
  __attribute__((section(".assay.manifest"), used))                                                       \
  ASSAY_NO_REDZONE static constexpr ::assay::sdk::detail::ManifestBytes<sizeof(manifest)>                 \
      assay_manifest_section(manifest);                                                                   \
  extern "C" ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host,                       \
                                                            const assay_call* call, assay_plugin* out) {  \
    return ::assay::sdk::detail::PluginEdge<__VA_ARGS__>::open(host, call, assay_manifest_section.view(), \
                                                               out);                                      \
  }
