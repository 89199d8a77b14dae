// SPDX-License-Identifier: Apache-2.0
#include "registry/http/routes.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;
using http::Match;
using http::Method;
using http::Route;
using http::RouteTable;
using http::Target;

namespace {

Route route(Method method, std::string pattern) {
  return {.method = method,
          .pattern = std::move(pattern),
          .permission = Permission::public_,
          .handler = [](http::Request&) { return http::Response(); }};
}

RouteTable table() {
  RouteTable table;
  table.add(route(Method::get, "/things/{kind=cats|dogs}/{name}"));
  table.add(route(Method::put, "/things/{kind=cats|dogs}/{name}"));
  table.add(route(Method::get, "/versions/{version}"));
  table.add(route(Method::get, "/versions/newest"));
  table.add(route(Method::post, "/versions/{version}:score"));
  table.add(route(Method::get, "/files/{path...}"));
  return table;
}

std::string found(const RouteTable& table, Method method, const char* path) {
  const Match match = table.match(method, Target::parse(path));
  return match.route ? match.route->pattern : match.allowed.empty() ? "nothing" : "other method";
}

}  // namespace

TEST_CASE("Routes: match by literal and segment on the raw path") {
  const RouteTable routes = table();
  CHECK(found(routes, Method::get, "/things/cats/tom") == "/things/{kind=cats|dogs}/{name}");
  CHECK(found(routes, Method::head, "/things/cats/tom") == "/things/{kind=cats|dogs}/{name}");
  CHECK(found(routes, Method::put, "/things/dogs/rex") == "/things/{kind=cats|dogs}/{name}");
  CHECK(found(routes, Method::get, "/versions/newest") == "/versions/newest");
  CHECK(found(routes, Method::get, "/versions/3") == "/versions/{version}");
  for (const char* path : {"/",
                           "//",
                           "/things",
                           "/things/",
                           "/things/cats",
                           "/things/cats/",
                           "/things/birds/tom",
                           "/things/Cats/tom",
                           "/Things/cats/tom",
                           "/things//cats/tom",
                           "//things/cats/tom",
                           "/things/cats/tom/",
                           "/things/cats//",
                           "/th%69ngs/cats/tom",
                           "/things/cat%73/tom",
                           "/files",
                           "/files/",
                           "/files/a//b",
                           "/files//a",
                           "/versions/"})
    CHECK(found(routes, Method::get, path) == "nothing");
}

TEST_CASE("Routes: captured segments are decoded one by one, after matching") {
  const RouteTable routes = table();
  const auto captured = [&](const char* path, const char* name) {
    return routes.match(Method::get, Target::parse(path)).captured.at(name);
  };
  CHECK(captured("/things/cats/a%2Fb", "name") == "a/b");
  CHECK(captured("/things/cats/a%2Fb", "kind") == "cats");
  CHECK(captured("/files/a/b%20c/d", "path") == "a/b c/d");
  CHECK(captured("/versions/sha256:abc", "version") == "sha256:abc");
  for (const char* path :
       {"/things/cats/..", "/things/cats/%2e%2e", "/things/cats/%00", "/files/a/../b", "/files/a/%2E/b"})
    CHECK_THROWS_AS(routes.match(Method::get, Target::parse(path)), Error);
}

TEST_CASE("Routes: a verb belongs to the last segment, and only literally") {
  const RouteTable routes = table();
  CHECK(found(routes, Method::post, "/versions/3:score") == "/versions/{version}:score");
  CHECK(routes.match(Method::post, Target::parse("/versions/sha256:ab:score")).captured.at("version") ==
        "sha256:ab");
  CHECK(found(routes, Method::get, "/versions/3:score") == "other method");
  CHECK(found(routes, Method::post, "/versions/3") == "other method");
  CHECK(found(routes, Method::post, "/versions/3%3Ascore") == "other method");
  CHECK(found(routes, Method::post, "/versions/:score") == "other method");
}

TEST_CASE("Routes: a path with other methods says which") {
  const RouteTable routes = table();
  const Match match = routes.match(Method::post, Target::parse("/things/cats/tom"));
  CHECK(match.route == nullptr);
  CHECK(match.allowed == std::vector<Method>{Method::get, Method::head, Method::put});
  CHECK(found(routes, Method::other, "/things/cats/tom") == "other method");
}

TEST_CASE("Routes: a row that is not whole cannot be added") {
  RouteTable routes;
  Route nobody = route(Method::get, "/a");
  nobody.permission.reset();
  CHECK_THROWS_AS(routes.add(nobody), Error);
  Route silent = route(Method::get, "/a");
  silent.handler = nullptr;
  CHECK_THROWS_AS(routes.add(silent), Error);
  Route endless = route(Method::post, "/a");
  endless.body = http::BodyKind::whole;
  CHECK_THROWS_AS(routes.add(endless), Error);
  Route blocking = route(Method::get, "/a");
  blocking.permission = Permission::read;
  blocking.place = http::Place::io_thread;
  CHECK_THROWS_AS(routes.add(blocking), Error);
  for (const char* pattern : {"", "a", "/a//b", "/{a", "/{a...}/b", "/{}"})
    CHECK_THROWS_AS(routes.add(route(Method::get, pattern)), Error);
  routes.add(route(Method::get, "/a"));
  CHECK_THROWS_AS(routes.add(route(Method::get, "/a")), Error);
}
