// SPDX-License-Identifier: Apache-2.0
#include "registry/events/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace assay {
namespace {

struct Special {
  const char* network;
  const char* kind;
};

// The first that holds an address names it. https://www.iana.org/assignments/iana-ipv4-special-registry
constexpr Special kSpecial4[] = {{"0.0.0.0/32", "unspecified"},
                                 {"0.0.0.0/8", "of this network"},
                                 {"10.0.0.0/8", "private"},
                                 {"100.64.0.0/10", "shared by a carrier's customers"},
                                 {"127.0.0.0/8", "loopback"},
                                 {"168.63.129.16/32", "of a cloud's metadata"},
                                 {"169.254.169.254/32", "of a cloud's metadata"},
                                 {"169.254.0.0/16", "link-local"},
                                 {"172.16.0.0/12", "private"},
                                 {"192.0.0.0/24", "of protocol assignments"},
                                 {"192.0.2.0/24", "for documentation"},
                                 {"192.88.99.0/24", "of a 6to4 relay"},
                                 {"192.168.0.0/16", "private"},
                                 {"198.18.0.0/15", "for benchmarks"},
                                 {"198.51.100.0/24", "for documentation"},
                                 {"203.0.113.0/24", "for documentation"},
                                 {"224.0.0.0/4", "multicast"},
                                 {"255.255.255.255/32", "broadcast"},
                                 {"240.0.0.0/4", "reserved"}};

// https://www.iana.org/assignments/iana-ipv6-special-registry; only 2000::/3 is given out as global unicast.
constexpr Special kSpecial6[] = {{"::/128", "unspecified"},
                                 {"::1/128", "loopback"},
                                 {"::ffff:0:0/96", "IPv4-mapped"},
                                 {"::/96", "IPv4-compatible"},
                                 {"64:ff9b:1::/48", "of a local NAT64"},
                                 {"2001::/23", "of protocol assignments"},
                                 {"2001:db8::/32", "for documentation"},
                                 {"3fff::/20", "for documentation"},
                                 {"fc00::/7", "private"},
                                 {"fe80::/10", "link-local"},
                                 {"fec0::/10", "site-local"},
                                 {"ff00::/8", "multicast"}};

std::optional<std::string_view> find_in(std::span<const Special> table, const IpAddress& address) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Special& special) {
    return Network::parse(special.network)->holds(address);
  });
  if (found == table.end()) return std::nullopt;
  return found->kind;
}

bool lies_in(const char* network, const IpAddress& address) {
  return Network::parse(network)->holds(address);
}

// The IPv4 address that a translator would send to.
std::optional<IpAddress> carried(const IpAddress& address) {
  const auto from = [&](std::size_t at) { return IpAddress::v4(address.bytes().subspan(at).first<4>()); };
  if (lies_in("64:ff9b::/96", address)) return from(12);  // RFC 6052
  if (lies_in("2002::/16", address)) return from(2);      // RFC 3056
  return std::nullopt;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  IpAddress address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes_.data()) == 1) return address;
  address.size_ = 16;
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address;
  address.size_ = 16;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::optional<Network> Network::parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto first = IpAddress::parse(text.substr(0, slash));
  if (!first) return std::nullopt;
  const unsigned most = static_cast<unsigned>(first->bytes().size()) * 8;
  unsigned bits = most;
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data() + slash + 1, end, bits);
    if (failed != std::errc() || stop != end || bits > most) return std::nullopt;
  }
  for (unsigned bit = bits; bit < most; ++bit)
    if ((first->bytes()[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  return Network(*first, bits);
}

bool Network::holds(const IpAddress& address) const {
  if (address.is_v4() != first_.is_v4()) return false;
  for (unsigned bit = 0; bit < bits_; bit += 8) {
    const unsigned ignored = bits_ - bit >= 8 ? 0 : 8 - (bits_ - bit);
    if (address.bytes()[bit / 8] >> ignored != first_.bytes()[bit / 8] >> ignored) return false;
  }
  return true;
}

std::optional<std::string_view> special_purpose(const IpAddress& address) {
  if (address.is_v4()) return find_in(kSpecial4, address);
  if (const auto inner = carried(address)) return special_purpose(*inner);
  if (const auto kind = find_in(kSpecial6, address)) return kind;
  if (!lies_in("2000::/3", address)) return "reserved";
  return std::nullopt;
}

}  // namespace assay
