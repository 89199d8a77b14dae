// SPDX-License-Identifier: Apache-2.0
// `assay fsck`: everything in a data directory, read and compared. Changes nothing and may run beside a
// server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::daemon {

struct DataProblem {
  std::string where;  // a version, a blob, a file, "catalog" or "audit"
  std::string what;   // one sentence
};

struct DataReport {
  std::uint64_t blobs = 0;  // sound ones
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t versions = 0;
  std::uint64_t unfinished_uploads = 0;
  std::uint64_t audit_entries = 0;
  std::vector<DataProblem> problems;
};

// The catalogue by SQLite's integrity and foreign-key checks; every entry of the audit trail against its tree, and that
// against what was signed last; every version's manifest against its digest;
// every blob that a version needs; every stored blob against its digest. Throws not_found when there is no
// registry in `data_dir`, and corrupt when its catalogue cannot even be opened.
DataReport check_data(const std::filesystem::path& data_dir);

}  // namespace assay::daemon
