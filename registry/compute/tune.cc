// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "registry/compute/bundle.h"
#include "registry/compute/cast.h"
#include "registry/compute/folding.h"
#include "registry/compute/judged_rows.h"
#include "registry/compute/recorded_run.h"
#include "registry/compute/sample_rows.h"
#include "registry/compute/search_space.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::uint32_t kThinning = 3;         // of trials between two rounds, and growth of their rows
constexpr std::int64_t kFewestRows = 500;      // on fewer, luck decides
constexpr std::uint32_t kMostRounds = 4;       // so that a trial begins with a 27th of the rows at least

// One round of the search: how many trials, on what share of the rows.
struct Round {
  std::uint32_t trials;
  double share;
};

std::vector<Round> rounds_of(const TuneRequest& request, std::int64_t rows) {
  std::vector<Round> backwards = {{request.trials, 1.0}};
  while (request.method == SearchMethod::halving && backwards.size() < kMostRounds &&
         backwards.front().trials >= kThinning &&
         static_cast<double>(rows) * backwards.back().share / kThinning >= static_cast<double>(kFewestRows)) {
    for (Round& later : backwards) later.trials = std::max(1u, later.trials / kThinning);
    backwards.push_back({request.trials, backwards.back().share / kThinning});
  }
  std::reverse(backwards.begin(), backwards.end());
  return backwards;
}

class Search {
 public:
  Search(const TuneRequest& request, Workbench bench, const CallOptions& options, Progress& progress)
      : request_(request),
        bench_(bench),
        options_(options),
        progress_(progress),
        plugin_(bench.plugins.find(request.train.plugin)),
        trainer_(choose_component(plugin_, request.train.component, kTrainer)),
        judge_(plan_fold(bench.plugins, request.evaluator, "", kEvaluator, "{}")),
        space_(search_space(trainer_.config_schema, plugin_.name)),
        fixed_(nlohmann::json::parse(request.train.config)),
        data_(bench.artifacts.resolve(Kind::dataset, request.train.data)),
        valid_(bench.artifacts.resolve(Kind::dataset, request.train.valid)) {
    for (const std::string& range : request.ranges)
      narrow(space_, range, trainer_.config_schema, plugin_.name);
    require_something_to_search();
    rows_ = fetch_table(bench.artifacts, data_);
    valid_rows_ = fetch_table(bench.artifacts, valid_, rows_->schema());
    rows_->at(request.train.label, data_.reference);
    valid_rows_->at(request.train.label, valid_.reference);
  }

  TuneResult run() {
    const std::vector<Round> rounds = rounds_of(request_, rows_->rows());
    std::vector<Trial> going = drawn_trials();
    for (const Round& round : rounds)
      planned_ += std::min<std::size_t>(going.size(), round.trials);
    for (const Round& round : rounds) {
      if (going.size() > round.trials) going.erase(going.begin() + round.trials, going.end());
      const TablePtr rows = sample_rows(rows_, round.share, options_.seed);
      for (Trial& trial : going) try_out(trial, rows);
      if (std::none_of(going.begin(), going.end(), [](const Trial& trial) { return trial.value; }))
        throw *first_failure_;
      std::stable_sort(going.begin(), going.end(),
                       [this](const Trial& one, const Trial& other) { return better(one, other); });
    }
    TrainRequest final = request_.train;
    final.valid = "";
    final.config = going.front().config.canonical;
    progress_.progress(1, "training with the best settings");
    return {.trials = std::move(done_),
            .best = going.front(),
            .higher_is_better = higher_is_better_,
            .model = train(final, bench_, options_, progress_)};
  }

 private:
  void require_something_to_search() {
    std::erase_if(space_, [this](const SearchDimension& one) { return fixed_.contains(one.name); });
    if (space_.empty())
      throw Error(Code::invalid_argument,
                  fmt::format("{} marks no setting as tunable{}; say what to try: --range NAME=LOW..HIGH",
                              plugin_.name, fixed_.empty() ? "" : " beside those that --set fixes"));
  }

  // Settings that come out alike (small ranges of whole numbers) are tried once.
  std::vector<Trial> drawn_trials() {
    std::vector<Trial> out;
    for (std::uint32_t number = 0; number < request_.trials; ++number) {
      const std::string settings = draw_settings(space_, fixed_, options_.seed, number).dump();
      Trial trial{.number = number,
                  .config = bench_.plugins.complete_config(plugin_, trainer_.id, settings),
                  .value = std::nullopt,
                  .failure = "",
                  .run = std::nullopt};
      const auto same = [&](const Trial& other) { return other.config == trial.config; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(trial));
    }
    return out;
  }

  void try_out(Trial& trial, const TablePtr& rows) {
    progress_.progress(static_cast<double>(done_.size()) / static_cast<double>(planned_), step_text());
    RunDraft draft{.kind = RunKind::train,
                   .plugin = use_of(plugin_, trainer_),
                   .inputs = {version_input("train", data_), version_input("valid", valid_)},
                   .config = trial.config};
    draft.seed = static_cast<std::int64_t>(options_.seed);
    draft.max_threads = options_.max_threads;
    draft.roles = asked_roles(request_.train.label);
    Progress quiet;  // a bar for each fit would hide how far the search is
    trial.rows = rows->rows();
    trial.value.reset();
    trial.failure.clear();
    RecordedRun run(bench_.runs, draft, quiet);
    trial.run = run.id();
    try {
      trial.value = run.record([&](Progress& watched) {
        const double value = worth(trial.config, rows, watched);
        watched.metric("valid_" + request_.metric, 0, value);
        return value;
      });
      if (!best_ || better_value(*trial.value, *best_)) best_ = trial.value;
    } catch (const Error& error) {
      if (error.code() == Code::cancelled || error.code() == Code::deadline || no_metric_) throw;
      trial.failure = error.message();
      if (!first_failure_) first_failure_ = error;
    }
    done_.push_back(trial);
  }

  // Learns from `rows` and asks the evaluator what that is worth on the validation rows.
  double worth(const Config& config, const TablePtr& rows, Progress& watched) {
    const std::string& label = request_.train.label;
    const auto model = std::make_shared<MemoryBundle>();
    const auto trainer = bench_.plugins.trainer(plugin_, trainer_.id, config);
    trainer->fit({.table = rows, .roles = {{"label", label}}, .digest = std::nullopt}, nullptr, nullptr, *model,
                 options_, watched);
    TableSchema features;
    for (const ColumnSpec& column : rows->schema())
      if (column.name != label) features.push_back(column);
    const ComponentInfo& component = choose_component(plugin_, trainer_.id, kScorer);
    const auto scorer = bench_.plugins.scorer(plugin_, component.id, config);
    scorer->load(model, options_, watched);
    scorer->bind(features, options_, watched);
    const TablePtr predictions = scorer->score(
        cast_table(*valid_rows_, features, valid_.reference, data_.reference), options_, watched);
    const RowSet judged = judged_rows(*valid_rows_, valid_.reference, label, "", *predictions);
    return metric_in(fold_rows(judge_, bench_.plugins, judged, nullptr, options_, watched));
  }

  double metric_in(const EvidenceRows& rows) {
    std::vector<std::string> known;
    for (const MetricRow& row : std::get<std::vector<MetricRow>>(rows)) {
      if (!row.slice.empty()) continue;
      if (row.name == request_.metric) {
        higher_is_better_ = row.higher_is_better;
        if (row.value && std::isfinite(*row.value)) return *row.value;
        throw Error(Code::invalid_argument,
                    fmt::format("{} has no value on {}", request_.metric, valid_.reference));
      }
      known.push_back(row.name);
    }
    no_metric_ = true;
    throw Error(Code::invalid_argument, fmt::format("{} gives no metric \"{}\"; it gives {}",
                                                    judge_.use.name, request_.metric, fmt::join(known, ", ")));
  }

  bool better_value(double one, double other) const {
    return higher_is_better_ ? one > other : one < other;
  }
  bool better(const Trial& one, const Trial& other) const {
    if (!one.value || !other.value) return one.value.has_value() && !other.value;
    return better_value(*one.value, *other.value);
  }

  std::string step_text() const {
    const std::string step = fmt::format("trial {} of {}", done_.size() + 1, planned_);
    return best_ ? fmt::format("{}, best {} {:.6g}", step, request_.metric, *best_) : step;
  }

  const TuneRequest& request_;
  Workbench bench_;
  const CallOptions& options_;
  Progress& progress_;
  PluginInfo plugin_;
  const ComponentInfo& trainer_;  // of plugin_
  FoldPlan judge_;
  std::vector<SearchDimension> space_;
  nlohmann::json fixed_;
  ArtifactVersion data_, valid_;
  TablePtr rows_, valid_rows_;
  std::vector<Trial> done_;
  std::size_t planned_ = 0;
  std::optional<double> best_;
  std::optional<Error> first_failure_;
  bool higher_is_better_ = true;
  bool no_metric_ = false;
};

}  // namespace

TuneResult tune(const TuneRequest& request, Workbench bench, const CallOptions& options, Progress& progress) {
  if (request.train.valid.empty())
    throw Error(Code::invalid_argument, "a search needs rows to judge by: --valid DATASET");
  if (request.trials < 1 || request.trials > kMaxTrials)
    throw Error(Code::invalid_argument, fmt::format("a search takes 1 to {} trials", kMaxTrials));
  return Search(request, bench, options, progress).run();
}

}  // namespace assay
