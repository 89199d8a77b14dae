// SPDX-License-Identifier: Apache-2.0
#include "registry/events/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "storage/base/error.h"

namespace assay {
namespace {

IpAddress address_of(const addrinfo& found) {
  if (found.ai_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, found.ai_addr, sizeof address);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  sockaddr_in6 address{};
  std::memcpy(&address, found.ai_addr, sizeof address);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return IpAddress::v6(bytes);
}

}  // namespace

std::vector<IpAddress> SystemResolver::resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &list); failed != 0)
    throw Error(Code::unavailable, "the name " + host + " was not resolved: " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  std::vector<IpAddress> out;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next)
    if (found->ai_family == AF_INET || found->ai_family == AF_INET6) out.push_back(address_of(*found));
  if (out.empty()) throw Error(Code::unavailable, "the name " + host + " has no address");
  return out;
}

}  // namespace assay
