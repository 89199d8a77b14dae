// SPDX-License-Identifier: Apache-2.0
#include "registry/http/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <mutex>
#include <thread>

#include "registry/http/session.h"
#include "storage/base/error.h"
#include "storage/env/entropy.h"

namespace assay::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Connections that the process may have: half of its descriptors, the other half is for files and the
// database.
Limits within_descriptors(Limits limits) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
    limits.connections = std::min<std::size_t>(limits.connections, files.rlim_cur / 2);
  return limits;
}

Options bounded(Options options) {
  options.limits = within_descriptors(options.limits);
  return options;
}

std::string random_prefix() {
  std::array<std::byte, 6> bytes;
  SystemEntropy().fill(bytes);
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace

Shared::Shared(const Options& given, std::shared_ptr<Site> the_site)
    : options(bounded(given)),
      limits(options.limits),
      site(std::move(the_site)),
      workers(limits.workers, limits.queue, site->metrics().pool(Pool::workers)),
      slow(limits.slow_workers, limits.slow_queue, site->metrics().pool(Pool::slow)),
      uploads(limits.uploads, limits.upload_queue, site->metrics().pool(Pool::uploads)),
      id_prefix(random_prefix()) {
  if (options.certificate.empty()) return;
  certificates.emplace(options.certificate, options.key);
  site->metrics().certificate(certificates->expires());
}

const std::string& Shared::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    std::tm utc{};
    std::array<char, 40> text;
    gmtime_r(&now, &utc);
    // The C locale is never left, so the names are the English ones that RFC 9110 wants.
    date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
    date_second_ = now;
  }
  return date_;
}

asio::ssl::context* Shared::certificate() {
  if (!certificates) return nullptr;
  asio::ssl::context& current = certificates->current([this](std::string_view why) {
    log(LogLevel::warning, LogEvent("http_certificate_not_renewed").with("error", why));
  });
  site->metrics().certificate(certificates->expires());
  return &current;
}

struct Server::Impl {
  Impl(const Options& options, std::shared_ptr<Site> site)
      : shared(options, std::move(site)), acceptor(shared.io), pause(shared.io), grace(shared.io) {
    shared.all_closed = [this] { grace.cancel(); };
  }

  Shared shared;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  asio::steady_timer grace;
  std::uint16_t port = 0;
  std::mutex stop_mutex;
  std::thread thread;

  void listen();
  asio::awaitable<void> accept();
  void welcome(tcp::socket socket);
  void begin_stop();
};

void Server::Impl::listen() {
  const Options& options = shared.options;
  error_code ec;
  const asio::ip::address address = asio::ip::make_address(options.address, ec);
  if (ec)
    throw Error(Code::invalid_argument,
                fmt::format("listening on `{}`: that is not an IP address", options.address));
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    throw Error(Code::unavailable,
                fmt::format("listening on {} port {}: {}; stop what uses it or choose another port",
                            options.address, options.port, ec.message()));
  port = acceptor.local_endpoint().port();
}

asio::awaitable<void> Server::Impl::accept() {
  while (!shared.stopping) {
    error_code ec;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (shared.stopping) break;
    if (!ec) {
      welcome(std::move(socket));
      continue;
    }
    // Most likely no descriptor is left. Trying again at once would spin; a closing connection gives one
    // back.
    pause.expires_after(std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

void Server::Impl::welcome(tcp::socket socket) {
  error_code ec;
  const tcp::endpoint remote = socket.remote_endpoint(ec);
  if (ec) return;
  std::string peer = remote.address().to_string();
  const auto same = shared.per_address.find(peer);
  const std::size_t from_there = same == shared.per_address.end() ? 0 : same->second;
  if (shared.sessions.size() >= shared.limits.connections ||
      from_there >= shared.limits.connections_per_address) {
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: "
        "close\r\n\r\n";
    socket.non_blocking(true, ec);
    if (!ec && !shared.certificates) socket.send(asio::buffer(kFull.data(), kFull.size()), 0, ec);
    shared.site->metrics().connection_refused();
    shared.log(LogLevel::warning, LogEvent("http_connection_refused")
                                      .with("peer", peer)
                                      .with("open", shared.sessions.size())
                                      .with("from_peer", from_there));
    return;
  }
  asio::ssl::context* certificate = shared.certificate();
  const auto session = std::make_shared<Session>(shared, std::move(socket), certificate, std::move(peer));
  // The lambda lives as long as the coroutine, and the session with it.
  asio::co_spawn(
      shared.io, [session]() -> asio::awaitable<void> { co_await session->run(); },
      [this](const std::exception_ptr& error) {
        // Out of memory, say: this connection is lost, the server is not.
        if (error) shared.log(LogLevel::error, LogEvent("http_connection_failed").with("error", "unexpected exception"));
      });
}

void Server::Impl::begin_stop() {
  shared.stopping = true;
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  const std::set<Session*> sessions = shared.sessions;
  const auto busy = std::count_if(sessions.begin(), sessions.end(), [](Session* session) { return !session->idle(); });
  if (busy > 0)
    shared.log(LogLevel::info,
               LogEvent("http_stopping").with("requests", busy).with("grace_ms", shared.limits.stop_grace.count()));
  for (Session* session : sessions) session->stop_when_idle();
  if (shared.sessions.empty()) return;
  grace.expires_after(shared.limits.stop_grace);
  grace.async_wait([this](error_code ec) {
    if (ec) return;
    shared.log(LogLevel::warning, LogEvent("http_cut").with("connections", shared.sessions.size()));
    for (Session* session : shared.sessions) session->cut();
  });
}

Server::Server(Options options, std::shared_ptr<Site> site)
    : impl_(std::make_unique<Impl>(options, std::move(site))) {}

Server::~Server() {
  stop();
}

void Server::start() {
  impl_->listen();
  asio::co_spawn(impl_->shared.io, impl_->accept(), asio::detached);
  impl_->thread = std::thread([impl = impl_.get()] { impl->shared.io.run(); });
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::stop() {
  const std::lock_guard lock(impl_->stop_mutex);
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->shared.io, [impl = impl_.get()] { impl->begin_stop(); });
  impl_->thread.join();
  impl_->shared.workers.stop();
  impl_->shared.slow.stop();
  impl_->shared.uploads.stop();
}

}  // namespace assay::http
