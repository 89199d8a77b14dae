// SPDX-License-Identifier: Apache-2.0
// C13 to C19: rows of every kind and shape.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "registry/plugin_host/worker/check/run.h"
#include "registry/plugin_host/worker/check/tables.h"

namespace assay::worker::check {
namespace {

using fake::FakeData;

// Runs both trials and demands equal outcomes.
void demand_same(const Component& component, const Outcome& expected, const Trial& trial, const Way& way,
                 const std::string& what) {
  const Made made(component);
  Outcome found;
  try {
    found = run(made, trial, way);
  } catch (const Error& error) {
    throw Broken{fmt::format("component {} refuses {} (status {}: {})", component.id, what, error.status(),
                             error.message())};
  }
  if (const std::string text = difference(expected, found); !text.empty())
    throw Broken{fmt::format("component {}, {}: {}", component.id, what, text)};
}

// A run that may refuse its rows, but not otherwise fail.
bool works_or_refuses(const Component& component, const Trial& trial, const std::string& what) {
  const Made made(component);
  const assay_status status = status_of([&] { run(made, trial); });
  demand(status == ASSAY_OK || refuses_data(status),
         fmt::format("component {}, {}: it answers status {} and not INVALID_DATA", component.id, what, status));
  return status == ASSAY_OK;
}

template <class T>
void fill_every(Sample::Cells<T>& cells, std::size_t step, const std::optional<T>& value) {
  for (std::size_t i = 0; i < cells.size(); i += step) cells[i] = value;
}

void score_finite(const Component& component, const Sample& sample, const std::string& what) {
  const Made made(component);
  ordinary(made);
  fake::FakeBundle bundle = fit(made, Trial{}.train.with_roles(component));
  const FakeData rows = sample.features();
  Model model(made, bundle);
  model.bind(rows);
  Ledger ledger;
  ArrowArray input = lay_out(rows.table(), 0, rows.rows(), {}, ledger), answer{};
  const assay_status status = status_of([&] { model.score_raw(&input, &answer); });
  if (status == ASSAY_OK) {
    demand_finite(component, model.output(), answer, what);
    answer.release(&answer);
  }
  demand(status == ASSAY_OK || refuses_data(status),
         fmt::format("component {}, {}: score answers status {} and not INVALID_DATA", component.id, what, status));
}

struct Oddity {
  const char* what;
  std::function<void(Sample&)> change;
};

std::vector<Oddity> odd_numbers() {
  using D = std::numeric_limits<double>;
  using I = std::numeric_limits<std::int64_t>;
  std::vector<Oddity> out;
  const auto number = [&](const char* what, double value) {
    out.push_back({what, [value](Sample& sample) { fill_every<double>(sample.amount, 5, value); }});
  };
  number("NaN in every fifth row", D::quiet_NaN());
  number("infinity in every fifth row", D::infinity());
  number("minus infinity in every fifth row", -D::infinity());
  number("denormals in every fifth row", D::denorm_min());
  number("minus zero in every fifth row", -0.0);
  number("the largest double in every fifth row", D::max());
  out.push_back({"the least integer in every fifth row",
                 [](Sample& sample) { fill_every<std::int64_t>(sample.count, 5, I::min()); }});
  out.push_back({"the largest integer in every fifth row",
                 [](Sample& sample) { fill_every<std::int64_t>(sample.count, 5, I::max()); }});
  return out;
}

// One column of the features in another type, and an array to match.
struct Foreign {
  const char* what;
  const char* format;
};
constexpr Foreign kForeign[] = {{"f32", "f"}, {"i32", "i"}, {"large utf8", "U"}, {"a timestamp", "tsn:UTC"}, {"a view", "vu"}};

// A schema whose release gives back what was changed in it.
class Changed {
 public:
  explicit Changed(const FakeData& data) { data.table().export_schema(&schema_); }
  Changed(const Changed&) = delete;
  Changed& operator=(const Changed&) = delete;
  ~Changed() { schema_.release(&schema_); }
  const ArrowSchema& get() const { return schema_; }
  ArrowSchema& child(std::size_t i) { return *schema_.children[i]; }

 private:
  ArrowSchema schema_{};
};

assay_status begin_status(const Made& made, const ArrowSchema& schema, const FakeData& shape) {
  const auto& fold = made->capability<assay_fold_v1>(made.about().fold());
  HostCall call((Way()));
  const fake::FakeDataset roles(shape);
  void* state = nullptr;
  const assay_status status = fold.begin(made->raw.self, &call.raw, &schema, &roles.roles, nullptr, &state);
  if (status == ASSAY_OK && state != nullptr) fold.end(made->raw.self, state);
  return status;
}

}  // namespace

std::string copes_with_few_rows(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    ordinary(made);
    for (const std::size_t rows : {std::size_t{0}, std::size_t{1}}) {
      const std::string what = rows == 0 ? "no rows" : "a single row";
      Trial few;
      few.train = few.reference = Sample::of(7, rows);
      works_or_refuses(component, few, what);
    }
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
      fake::FakeBundle bundle = fit(made, Trial{}.train.with_roles(component));
      const FakeData rows = Trial{}.score.features();
      Model model(made, bundle);
      model.bind(rows);
      Ledger ledger;
      ArrowArray input = lay_out(rows.table(), 0, 0, {}, ledger), answer{};
      const assay_status status = status_of([&] { model.score_raw(&input, &answer); });
      demand(status == ASSAY_OK, fmt::format("component {} refuses to score an empty batch (status {})", component.id, status));
      answer.release(&answer);
    }
    if (component.fold() != nullptr) {
      const FakeData rows = Trial{}.current.with_roles(component);
      State with(made, rows, nullptr), without(made, rows, nullptr);
      with.update(rows, 0, 0);
      with.update(rows);
      with.update(rows, 0, 0);
      without.update(rows);
      const std::string text = difference(without.finish(), with.finish());
      demand(text.empty(), fmt::format("component {}: an empty batch changes the result: {}", component.id, text));
    }
  }) + ": no rows, empty batches and one row";
}

std::string copes_with_odd_numbers(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    ordinary(Made(component));
    for (const Oddity& odd : odd_numbers()) {
      Trial trial;
      for (Sample* each : {&trial.train, &trial.reference, &trial.current}) odd.change(*each);
      if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
        Sample rows = trial.score;
        odd.change(rows);
        score_finite(component, rows, std::string("scoring ") + odd.what);
      }
      works_or_refuses(component, trial, odd.what);
    }
  }) + ": NaN, infinities, denormals, extreme integers";
}

std::string reads_nulls(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    ordinary(Made(component));
    Trial holes;
    for (Sample* each : {&holes.train, &holes.score, &holes.reference, &holes.current}) {
      fill_every<double>(each->amount, 7, {});
      fill_every<std::int64_t>(each->count, 5, {});
      fill_every<bool>(each->member, 9, {});
      fill_every<std::string>(each->colour, 6, {});
    }
    // A component may refuse nulls; what stands in their place must not show either way.
    if (works_or_refuses(component, holes, "some nulls")) {
      const Outcome expected = run(Made(component), holes);
      Way way;
      way.shape.in_nulls = 0x7B;
      demand_same(component, expected, holes, way, "with other bytes in null cells");
      way.shape.count_nulls = false;
      demand_same(component, expected, holes, way, "with a null_count of -1");
    }
    Way bitmaps;
    bitmaps.shape.always_bitmap = true;
    const Outcome whole = ordinary(Made(component));
    demand_same(component, whole, {}, bitmaps, "with a validity bitmap although nothing is null");
    bitmaps.shape = {};
    bitmaps.shape.count_nulls = false;
    demand_same(component, whole, {}, bitmaps, "with a null_count of -1 and no bitmap");
    Trial empty;
    for (Sample* each : {&empty.train, &empty.reference, &empty.current}) fill_every<double>(each->amount, 1, {});
    works_or_refuses(component, empty, "a column of nulls alone");
  }) + ": nulls, counted or not, with and without bitmaps";
}

std::string heeds_offsets(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Outcome expected = ordinary(Made(component));
    const auto same = [&](const Shape& shape, const char* what) {
      Way way;
      way.shape = shape;
      demand_same(component, expected, {}, way, what);
    };
    Shape shape;
    shape.child_offset = 3;
    same(shape, "with columns that start at offset 3");
    shape.parent_offset = 5;
    same(shape, "with a batch that starts at offset 5");
    shape = {};
    shape.spare_bytes = 200;
    same(shape, "with buffers that are longer than their rows");
    shape = {};
    shape.only_8_aligned = true;
    same(shape, "with buffers aligned to 8 bytes");
  }) + ": sliced, over-long and hardly aligned arrays";
}

std::string finds_columns_by_name(Subject& subject) {
  return each_scorer(subject, [](const Component& component) {
    const Made made(component);
    const Trial trial;
    const std::string expected = ordinary(made).scores;
    fake::FakeBundle bundle = fit(made, trial.train.with_roles(component));
    // Scores after a bind to `rows`; empty when bind or score refuses them.
    const auto scored = [&](const FakeData& rows, const char* what) -> std::string {
      Model model(made, bundle);
      std::string out;
      const assay_status status = status_of([&] {
        model.bind(rows);
        out = model.score(rows);
      });
      demand(status == ASSAY_OK || refuses_data(status),
             fmt::format("component {}, {}: it answers status {} and not INVALID_DATA", component.id, what, status));
      return status == ASSAY_OK ? out : std::string();
    };
    const auto same = [&](const FakeData& rows, const char* what) {
      const std::string text = difference(expected, scored(rows, what));
      demand(text.empty(), fmt::format("component {}, {}: {}", component.id, what, text));
    };
    same(trial.score.reordered(), "with the columns in another order");
    same(FakeData(trial.score.features()).f64("unheard_of", trial.score.ratio), "with one column more");
    // What it cannot work with it refuses, or it does not use it.
    const auto same_or_refused = [&](const FakeData& rows, const char* what) {
      const std::string found = scored(rows, what);
      if (found.empty()) return;
      const std::string text = difference(expected, found);
      demand(text.empty(), fmt::format("component {}, {}, guesses instead of refusing: {}", component.id, what, text));
    };
    const Sample& s = trial.score;
    same_or_refused(fake::Rows().i64("count", s.count).boolean("member", s.member).utf8("colour", s.colour),
                    "with columns missing");
    same_or_refused(fake::Rows().utf8("amount", s.colour).i64("count", s.count).boolean("member", s.member)
                        .utf8("colour", s.colour).f64("ratio", s.ratio),
                    "with text where numbers were");
    scored(FakeData(s.features()).f64("amount", s.ratio), "with a column name twice");
  }) + ": columns in another order, more, fewer, of another type, doubled";
}

std::string refuses_foreign_types(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Made made(component);
    ordinary(made);
    const auto judge = [&](assay_status status, const char* what) {
      demand(refuses_data(status),
             fmt::format("component {}, given {} in a column that it reads: it answers status {} where UNSUPPORTED or "
                         "INVALID_DATA is due", component.id, what, status));
    };
    // A column that it does not read may be of any type, so only those that it is known to read are judged.
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1)) {
      const FakeData rows = Trial{}.score.features();
      fake::FakeBundle bundle = fit(made, Trial{}.train.with_roles(component));
      const auto accepts = [&](const ArrowSchema& schema) {
        Model model(made, bundle);
        return status_of([&] { model.bind_raw(schema); });
      };
      Changed mistyped(rows);
      mistyped.child(0).format = "u";
      const bool reads_it = refuses_data(accepts(mistyped.get()));
      for (const Foreign& foreign : kForeign) {
        Changed schema(rows);
        schema.child(0).format = foreign.format;
        const assay_status status = accepts(schema.get());
        if (reads_it) judge(status, foreign.what);
      }
      Changed schema(rows), indexed(rows);
      schema.child(3).dictionary = &indexed.child(3);
      schema.child(3).format = "i";
      const assay_status status = accepts(schema.get());
      schema.child(3).dictionary = nullptr;
      if (reads_it) judge(status, "a dictionary");
    }
    if (component.fold() != nullptr && component.takes("label")) {
      const FakeData rows = Trial{}.current.with_roles(component);
      const std::size_t label = rows.table().schema().find("label").value();
      Changed mistyped(rows);
      mistyped.child(label).format = "u";
      const bool reads_it = refuses_data(begin_status(made, mistyped.get(), rows));
      for (const Foreign& foreign : kForeign) {
        Changed schema(rows);
        schema.child(label).format = foreign.format;
        const assay_status status = begin_status(made, schema.get(), rows);
        if (reads_it) judge(status, foreign.what);
      }
    }
  }) + ": f32, i32, large and viewed text, timestamps, dictionaries";
}

std::string ignores_batch_ends(Subject& subject) {
  return each_runnable(subject, [](const Component& component) {
    const Outcome expected = ordinary(Made(component));
    for (const std::int64_t rows : {1, 7, 16}) {
      Way way;
      way.batch_rows = rows;
      demand_same(component, expected, {}, way, fmt::format("with batches of {} rows", rows));
    }
  }) + ": batches of 1, 7, 16 and all rows give the same bits";
}

}  // namespace assay::worker::check
