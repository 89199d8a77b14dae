// SPDX-License-Identifier: Apache-2.0
// A proxy before a server that cuts connections after so many bytes from the client, as a bad line does.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace assay::test {

class CuttingProxy {
 public:
  // Listens on a free loopback port and passes everything on to `port`.
  explicit CuttingProxy(std::uint16_t port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  std::uint16_t port() const { return port_; }
  // The next `times` connections that bring (or, of answers, take) this many bytes are cut there.
  void cut_requests_after(std::uint64_t bytes, int times);
  void cut_answers_after(std::uint64_t bytes, int times);
  int cuts_left() const { return cuts_; }
  std::uint64_t sent_up() const { return up_; }      // bytes from clients, so far
  std::uint64_t sent_down() const { return down_; }  // to them

 private:
  void run();
  void serve(int client);

  std::uint16_t target_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> up_limit_;
  std::atomic<std::uint64_t> down_limit_;
  std::atomic<int> cuts_ = 0;
  std::atomic<std::uint64_t> up_ = 0;
  std::atomic<std::uint64_t> down_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> connections_;  // the accepting thread's
  std::jthread thread_;
};

}  // namespace assay::test
