// SPDX-License-Identifier: Apache-2.0
#include "registry/events/ip_address.h"

#include "tests/support/catch.h"

using namespace assay;

namespace {

std::string kind_of(const std::string& text) {
  const auto address = IpAddress::parse(text);
  REQUIRE(address);
  return std::string(special_purpose(*address).value_or("public"));
}

}  // namespace

TEST_CASE("IP address: every class that is not of the public internet is told, at both ends and not one past them") {
  const std::vector<std::array<std::string, 2>> kinds = {
      {"0.0.0.0", "unspecified"},
      {"0.255.255.255", "of this network"},
      {"1.0.0.0", "public"},
      {"9.255.255.255", "public"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"11.0.0.0", "public"},
      {"100.63.255.255", "public"},
      {"100.64.0.0", "shared by a carrier's customers"},
      {"100.100.100.200", "shared by a carrier's customers"},
      {"100.127.255.255", "shared by a carrier's customers"},
      {"100.128.0.0", "public"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"128.0.0.0", "public"},
      {"168.63.129.16", "of a cloud's metadata"},
      {"169.253.255.255", "public"},
      {"169.254.0.1", "link-local"},
      {"169.254.169.254", "of a cloud's metadata"},
      {"169.255.0.0", "public"},
      {"172.15.255.255", "public"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"172.32.0.0", "public"},
      {"192.0.0.192", "of protocol assignments"},
      {"192.0.2.1", "for documentation"},
      {"192.88.99.1", "of a 6to4 relay"},
      {"192.167.255.255", "public"},
      {"192.168.0.1", "private"},
      {"192.169.0.0", "public"},
      {"198.18.0.1", "for benchmarks"},
      {"198.19.255.255", "for benchmarks"},
      {"198.51.100.7", "for documentation"},
      {"203.0.113.7", "for documentation"},
      {"223.255.255.255", "public"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"8.8.8.8", "public"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::7f00:1", "IPv4-compatible"},
      {"::ffff:127.0.0.1", "IPv4-mapped"},
      {"::ffff:8.8.8.8", "IPv4-mapped"},
      {"::ffff:0:127.0.0.1", "reserved"},
      {"64:ff9b::127.0.0.1", "loopback"},
      {"64:ff9b::10.1.2.3", "private"},
      {"64:ff9b::8.8.8.8", "public"},
      {"64:ff9b:1::8.8.8.8", "of a local NAT64"},
      {"100::1", "reserved"},
      {"1fff:ffff::1", "reserved"},
      {"2001::1", "of protocol assignments"},
      {"2001:1ff::1", "of protocol assignments"},
      {"2001:200::1", "public"},
      {"2001:db8::1", "for documentation"},
      {"2002:7f00:1::1", "loopback"},
      {"2002:a9fe:a9fe::1", "of a cloud's metadata"},
      {"2002:808:808::1", "public"},
      {"2606:4700:4700::1111", "public"},
      {"3fff::1", "for documentation"},
      {"4000::1", "reserved"},
      {"fc00::1", "private"},
      {"fd00:ec2::254", "private"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"}};
  for (const auto& [text, kind] : kinds) {
    INFO(text);
    CHECK(kind_of(text) == kind);
  }
}

TEST_CASE("IP address: only the plain spellings are addresses, and are written back alike") {
  for (const char* text : {"127.0.0.1", "2001:db8::1", "::1"}) CHECK(IpAddress::parse(text)->text() == text);
  for (const char* text : {"", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1 ", "[::1]", "fe80::1%lo",
                           "localhost", "256.0.0.1"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
}

TEST_CASE("IP address: a network holds what begins with its bits, and nothing of the other family") {
  const auto holds = [](const char* network, const char* address) {
    return Network::parse(network)->holds(*IpAddress::parse(address));
  };
  CHECK(holds("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  CHECK(holds("10.128.0.0/9", "10.128.0.0"));
  CHECK_FALSE(holds("10.128.0.0/9", "10.127.255.255"));
  CHECK(holds("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(holds("127.0.0.1", "127.0.0.2"));
  CHECK(holds("0.0.0.0/0", "8.8.8.8"));
  CHECK_FALSE(holds("0.0.0.0/0", "::1"));
  CHECK(holds("fd00::/8", "fdff::1"));
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10/8",
                           "fd00::/129"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text));
  }
}
