// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/http/test_site.h"

#include <algorithm>

#include "registry/http/ranges.h"
#include "storage/base/error.h"

namespace assay::test {

using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

namespace {

class Repeat final : public http::BodySource {
 public:
  // `length` bytes, of which reading those from `fails_at` on throws.
  Repeat(std::size_t length, std::size_t fails_at) : left_(length), good_(fails_at) {}
  std::size_t read(std::span<std::byte> out) override {
    if (good_ == 0) throw Error(Code::corrupt, "the stored bytes are damaged");
    const std::size_t n = std::min({out.size(), left_, good_});
    std::fill_n(out.data(), n, std::byte{'x'});
    left_ -= n;
    good_ -= n;
    return n;
  }

 private:
  std::size_t left_, good_;
};

class Text final : public http::BodySource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), text_.size());
    std::copy_n(reinterpret_cast<const std::byte*>(text_.data()), n, out.data());
    text_.erase(0, n);
    return n;
  }

 private:
  std::string text_;
};

Response text(std::string body) {
  Response response;
  response.headers.set("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

Response stream(std::size_t length, std::size_t fails_at) {
  Response response;
  response.source = std::make_unique<Repeat>(length, fails_at);
  response.length = length;
  return response;
}

Response digits(Request& request) {
  static constexpr std::string_view kDigits = "0123456789";
  return http::answer(request, {.digest = Digest::of(kDigits),
                                .size = kDigits.size(),
                                .media_type = "application/octet-stream",
                                .file_name = "a/digits.txt",
                                .immutable = true,
                                .open = [](std::uint64_t offset, std::uint64_t length) {
                                  return std::make_unique<Text>(std::string(kDigits.substr(offset, length)));
                                }});
}

Principal authenticate(std::string_view authorization) {
  for (const Role role : {Role::reader, Role::writer, Role::promoter, Role::admin})
    if (assay::text(role) == authorization) return somebody(role);
  if (authorization == "acme-reader") return somebody(Role::reader, "acme");
  throw Error(Code::unauthenticated, "no such token");
}

}  // namespace

Principal somebody(Role role, std::string_view space) {
  Grant grant;
  grant.role = role;
  if (!space.empty()) grant.space = Namespace::parse(space);
  return Principal{Id::make(Time{}, Id::Random{}), std::string(assay::text(role)), {grant}};
}

TestServer::TestServer(http::Limits limits, std::vector<std::string> allowed_hosts, std::filesystem::path certificate,
                       std::filesystem::path key)
    : metrics_(std::make_shared<http::Metrics>("1.2.3")) {
  http::Options options;
  options.port = 0;
  options.version = "1.2.3";
  options.limits = limits;
  // So that handlers are entered when a test has sent a byte, unless it is about that.
  if (limits.upload_start == http::kUploadStart) options.limits.upload_start = 1;
  options.allowed_hosts = std::move(allowed_hosts);
  options.certificate = std::move(certificate);
  options.key = std::move(key);
  options.log = [this](LogLevel, const LogEvent& event) {
    const std::lock_guard lock(mutex_);
    log_ += event.text() + '\n';
  };
  server_ =
      std::make_unique<http::Server>(options, std::make_shared<http::Site>(routes(), authenticate, metrics_));
  server_->start();
}

TestServer::~TestServer() {
  server_->stop();
}

std::string TestServer::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

http::RouteTable TestServer::routes() {
  constexpr std::uint64_t kKiB = 1024;
  http::RouteTable table;
  const auto add = [&](Method method, std::string pattern, Permission permission, BodyKind body,
                       std::uint64_t limit, http::Handler handler) {
    table.add({.method = method,
               .pattern = std::move(pattern),
               .permission = permission,
               .body = body,
               .body_limit = limit,
               .query = {"q"},
               .handler = std::move(handler)});
  };
  const auto get = [&](std::string pattern, http::Handler handler) {
    add(Method::get, std::move(pattern), Permission::public_, BodyKind::none, 0, std::move(handler));
  };
  const auto put = [&](std::string pattern, http::Handler handler) {
    add(Method::put, std::move(pattern), Permission::public_, BodyKind::streamed, 16 * kKiB * kKiB,
        std::move(handler));
  };
  table.add({.method = Method::get,
             .pattern = "/healthz",
             .permission = Permission::public_,
             .handler = [](Request&) { return text("ok"); },
             .place = http::Place::io_thread});
  table.add({.method = Method::get,
             .pattern = "/slow",
             .permission = Permission::public_,
             .handler = [this](Request&) { return gate.pass(), text("slow"); },
             .place = http::Place::slow_worker});
  get("/hello", [](Request&) { return text("hello"); });
  get("/wait", [this](Request&) { return gate.pass(), text("waited"); });
  get("/throw", [](Request&) -> Response { throw std::runtime_error("a secret of ours"); });
  get("/digits", digits);
  get("/big", [](Request&) { return stream(3 << 20, 3 << 20); });
  get("/broken", [](Request&) { return stream(3 << 20, 1 << 20); });
  get("/name/{name}", [](Request& request) { return text(request.parameter("name")); });
  get("/path/{path...}", [](Request& request) { return text(request.parameter("path")); });
  put("/sink", [this](Request& request) {
    std::vector<std::byte> part(10'000);
    while (const std::size_t n = request.body->read(part)) sunk += n;
    return text(std::to_string(sunk));
  });
  put("/refuse", [](Request&) -> Response { throw Error(Code::invalid_argument, "not this one"); });
  put("/hold", [this](Request& request) {
    gate.pass();
    return text(http::read_all(*request.body, 16 * kKiB * kKiB));
  });
  add(Method::post, "/echo", Permission::public_, BodyKind::whole, kKiB,
      [](Request& request) { return text(http::read_all(*request.body, kKiB)); });
  add(Method::get, "/private", Permission::read, BodyKind::none, 0, [](Request&) { return text("private"); });
  add(Method::post, "/private", Permission::register_, BodyKind::whole, kKiB,
      [](Request&) { return text("done"); });
  add(Method::get, "/in/{namespace}", Permission::read, BodyKind::none, 0,
      [](Request&) { return text("in"); });
  return table;
}

}  // namespace assay::test
