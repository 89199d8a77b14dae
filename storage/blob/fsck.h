// SPDX-License-Identifier: Apache-2.0
// Reads every stored byte of a local blob store and says what is wrong. Changes nothing, needs no lock, and
// may run beside a server; repairing is another command.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/base/digest.h"
#include "storage/env/files.h"

namespace assay {

struct FsckProblem {
  std::optional<Digest> digest;  // the blob concerned; none for a stray file
  std::string path;              // within the store; empty for a missing blob
  std::string what;              // one sentence
};

struct FsckReport {
  std::uint64_t blobs = 0;         // sound ones
  std::uint64_t raw_bytes = 0;     // of those
  std::uint64_t stored_bytes = 0;  // of those
  std::uint64_t unfinished = 0;  // uploads in progress or interrupted: no problem, swept when the store opens
  std::vector<FsckProblem> problems;

  bool clean() const { return problems.empty(); }
};

struct FsckOptions {
  std::span<const Digest> required = {};  // blobs that must be there; whoever is missing is a problem
  std::function<void(const FsckReport&)> progress = {};  // called after every blob; may be empty
};

// `files` is the tree of a local blob store. Throws only when a directory cannot be read.
FsckReport fsck(const Files& files, const FsckOptions& options = {});
// The same for the store in `directory` (DIR/blobs). Throws not_found when there is none.
FsckReport fsck(const std::filesystem::path& directory, const FsckOptions& options = {});

}  // namespace assay
