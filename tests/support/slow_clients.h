// SPDX-License-Identifier: Apache-2.0
// Clients that hold a server's connections: heads and bodies that come by the byte, answers that are hardly taken,
// connections that rest. One thread drives all of them; they come from many loopback addresses, as a crowd does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace assay::test {

enum class Slowness { head, body, reader, idle };
inline constexpr std::array kSlownesses = {Slowness::head, Slowness::body, Slowness::reader, Slowness::idle};
const char* name_of(Slowness slowness);

// What they ask of the server at hand.
struct SlowRequests {
  std::vector<std::string> heads_with_body;  // in turn; each announces a body far longer than they ever send
  std::string large;                         // its answer has megabytes
  std::string small;                         // a request that is answered before its connection rests
};

class SlowClients {
 public:
  // `count` connections of the four kinds in turn, opened from now on. While they are held, one that the server has ended, or
  // did not take, is opened again.
  SlowClients(std::uint16_t port, std::size_t count, SlowRequests requests);
  // Closes what is left.
  ~SlowClients();
  SlowClients(const SlowClients&) = delete;
  SlowClients& operator=(const SlowClients&) = delete;

  // From now on what the server ends stays ended; none is closed by us.
  void release();

  // How the server ended them, by kind: how often with which status, 0 being without a word. Of readers, whose end is not
  // seen until their answer is taken, 0 says that it was not whole; they are counted by finish() alone.
  using Endings = std::map<Slowness, std::map<int, std::size_t>>;
  // Once the server has let go of all of them: takes what is left in the sockets and tells how each ended.
  // Throws std::runtime_error, saying how many, if it has not.
  Endings finish();

 private:
  struct Crowd;
  std::unique_ptr<Crowd> crowd_;
};

}  // namespace assay::test
