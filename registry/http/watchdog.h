// SPDX-License-Identifier: Apache-2.0
// Cuts off a socket operation that takes too long. For the session alone; everything is for the I/O thread.
#pragma once

#include <utility>  // Boost 1.74 needs it first on gcc 12

#include <boost/asio.hpp>
#include <chrono>
#include <memory>

namespace assay::http {

// The timer is left running when a deadline is met or moves away, and looks again when it fires: a connection that answers
// request after request sets it once in many, where setting and cancelling it each time cost two system calls an answer.
class Watchdog {
 public:
  // Borrows the socket.
  explicit Watchdog(boost::asio::ip::tcp::socket& socket) : socket_(socket), timer_(socket.get_executor()) {}

  // Cancels whatever the socket is doing after `time`, until disarm().
  void arm(std::chrono::milliseconds time) {
    expired_ = false;
    deadline_ = Clock::now() + time;
    if (!running_ || deadline_ < timer_.expiry()) run();
  }
  void disarm() { deadline_ = Clock::time_point::max(); }
  // Whether it had to, since it was armed last.
  bool expired() const { return expired_; }

 private:
  using Clock = std::chrono::steady_clock;

  void run() {
    running_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([this, alive = std::weak_ptr<void>(alive_), turn = ++turn_](boost::system::error_code ec) {
      if (ec || alive.expired() || turn != turn_) return;
      running_ = false;
      if (deadline_ == Clock::time_point::max()) return;
      if (Clock::now() < deadline_) return run();
      expired_ = true;
      boost::system::error_code ignored;
      socket_.cancel(ignored);
    });
  }

  boost::asio::ip::tcp::socket& socket_;
  boost::asio::steady_timer timer_;
  const std::shared_ptr<void> alive_ = std::make_shared<char>();  // a call may be on its way when this is gone
  Clock::time_point deadline_ = Clock::time_point::max();
  unsigned turn_ = 0;  // tells a late call from the present one
  bool running_ = false;
  bool expired_ = false;
};

}  // namespace assay::http
