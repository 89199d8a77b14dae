// SPDX-License-Identifier: Apache-2.0
// The other half of a session: how an answer goes out. A body that a worker reads piece by piece is read ahead of the socket,
// for a few answers at a time.
#include <array>
#include <vector>

#include "registry/http/session.h"
#include "storage/base/error.h"

namespace assay::http {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<bool> Session::write(std::string_view bytes) {
  error_code ec;
  while (!bytes.empty() && !ec) {
    const std::string_view part = bytes.substr(0, shared_.limits.stream_chunk);
    watchdog_.arm(shared_.limits.write_timeout);
    co_await asio::async_write(wire_, asio::buffer(part.data(), part.size()), into(ec));
    watchdog_.disarm();
    bytes.remove_prefix(part.size());
  }
  co_return !ec;
}

asio::awaitable<bool> Session::write_response(Exchange& exchange) {
  if (shared_.stopping) exchange.close = true;
  std::string head = response_head(exchange, shared_.date(), "assay/" + shared_.options.version);
  if (!exchange.bodiless() && exchange.response.source) {
    if (co_await write(head)) co_return co_await write_source(exchange);
    exchange.broken = true;
    co_return false;
  }
  if (!exchange.bodiless()) {
    exchange.sent = exchange.response.body.size();
    head += exchange.response.body;
  }
  exchange.broken = !co_await write(head);
  co_return !exchange.broken;
}

namespace {

// One of the few answers that are read ahead, once there is room among them, until it ends.
class Ahead {
 public:
  explicit Ahead(Shared& shared) : shared_(shared) {}
  ~Ahead() { shared_.answers_ahead -= among_them_ ? 1 : 0; }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  bool try_join() {
    if (!among_them_ && shared_.answers_ahead < shared_.limits.answers_ahead) {
      ++shared_.answers_ahead;
      among_them_ = true;
    }
    return among_them_;
  }

 private:
  Shared& shared_;
  bool among_them_ = false;
};

// A piece of an answer's body that a worker reads, perhaps while the one before is being sent.
struct Piece {
  std::vector<std::byte> bytes;
  std::size_t size = 0;
  bool read = true;  // or not being read
};

void fill(Exchange& exchange, Piece& piece, std::size_t wanted) {
  piece.size = 0;
  try {
    piece.bytes.resize(wanted);
    piece.size = exchange.response.source->read(piece.bytes);
  } catch (const Error& error) {
    exchange.failure = error.message();
    exchange.response.problem = info(error.code()).name;  // although its status says otherwise
  } catch (const std::exception& error) {
    exchange.failure = error.what();
  } catch (...) {
    exchange.failure = "unknown exception";
  }
}

}  // namespace

asio::awaitable<bool> Session::write_source(Exchange& exchange) {
  std::array<Piece, 2> pieces;
  Ahead ahead(shared_);
  std::uint64_t asked = 0;  // bytes that were read, or would be if nothing fell short
  const auto begin = [&](Piece& piece) {
    const std::size_t most = ahead.try_join() ? shared_.limits.stream_chunk : shared_.limits.frugal_chunk;
    const std::size_t wanted = std::min<std::uint64_t>(most, exchange.response.length - asked);
    piece.size = 0;
    begin_job(shared_.workers, Bound::none, Haste::waits, piece.read,
              [&exchange, &piece, wanted] { fill(exchange, piece, wanted); });
  };
  begin(pieces[0]);
  for (std::size_t turn = 0; exchange.sent < exchange.response.length;) {
    Piece& piece = pieces.at(turn);
    co_await await_job(piece.read);
    // The status is sent already: an answer that breaks off is the only way left to say that it is not whole.
    exchange.broken = piece.size == 0;
    if (exchange.broken) break;
    asked += piece.size;
    const bool more = asked < exchange.response.length;
    const bool meanwhile = more && ahead.try_join();
    if (meanwhile) begin(pieces.at(turn ^= 1));
    exchange.broken =
        !co_await write(std::string_view(reinterpret_cast<const char*>(piece.bytes.data()), piece.size));
    exchange.sent += piece.size;
    if (exchange.broken) break;
    if (more && !meanwhile) begin(piece);
  }
  for (const Piece& piece : pieces) co_await await_job(piece.read);
  co_return !exchange.broken;
}

}  // namespace assay::http
