// SPDX-License-Identifier: Apache-2.0
// The work that the catalogue's crash tests interrupt: every use case that writes, each a chapter that can be told again
// from the catalogue as it found it, with the same ids at the same times. So after a crash the catalogue must be, row by
// row, what it was after the last commit that was acknowledged, or after the one that was being made.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/decision.h"
#include "registry/domain/merkle.h"
#include "registry/service/services.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/memory_maintenance.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

// Everything that is in a catalogue.
struct CatalogueState {
  std::map<std::string, Digest> tables;  // of their rows; and of the schema, under "sqlite_schema"
  std::optional<TreeHead> trail{};       // none in a schema that has no tree yet

  bool operator==(const CatalogueState&) const = default;
};
CatalogueState state_of(Snapshot& snapshot);
CatalogueState state_of(Database& database);
// The tables that differ, for messages.
std::string difference(const CatalogueState& one, const CatalogueState& other);

// As `inner`, and calls `committed` after each write, before its caller hears of it.
class ObservedDatabase final : public Database {
 public:
  ObservedDatabase(Database& inner, std::function<void()> committed) : inner_(inner), committed_(std::move(committed)) {}
  void migrate() override { inner_.migrate(); }
  std::uint64_t commits() const override { return inner_.commits(); }

 private:
  void run_read(const std::function<void(Snapshot&)>& fn) override { inner_.read(fn); }
  void run_write(const std::function<void(Transaction&)>& fn) override {
    inner_.write(fn);
    committed_();
  }

  Database& inner_;
  const std::function<void()> committed_;
};

// As `inner`, but what it would free stays: chapters are told again.
class KeepingMaintenance final : public Maintenance {
 public:
  explicit KeepingMaintenance(Maintenance& inner) : inner_(inner) {}
  GcReport collect_garbage(const GcRequest& request) override {
    GcRequest look = request;
    look.dry_run = true;
    return inner_.collect_garbage(look);
  }
  ScrubReport scrub(const ScrubRequest& request) override { return inner_.scrub(request); }
  Explanation explain(const Digest& digest) const override { return inner_.explain(digest); }
  Savings savings(const std::vector<Digest>& blobs) const override { return inner_.savings(blobs); }

 private:
  Maintenance& inner_;
};

// A log of few pages, so that chapters meet checkpoints and logs that begin anew.
inline const SqliteOptions kStoryOptions{.checkpoint_pages = 16};

class CatalogueStory {
 public:
  struct Chapter {
    std::string name;
    std::function<void(const Services&)> work;
    Time at{};
    std::uint64_t drawn = 0;             // from the entropy, before it
    std::filesystem::path before{};      // a copy of the catalogue's file
    std::vector<CatalogueState> states{};  // before it, and after each of its commits
  };

  // Tells it once.
  CatalogueStory();

  const std::vector<Chapter>& chapters() const { return chapters_; }
  // Tells a chapter on a catalogue that is as it found it.
  void tell(const Chapter& chapter, Database& database);

 private:
  class StoryClock final : public Clock {
   public:
    Time now() const override { return from_milliseconds(now_); }
    void set(Time time) { now_ = to_milliseconds(time); }

   private:
    std::atomic<std::int64_t> now_ = 0;
  };
  // 1, 2, 3 …
  class StoryEntropy final : public Entropy {
   public:
    void fill(std::span<std::byte> out) override;
    std::atomic<std::uint64_t> drawn = 0;
  };

  using Work = std::function<void(const Services&)>;
  void publishing();
  void measuring();
  void deciding();
  void keeping();
  void letting_in();
  void telling_others();
  void signing();
  void removing();
  void chapter(std::string name, Work work) { chapters_.push_back({.name = std::move(name), .work = std::move(work)}); }
  void record(Chapter& chapter);
  Services services(Database& database);
  Principal principal(const std::string& name, Role role);
  Version push(const Services& services, Kind kind, const std::string& name, const std::string& contents) const;
  Decision ask(const Services& services, const std::string& stage, const std::string& version) const;

  TempDir directory_;
  StoryClock clock_;
  StoryEntropy entropy_;
  MemoryBlobStore blobs_;
  MemoryMaintenance memory_{blobs_};
  KeepingMaintenance maintenance_{memory_};
  Principal admin_ = principal("ada", Role::admin), promoter_ = principal("bo", Role::promoter);
  std::map<std::string, Version> versions_;  // what later chapters speak of
  std::map<std::string, Id> ids_;
  std::vector<Chapter> chapters_;
};

}  // namespace assay::test
