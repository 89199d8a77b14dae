// SPDX-License-Identifier: Apache-2.0
// What handlers see of HTTP: a Request and a Response of our own, free of any library. Bodies are pulled, so
// neither a large upload nor a large download is ever whole in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/http/target.h"

namespace assay {
class Principal;
}

namespace assay::http {

enum class Method { get, head, post, put, patch, delete_, options, other };

// `other` for what no route could have.
Method method_from(std::string_view text);
std::string_view text(Method method);

// Field names compare without case; order is kept.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces all of that name
  // The first of that name, or null.
  const std::string* find(std::string_view name) const;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Waits for some bytes, fills `out` from the front and returns how many; 0 at the end of the body. Throws
  // too_large, deadline (too slow), cancelled (the client went away) or invalid_argument (broken framing).
  // One thread.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

class BodySource {
 public:
  virtual ~BodySource() = default;
  // Fills `out` from the front and returns how many bytes; 0 only at the end. What it throws breaks the
  // connection off, for the status is already sent. Called by one thread at a time, not always the same one.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

struct Request {
  Method method = Method::get;
  Target target;
  Query query;
  Headers headers;
  std::string peer;                             // the client's address, without port
  std::string id;                               // of this request, for logs and problems
  std::map<std::string, std::string> captured;  // decoded path parameters
  const Principal* principal = nullptr;         // set on every route that is not public
  BodyReader* body = nullptr;                   // always set; empty when the request has no body
  std::optional<std::uint64_t> body_size;       // when the client announced it

  // A path parameter of the route that matched. Asking for one that its pattern lacks is a programming error
  // (std::out_of_range).
  const std::string& parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // When set, the body is `length` bytes from here instead; fewer break the connection off.
  std::unique_ptr<BodySource> source;
  std::uint64_t length = 0;
  std::string problem = {};  // the code of what it reports, when that is one; see problem.h
};

// All of the body as text. Throws too_large past `limit`.
std::string read_all(BodyReader& body, std::uint64_t limit);

// The phrase of RFC 9110 for a status, "Unknown" for one that we never send.
std::string_view status_text(int status);

}  // namespace assay::http
