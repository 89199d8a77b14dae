// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/run.h"

#include <fmt/format.h>

namespace assay::worker::check {
namespace {

using fake::FakeBundle;
using fake::FakeCall;
using fake::FakeData;
using sdk::detail::Owned;
using sdk::detail::view;

// The rows of a FakeData as a dataset whose batches are laid out as the way wants.
class Lent {
 public:
  Lent(const FakeData& data, const Way& way, Ledger& ledger) : base_(data), data_(data), way_(way), ledger_(ledger) {
    raw = base_.raw;
    raw.host_data = this;
    raw.schema = [](const assay_dataset* dataset, const assay_call* call, ArrowSchema* out) {
      const Outside host;
      const assay_dataset& inner = static_cast<Lent*>(dataset->host_data)->base_.raw;
      return inner.schema(&inner, call, out);
    };
    raw.scan = &scan;
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

  assay_dataset raw{};

 private:
  struct Stream {
    sdk::Table table;
    const Way& way;
    Ledger& ledger;
    std::int64_t step, at = 0;
  };

  static assay_status scan(const assay_dataset* dataset, const assay_call* call, const assay_scan_options* options,
                           ArrowArrayStream* out) {
    const Outside host;
    const Lent& self = *static_cast<Lent*>(dataset->host_data);
    sdk::Table chosen = self.data_.table();
    if (options != nullptr && options->columns != nullptr) {
      chosen = sdk::Table();
      for (std::uint64_t i = 0; i < options->column_count; ++i) {
        const auto found = self.data_.table().schema().find(view(options->columns[i]));
        if (!found) {
          const std::string why = fmt::format("the dataset has no column \"{}\"", view(options->columns[i]));
          return call->fail(call, ASSAY_E_NOT_FOUND, sdk::detail::str(why), {});
        }
        chosen.add(self.data_.table().column(*found));
      }
    }
    std::int64_t step = self.way_.batch_rows;
    if (options != nullptr && options->batch_rows > 0) step = step == 0 ? options->batch_rows : std::min(step, options->batch_rows);
    if (step == 0) step = std::max<std::int64_t>(1, chosen.rows());
    *out = {};
    out->get_schema = [](ArrowArrayStream* it, ArrowSchema* schema) {
      const Outside outside;
      static_cast<Stream*>(it->private_data)->table.export_schema(schema);
      return 0;
    };
    out->get_next = [](ArrowArrayStream* it, ArrowArray* array) {
      const Outside outside;
      Stream& stream = *static_cast<Stream*>(it->private_data);
      const std::int64_t count = std::min(stream.step, stream.table.rows() - stream.at);
      *array = {};
      if (count > 0) {
        *array = lay_out(stream.table, stream.at, count, stream.way.shape, stream.ledger);
        if (stream.way.on_lend) {
          Owned<ArrowSchema> schema;
          stream.table.export_schema(&schema.it);
          stream.way.on_lend(schema.it, *array);
        }
      }
      stream.at += count;
      return 0;
    };
    out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out->release = [](ArrowArrayStream* it) {
      delete static_cast<Stream*>(it->private_data);
      it->release = nullptr;
    };
    out->private_data = new Stream{std::move(chosen), self.way_, self.ledger_, step};
    return ASSAY_OK;
  }

  fake::FakeDataset base_;
  const FakeData& data_;
  const Way& way_;
  Ledger& ledger_;
};

Watch& watch_of(const Way& way, Watch& own) {
  return way.watch != nullptr ? *way.watch : own;
}

ArrowArray lend(const FakeData& data, std::int64_t first, std::int64_t count, const Way& way, Ledger& ledger) {
  ArrowArray array = lay_out(data.table(), first, count, way.shape, ledger);
  if (way.on_lend) {
    Owned<ArrowSchema> schema;
    data.table().export_schema(&schema.it);
    way.on_lend(schema.it, array);
  }
  return array;
}

template <class Each>
void each_batch(const FakeData& data, const Way& way, Each each) {
  const std::int64_t step = way.batch_rows > 0 ? way.batch_rows : std::max<std::int64_t>(1, data.rows());
  for (std::int64_t at = 0; at < data.rows(); at += step) each(at, std::min(step, data.rows() - at));
}

// The component with rows of three classes, if it tells more than two apart: it judges a column of scores a class, or
// answers several columns once it has learned from such labels.
std::optional<Component> of_classes(const Component& component) {
  Component many = component;
  many.of_classes = true;
  // Two models are compared by one column of scores each.
  for (const std::string& role : component.optional_roles)
    if (component.offers(ASSAY_CAP_EVALUATOR_V1) && role != "reference_score") many.roles.push_back(role);
  const bool judges = component.offers(ASSAY_CAP_EVALUATOR_V1) && many.takes("score");
  const bool scores = component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1);
  if (!many.takes("label") || (!judges && !scores)) return {};
  const Made made(many);
  const Trial trial;
  std::int64_t columns = 0;
  const assay_status status = status_of([&] {
    if (judges) return static_cast<void>(run(made, trial));
    Model model(made, fit(made, trial.train.with_roles(many)));
    model.bind(trial.score.features());
    columns = model.output().n_children;
  });
  if (refuses_data(status) || status == ASSAY_E_INVALID_CONFIG) return {};
  // Whoever fails otherwise fails so in C22.
  return judges || status != ASSAY_OK || columns > 1 ? std::optional(many) : std::nullopt;
}

// With rows for the required roles alone, then for all that it takes, then of several classes.
void each_choice_of_roles(Subject& subject, const Component& component,
                          const std::function<void(const Component&)>& each) {
  const auto give = [&](const Component& chosen, const char* how) {
    subject.given = how;
    subject.trying("component " + chosen.id);
    each(chosen);
    subject.given.clear();
  };
  give(component, component.optional_roles.empty() ? "" : "without its optional roles, ");
  if (!component.optional_roles.empty()) {
    Component all = component;
    all.roles.insert(all.roles.end(), component.optional_roles.begin(), component.optional_roles.end());
    give(all, "with its optional roles, ");
  }
  subject.trying("component " + component.id + " with labels of three classes");
  if (const auto many = of_classes(component)) give(*many, "with three classes, ");
}

bool runs(const Component& component) {
  return component.offers(ASSAY_CAP_TRAINER_V1) || component.fold() != nullptr;
}

std::string each_that(Subject& subject, const char* none, const std::function<void(const Component&)>& each,
                      bool (*wanted)(const Component&)) {
  std::string names;
  for (const Component& component : subject.components) {
    if (!wanted(component)) continue;
    each_choice_of_roles(subject, component, each);
    names += (names.empty() ? "" : ", ") + component.id;
  }
  if (names.empty()) throw Skipped{none};
  return names;
}

}  // namespace

HostCall::HostCall(const Way& its_way) : way(its_way) {
  raw.seed = way.seed;
  raw.max_threads = way.threads;
  raw.deadline_ns = way.stop_with == ASSAY_E_DEADLINE && way.stop_after != INT64_MAX ? 1 : 0;
  if (way.stop_at) raw.deadline_ns = std::chrono::nanoseconds(way.stop_at->time_since_epoch()).count();
  raw.call_id = way.call_id;
  raw.should_stop = [](const assay_call* call) -> assay_status {
    HostCall& self = *static_cast<HostCall*>(static_cast<fake::FakeCall*>(call->host_data));
    const bool late = self.way.stop_at && std::chrono::steady_clock::now() >= *self.way.stop_at;
    if (self.polls++ < self.way.stop_after && !late) return ASSAY_OK;
    if (Stops* stops = self.way.stops; stops != nullptr && stops->asked++ == 0)
      stops->first = std::chrono::steady_clock::now();
    return late ? ASSAY_E_DEADLINE : self.way.stop_with;
  };
  raw.fail = [](const assay_call* call, assay_status status, assay_str text, assay_str json) {
    const Outside host;
    FakeCall& self = *static_cast<FakeCall*>(call->host_data);
    ++self.failures;
    self.message = view(text);
    self.details = view(json);
    return status;
  };
  if (way.bare) {
    raw.metric = nullptr;
    return;
  }
  raw.progress = [](const assay_call*, double, assay_str) {};
  raw.log = [](const assay_call*, std::int32_t, assay_str) {};
  raw.metric = [](const assay_call*, assay_str, std::int64_t, double) {};
}

std::string difference(const Outcome& expected, const Outcome& found) {
  if (expected.model != found.model) return "the model's bytes differ";
  if (expected.state != found.state) return "the saved state's bytes differ";
  if (expected.extras != found.extras) return "the bytes of its extras differ";
  if (const std::string text = difference(expected.scores, found.scores); !text.empty()) return "scores differ: " + text;
  if (const std::string text = difference(expected.table, found.table); !text.empty())
    return "result tables differ: " + text;
  return {};
}

std::string fingerprint(const Outcome& outcome) {
  std::uint64_t low = 0xcbf29ce484222325, high = 0x84222325cbf29ce4;  // FNV-1a twice, from two starts
  for (const std::string* text : {&outcome.model, &outcome.scores, &outcome.state, &outcome.table, &outcome.extras}) {
    for (const char c : *text) {
      low = (low ^ static_cast<unsigned char>(c)) * 0x100000001b3;
      high = (high ^ static_cast<unsigned char>(c) ^ 0x55) * 0x100000001b3;
    }
    low = (low ^ text->size()) * 0x100000001b3;
  }
  return fmt::format("{:016x}{:016x}", low, high);
}

std::string print_bundle(const FakeBundle& bundle) {
  std::string out;
  for (const auto& [name, bytes] : bundle.entries) out += fmt::format("{} {}\n", name, bytes.size()) + bytes;
  return out;
}

FakeBundle fit(const Made& made, const FakeData& train, const Way& way, std::int64_t* polls) {
  const auto& trainer = made->capability<assay_trainer_v1>(ASSAY_CAP_TRAINER_V1);
  HostCall call(way);
  Ledger own;
  const Lent rows(train, way, way.ledger != nullptr ? *way.ledger : own);
  FakeBundle model;
  Watch watch;
  Sink sink(model, way.step_bytes, watch_of(way, watch));
  const assay_status status =
      inside([&] { return trainer.fit(made->raw.self, &call.raw, &rows.raw, nullptr, nullptr, &sink.raw); });
  sink.returned(status);
  if (polls != nullptr) *polls = call.polls;
  call.check(status);
  return model;
}

Model::Model(const Made& made, const FakeBundle& bundle, const Way& way)
    : made_(made),
      scorer_(made->capability<assay_scorer_v1>(ASSAY_CAP_SCORER_V1)),
      call_(way),
      ledger_(way.ledger != nullptr ? *way.ledger : own_ledger_) {
  Watch watch;
  Source source(bundle, way.step_bytes, watch_of(way, watch));
  const assay_status status =
      inside([&] { return scorer_.load(made->raw.self, &call_.raw, &source.raw, &model_); });
  source.returned();
  call_.check(status);
  demand(model_ != nullptr, "load succeeds and answers no model");
}

Model::~Model() {
  unload();
  if (output_.release != nullptr) output_.release(&output_);
}

void Model::unload() {
  if (model_ != nullptr) scorer_.unload(made_->raw.self, std::exchange(model_, nullptr));
}

void Model::bind_raw(const ArrowSchema& schema) {
  if (output_.release != nullptr) output_.release(&output_);
  output_ = {};
  call_.check(inside([&] { return scorer_.bind(made_->raw.self, &call_.raw, model_, &schema, &output_); }));
  demand(output_.release != nullptr, "bind succeeds and answers no schema");
}

void Model::bind_schema(const FakeData& data) {
  Owned<ArrowSchema> schema;
  data.table().export_schema(&schema.it);
  bind_raw(schema.it);
}

void Model::score_raw(ArrowArray* input, ArrowArray* output) {
  const std::int64_t rows = input->length;
  const assay_status status =
      inside([&] { return scorer_.score(made_->raw.self, &call_.raw, model_, input, output); });
  if (input->release != nullptr) input->release(input);
  call_.check(status);
  demand(output->release != nullptr, "score succeeds and answers no array");
  demand(output->length == rows, fmt::format("it answers {} scores for {} rows", output->length, rows));
}

std::string Model::score(const FakeData& data) {
  std::string out = print_schema(output_);
  each_batch(data, call_.way, [&](std::int64_t first, std::int64_t count) {
    ArrowArray input = lend(data, first, count, call_.way, ledger_);
    Owned<ArrowArray> answer;
    score_raw(&input, &answer.it);
    if (call_.way.on_scores) call_.way.on_scores(output_, answer.it);
    out += print_rows(output_, answer.it);
  });
  return out;
}

template <class Open>
void State::open(const FakeData& shape, const FakeBundle* bundle, Open opener) {
  Owned<ArrowSchema> schema;
  shape.table().export_schema(&schema.it);
  const fake::FakeDataset roles(shape);
  Watch watch;
  std::optional<Source> source;
  if (bundle != nullptr) source.emplace(*bundle, call_.way.step_bytes, watch_of(call_.way, watch));
  const assay_status status =
      inside([&] { return opener(&schema.it, &roles.roles, source ? &source->raw : nullptr); });
  if (source) source->returned();
  call_.check(status);
  demand(state_ != nullptr, "begin or restore succeeds and answers no state");
}

State::State(const Made& made, const FakeData& shape, const FakeBundle* reference, const Way& way)
    : made_(made),
      fold_(made->capability<assay_fold_v1>(made.about().fold())),
      call_(way),
      ledger_(way.ledger != nullptr ? *way.ledger : own_ledger_) {
  open(shape, reference, [&](const ArrowSchema* schema, const assay_roles* roles, const assay_source* source) {
    return fold_.begin(made->raw.self, &call_.raw, schema, roles, source, &state_);
  });
}

State::State(const Made& made, const FakeData& shape, Saved saved, const Way& way)
    : made_(made),
      fold_(made->capability<assay_fold_v1>(made.about().fold())),
      call_(way),
      ledger_(way.ledger != nullptr ? *way.ledger : own_ledger_) {
  open(shape, &saved.bundle, [&](const ArrowSchema* schema, const assay_roles* roles, const assay_source* source) {
    return fold_.restore(made->raw.self, &call_.raw, schema, roles, source, &state_);
  });
}

State::~State() {
  end();
}

void State::end() {
  if (state_ != nullptr) fold_.end(made_->raw.self, std::exchange(state_, nullptr));
}

void State::update_raw(ArrowArray* batch) {
  const assay_status status =
      inside([&] { return fold_.update(made_->raw.self, &call_.raw, state_, batch); });
  if (batch->release != nullptr) batch->release(batch);
  call_.check(status);
}

void State::update(const FakeData& data, std::int64_t first, std::int64_t count) {
  ArrowArray batch = lend(data, first, count, call_.way, ledger_);
  update_raw(&batch);
}

void State::update(const FakeData& data) {
  each_batch(data, call_.way, [&](std::int64_t first, std::int64_t count) { update(data, first, count); });
}

void State::merge(State& from) {
  call_.check(inside([&] { return fold_.merge(made_->raw.self, &call_.raw, state_, from.state_); }));
}

FakeBundle State::save() {
  FakeBundle out;
  Watch watch;
  Sink sink(out, call_.way.step_bytes, watch_of(call_.way, watch));
  const assay_status status = inside([&] { return fold_.save(made_->raw.self, &call_.raw, state_, &sink.raw); });
  sink.returned(status);
  call_.check(status);
  return out;
}

void State::finish_raw(ArrowSchema* schema, ArrowArray* table, FakeBundle* extras) {
  FakeBundle out;
  Watch watch;
  Sink sink(out, call_.way.step_bytes, watch_of(call_.way, watch));
  const assay_status status = inside([&] {
    return fold_.finish(made_->raw.self, &call_.raw, state_, extras != nullptr ? &sink.raw : nullptr, schema, table);
  });
  sink.returned(status);
  call_.check(status);
  demand(schema->release != nullptr && table->release != nullptr, "finish succeeds and answers no table");
  if (extras != nullptr) *extras = std::move(out);
}

std::string State::finish(FakeBundle* extras) {
  Owned<ArrowSchema> schema;
  Owned<ArrowArray> table;
  finish_raw(&schema.it, &table.it, extras);
  return print_schema(schema.it) + print_rows(schema.it, table.it);
}

Outcome run(const Made& made, const Trial& trial, const Way& way) {
  Outcome out;
  const Component& component = made.about();
  if (component.offers(ASSAY_CAP_TRAINER_V1)) {
    FakeBundle model = fit(made, trial.train.with_roles(component), way, &out.polls);
    out.model = print_bundle(model);
    if (component.offers(ASSAY_CAP_SCORER_V1)) {
      const FakeData rows = trial.score.features();
      Model loaded(made, model, way);
      loaded.bind(rows);
      out.scores = loaded.score(rows);
    }
  }
  if (component.fold() == nullptr) return out;
  const FakeData reference = trial.reference.with_roles(component), current = trial.current.with_roles(component);
  State before(made, reference, nullptr, way);
  before.update(reference);
  FakeBundle saved = before.save();
  const bool compares = !component.offers(ASSAY_CAP_EVALUATOR_V1);
  State now(made, current, compares ? &saved : nullptr, way);
  now.update(current);
  FakeBundle extras;
  out.state = print_bundle(saved) + print_bundle(now.save());
  out.table = before.finish() + now.finish(&extras);
  out.extras = print_bundle(extras);
  out.polls += before.call().polls + now.call().polls;
  return out;
}

Outcome ordinary(const Made& made, const Trial& trial, const Way& way) {
  try {
    return run(made, trial, way);
  } catch (const Error& error) {
    throw Skipped{fmt::format("component {} refuses ordinary rows, see C22 (status {}: {})", made.about().id,
                              error.status(), error.message())};
  }
}

std::string each_runnable(Subject& subject, const std::function<void(const Component&)>& each) {
  return each_that(subject, "no component trains or folds", each, runs);
}
std::string each_bitwise(Subject& subject, const std::function<void(const Component&)>& each) {
  return each_that(subject, "no component declares determinism \"bitwise\"", each,
                   [](const Component& component) { return component.determinism == "bitwise" && runs(component); });
}
std::string each_scorer(Subject& subject, const std::function<void(const Component&)>& each) {
  return each_that(subject, "no component both trains and scores", each, [](const Component& component) {
    return component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1);
  });
}
std::string each_fold(Subject& subject, const std::function<void(const Component&)>& each) {
  return each_that(subject, "no component evaluates, watches for drift or validates", each,
                   [](const Component& component) { return component.fold() != nullptr; });
}

}  // namespace assay::worker::check
