// SPDX-License-Identifier: Apache-2.0
#include "registry/http/head.h"

#include "tests/support/catch.h"

using assay::http::check_head;
using assay::http::check_part;
using assay::http::head_size;
using assay::http::Limits;

namespace {

int verdict(std::string_view head, const std::vector<std::string>& hosts = {}, const Limits& limits = {}) {
  const auto refusal = check_head(head, limits, hosts);
  return refusal ? refusal->status : 0;
}

// A GET with these further lines.
int with(const std::string& lines) {
  return verdict("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
}

}  // namespace

TEST_CASE("Head: an ordinary one passes") {
  CHECK(with("") == 0);
  CHECK(with("Accept: */*\r\nX-Empty:\r\nX-Tab:\ta\tb\r\n") == 0);
  CHECK(with("Content-Length: 0\r\n") == 0);
  CHECK(with("Transfer-Encoding: Chunked\r\n") == 0);
  CHECK(verdict("GET / HTTP/1.0\r\n\r\n") == 0);
}

TEST_CASE("Head: whatever two parsers could frame in two ways is refused") {
  CHECK(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(with("Content-Length: 1\r\nContent-Length: 2\r\n") == 400);
  CHECK(with("Content-Length: 1\r\nContent-Length: 1\r\n") == 400);
  CHECK(with("Content-Length: +1\r\n") == 400);
  CHECK(with("Content-Length: -1\r\n") == 400);
  CHECK(with("Content-Length: 1, 1\r\n") == 400);
  CHECK(with("Content-Length: 0x10\r\n") == 400);
  CHECK(with("Content-Length:\r\n") == 400);
  CHECK(with("Content-Length: 18446744073709551617\r\n") == 400);
  CHECK(with("Transfer-Encoding: gzip, chunked\r\n") == 400);
  CHECK(with("Transfer-Encoding: chunked, identity\r\n") == 400);
  CHECK(with("Transfer-Encoding: xchunked\r\n") == 400);
  CHECK(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(with("Transfer-Encoding : chunked\r\n") == 400);
  CHECK(with("Transfer-Encoding\x0b: chunked\r\n") == 400);
  CHECK(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("Head: a field is one line of a name, a colon and plain text") {
  CHECK(with("X: a\r\n b\r\n") == 400);
  CHECK(with("X: a\r\n\tb\r\n") == 400);
  CHECK(with("X: a\rb\r\n") == 400);
  CHECK(with(std::string("X: a\0b\r\n", 8)) == 400);
  CHECK(with("X: a\x7f\r\n") == 400);
  CHECK(with("X: a\x01\r\n") == 400);
  CHECK(with("no colon\r\n") == 400);
  CHECK(with(": no name\r\n") == 400);
  CHECK(with("na(me: x\r\n") == 400);
}

TEST_CASE("Head: the request line has a method, a visible target and our version") {
  CHECK(verdict("GET / HTTP/1.1 \r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("GET  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("G(T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("GET /\r\n\r\n") == 400);
  CHECK(verdict("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(verdict("GET / HTTP/0.9\r\nHost: a\r\n\r\n") == 505);
  CHECK(verdict("GET / FTP\r\nHost: a\r\n\r\n") == 400);
  CHECK(verdict("\r\n\r\n") == 400);
}

TEST_CASE("Head: there is exactly one Host, and it may have to be one of ours") {
  CHECK(verdict("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(with("Host: a\r\n") == 400);
  CHECK(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n") == 400);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n") == 400);
  const std::vector<std::string> ours = {"localhost", "[::1]"};
  CHECK(verdict("GET / HTTP/1.1\r\nHost: LocalHost:7460\r\n\r\n", ours) == 0);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: [::1]:7460\r\n\r\n", ours) == 0);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", ours) == 0);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", ours) == 421);
  CHECK(verdict("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", ours) == 421);
  CHECK(verdict("GET / HTTP/1.0\r\n\r\n", ours) == 421);
}

TEST_CASE(
    "Head: the number of fields and the length of the target have limits, tested at and one past them") {
  Limits limits;
  limits.head_fields = 3;
  limits.target_bytes = 5;
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n", {}, limits) == 0);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\nF: g\r\n\r\n", {}, limits) == 431);
  CHECK(verdict("GET /1234 HTTP/1.1\r\nHost: a\r\n\r\n", {}, limits) == 0);
  CHECK(verdict("GET /12345 HTTP/1.1\r\nHost: a\r\n\r\n", {}, limits) == 414);
}

TEST_CASE("Head: its end is found whatever pieces it came in, and a bare LF is refused before it") {
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
  for (std::size_t cut = 0; cut < head.size() - 4; ++cut) CHECK(head_size(head.substr(0, cut), 0) == 0);
  for (std::size_t scanned = 0; scanned < head.size() - 4; ++scanned)
    CHECK(head_size(head, scanned) == head.size() - 4);
  CHECK_FALSE(check_part("GET / HTTP/1.1\r\nHo", 0));
  CHECK(check_part("GET / HTTP/1.1\nHo", 0));
  CHECK(check_part("\n", 0));
}

TEST_CASE("Head: no input of few bytes crashes or passes by accident") {
  const std::string alphabet("G /H:\r\n\0\x80", 9);
  // All strings of up to five of these bytes: none is a whole head.
  for (std::size_t length = 0; length <= 5; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= alphabet.size();
    for (std::size_t n = 0; n < count; ++n) {
      std::string text;
      for (std::size_t rest = n, i = 0; i < length; ++i, rest /= alphabet.size())
        text += alphabet[rest % alphabet.size()];
      if (!check_head(text, {}, {})) FAIL("passed: " << text);
    }
  }
}
