// SPDX-License-Identifier: Apache-2.0
// One connection, and what all connections of a server share. Only server.cc, session.cc and session_answer.cc include
// this: they are the only places that know Asio and Beast.
#pragma once

#include <utility>  // Boost 1.74 needs it first on gcc 12

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "registry/http/certificates.h"
#include "registry/http/exchange.h"
#include "registry/http/head.h"
#include "registry/http/server.h"
#include "registry/http/site.h"
#include "registry/http/watchdog.h"
#include "registry/http/wire.h"
#include "registry/http/work_pool.h"

namespace assay::http {

// Asio's way of waiting for an operation and having its error in `ec`.
inline auto into(boost::system::error_code& ec) {
  return boost::asio::redirect_error(boost::asio::use_awaitable, ec);
}

class Session;

// Belongs to the I/O thread, except what says otherwise.
struct Shared {
  Shared(const Options& given, std::shared_ptr<Site> the_site);

  const Options options;
  const Limits& limits;
  const std::shared_ptr<Site> site;
  std::optional<Certificates> certificates;
  boost::asio::io_context io{1};
  WorkPool workers;  // any thread
  WorkPool slow;     // any thread
  WorkPool uploads;  // any thread
  std::set<Session*> sessions;
  std::map<std::string, std::size_t> per_address;
  std::uint64_t buffered = 0;  // bytes of whole bodies, and of beginnings of others, in memory
  std::size_t answers_ahead = 0;
  std::uint64_t requests = 0;
  std::string id_prefix;  // of request ids: differs from start to start
  bool stopping = false;
  std::function<void()> all_closed;  // called when the last session ends

  void log(LogLevel level, const LogEvent& event) const {
    if (options.log) options.log(level, event);
  }
  // For connections that begin now; null without TLS.
  boost::asio::ssl::context* certificate();
  // The Date field, made once a second.
  const std::string& date();

 private:
  std::string date_;
  std::time_t date_second_ = 0;
};

// Something that a coroutine on the I/O thread waits for. Both methods are for that thread.
class Signal {
 public:
  explicit Signal(boost::asio::io_context& io) : timer_(io) {}
  void set();
  // Returns once set() was called, now or since the last wait.
  boost::asio::awaitable<void> wait();

 private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  // In the clear when `certificate` is null.
  Session(Shared& shared, boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* certificate, std::string peer);
  ~Session();

  // Answers requests until either side has enough. Keeps the session alive while it runs.
  boost::asio::awaitable<void> run();
  bool idle() const { return idle_; }  // no request has begun
  void stop_when_idle();               // closes now if it is
  void cut();             // closes whatever is going on

 private:
  enum class Head { complete, closed, refused };
  enum class Bound { queue, none };  // whether a job may be refused

  boost::asio::awaitable<bool> shake_hands();  // whether there is anybody to talk to
  boost::asio::awaitable<void> take_leave();
  boost::asio::awaitable<Head> read_head();
  boost::asio::awaitable<bool> converse();                     // one exchange; whether another may follow
  boost::asio::awaitable<void> answer(Exchange& exchange);     // decides the response
  boost::asio::awaitable<void> on_worker(Exchange& exchange);  // as answer(), for what may block
  boost::asio::awaitable<bool> in_pool(WorkPool& pool, Haste haste, std::function<void()> job);
  // Starts a job that sets `done` when it has ended, on the I/O thread; at once when the pool refuses it.
  bool begin_job(WorkPool& pool, Bound bound, Haste haste, bool& done, std::function<void()> job);
  boost::asio::awaitable<void> await_job(const bool& done);
  // Appends the body to `body` until that has `most` bytes or it ends; false when it was refused or lost. The bytes are
  // counted in shared_.buffered, from which the caller takes them again.
  boost::asio::awaitable<bool> gather(Exchange& exchange, std::string& body, std::size_t most);
  boost::asio::awaitable<void> streamed_body(Exchange& exchange);
  boost::asio::awaitable<std::optional<Problem>> read_some(Exchange& exchange, std::span<std::byte> into,
                                                           std::size_t& n);
  boost::asio::awaitable<std::size_t> read_announced(const Exchange& exchange, std::span<std::byte> into,
                                                     boost::system::error_code& ec);
  boost::asio::awaitable<std::size_t> read_chunked(std::span<std::byte> into, boost::system::error_code& ec);
  bool body_complete(const Exchange& exchange) const;
  boost::asio::awaitable<bool> continue_100(Exchange& exchange);
  boost::asio::awaitable<bool> write(std::string_view bytes);
  boost::asio::awaitable<bool> write_response(Exchange& exchange);
  boost::asio::awaitable<bool> write_source(Exchange& exchange);
  boost::asio::awaitable<void> linger();

  bool parse(Exchange& exchange, std::size_t head);
  void finish(const Exchange& exchange);

  Shared& shared_;
  Wire wire_;
  const std::string peer_;
  Watchdog watchdog_;
  bool idle_ = true;
  bool first_ = true;
  bool shaken_ = false;  // hands, over TLS
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::buffer_body>> parser_;
  std::optional<Refusal> refusal_;
  Signal signal_;
};

}  // namespace assay::http
