// SPDX-License-Identifier: Apache-2.0
// The life of a connection, as one coroutine on the I/O thread: head, checks, body, answer (session_answer.cc), and again.
// Whatever may block is sent to a pool and waited for; nothing here does.
#include "registry/http/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cstring>
#include <limits>

#include "registry/http/body_pipe.h"

namespace assay::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

// What a connection has room for at once while its head arrives, which most heads fit in; it keeps that while it rests.
constexpr std::size_t kHeadRoom = 2 * 1024;
// The same of a document.
constexpr std::size_t kLeastRoom = 1024, kMostRoom = 64 * 1024;

// A client's own id is kept when it is short and plain enough for a log line.
bool plain_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

void Signal::set() {
  set_ = true;
  timer_.cancel();
}

asio::awaitable<void> Signal::wait() {
  while (!set_) {
    error_code ignored;
    timer_.expires_at(Clock::time_point::max());
    co_await timer_.async_wait(into(ignored));
  }
  set_ = false;
}

Session::Session(Shared& shared, asio::ip::tcp::socket socket, asio::ssl::context* certificate, std::string peer)
    : shared_(shared),
      wire_(std::move(socket), certificate),
      peer_(std::move(peer)),
      watchdog_(wire_.socket()),
      // A head and one read of its body: chunk headers are bounded by the same.
      buffer_(shared.limits.head_bytes + 64 * 1024),
      signal_(shared.io) {
  shared_.sessions.insert(this);
  ++shared_.per_address[peer_];
  shared_.site->metrics().connections(shared_.sessions.size());
}

Session::~Session() {
  shared_.sessions.erase(this);
  if (const auto entry = shared_.per_address.find(peer_); --entry->second == 0)
    shared_.per_address.erase(entry);
  shared_.site->metrics().connections(shared_.sessions.size());
  if (shared_.sessions.empty() && shared_.all_closed) shared_.all_closed();
}

void Session::stop_when_idle() {
  if (idle_) cut();
}

void Session::cut() {
  error_code ignored;
  wire_.socket().close(ignored);
}

asio::awaitable<void> Session::run() {
  const auto self = shared_from_this();
  error_code ignored;
  wire_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  bool again = co_await shake_hands();
  while (again && !shared_.stopping && wire_.socket().is_open()) again = co_await converse();
  watchdog_.disarm();
  co_await take_leave();
  wire_.socket().close(ignored);
}

asio::awaitable<bool> Session::shake_hands() {
  if (!wire_.encrypted()) co_return true;
  error_code ec;
  watchdog_.arm(shared_.limits.head_timeout);
  co_await wire_.async_handshake(into(ec));
  watchdog_.disarm();
  shaken_ = !ec;
  co_return shaken_;
}

// That the answer was whole its length says; this tells those who would rather hear it from TLS too.
asio::awaitable<void> Session::take_leave() {
  if (!shaken_ || shared_.stopping || !wire_.socket().is_open()) co_return;
  error_code ignored;
  watchdog_.arm(shared_.limits.linger_timeout);
  co_await wire_.async_farewell(into(ignored));
  watchdog_.disarm();
}

asio::awaitable<Session::Head> Session::read_head() {
  std::size_t scanned = 0;
  idle_ = buffer_.size() == 0;
  // The first head of a connection is due at once; between requests a connection may rest.
  watchdog_.arm(idle_ && !first_ ? shared_.limits.idle_timeout : shared_.limits.head_timeout);
  first_ = false;
  for (;;) {
    std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    while (scanned == 0 &&
           bytes.starts_with("\r\n")) {  // RFC 9112, 2.2: an empty line before a request is skipped
      buffer_.consume(2);
      bytes.remove_prefix(2);
    }
    if (const std::size_t size = head_size(bytes.substr(0, shared_.limits.head_bytes), scanned)) {
      watchdog_.disarm();
      refusal_ = check_head(bytes.substr(0, size), shared_.limits, shared_.options.allowed_hosts);
      co_return refusal_ ? Head::refused : Head::complete;
    }
    refusal_ = check_part(bytes, scanned);
    if (!refusal_ && bytes.size() >= shared_.limits.head_bytes)
      refusal_ =
          Refusal{431, fmt::format("the request head is longer than {} bytes", shared_.limits.head_bytes)};
    if (refusal_) co_return Head::refused;
    scanned = bytes.size();

    error_code ec;
    const auto space = buffer_.prepare(std::min(kHeadRoom, buffer_.max_size() - buffer_.size()));
    const std::size_t n = co_await wire_.async_read_some(space, into(ec));
    buffer_.commit(n);
    if (ec && watchdog_.expired() && !idle_) {
      refusal_ = Refusal{408, fmt::format("the request head did not arrive within {} ms",
                                          shared_.limits.head_timeout.count())};
      co_return Head::refused;
    }
    if (ec || shared_.stopping) co_return Head::closed;
    if (idle_) watchdog_.arm(shared_.limits.head_timeout);
    idle_ = false;
  }
}

asio::awaitable<bool> Session::converse() {
  const Head head = co_await read_head();
  if (head == Head::closed) co_return false;
  watchdog_.disarm();
  Exchange exchange;
  shared_.site->metrics().started();
  exchange.request.id = fmt::format("{}-{}", shared_.id_prefix, ++shared_.requests);
  exchange.request.peer = peer_;
  exchange.request.body = &exchange.no_body;
  if (head == Head::refused) {
    exchange.close = exchange.linger = true;
    exchange.refuse(problem_of(refusal_->status, refusal_->detail));
  } else {
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    if (parse(exchange, head_size(bytes, 0))) co_await answer(exchange);
  }
  bool again = false;
  if (!exchange.broken) again = co_await write_response(exchange);
  finish(exchange);
  if (!exchange.broken && exchange.linger) co_await linger();
  // A resting connection keeps no room for a body.
  if (buffer_.size() == 0 && buffer_.capacity() > shared_.limits.head_bytes) buffer_.shrink_to_fit();
  co_return again && !exchange.close;
}

// Fills the request from the head of `head` bytes at the front of the buffer; false when it was refused
// instead.
bool Session::parse(Exchange& exchange, std::size_t head) {
  namespace http = beast::http;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.head_bytes + 2));
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // each route has its own; see check()
  error_code ec;
  const std::size_t used = parser_->put(asio::buffer(buffer_.data(), head), ec);
  buffer_.consume(used);
  exchange.close = true;
  exchange.linger = true;
  if (ec || !parser_->is_header_done()) {
    exchange.refuse(problem_of(400, "the request head is malformed: " + ec.message()));
    return false;
  }
  Request& request = exchange.request;
  const auto& message = parser_->get();
  request.method =
      method_from(std::string_view(message.method_string().data(), message.method_string().size()));
  for (const auto& field : message)
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  if (const std::string* id = request.headers.find("x-request-id"); id && plain_id(*id)) request.id = *id;
  if (const auto length = parser_->content_length(); length) request.body_size = *length;
  if (!parser_->chunked() && !request.body_size) request.body_size = 0;
  try {
    request.target = Target::parse(std::string_view(message.target().data(), message.target().size()));
    exchange.match = shared_.site->routes().match(request.method, request.target);
    request.query = Query::parse(request.target.raw_query);
  } catch (...) {
    exchange.match = Match();
    exchange.refuse(problem_of(std::current_exception()));
    return false;
  }
  request.captured = exchange.match.captured;
  exchange.http10 = message.version() < 11;
  exchange.close = !parser_->keep_alive();
  exchange.linger = false;
  return true;
}

asio::awaitable<void> Session::answer(Exchange& exchange) {
  if (const std::optional<Problem> problem = check(exchange)) {
    exchange.refuse(*problem);
  } else if (exchange.route()->place == Place::io_thread) {
    handle(*shared_.site, exchange);
  } else {
    co_await on_worker(exchange);
  }
  // What was not read would be taken for the next request.
  if (!body_complete(exchange)) exchange.close = exchange.linger = true;
}

namespace {

Problem busy() {
  return problem_of(503, "the server has as much work as it takes; try again in a moment");
}

}  // namespace

asio::awaitable<void> Session::on_worker(Exchange& exchange) {
  const Site& site = *shared_.site;
  const Route& route = *exchange.route();
  WorkPool& pool = route.place == Place::slow_worker ? shared_.slow : shared_.workers;
  const bool one_job = body_complete(exchange) && route.place == Place::worker;
  // Who calls is settled before a byte of the body is read, and before 100 Continue.
  bool admitted = false;
  std::function<void()> first = [&] {
    admitted = admit(site, exchange);
    if (admitted && one_job) handle(site, exchange);
  };
  const bool reads = exchange.request.method == Method::get || exchange.request.method == Method::head;
  const Haste haste = reads ? Haste::computes : Haste::waits;
  if (!co_await in_pool(shared_.workers, haste, std::move(first))) {
    exchange.refuse(busy());
    co_return;
  }
  if (!admitted || one_job) co_return;
  if (route.body == BodyKind::streamed && !body_complete(exchange)) {
    co_await streamed_body(exchange);
    co_return;
  }
  std::string body;
  if (co_await gather(exchange, body, std::numeric_limits<std::size_t>::max())) {
    TextReader reader(body);
    exchange.request.body = &reader;
    std::function<void()> last = [&] { handle(site, exchange); };
    if (!co_await in_pool(pool, haste, std::move(last))) exchange.refuse(busy());
    exchange.request.body = &exchange.no_body;
  }
  shared_.buffered -= body.size();
}

bool Session::begin_job(WorkPool& pool, Bound bound, Haste haste, bool& done, std::function<void()> job) {
  done = false;
  const auto finished = [this, &done] {
    done = true;
    signal_.set();
  };
  // Plain pointers: this coroutine keeps the session until `finished` has run on the I/O thread. A worker
  // that shared in owning it could be the last to let go, and sessions end on the I/O thread only.
  WorkPool::Job work = [this, finished, run = std::move(job)] {
    run();
    asio::post(shared_.io, finished);
  };
  const bool taken = bound == Bound::queue ? pool.offer(std::move(work), haste) : pool.push(std::move(work), haste);
  if (!taken) done = true;
  return taken;
}

// The signal alone would not do: one that an earlier upload left behind may still be on its way.
asio::awaitable<void> Session::await_job(const bool& done) {
  while (!done) co_await signal_.wait();
}

asio::awaitable<bool> Session::in_pool(WorkPool& pool, Haste haste, std::function<void()> job) {
  bool done = false;
  const bool taken = begin_job(pool, Bound::queue, haste, done, std::move(job));
  co_await await_job(done);
  co_return taken;
}

// Whether all of the body was read. A body of announced length goes past the parser, which would copy it.
bool Session::body_complete(const Exchange& exchange) const {
  return parser_->chunked() ? parser_->is_done() : exchange.received == exchange.request.body_size;
}

asio::awaitable<std::size_t> Session::read_announced(const Exchange& exchange, std::span<std::byte> target,
                                                     error_code& ec) {
  const auto room =
      target.first(std::min<std::uint64_t>(target.size(), *exchange.request.body_size - exchange.received));
  if (buffer_.size() == 0)
    co_return co_await wire_.async_read_some(asio::buffer(room.data(), room.size()), into(ec));
  // What came together with the head.
  const std::size_t n = asio::buffer_copy(asio::buffer(room.data(), room.size()), buffer_.data());
  buffer_.consume(n);
  co_return n;
}

asio::awaitable<std::size_t> Session::read_chunked(std::span<std::byte> target, error_code& ec) {
  auto& body = parser_->get().body();
  body.data = target.data();
  body.size = target.size();
  body.more = true;
  co_await beast::http::async_read_some(wire_, buffer_, *parser_, into(ec));
  if (ec == beast::http::error::need_buffer) ec = {};
  co_return target.size() - body.size;
}

// Reads some of the body, at least one byte unless it ends; the problem when it cannot be read on.
asio::awaitable<std::optional<Problem>> Session::read_some(Exchange& exchange, std::span<std::byte> target,
                                                           std::size_t& n) {
  error_code ec;
  const auto now = Clock::now();
  if (!exchange.window_end) exchange.window_end = now + shared_.limits.body_window;
  watchdog_.arm(std::max(std::chrono::milliseconds(0),
               std::chrono::ceil<std::chrono::milliseconds>(*exchange.window_end - now)));
  if (parser_->chunked())
    n = co_await read_chunked(target, ec);
  else
    n = co_await read_announced(exchange, target, ec);
  watchdog_.disarm();
  exchange.received += n;
  exchange.window_bytes += n;
  if (exchange.window_bytes >= shared_.limits.body_window_bytes) {
    exchange.window_bytes = 0;
    exchange.window_end = Clock::now() + shared_.limits.body_window;
  }
  if (exchange.received > exchange.route()->body_limit)
    co_return problem_of(
        Error(Code::too_large, fmt::format("the body is longer than the {} bytes that this path takes",
                                           exchange.route()->body_limit)));
  if (!ec) co_return std::nullopt;
  if (watchdog_.expired())
    co_return problem_of(
        408, fmt::format("the body came slower than {} bytes in {} ms", shared_.limits.body_window_bytes,
                         shared_.limits.body_window.count()));
  const bool ended = ec == beast::http::error::partial_message || ec == beast::http::error::end_of_stream ||
                     ec == asio::error::eof;
  if (!ended && ec.category() == make_error_code(beast::http::error::bad_chunk).category())
    co_return problem_of(400, "the request body is malformed: " + ec.message());
  // Aborted means that our own side stopped reading; then there may be an answer to send.
  exchange.broken = !ended && ec != asio::error::operation_aborted;
  co_return problem_of(Error(Code::cancelled, "the connection ended before the body did; send all of it"));
}

asio::awaitable<bool> Session::continue_100(Exchange& exchange) {
  if (!exchange.wants_continue) co_return true;
  exchange.wants_continue = false;
  exchange.broken = !co_await write("HTTP/1.1 100 Continue\r\n\r\n");
  co_return !exchange.broken;
}

asio::awaitable<bool> Session::gather(Exchange& exchange, std::string& body, std::size_t most) {
  if (!co_await continue_100(exchange)) co_return false;
  while (!body_complete(exchange) && body.size() < most) {
    // As much room as has been filled already: who has sent little holds little.
    const std::size_t before = body.size();
    const std::size_t room = std::min(std::clamp(before, kLeastRoom, kMostRoom), most - before);
    body.resize(before + room);
    std::size_t n = 0;
    const std::optional<Problem> problem =
        co_await read_some(exchange, std::as_writable_bytes(std::span(body)).subspan(before), n);
    const bool fits = shared_.buffered + n <= shared_.limits.buffered_bytes;
    body.resize(problem || !fits ? before : before + n);
    if (problem || !fits) {
      exchange.refuse(problem ? *problem : busy());
      co_return false;
    }
    shared_.buffered += n;
  }
  co_return true;
}

// The handler pulls on a thread of its own while this coroutine feeds it from the socket.
asio::awaitable<void> Session::streamed_body(Exchange& exchange) {
  // Who waits to be asked for the body may be refused without having sent any; the handler is what asks.
  std::string start;
  if (!exchange.wants_continue) {
    const bool begun =
        co_await gather(exchange, start, std::min(shared_.limits.upload_start, shared_.limits.stream_chunk));
    shared_.buffered -= start.size();
    if (!begun) co_return;
  }
  const auto self = shared_from_this();
  bool done = false;
  bool reading = false;
  BodyPipe pipe(shared_.limits.stream_chunk,
                [self] { asio::post(self->shared_.io, [self] { self->signal_.set(); }); });
  exchange.request.body = &pipe;
  // Set on the I/O thread, so that the loop below never sees half of it.
  const auto finished = [this, &done, &reading] {
    done = true;
    error_code ignored;
    if (reading) wire_.socket().cancel(ignored);
    signal_.set();
  };
  // Plain pointers, as in in_pool().
  const bool taken = shared_.uploads.offer([this, finished, &exchange] {
    handle(*shared_.site, exchange);
    asio::post(shared_.io, finished);
  });
  if (!taken) {
    exchange.refuse(busy());
    co_return;
  }
  bool complete = false;
  bool started = false;
  while (!done) {
    // Those that wait for a thread hold no more than their start.
    const bool wanted = !complete && pipe.wanted();
    const std::span<std::byte> room = wanted ? pipe.room() : std::span<std::byte>();
    if (wanted && !started) {
      std::memcpy(room.data(), start.data(), start.size());
      pipe.filled(start.size());
      start = {};
      started = true;
      complete = body_complete(exchange);
      if (complete) pipe.finish();
      continue;
    }
    if (room.empty()) {
      const auto paused = Clock::now();
      co_await signal_.wait();
      // Our own slowness is not the sender's.
      if (exchange.window_end) *exchange.window_end += Clock::now() - paused;
      continue;
    }
    if (!co_await continue_100(exchange)) {
      pipe.fail(Error(Code::cancelled, "the client went away before its upload began"));
      complete = true;
      continue;
    }
    std::size_t n = 0;
    reading = true;
    const std::optional<Problem> problem = co_await read_some(exchange, room, n);
    reading = false;
    if (n > 0) pipe.filled(n);
    if (problem && !done) {
      pipe.fail(Error(code_from_name(problem->code).value_or(Code::internal), problem->detail));
      complete = true;
    } else if (body_complete(exchange)) {
      pipe.finish();
      complete = true;
    }
  }
  exchange.request.body = &exchange.no_body;
}

// Closing with unread bytes in the socket would reset the connection and could take the answer with it.
asio::awaitable<void> Session::linger() {
  error_code ec;
  wire_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  std::array<char, 2 * 1024> sink;
  std::uint64_t dropped = 0;
  watchdog_.arm(shared_.limits.linger_timeout);
  while (!ec && dropped < shared_.limits.linger_bytes && !shared_.stopping)
    dropped += co_await wire_.socket().async_read_some(asio::buffer(sink), into(ec));
  watchdog_.disarm();
}

void Session::finish(const Exchange& exchange) {
  const auto took = Clock::now() - exchange.start;
  Metrics& metrics = shared_.site->metrics();
  metrics.finished(exchange.route() ? std::string_view(exchange.route()->pattern) : "",
                   text(exchange.request.method), exchange.response.status, took);
  metrics.received(exchange.received);
  metrics.sent(exchange.sent);
  if (!exchange.response.problem.empty()) metrics.refused(exchange.response.problem);
  if (!shared_.options.log) return;
  shared_.log(exchange.failure.empty() ? LogLevel::info : LogLevel::error, log_event(exchange, took));
}

}  // namespace assay::http
