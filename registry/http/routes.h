// SPDX-License-Identifier: Apache-2.0
// The only table that says which requests exist. What it does not list is refused; a row that does not say
// who may call it cannot be added. Matching is by literal and segment on the raw path, never by expression.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/access/permission.h"
#include "registry/http/message.h"

namespace assay::http {

enum class BodyKind {
  none,      // a body is refused
  whole,     // read before the handler runs, up to the route's limit
  streamed,  // the handler pulls it
};

// Where the handler runs.
enum class Place {
  worker,       // may block
  slow_worker,  // may take seconds: on threads of its own, so that quick requests never wait behind it
  io_thread,    // must answer from memory at once: /healthz
};

using Handler = std::function<Response(Request&)>;

struct Route {
  Method method = Method::get;
  // Literal segments, `{name}` for one segment, `{name=a|b}` for one of these, `{name...}` for the rest (at
  // least one segment), and a `:verb` after the last one.
  std::string pattern = {};
  // Who may call: anybody (public_), or who has this permission, in the namespace of the path if it has one.
  std::optional<Permission> permission = {};
  BodyKind body = BodyKind::none;
  std::uint64_t body_limit = 0;
  std::vector<std::string> query = {};  // what it understands; anything else is refused
  Handler handler = {};
  Place place = Place::worker;
};

struct Match {
  const Route* route = nullptr;                 // null: see `allowed`
  std::map<std::string, std::string> captured;  // decoded
  std::vector<Method> allowed;  // when the path exists with other methods; empty: no such path
};

class RouteTable {
 public:
  RouteTable();
  RouteTable(RouteTable&&) noexcept;
  ~RouteTable();

  // Throws internal for a route without permission or handler, a malformed pattern, a body without a limit,
  // or a row that is there already.
  void add(Route route);

  // HEAD matches GET routes. A literal beats `{name}`, and a `:verb` beats a segment that merely ends so.
  // Throws invalid_argument when a captured segment cannot be decoded. The table must outlive the result.
  Match match(Method method, const Target& target) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Segment;
  struct Pattern;
  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;
};

}  // namespace assay::http
