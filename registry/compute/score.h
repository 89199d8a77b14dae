// SPDX-License-Identifier: Apache-2.0
// Scoring: rows in, the same rows with predictions out. The command line and the HTTP route call this one
// class, so the same rows give the same bits on both.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "registry/compute/bundle.h"

namespace assay {

// A model, loaded into its plugin and bound to its columns. One thread at a time.
class ScoredModel {
 public:
  // Fetches the bundle, finds its plugin by digest and loads it. Throws not_found when that very plugin is
  // not here, saying how to get it. The plugins must outlive the model.
  static std::unique_ptr<ScoredModel> load(const ArtifactVersion& model, Plugins& plugins,
                                           Artifacts& artifacts, const CallOptions& options,
                                           Progress& progress);

  const ArtifactVersion& version() const { return version_; }
  const BundleInfo& info() const { return info_; }
  const TableSchema& output() const { return output_; }  // the prediction columns

  // The predictions alone, one row for each row of `rows`, whose columns are cast to the model's.
  TablePtr score(const Table& rows, std::string_view what, const CallOptions& options, Progress& progress);
  // CSV with a header in; the same records with the prediction columns appended out.
  std::string score_csv(std::string_view csv, std::string_view what, const CallOptions& options,
                        Progress& progress);
  // {"rows":[{column:value}]} in; the same with the prediction columns added out.
  std::string score_json(std::string_view json, const CallOptions& options, Progress& progress);

 private:
  ScoredModel(Plugins& plugins, ArtifactVersion version, BundleInfo info, std::unique_ptr<Scorer> scorer)
      : plugins_(plugins),
        version_(std::move(version)),
        info_(std::move(info)),
        scorer_(std::move(scorer)) {}

  Plugins& plugins_;
  ArtifactVersion version_;
  BundleInfo info_;
  TableSchema output_;
  std::unique_ptr<Scorer> scorer_;
};

}  // namespace assay
