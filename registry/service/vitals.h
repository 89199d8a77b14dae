// SPDX-License-Identifier: Apache-2.0
// What the registry says of itself to whoever watches it: figures of the catalogue, the store, promotions, webhooks and
// jobs, in the order of registry/docs/operations.md. What HTTP counts is http/metrics.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/holdings.h"
#include "registry/catalog/quotas.h"
#include "registry/domain/metric_family.h"
#include "registry/service/services.h"

namespace assay {

class DeliveryWorker;
class Jobs;
struct CatalogueMeter;

// In the data directory: when `assay backup` last copied it, as format_time writes it.
inline constexpr const char* kBackupTimeFile = "backup.time";
// Namespaces with a quota that are shown, the fullest first: the number of series stays bounded.
inline constexpr std::size_t kShownQuotas = 100;
// Looking at every artifact may take this share of one core's time: in a large registry it is done less often.
inline constexpr int kHoldingsShare = 100;

struct VitalSources {
  Services services;
  std::filesystem::path data_dir;
  const CatalogueMeter& catalogue;
  const Jobs& jobs;
  const DeliveryWorker* deliveries = nullptr;   // null: nothing is sent
  std::function<bool()> store_writable = {};    // empty: yes
};

// Any thread may call any method at any time.
class Vitals {
 public:
  // Borrows what it is given. Decisions are counted from now on.
  explicit Vitals(VitalSources sources);

  // A millisecond or so, and every now and then some more for each ten thousand artifacts; see holdings.h.
  std::vector<MetricFamily> families();

 private:
  using Families = std::vector<MetricFamily>;
  struct Held {
    std::vector<Holding> holdings;
    std::vector<Quota> quotas;
  };

  Held held();
  std::map<std::string, std::int64_t> decisions(Snapshot& snapshot);
  void add_holdings(Families& out);
  void add_catalogue(Families& out);
  void add_store(Families& out) const;
  void add_soundness(Families& out) const;
  void add_webhooks(Families& out) const;
  void add_jobs(Families& out) const;

  const VitalSources sources_;
  std::mutex mutex_;  // never held while something is read
  Held held_;
  std::chrono::steady_clock::time_point look_again_{};  // at holdings
  std::int64_t newest_ = 0;                             // decision that is counted
  std::map<std::string, std::int64_t> decisions_;       // by verdict
};

}  // namespace assay
