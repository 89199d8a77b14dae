// SPDX-License-Identifier: Apache-2.0
// Where a server listens, as it is written: HOST:PORT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::daemon {

struct ListenAddress {
  std::string host;  // an IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;
  bool loopback = true;  // nobody beyond this machine can reach it

  // `127.0.0.1:7460`, `[::1]:0`, `localhost:7460`. Throws invalid_argument for anything else: a name would be
  // resolved, and could turn out to be anywhere.
  static ListenAddress parse(std::string_view text);

  std::string url(std::uint16_t actual_port) const;
};

}  // namespace assay::daemon
