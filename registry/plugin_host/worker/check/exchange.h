// SPDX-License-Identifier: Apache-2.0
// Bundles in memory as a plugin reads and writes them: pieces of a chosen size, a failure at a chosen operation,
// and a record of every step that the contract forbids.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>

#include "registry/plugin_host/worker/check/subject.h"

namespace assay::worker::check {

// What happens to the bundles of a run. The first misuse is kept.
struct Watch {
  std::int64_t fail_after = std::numeric_limits<std::int64_t>::max();  // operations that succeed before ASSAY_E_IO
  std::int64_t operations = 0, failed = 0;
  std::string misuse;

  void note(const std::string& what) {
    if (misuse.empty()) misuse = what;
  }
  // Counts an operation; true when it is the one to fail.
  bool fails() {
    const bool failing = operations++ >= fail_after;
    failed += failing ? 1 : 0;
    return failing;
  }
};

// Where one operation writes a bundle.
class Sink {
 public:
  Sink(fake::FakeBundle& bundle, std::size_t step_bytes, Watch& watch);
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  // To be called when the operation has returned `status`.
  void returned(assay_status status);

  assay_sink raw{};

 private:
  struct Entry {
    Sink* sink;
    std::string name, bytes;
    bool ended = false, finished = false;
    void end(bool well);
  };
  static assay_status open(const assay_sink* it, const assay_call*, assay_str name, assay_str, assay_writer* out);

  fake::FakeBundle& bundle_;
  std::size_t step_;
  Watch& watch_;
  std::deque<Entry> entries_;  // kept after their end, so that a second end is seen
};

// What one operation reads a bundle from.
class Source {
 public:
  Source(const fake::FakeBundle& bundle, std::size_t step_bytes, Watch& watch);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  void returned();

  assay_source raw{};

 private:
  struct Entry {
    Source* source;
    std::string_view rest;
    bool closed = false;
  };
  static assay_status open(const assay_source* it, const assay_call*, assay_str name, assay_reader* out);

  const fake::FakeBundle& bundle_;
  std::size_t step_;
  Watch& watch_;
  std::deque<Entry> entries_;
};

}  // namespace assay::worker::check
