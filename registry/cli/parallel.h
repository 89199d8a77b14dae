// SPDX-License-Identifier: Apache-2.0
// Many small transfers at once: they cost round trips and waits for the disk rather than bytes.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "registry/client/session.h"

namespace assay::cli {

inline constexpr std::size_t kConnections = 4;

// Calls `work(session, item)` for every item on a few threads, each with a session like `like` of its own.
// Throws what one of them threw; then some items were not visited.
template <class Item, class Work>
void in_parallel(const client::Session& like, const std::vector<Item>& items, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // guards failure
  std::exception_ptr failure;
  const auto run = [&] {
    try {
      client::Session session(like.options());
      for (std::size_t at; (at = next++) < items.size();) work(session, items[at]);
    } catch (...) {
      next = items.size();  // the others stop too
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(kConnections, items.size()); ++i) threads.emplace_back(run);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace assay::cli
