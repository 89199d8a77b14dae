// SPDX-License-Identifier: Apache-2.0
// What compute needs from the rest of the house, as small interfaces: plugins (implemented by plugin_host),
// stored files and records (implemented by client at a desk and by service in the server). Compute itself
// does no I/O to the registry.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/table.h"
#include "registry/domain/evidence.h"
#include "registry/domain/id.h"
#include "registry/domain/kind.h"
#include "registry/domain/run.h"
#include "storage/base/digest.h"

namespace assay {

// ---- Calls ----

// How one operation of a plugin may run. The same seed, data and config give the same result.
struct CallOptions {
  std::uint64_t seed = 0;
  std::uint32_t max_threads = 1;
  std::optional<std::chrono::steady_clock::time_point> deadline;  // past it: Error deadline
  std::stop_token stop;  // stopped: Error cancelled, within two seconds
};

enum class PluginLogLevel { debug, info, warning, error };

// Hears what a plugin reports while it works; called on the thread that made the call. The default hears
// nothing.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void progress(double fraction_done, std::string_view what);
  virtual void log(PluginLogLevel level, std::string_view message);
  virtual void metric(std::string_view name, std::int64_t step, double value);
};

// ---- Bundles: named entries ----

struct BundleEntry {
  std::string name;
  std::uint64_t size = 0;
};

// A stored bundle. Any thread, concurrently.
class BundleSource {
 public:
  virtual ~BundleSource() = default;
  virtual std::vector<BundleEntry> entries() const = 0;
  // Fills up to `out.size()` bytes from `offset`; 0 is the end. Throws not_found for an unknown name.
  virtual std::size_t read(std::string_view name, std::uint64_t offset, std::span<std::byte> out) const = 0;
};

// Where a plugin's entries go. Receives whole entries, and only of operations that succeeded.
class BundleSink {
 public:
  virtual ~BundleSink() = default;
  virtual void put(std::string name, std::string media_type, std::string bytes) = 0;
};

// ---- Plugins ----

// Capability ids, as in assay/abi.h.
inline constexpr std::string_view kTrainer = "assay.trainer/1";
inline constexpr std::string_view kScorer = "assay.scorer/1";
inline constexpr std::string_view kEvaluator = "assay.evaluator/1";
inline constexpr std::string_view kDrift = "assay.drift/1";
inline constexpr std::string_view kValidator = "assay.validator/1";

struct ComponentInfo {
  std::string id;
  std::vector<std::string> capabilities;
  std::string config_schema;  // JSON Schema as canonical JSON; "{}" when the plugin declares none
};

// What is known of a plugin without running it: its embedded descriptor, and where its bytes are.
struct PluginInfo {
  std::string name;  // its descriptor's id
  std::string version;
  Digest digest;       // of the bytes of the shared library
  std::string origin;  // where it was found, for people: a path or a reference
  std::string licence;
  std::vector<ComponentInfo> components;
  std::string descriptor;  // the embedded JSON, byte for byte
};

struct ColumnRole {
  std::string role;  // "label", "weight", "group", "timestamp", "score", "reference_score"
  std::string column;
};

// Rows as a plugin sees them. Batches of `batch_rows` are cut from the table; how they are cut never matters
// to a result.
struct RowSet {
  TablePtr table;
  std::vector<ColumnRole> roles;
  std::optional<Digest> digest;  // of the dataset version
  std::int64_t batch_rows = 65'536;
};

// All operations throw Error: what the plugin said, or that it crashed, or deadline or cancelled. One thread
// at a time.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // `valid` and `warm_start` may be null. `model` receives nothing unless the fit succeeded.
  virtual void fit(const RowSet& train, const RowSet* valid, const BundleSource* warm_start,
                   BundleSink& model, const CallOptions& options, Progress& progress) = 0;
};

// load, bind, then score as often as wanted.
class Scorer {
 public:
  virtual ~Scorer() = default;
  // The model is shared: it may be read again for as long as the scorer lives, by a worker that takes a crashed
  // one's place.
  virtual void load(std::shared_ptr<const BundleSource> model, const CallOptions& options, Progress& progress) = 0;
  // The columns of the answers, given the columns of the input.
  virtual TableSchema bind(const TableSchema& input, const CallOptions& options, Progress& progress) = 0;
  // `rows` must have the bound columns. Cut into batches as it pleases; the answer has as many rows, in the
  // same order, and no NaN or infinity.
  virtual TablePtr score(const TablePtr& rows, const CallOptions& options, Progress& progress) = 0;
};

// One accumulating state of a fold.
class FoldState {
 public:
  virtual ~FoldState() = default;
  virtual void update(const RowSet& rows, const CallOptions& options, Progress& progress) = 0;
  // Adds what `from` saw; it must come from the same Fold and stays as it was.
  virtual void merge(FoldState& from, const CallOptions& options, Progress& progress) = 0;
  virtual void save(BundleSink& out, const CallOptions& options, Progress& progress) = 0;
  // The result table, of the row type that abi.h fixes for the kind of fold; numbers that are null or not
  // finite are none. `extras` (curves and the like) may be null.
  virtual EvidenceRows finish(BundleSink* extras, const CallOptions& options, Progress& progress) = 0;
};

// An evaluator, a drift detector or a validator. States must not outlive it.
class Fold {
 public:
  virtual ~Fold() = default;
  // `reference` (the saved state of the same fold over other rows) may be null.
  virtual std::unique_ptr<FoldState> begin(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                           const BundleSource* reference, const CallOptions& options,
                                           Progress& progress) = 0;
  virtual std::unique_ptr<FoldState> restore(const TableSchema& schema, const std::vector<ColumnRole>& roles,
                                             const BundleSource& saved, const CallOptions& options,
                                             Progress& progress) = 0;
};

// Finds plugins and makes their components. Any thread, concurrently; what it makes is its caller's.
class Plugins {
 public:
  virtual ~Plugins() = default;
  // `wanted` is a path to a library (it ends in ".so"), a digest ("sha256:…"), a name, or a reference
  // ("gbt@2"). Throws not_found naming the nearest plugin and where it looked; unsupported for a plugin that
  // this host cannot run.
  virtual PluginInfo find(std::string_view wanted) = 0;
  // Every plugin that `find` by name would offer without the registry.
  virtual std::vector<PluginInfo> list() = 0;
  // `config` (a JSON object) checked against the component's schema and completed with its defaults,
  // canonical. Throws invalid_argument with the JSON pointer, the value and what is allowed.
  virtual Config complete_config(const PluginInfo& plugin, std::string_view component,
                                 std::string_view config) = 0;
  // Where to keep a table of about `bytes`, so that plugins read it without a copy; null when it is not worth it. One
  // table each: whoever is given one of its rows may see all of it.
  virtual TableMemory table_memory(std::uint64_t bytes);
  // `config` is as complete_config answers.
  virtual std::unique_ptr<Trainer> trainer(const PluginInfo& plugin, std::string_view component,
                                           const Config& config) = 0;
  virtual std::unique_ptr<Scorer> scorer(const PluginInfo& plugin, std::string_view component,
                                         const Config& config) = 0;
  // `capability` is kEvaluator, kDrift or kValidator.
  virtual std::unique_ptr<Fold> fold(const PluginInfo& plugin, std::string_view component,
                                     std::string_view capability, const Config& config) = 0;
};

// The plugin's only component with `capability`, or the one called `component` when that is not empty. Throws
// invalid_argument that lists what the plugin offers.
const ComponentInfo& choose_component(const PluginInfo& plugin, std::string_view component,
                                      std::string_view capability);
// How records name that component.
PluginUse use_of(const PluginInfo& plugin, const ComponentInfo& component);

// ---- The registry, as compute sees it ----

struct ArtifactFile {
  std::string path;
  Digest digest;
  std::uint64_t size = 0;
};

// A version, resolved once to its digest.
struct ArtifactVersion {
  Kind kind;
  std::string reference;  // "default/churn@3"
  Digest digest;          // of its manifest
  std::vector<ArtifactFile> files;
};

// A file to publish; its bytes are in memory.
struct NewFile {
  std::string path;
  std::string media_type;
  std::string bytes;
};

class Artifacts {
 public:
  virtual ~Artifacts() = default;
  // `reference` is as written by people, a version's digest ("sha256:…") included. Throws not_found.
  virtual ArtifactVersion resolve(Kind kind, std::string_view reference) = 0;
  // The dataset version of that manifest digest among the inputs of the run that made `model`. Throws
  // not_found.
  virtual ArtifactVersion resolve_input(const ArtifactVersion& model, const Digest& dataset) = 0;
  // A local copy of one file, verified against its digest; it stays until this object ends.
  virtual std::filesystem::path fetch(const ArtifactVersion& version, const ArtifactFile& file) = 0;
  // The next version of model `name`, whole or not at all.
  virtual ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files,
                                        const Id& run) = 0;
};

class RunLog {
 public:
  virtual ~RunLog() = default;
  virtual Id start(const RunDraft& run) = 0;
  virtual void finish(const Id& run, const RunOutcome& outcome) = 0;
  virtual Id record(const EvidenceDraft& evidence) = 0;
};
inline constexpr std::size_t kMaxRunLogBytes = 256 << 10;  // of a plugin's own words; the end is kept

// What an orchestration works with. Borrowed for the call.
struct Workbench {
  Plugins& plugins;
  Artifacts& artifacts;
  RunLog& runs;
};

}  // namespace assay
