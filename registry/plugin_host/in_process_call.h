// SPDX-License-Identifier: Apache-2.0
// The call context and what a call lends, for a plugin in this very process: the C structs of abi.h over our own
// rows, bundles and listeners.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "assay/abi.h"
#include "assay/ext/scratch.h"
#include "registry/plugin_host/bundle_stage.h"
#include "registry/plugin_host/scratch.h"
#include "registry/plugin_host/worker/lent_settings.h"

namespace assay {

// What a plugin in this process is told of its host. Lives for ever.
const assay_host* this_host();

// One operation under way. Borrows options and listener.
class InProcessCall {
 public:
  InProcessCall(const CallOptions& options, Progress& progress);
  InProcessCall(const InProcessCall&) = delete;
  InProcessCall& operator=(const InProcessCall&) = delete;
  ~InProcessCall();

  const assay_call* get() const { return &call_; }
  // Throws what the plugin told, unless `status` is OK. `subject` says who attempted what.
  void must(assay_status status, std::string_view subject) const;
  // Attaches the reason of a failure on our own side.
  void explain(std::string message, std::string details = {});
  // Room on disk until this ends; throws as Scratch does.
  void* take_scratch(std::uint64_t bytes);
  void give_back_scratch(const void* memory);

  static InProcessCall& of(const assay_call* call) { return *static_cast<InProcessCall*>(call->host_data); }

 private:
  static assay_status fail(const assay_call* call, assay_status status, assay_str message, assay_str details);
  static assay_status should_stop(const assay_call* call);
  static void progress(const assay_call* call, double fraction, assay_str what);
  static void log(const assay_call* call, int32_t level, assay_str message);
  static void metric(const assay_call* call, assay_str name, int64_t step, double value);

  const CallOptions& options_;
  Progress& progress_;
  assay_call call_{};
  mutable std::mutex mutex_;  // guards what follows; a plugin may report from threads of its own
  std::string message_, details_;
  struct Mapped {
    void* memory;
    std::uint64_t size, id;
  };
  std::optional<Scratch> scratch_;  // once it is asked for
  std::vector<Mapped> mapped_;
};

// Rows as a dataset. Borrows them.
class InProcessDataset {
 public:
  explicit InProcessDataset(const RowSet& rows);
  InProcessDataset(const InProcessDataset&) = delete;
  InProcessDataset& operator=(const InProcessDataset&) = delete;
  const assay_dataset* get() const { return &dataset_; }

 private:
  static assay_status schema(const assay_dataset* dataset, const assay_call* call, ArrowSchema* out);
  static assay_status scan(const assay_dataset* dataset, const assay_call* call, const assay_scan_options* options,
                           ArrowArrayStream* out);

  const RowSet& rows_;
  std::string digest_;
  worker::LentRoles roles_;
  assay_dataset dataset_{};
};

// A stored bundle as a source; null makes get() null. Borrows it.
class InProcessSource {
 public:
  explicit InProcessSource(const BundleSource* source);
  InProcessSource(const InProcessSource&) = delete;
  InProcessSource& operator=(const InProcessSource&) = delete;
  const assay_source* get() const { return bundle_ == nullptr ? nullptr : &source_; }

 private:
  struct Reading {
    const BundleSource& bundle;
    std::string name;
    std::uint64_t offset = 0;
  };
  static assay_status entry(const assay_source* source, uint32_t index, assay_str* out);
  static assay_status open(const assay_source* source, const assay_call* call, assay_str name, assay_reader* out);
  static assay_status read(const assay_reader* reader, const assay_call* call, void* buffer, uint64_t capacity,
                           uint64_t* got);
  static void close(const assay_reader* reader);

  const BundleSource* bundle_;
  std::vector<BundleEntry> entries_;
  assay_source source_{};
};

// A sink whose entries are kept only by take().
class InProcessSink {
 public:
  InProcessSink();
  InProcessSink(const InProcessSink&) = delete;
  InProcessSink& operator=(const InProcessSink&) = delete;
  const assay_sink* get() const { return &sink_; }
  MemoryBundle take() { return stage_.take(); }

 private:
  static assay_status open(const assay_sink* sink, const assay_call* call, assay_str name, assay_str media_type,
                           assay_writer* out);
  static assay_status write(const assay_writer* writer, const assay_call* call, const void* data, uint64_t size,
                            uint64_t* taken);
  static assay_status finish(const assay_writer* writer, const assay_call* call);
  static void abort(const assay_writer* writer);

  BundleStage stage_;
  assay_sink sink_{};
};

}  // namespace assay
