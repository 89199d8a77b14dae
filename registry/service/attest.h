// SPDX-License-Identifier: Apache-2.0
// Evidence that the registry makes itself: its own worker runs an evaluator, detector or validator that its operator
// installed, on what is stored here. Nothing else is `attested`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/compute/evidence_result.h"
#include "registry/compute/time_scoring.h"
#include "registry/service/services.h"

namespace assay {

// Where the server computes. Any thread.
class ServerBench {
 public:
  virtual ~ServerBench() = default;
  virtual Plugins& plugins() = 0;
  // Brings stored files to this machine, whoever asks; they go with it.
  virtual std::unique_ptr<Artifacts> copies() = 0;
  // As compute/environment.h says it.
  virtual std::string environment() = 0;
};

struct AttestWish {
  EvidenceKind kind = EvidenceKind::evaluation;
  std::string plugin = {};     // the name of one that is installed on the server; none of a timing
  std::string component = {};  // empty: the only one that fits
  std::string config = "{}";
  std::uint64_t seed = 0;
  std::string model = {};      // none of a validation
  std::string data = {};       // a dataset
  std::string reference = {};  // a comparison's other model; a dataset to look back to; empty: none, or as the kind has it
  std::string label = {};
  std::string group = {};
  std::optional<TimingRequest> timing = {};  // then an evaluation says how long the model takes, its names filled in here
};

// From {"kind","plugin","component","config","seed","model","data","reference","label","group"}, or for a timing
// {"kind","model","data","timing":{"batches","calls"}}. Throws invalid_argument, also for a plugin that is not a plain name: a file of the server is nobody's to name, and what
// somebody pushed is not what the operator installed.
AttestWish parse_attest_wish(std::string_view body);

// Needs what starting a run and recording evidence need. Throws as they do, and as the plugin does.
EvidenceResult attest(const Services& services, const Principal& caller, const AttestWish& wish, ServerBench& bench,
                      const CallOptions& options, Progress& progress);

}  // namespace assay
