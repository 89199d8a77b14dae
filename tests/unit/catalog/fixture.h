// SPDX-License-Identifier: Apache-2.0
// A migrated catalogue in a directory of its own, a clock that stands, and entropy that counts.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/catalog/versions.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

inline const Time kNow = from_milliseconds(1'795'222'923'004);

class SetClock final : public Clock {
 public:
  std::chrono::sys_time<std::chrono::milliseconds> now() const override { return time; }
  Time time = kNow;
};

// 0, 1, 2 … so that every draw is another one.
class CountedEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    const std::uint64_t draw = ++drawn_;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i < 8 ? draw >> (8 * i) : i);
  }

 private:
  std::atomic<std::uint64_t> drawn_ = 0;
};

struct Catalogue {
  TempDir directory;
  std::unique_ptr<Database> database;

  explicit Catalogue(const SqliteOptions& options = {}) {
    database = open_sqlite_database(path(), options);
    database->migrate();
  }
  std::filesystem::path path() const { return directory / "catalog.db"; }
};

inline Manifest manifest_of(const std::string& bytes) {
  return Manifest::build(Kind::model, {{FilePath::parse("w.bin"), Digest::of(bytes), bytes.size(), ""}});
}

// Publishes `bytes` as a model's next version, without any service.
inline Version add_version(Transaction& transaction, const Name& name, const std::string& bytes) {
  const Manifest manifest = manifest_of(bytes);
  return append_version(transaction, {.artifact_id = ensure_artifact(transaction, Kind::model, name, kNow),
                                      .manifest = manifest,
                                      .created_at = kNow,
                                      .created_by = "ann",
                                      .labels = {{"k", "v"}},
                                      .profile = {},
                                      .run_id = {}});
}

}  // namespace assay::test
