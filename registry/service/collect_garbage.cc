// SPDX-License-Identifier: Apache-2.0
#include "registry/service/collect_garbage.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/catalog/live_blobs.h"
#include "registry/catalog/request_keys.h"
#include "registry/catalog/uploads.h"
#include "registry/domain/canonical_json.h"
#include "registry/service/request_key.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// Rows of one transaction: nobody waits longer than some 10 ms for the writer.
constexpr int kForgetAtOnce = 1000;
// Between two words on how far marking has come.
constexpr std::uint64_t kTellEvery = 1000;

class Collection {
 public:
  Collection(const Services& services, const Principal& caller, const GarbageRequest& request)
      : services_(services), caller_(caller), request_(request), since_(services.clock.now() - kUploadGrace) {
    report_.dry_run = request.dry_run;
  }

  GarbageReport run() {
    tell("mark");
    GcRequest wish;
    wish.dry_run = request_.dry_run;
    wish.stop = [this] { return stopping(); };
    wish.roots = [this](const auto& keep) { mark(keep); };
    report_.store = services_.maintenance->collect_garbage(wish);
    report_.stopped = stopping();
    if (request_.dry_run) return report_;
    tell("forget");
    // Those that were too old to be roots, and no others.
    report_.uploads_forgotten = forget(
        [this](Transaction& transaction) { return forget_uploads(transaction, since_, kForgetAtOnce); });
    forget([before = services_.clock.now() - kRequestKeyLife](Transaction& transaction) {
      return forget_request_keys(transaction, before, kForgetAtOnce);
    });
    services_.database.write([&](Transaction& transaction) { write_audit(transaction); });
    return report_;
  }

 private:
  bool stopping() const { return request_.stop && request_.stop(); }
  void tell(const std::string& step) const {
    if (request_.progress) request_.progress(step, report_.kept);
  }

  void mark(const std::function<void(const Digest&)>& keep) {
    for_each_live_blob(services_.database, since_, [&](const Digest& digest) {
      keep(digest);
      if (++report_.kept % kTellEvery != 0) return;
      tell("mark");
      // A collection that does not know all its roots must not go on.
      if (stopping()) throw Error(Code::cancelled, "The collection was stopped before it began to free");
    });
    tell("collect");
  }

  // Removes rows by `some`, a bunch at a time, until there are no more; how many.
  template <class Some>
  std::uint64_t forget(const Some& some) const {
    std::uint64_t total = 0;
    for (std::int64_t gone = kForgetAtOnce; gone == kForgetAtOnce;) {
      gone = services_.database.write(some);
      total += static_cast<std::uint64_t>(gone);
    }
    return total;
  }

  void write_audit(Transaction& transaction) const {
    nlohmann::json details = report_;
    details.erase("largest_dead");
    details["token"] = caller_.id.text();
    append_audit(transaction, {.time = services_.clock.now(),
                               .actor = caller_.name,
                               .action = "collect_garbage",
                               .subject = "blobs",
                               .details = canonical(details)});
  }

  const Services services_;
  const Principal& caller_;
  const GarbageRequest& request_;
  const Time since_;
  GarbageReport report_;
};

}  // namespace

void to_json(nlohmann::json& json, const GarbageReport& report) {
  const GcReport& store = report.store;
  json = {{"dry_run", report.dry_run},
          {"stopped", report.stopped},
          {"live_blobs", store.live_blobs},
          {"live_bytes", store.live_bytes},
          {"dead_blobs", store.dead_blobs},
          {"dead_bytes", store.dead_bytes},
          {"freed_bytes", store.freed_bytes},
          {"packs_removed", store.packs_removed},
          {"packs_rewritten", store.packs_rewritten},
          {"packs_skipped", store.packs_skipped},
          {"packs_without_room", store.packs_without_room},
          {"chunks_rebased", store.chunks_rebased},
          {"largest_dead", nlohmann::json::array()},
          {"uploads_forgotten", report.uploads_forgotten}};
  for (const Digest& digest : store.largest_dead) json["largest_dead"].push_back(digest.text());
}

GarbageReport collect_garbage(const Services& services, const Principal& caller,
                              const GarbageRequest& request) {
  require_everywhere(caller, Permission::admin);
  if (services.maintenance == nullptr)
    throw Error(Code::unavailable, "This registry's store cannot collect garbage");
  return Collection(services, caller, request).run();
}

}  // namespace assay
