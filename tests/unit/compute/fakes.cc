// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compute/fakes.h"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace assay::test {
namespace {

class FakeTrainer final : public Trainer {
 public:
  FakeTrainer(FakePlugins& host, double shift) : host_(host), shift_(shift) {}
  void fit(const RowSet& train, const RowSet*, const BundleSource*, BundleSink& model, const CallOptions&,
           Progress& progress) override {
    progress.log(PluginLogLevel::info, "learning");
    progress.metric("loss", 0, 0.5);
    if (host_.fails) throw *host_.fails;
    const Column& label = train.table->at(train.roles.at(0).column, "rows");
    double sum = 0;
    for (std::int64_t row = 0; row < label.size(); ++row) sum += label.number(row).value_or(0);
    model.put("mean", "text/plain", format_f64(sum / static_cast<double>(label.size()) + shift_));
  }

 private:
  FakePlugins& host_;
  double shift_;
};

class FakeScorer final : public Scorer {
 public:
  explicit FakeScorer(FakePlugins& host) : host_(host) {}
  void load(std::shared_ptr<const BundleSource> model, const CallOptions&, Progress&) override {
    std::string text(64, '\0');
    text.resize(model->read("mean", 0, std::as_writable_bytes(std::span(text))));
    mean_ = std::stod(text);
  }
  TableSchema bind(const TableSchema&, const CallOptions&, Progress&) override {
    return {{"prediction", ColumnType::f64}};
  }
  TablePtr score(const TablePtr& rows, const CallOptions&, Progress&) override {
    if (host_.fails) throw *host_.fails;
    Column out({"prediction", ColumnType::f64});
    for (std::int64_t row = 0; row < rows->rows(); ++row)
      out.append(rows->columns().at(0).number(row).value_or(0) + mean_);
    return std::make_shared<Table>(std::vector<Column>{out});
  }

 private:
  FakePlugins& host_;
  double mean_ = 0;
};

class FakeState final : public FoldState {
 public:
  FakeState(FakePlugins& host, std::string capability, double reference)
      : host_(host), capability_(std::move(capability)), reference_(reference) {}
  void update(const RowSet& rows, const CallOptions&, Progress&) override {
    rows_ += static_cast<double>(rows.table->rows());
    const auto column = [&](std::string_view role) -> const Column* {
      for (const ColumnRole& one : rows.roles)
        if (one.role == role) return &rows.table->at(one.column, "rows");
      return nullptr;
    };
    const Column *label = column("label"), *score = column("score");
    for (std::int64_t row = 0; label != nullptr && score != nullptr && row < rows.table->rows(); ++row)
      error_ += std::abs(label->number(row).value_or(0) - score->number(row).value_or(0));
  }
  void merge(FoldState&, const CallOptions&, Progress&) override {}
  void save(BundleSink& out, const CallOptions&, Progress&) override {
    out.put("rows", "", std::string(reinterpret_cast<const char*>(&rows_), 8));
  }
  EvidenceRows finish(BundleSink*, const CallOptions&, Progress&) override {
    if (host_.fails) throw *host_.fails;
    if (capability_ == kDrift)
      return std::vector<DriftRow>{{"a", "count", rows_, std::nullopt, reference_, rows_ != reference_,
                                    static_cast<std::int64_t>(reference_), static_cast<std::int64_t>(rows_)}};
    if (capability_ == kValidator)
      return std::vector<FindingRow>{
          {rows_ < reference_ ? Severity::error : Severity::info, "count", "", 0, {}, ""}};
    return std::vector<MetricRow>{
        {"count", rows_, std::nullopt, std::nullopt, "", static_cast<std::int64_t>(rows_), true},
        {"mae", error_ / rows_, std::nullopt, std::nullopt, "", static_cast<std::int64_t>(rows_), false}};
  }

 private:
  FakePlugins& host_;
  std::string capability_;
  double rows_ = 0, error_ = 0, reference_;
};

class FakeFold final : public Fold {
 public:
  FakeFold(FakePlugins& host, std::string_view capability) : host_(host), capability_(capability) {}
  std::unique_ptr<FoldState> begin(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                   const BundleSource* reference, const CallOptions&, Progress&) override {
    host_.folded.push_back(schema);
    host_.roles.push_back(roles);
    double counted = 0;
    if (reference != nullptr) reference->read("rows", 0, std::as_writable_bytes(std::span(&counted, 1)));
    return std::make_unique<FakeState>(host_, capability_, counted);
  }
  std::unique_ptr<FoldState> restore(const TableSchema&, const std::vector<ColumnRole>&, const BundleSource&,
                                     const CallOptions&, Progress&) override {
    return std::make_unique<FakeState>(host_, capability_, 0);
  }

 private:
  FakePlugins& host_;
  std::string capability_;
};

}  // namespace

PluginInfo FakePlugins::info() {
  const auto component = [](std::string id, std::string_view capability) {
    return ComponentInfo{std::move(id), {std::string(capability)}, "{}"};
  };
  ComponentInfo model{"model",
                      {std::string(kTrainer), std::string(kScorer)},
                      R"({"type":"object","properties":{"shift":{"type":"number","default":0,)"
                      R"("x-tunable":{"minimum":-2,"maximum":2}},"depth":{"type":"integer","default":1}}})"};
  return {.name = "fake",
          .version = "1.0.0",
          .digest = Digest::of("fake"),
          .origin = "fake.so",
          .licence = "",
          .components = {model, component("judge", kEvaluator), component("watch", kDrift),
                         component("check", kValidator)},
          .descriptor = R"({"components":[{"id":"judge","input_roles":{"optional":["reference_score"]}}]})"};
}

PluginInfo FakePlugins::find(std::string_view wanted) {
  if (wanted == "fake" || (wanted == info().digest.text() && scorer_is_here)) {
    PluginInfo out = info();
    if (!compares) out.descriptor = "{}";
    return out;
  }
  throw Error(Code::not_found, "there is no plugin " + std::string(wanted));
}

std::unique_ptr<Trainer> FakePlugins::trainer(const PluginInfo&, std::string_view, const Config& config) {
  const double shift = nlohmann::json::parse(config.canonical).value("shift", 0.0);
  if (shift < refused_below) throw Error(Code::invalid_argument, "such a shift is refused");
  return std::make_unique<FakeTrainer>(*this, shift);
}
std::unique_ptr<Scorer> FakePlugins::scorer(const PluginInfo&, std::string_view, const Config&) {
  ++scorers_made;
  return std::make_unique<FakeScorer>(*this);
}
std::unique_ptr<Fold> FakePlugins::fold(const PluginInfo&, std::string_view, std::string_view capability,
                                        const Config&) {
  return std::make_unique<FakeFold>(*this, capability);
}

}  // namespace assay::test
