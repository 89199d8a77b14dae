// SPDX-License-Identifier: Apache-2.0
// A model version's files as training writes them: assay.json beside model/<entry>. Also the bundles that
// tests and orchestrations need: one in memory and one over a version's files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/ports.h"

namespace assay {

inline constexpr std::string_view kBundleFile = "assay.json";
inline constexpr std::string_view kModelFolder = "model/";

// assay.json: how the model was made and what rows it takes. It holds no time and no person, so that the same
// training gives the same digest.
struct BundleInfo {
  PluginUse plugin;
  Config config;  // defaults filled
  std::uint64_t seed = 0;
  std::string label{};                  // empty: none
  TableSchema columns{};                // the features, in order, without the label
  std::optional<Digest> data_digest{};  // of the training dataset's version
  std::int64_t data_rows = 0;
};

// Canonical JSON. parse_bundle(format_bundle(x)) is x.
std::string format_bundle(const BundleInfo& info);
// Throws corrupt with the field that is wrong; unsupported for a newer bundle_version.
BundleInfo parse_bundle(std::string_view json, std::string_view what);

// Entries in memory, by name.
class MemoryBundle final : public BundleSource, public BundleSink {
 public:
  struct Entry {
    std::string media_type;
    std::string bytes;
  };

  std::vector<BundleEntry> entries() const override;
  std::size_t read(std::string_view name, std::uint64_t offset, std::span<std::byte> out) const override;
  void put(std::string name, std::string media_type, std::string bytes) override;

  const std::map<std::string, Entry, std::less<>>& all() const { return entries_; }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

// assay.json and the model/ entries (without that prefix) of a model version, fetched and verified. Throws
// unsupported for a version that was not trained by a plugin (it has no assay.json), naming what to do.
struct ModelBundle {
  BundleInfo info;
  MemoryBundle entries;
};
ModelBundle fetch_model_bundle(Artifacts& artifacts, const ArtifactVersion& version);

// The one table of a dataset version: its data.csv, or its only *.csv file. Its values lie where `readers` read them
// without a copy, when they are given.
TablePtr fetch_table(Artifacts& artifacts, const ArtifactVersion& version, const TableSchema& declared = {},
                     Plugins* readers = nullptr);

}  // namespace assay
