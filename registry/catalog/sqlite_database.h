// SPDX-License-Identifier: Apache-2.0
// The catalogue in one SQLite file. One connection, on a thread of its own, does all writing and
// checkpointing; any number of threads read through a small pool of connections that cannot write. One
// process a file: the daemon holds the data directory's lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "registry/catalog/database.h"
#include "registry/catalog/migrations.h"

namespace assay {

struct CatalogueMeter;

struct SqliteOptions {
  std::size_t readers = 4;         // one blocks only while it reads; more than cores gain nothing
  std::size_t max_waiting = 4096;  // writes queued before `write` throws unavailable
  std::size_t max_group = 256;     // writes that share one commit: bounds how long the first waits
  std::size_t checkpoint_pages = 1000;  // of the log, before they are moved into the file: 4 MB to look through
  std::chrono::milliseconds reader_wait{10'000};    // for a free reader before `read` throws unavailable
  std::chrono::milliseconds read_deadline{30'000};  // a query that runs longer throws deadline
  std::span<const Migration* const> schema = migrations();
  CatalogueMeter* meter = nullptr;  // outlives the database; null: nobody watches
};

// Opens or creates the file at `path` in an existing directory, and moves into it what is left in its log. Throws corrupt when it is a database of
// something else or damaged, unavailable when it cannot be opened. Call migrate() before anything else.
std::unique_ptr<Database> open_sqlite_database(const std::filesystem::path& path,
                                               const SqliteOptions& options = {});

}  // namespace assay
