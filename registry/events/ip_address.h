// SPDX-License-Identifier: Apache-2.0
// An IPv4 or IPv6 address, and whether it is one of the public internet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assay {

class IpAddress {
 public:
  // `192.0.2.1` or `2001:db8::1`; nothing for all else, such as `127.1`, `0x7f000001` or one with a zone.
  static std::optional<IpAddress> parse(const std::string& text);
  static IpAddress v4(std::span<const std::uint8_t, 4> bytes);
  static IpAddress v6(std::span<const std::uint8_t, 16> bytes);

  std::string text() const;
  bool is_v4() const { return size_ == 4; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }

  bool operator==(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::size_t size_ = 4;
};

// The addresses that begin with the same bits.
class Network {
 public:
  // `10.0.0.0/8`, `fd00::/8`, or an address alone; nothing for all else, bits behind the prefix included.
  static std::optional<Network> parse(const std::string& text);

  bool holds(const IpAddress& address) const;

 private:
  Network(IpAddress first, unsigned bits) : first_(first), bits_(bits) {}

  IpAddress first_;
  unsigned bits_;
};

// What kind of address it is that no stranger's server has, such as "loopback" or "private"; nothing for one of the
// public internet. After IANA's registries of special purpose addresses, with what clouds use for metadata. An address
// that carries another one (6to4, NAT64) is what that one is; one that is only another spelling of an IPv4 address is
// never public.
std::optional<std::string_view> special_purpose(const IpAddress& address);

}  // namespace assay
