// SPDX-License-Identifier: Apache-2.0
// What every use case works with. One use case a file; each checks the caller's permission itself, first.
#pragma once

namespace assay {

class BlobStore;
class CheckpointKeeper;
class Clock;
class Database;
class DiskGauge;
class Entropy;
class Maintenance;

// Borrows everything; registry/daemon owns the parts and outlives it. Copy it freely; any thread.
struct Services {
  Database& database;
  BlobStore& blobs;
  const Clock& clock;
  Entropy& entropy;
  Maintenance* maintenance = nullptr;  // of the same store; null: collecting and scrubbing are unavailable
  const DiskGauge* disk = nullptr;     // of the data directory; null: room is never asked for
  CheckpointKeeper* checkpoints = nullptr;  // of the audit trail; null: they are unavailable
};

}  // namespace assay
