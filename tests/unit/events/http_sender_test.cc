// SPDX-License-Identifier: Apache-2.0
// The sender against receivers on loopback, well-behaved and hostile, and against a resolver whose mind changes.
#include "registry/events/http_sender.h"

#include <fmt/format.h>
#include <httplib.h>

#include <deque>
#include <future>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/receiver.h"
#include "tests/support/temp_dir.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// Answers what it was told to, one answer after the other and the last one for ever.
class FickleResolver final : public Resolver {
 public:
  explicit FickleResolver(std::deque<std::vector<std::string>> answers) : answers_(std::move(answers)) {}

  std::vector<IpAddress> resolve(const std::string& host) override {
    asked.push_back(host);
    std::vector<IpAddress> out;
    for (const std::string& text : answers_.front()) out.push_back(*IpAddress::parse(text));
    if (answers_.size() > 1) answers_.pop_front();
    return out;
  }
  std::vector<std::string> asked;

 private:
  std::deque<std::vector<std::string>> answers_;
};

WebhookMessage message_to(const std::string& url) {
  return {WebhookUrl::parse(url), "01kb2h5v0q4t8w9xaz3c6d7efg", 1'795'222'923, "v1,c2lnbmF0dXJl", R"({"a":1})"};
}

struct Loopback {
  ReceiverPolicy policy = ReceiverPolicy::parse({"127.0.0.1"});
  FickleResolver resolver{{{"127.0.0.1"}}};
  HttpSender sender;

  explicit Loopback(SendLimits limits = {}) : sender(policy, resolver, limits) {}
  SendResult send(const Receiver& receiver) { return sender.send(message_to(receiver.url())); }
};

}  // namespace

TEST_CASE("HTTP sender: posts the body with the headers of the scheme, and tells the status") {
  Loopback loopback;
  Receiver receiver;
  const SendResult result = loopback.sender.send(message_to(receiver.url("/a/b?c=d")));
  CHECK(result.http_status == 200);
  CHECK(result.error == "");
  const Received got = receiver.wait_for(1).at(0);
  CHECK(got.request_line == "POST /a/b?c=d HTTP/1.1");
  CHECK(got.body == R"({"a":1})");
  CHECK(got.fields.at("host") == "127.0.0.1:" + std::to_string(receiver.port()));
  CHECK(got.fields.at("content-type") == "application/cloudevents+json; charset=utf-8");
  CHECK(got.fields.at("webhook-id") == "01kb2h5v0q4t8w9xaz3c6d7efg");
  CHECK(got.fields.at("webhook-timestamp") == "1795222923");
  CHECK(got.fields.at("webhook-signature") == "v1,c2lnbmF0dXJl");
  CHECK(got.fields.at("accept-encoding") == "identity");
  receiver.next(Receiver::answer("503 Service Unavailable", std::string(10, 'x')));
  const SendResult busy = loopback.send(receiver);
  CHECK(busy.error == "");
  CHECK(busy.http_status == 503);
  receiver.next(Receiver::answer("103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted"));
  CHECK(loopback.send(receiver).http_status == 202);
}

TEST_CASE("HTTP sender: a name is resolved once, and what is connected to is what was checked") {
  Receiver right("127.0.0.1");
  Receiver wrong("127.0.0.2", right.port());
  const ReceiverPolicy policy = ReceiverPolicy::parse({"127.0.0.1"});
  FickleResolver resolver({{"127.0.0.1"}, {"127.0.0.2"}, {"169.254.169.254"}, {"10.0.0.1", "127.0.0.1"}});
  HttpSender sender(policy, resolver);
  const WebhookMessage message = message_to(fmt::format("http://hooks.example:{}/", right.port()));
  CHECK(sender.send(message).http_status == 200);
  CHECK(resolver.asked == std::vector<std::string>{"hooks.example"});
  CHECK(right.wait_for(1).at(0).fields.at("host") == fmt::format("hooks.example:{}", right.port()));

  const SendResult rebound = sender.send(message);
  CHECK_FALSE(rebound.http_status);
  CHECK_THAT(rebound.error, Contains("127.0.0.2") && Contains("loopback"));
  CHECK_THAT(sender.send(message).error, Contains("metadata"));
  CHECK(sender.send(message).http_status == 200);  // of several addresses the first that may be told
  CHECK(right.wait_for(2).size() == 2);
  CHECK(wrong.received().empty());
}

TEST_CASE("HTTP sender: without an allow-list nothing on this machine or its network is told") {
  Receiver receiver;
  const ReceiverPolicy policy;
  FickleResolver resolver({{"127.0.0.1"}});
  HttpSender sender(policy, resolver);
  for (const std::string host : {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "0.0.0.0", "[64:ff9b::7f00:1]",
                                 "hooks.example"}) {
    INFO(host);
    for (const std::string scheme : {"http", "https"}) {
      const SendResult result = sender.send(message_to(fmt::format("{}://{}:{}/", scheme, host, receiver.port())));
      CHECK_FALSE(result.http_status);
      CHECK_THAT(result.error, Contains("--webhook-allow"));
    }
  }
  CHECK(receiver.received().empty());
}

TEST_CASE("HTTP sender: a redirect is an answer, not an instruction") {
  Loopback loopback;
  Receiver target, receiver;
  receiver.next(Receiver::answer("302 Found\r\nLocation: " + target.url()));
  CHECK(loopback.send(receiver).http_status == 302);
  receiver.next(Receiver::answer("307 Temporary Redirect\r\nLocation: " + target.url()));
  CHECK(loopback.send(receiver).http_status == 307);
  CHECK(target.received().empty());
}

TEST_CASE("HTTP sender: a receiver that never answers, or drips, is left at the deadline") {
  Loopback loopback({.deadline = 300ms});
  Receiver receiver;
  receiver.next(Receiver::silence());
  CHECK(loopback.send(receiver).error == "no answer in time");
  receiver.next(Receiver::endless("HTTP/1.1 200 OK\r\n", "a", 20ms));
  CHECK(loopback.send(receiver).error == "no answer in time");
}

TEST_CASE("HTTP sender: of an answer without end only so much is read") {
  Loopback loopback;
  Receiver receiver;
  const std::string block(64 * 1024, 'x');
  receiver.next(Receiver::endless("HTTP/1.1 200 OK\r\n\r\n", block));
  CHECK(loopback.send(receiver).http_status == 200);
  receiver.next(Receiver::endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", block));
  CHECK(loopback.send(receiver).http_status == 200);
  receiver.next(Receiver::endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"));
  CHECK(loopback.send(receiver).http_status == 200);
  receiver.next(Receiver::endless("HTTP/1.1 200 OK\r\n", "X-More: " + std::string(1000, 'x') + "\r\n"));
  CHECK(loopback.send(receiver).error == "the head of the answer is too long");
  receiver.next(Receiver::endless("HTTP/1.1 200 ", block));
  CHECK(loopback.send(receiver).error == "the head of the answer is too long");
  receiver.next(Receiver::endless("", "HTTP/1.1 100 Continue\r\n\r\n"));
  CHECK_FALSE(loopback.send(receiver).http_status);
}

TEST_CASE("HTTP sender: what is no answer is a failure that says what was wrong") {
  Loopback loopback;
  std::uint16_t free_port = 0;
  {
    Receiver receiver;
    free_port = receiver.port();
    receiver.next([](int) {});
    CHECK(loopback.send(receiver).error == "the connection ended before an answer came");
    receiver.next(Receiver::endless("SSH-2.0-OpenSSH_9.2\r\n", "x"));
    const SendResult garbage = loopback.send(receiver);
    CHECK_FALSE(garbage.http_status);
    CHECK(garbage.error != "");
  }
  const SendResult refused = loopback.sender.send(message_to(fmt::format("http://127.0.0.1:{}/", free_port)));
  CHECK_THAT(refused.error, Contains("refused"));
  CHECK_FALSE(refused.cancelled);
}

TEST_CASE("HTTP sender: cancelling ends what is being sent, and everything after it at once") {
  Loopback loopback({.deadline = 10min});
  Receiver receiver;
  receiver.next(Receiver::silence());
  auto sent = std::async(std::launch::async, [&] { return loopback.send(receiver); });
  receiver.wait_for(1);
  loopback.sender.cancel();
  CHECK(sent.get().cancelled);
  CHECK(loopback.send(receiver).cancelled);
  CHECK(receiver.received().size() == 1);
}

namespace {

// An HTTPS server whose certificate is good for hooks.example, by an authority that only SSL_CERT_FILE names.
struct TlsReceiver {
  TempDir directory;
  std::unique_ptr<httplib::SSLServer> server;
  int port = 0;
  std::jthread thread;

  TlsReceiver() {
    const std::string key = directory / "key.pem", certificate = directory / "certificate.pem";
    REQUIRE(run_process({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-days", "2", "-subj", "/CN=hooks.example", "-addext",
                         "subjectAltName=DNS:hooks.example", "-keyout", key, "-out", certificate})
                .exit_code == 0);
    server = std::make_unique<httplib::SSLServer>(certificate.c_str(), key.c_str());
    server->Post("/", [](const httplib::Request&, httplib::Response& response) { response.status = 204; });
    port = server->bind_to_any_port("127.0.0.1");
    thread = std::jthread([this] { server->listen_after_bind(); });
  }
  ~TlsReceiver() {
    while (!server->is_running()) std::this_thread::yield();
    server->stop();
  }
  std::string certificate() const { return directory / "certificate.pem"; }
};

SendResult send_encrypted(const TlsReceiver& receiver, const std::string& host) {
  const ReceiverPolicy policy = ReceiverPolicy::parse({"127.0.0.1"});
  FickleResolver resolver({{"127.0.0.1"}});
  HttpSender sender(policy, resolver);
  return sender.send(message_to(fmt::format("https://{}:{}/", host, receiver.port)));
}

}  // namespace

TEST_CASE("HTTP sender: a certificate counts when an authority of this system gave it, for this name") {
  TlsReceiver receiver;
  ::unsetenv("SSL_CERT_FILE");
  CHECK_THAT(send_encrypted(receiver, "hooks.example").error, Contains("certificate verify failed"));
  ::setenv("SSL_CERT_FILE", receiver.certificate().c_str(), 1);
  CHECK(send_encrypted(receiver, "hooks.example").http_status == 204);
  CHECK_THAT(send_encrypted(receiver, "other.example").error, Contains("certificate verify failed"));
  CHECK_THAT(send_encrypted(receiver, "127.0.0.1").error, Contains("certificate verify failed"));
  ::unsetenv("SSL_CERT_FILE");
}
