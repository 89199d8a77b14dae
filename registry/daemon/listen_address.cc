// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/listen_address.h"

#include <arpa/inet.h>

#include <charconv>

#include "storage/base/error.h"

namespace assay::daemon {

ListenAddress ListenAddress::parse(std::string_view text) {
  const auto fail = [&] {
    return Error(Code::invalid_argument, "--listen \"" + std::string(text.substr(0, 100)) +
                                             "\": write ADDRESS:PORT, such as 127.0.0.1:7460 or [::1]:0");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) throw fail();
  const std::string_view port_text = text.substr(colon + 1);
  ListenAddress out;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), out.port);
  if (port_text.empty() || error != std::errc() || end != port_text.data() + port_text.size()) throw fail();
  out.host = std::string(text.substr(0, colon));
  if (out.host == "localhost") out.host = "127.0.0.1";
  const bool brackets = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
  if (brackets) out.host = out.host.substr(1, out.host.size() - 2);
  in6_addr six{};
  in_addr four{};
  if (brackets && inet_pton(AF_INET6, out.host.c_str(), &six) == 1) {
    out.loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else if (!brackets && inet_pton(AF_INET, out.host.c_str(), &four) == 1) {
    out.loopback = (ntohl(four.s_addr) >> 24) == 127;
  } else {
    throw fail();
  }
  return out;
}

std::string ListenAddress::url(std::uint16_t actual_port) const {
  const bool six = host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(actual_port);
}

}  // namespace assay::daemon
