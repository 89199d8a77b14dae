// SPDX-License-Identifier: Apache-2.0
// A socket and nothing else: sends exactly the bytes that a test gives it and takes answers apart just enough
// to look at them. Everything gives up after ten seconds, so that a test fails instead of hanging.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace assay::test {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

enum class Body { present, absent };  // absent: the answer to HEAD

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;

  // Sends all of it; false when the server has closed meanwhile.
  bool send(std::string_view bytes);
  // One answer, final or interim. Throws std::runtime_error when none comes.
  Answer read(Body body = Body::present);
  // Everything until the server closes. Throws std::runtime_error when it does not.
  std::string read_to_end();
  // Whether the server closes without sending another byte.
  bool closed() { return read_to_end().empty(); }
  // send() and read().
  Answer ask(std::string_view bytes, Body body = Body::present);

 private:
  bool fill();  // reads some bytes; false at the end

  int socket_;
  std::string buffer_;
};

// `GET path HTTP/1.1` with a Host and what else is given, each line with its CR LF.
std::string get(std::string_view path, std::string_view fields = "");

}  // namespace assay::test
