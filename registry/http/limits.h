// SPDX-License-Identifier: Apache-2.0
// Every bound that the HTTP server keeps, by name and with its reason. `Limits` carries them to the server,
// so that a test can shrink one and reach it at once; production uses the defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace assay::http {

// A head fits in one packet train; whoever needs longer than this is holding the connection, not using it.
inline constexpr std::chrono::milliseconds kHeadTimeout{10'000};
// Bearer tokens, traceparent and a long target need about 2 KiB; proxies add a few more.
inline constexpr std::size_t kHeadBytes = 16 * 1024;
// Browsers behind proxies send about forty.
inline constexpr std::size_t kHeadFields = 100;
// The longest path we name has 3 names of 96 and a file path of 1 KiB, each byte perhaps percent-encoded.
inline constexpr std::size_t kTargetBytes = 8 * 1024;
// Idle keep-alive costs a descriptor and a few KiB, no thread. Go's and Python's pools keep theirs about this
// long.
inline constexpr std::chrono::milliseconds kIdleTimeout{75'000};

// A body must bring kBodyWindowBytes in every kBodyWindow (about 1 KiB/s), which the worst mobile line does.
inline constexpr std::chrono::milliseconds kBodyWindow{20'000};
inline constexpr std::uint64_t kBodyWindowBytes = 20 * 1024;
// A client takes one kStreamChunk of an answer, or one kFrugalChunk, within this time (4 or 0.5 KiB/s), else it is stuck.
inline constexpr std::chrono::milliseconds kWriteTimeout{60'000};
// How much of a body is in memory at once, on its way in or out.
inline constexpr std::size_t kStreamChunk = 256 * 1024;

// Answers that are read ahead of being sent, the next piece while one is on its way. Each may hold megabytes (the store
// decodes several chunks ahead), for as long as its client is slow; so few machines have a use for more that the others are
// read a little at a time, when the last of it was taken.
inline constexpr std::size_t kAnswersAhead = 4;
inline constexpr std::size_t kFrugalChunk = 32 * 1024;

// A body up to this length is read at once, by the thread that found it: a ranged read is one step.
inline constexpr std::size_t kShortBody = 64 * 1024;

// Documents are parsed whole. The largest, a version of 10 000 files with paths of 1 KiB, is below 16 MiB.
inline constexpr std::uint64_t kJsonBytes = 16ull * 1024 * 1024;
// Small requests: a promotion, a token, a rollback.
inline constexpr std::uint64_t kSmallJsonBytes = 64 * 1024;
// One scoring request: some hundred thousand rows; more belongs to `assay score`, which streams.
inline constexpr std::uint64_t kScoreBytes = 32ull * 1024 * 1024;
// One file of one version. Bounded so that arithmetic on sizes never overflows; disks are smaller.
inline constexpr std::uint64_t kBlobBytes = 1ull << 40;
// The same as frames, whose heads come on top: room for frames far shorter than anybody needs.
inline constexpr std::uint64_t kFramedBytes = 2 * kBlobBytes;
// Rows of a chunk list in memory at once: those of about 2 GB of a file.
inline constexpr std::size_t kChunkListBytes = 1024 * 1024;
// Whole documents held for all connections together, so that many large ones cannot exhaust memory.
inline constexpr std::uint64_t kBufferedBytes = 256ull * 1024 * 1024;

// Connections in all: the design point of one machine. Lowered at start to what the descriptor limit allows.
inline constexpr std::size_t kConnections = 4096;
// From one address: a build farm behind one NAT, but not all of the above.
inline constexpr std::size_t kConnectionsPerAddress = 1024;

// Threads for work that blocks (SQLite, disk). Readers of SQLite scale to a few; the writer is one.
inline constexpr std::size_t kWorkers = 8;
// Requests waiting for a worker before the next one is told 503: about a second of work.
inline constexpr std::size_t kQueue = 256;
// Threads for requests that take seconds, such as scoring: about the cores of a small machine, and never all
// workers.
inline constexpr std::size_t kSlowWorkers = 4;
// Those that wait for one. Each may take a minute, so a longer queue would only hide that.
inline constexpr std::size_t kSlowQueue = 16;
// Uploads being written at once, each with a thread of its own, so that slow senders never hold a worker.
inline constexpr std::size_t kUploads = 16;
// Uploads waiting for such a thread.
inline constexpr std::size_t kUploadQueue = 64;
// An upload asks for a thread when this much of it, or all, is here: what comes too slowly to be taken never has one.
inline constexpr std::size_t kUploadStart = 16 * 1024;
// What a 503 asks the client to wait.
inline constexpr std::chrono::seconds kRetryAfter{1};

// After a refusal the socket is read and dropped this long and this far, so that the client gets to read the
// answer instead of a reset.
inline constexpr std::chrono::milliseconds kLingerTimeout{2'000};
inline constexpr std::uint64_t kLingerBytes = 4ull * 1024 * 1024;
// How long stop() lets running requests finish.
inline constexpr std::chrono::milliseconds kStopGrace{10'000};

// JSON documents: our deepest is a finding inside rows inside evidence, six levels.
inline constexpr std::size_t kJsonDepth = 32;

struct Limits {
  std::chrono::milliseconds head_timeout = kHeadTimeout;
  std::size_t head_bytes = kHeadBytes;
  std::size_t head_fields = kHeadFields;
  std::size_t target_bytes = kTargetBytes;
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
  std::chrono::milliseconds body_window = kBodyWindow;
  std::uint64_t body_window_bytes = kBodyWindowBytes;
  std::chrono::milliseconds write_timeout = kWriteTimeout;
  std::size_t stream_chunk = kStreamChunk;
  std::size_t answers_ahead = kAnswersAhead;
  std::size_t frugal_chunk = kFrugalChunk;
  std::uint64_t buffered_bytes = kBufferedBytes;
  std::size_t connections = kConnections;
  std::size_t connections_per_address = kConnectionsPerAddress;
  std::size_t workers = kWorkers;
  std::size_t queue = kQueue;
  std::size_t slow_workers = kSlowWorkers;
  std::size_t slow_queue = kSlowQueue;
  std::size_t uploads = kUploads;
  std::size_t upload_queue = kUploadQueue;
  std::size_t upload_start = kUploadStart;
  std::chrono::milliseconds linger_timeout = kLingerTimeout;
  std::uint64_t linger_bytes = kLingerBytes;
  std::chrono::milliseconds stop_grace = kStopGrace;
};

}  // namespace assay::http
