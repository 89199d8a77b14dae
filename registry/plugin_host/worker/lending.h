// SPDX-License-Identifier: Apache-2.0
// What the host lends for one request, as the C structs that a plugin reads and writes through: datasets, a source, a
// sink. Each borrows its CallContext and lives as long as the request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/compute/arrow.h"
#include "registry/plugin_host/worker/call_context.h"
#include "registry/plugin_host/worker/lent_settings.h"

namespace assay::worker {

class LentDataset {
 public:
  // `index` is how the host knows it.
  LentDataset(CallContext& context, std::size_t index, const nlohmann::json& description);
  LentDataset(const LentDataset&) = delete;
  LentDataset& operator=(const LentDataset&) = delete;
  const assay_dataset* get() const { return &dataset_; }

 private:
  static assay_status schema(const assay_dataset* dataset, const assay_call* call, ArrowSchema* out);
  static assay_status scan(const assay_dataset* dataset, const assay_call* call,
                           const assay_scan_options* options, ArrowArrayStream* out);

  CallContext& context_;
  std::size_t index_;
  nlohmann::json schema_;
  std::string digest_;
  LentRoles roles_;
  assay_dataset dataset_{};
};

class LentSource {
 public:
  // `entries` is what source_json made; null makes get() null.
  LentSource(CallContext& context, const nlohmann::json& entries);
  LentSource(const LentSource&) = delete;
  LentSource& operator=(const LentSource&) = delete;
  const assay_source* get() const { return present_ ? &source_ : nullptr; }

 private:
  struct Entry {
    std::string name;
    std::uint64_t size;
  };
  struct Reading {
    CallContext& context;
    std::string name;
    std::uint64_t offset = 0;
  };
  static assay_status entry(const assay_source* source, uint32_t index, assay_str* out);
  static assay_status open(const assay_source* source, const assay_call* call, assay_str name,
                           assay_reader* out);
  static assay_status read(const assay_reader* reader, const assay_call* call, void* buffer,
                           uint64_t capacity, uint64_t* got);
  static void close(const assay_reader* reader);

  CallContext& context_;
  bool present_;
  std::vector<Entry> entries_;
  assay_source source_{};
};

class LentSink {
 public:
  explicit LentSink(CallContext& context);
  LentSink(const LentSink&) = delete;
  LentSink& operator=(const LentSink&) = delete;
  const assay_sink* get() const { return &sink_; }

 private:
  static assay_status open(const assay_sink* sink, const assay_call* call, assay_str name,
                           assay_str media_type, assay_writer* out);
  static assay_status write(const assay_writer* writer, const assay_call* call, const void* data,
                            uint64_t size, uint64_t* taken);
  static assay_status finish(const assay_writer* writer, const assay_call* call);
  static void abort(const assay_writer* writer);

  CallContext& context_;
  assay_sink sink_{};
};

}  // namespace assay::worker
