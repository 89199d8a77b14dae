// SPDX-License-Identifier: Apache-2.0
// The server over TLS: the same answers, to those who believe its certificate.
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <array>
#include <ctime>
#include <fstream>

#include "registry/http/certificate_host.h"
#include "registry/http/certificates.h"
#include "storage/base/error.h"
#include "tests/support/self_signed.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/test_site.h"

using namespace assay;
using test::get;
using test::SelfSigned;
using test::TempDir;
using test::TestServer;

namespace {

// One connection of OpenSSL's own client, that trusts one certificate.
class TlsClient {
 public:
  // Offers `protocols`, each behind its length, by ALPN.
  TlsClient(std::uint16_t port, const std::filesystem::path& trusted, int highest = TLS1_3_VERSION,
            const std::string& protocols = "")
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        socket_(BIO_new_connect(("127.0.0.1:" + std::to_string(port)).c_str()), BIO_free_all),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_load_verify_locations(context_.get(), trusted.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_max_proto_version(context_.get(), highest);
    SSL_CTX_set_security_level(context_.get(), 0);
    REQUIRE(BIO_do_connect(socket_.get()) == 1);
    ssl_.reset(SSL_new(context_.get()));
    BIO_up_ref(socket_.get());
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    SSL_set_bio(ssl_.get(), socket_.get(), socket_.get());
    shaken_ = SSL_connect(ssl_.get()) == 1;
  }

  bool shaken() const { return shaken_; }
  // The one that both agreed on by ALPN; empty when they did not.
  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return size == 0 ? "" : std::string(reinterpret_cast<const char*>(chosen), size);
  }
  // Until the other side closes; whether it said so is farewell().
  std::string ask_to_end(const std::string& request) {
    REQUIRE(SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) > 0);
    std::string out;
    std::array<char, 16384> buffer;
    int n = 0;
    while ((n = SSL_read(ssl_.get(), buffer.data(), buffer.size())) > 0)
      out.append(buffer.data(), static_cast<std::size_t>(n));
    farewell_ = SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN;
    return out;
  }
  bool farewell() const { return farewell_; }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<BIO, void (*)(BIO*)> socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  bool shaken_ = false;
  bool farewell_ = false;
};

struct Encrypted {
  TempDir folder;
  SelfSigned identity{folder.path(), "DNS:assay.example,IP:127.0.0.1"};
  http::Limits limits;
  TestServer server{limits, {}, identity.certificate, identity.key};
};

std::string refusal(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  try {
    http::Certificates(certificate, key);
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    return error.message();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("TLS: the answers are those in the clear, long bodies and several requests on one connection included") {
  Encrypted encrypted;
  TlsClient client(encrypted.server.port(), encrypted.identity.certificate);
  REQUIRE(client.shaken());
  const std::string sunk(300'000, 'x');
  const std::string answers = client.ask_to_end(
      get("/hello") + "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + sunk +
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
      get("/big", "Connection: close\r\n"));
  CHECK(answers.find("\r\n\r\nhello") != std::string::npos);
  CHECK(answers.find("300000") != std::string::npos);
  CHECK(answers.find("\r\n\r\nabc") != std::string::npos);
  CHECK(answers.size() > 3U * 1024 * 1024);
  CHECK(client.farewell());
}

TEST_CASE("TLS: who does not believe the certificate, or speaks an old version or none, gets nothing") {
  Encrypted encrypted;
  TempDir elsewhere;
  const SelfSigned other(elsewhere.path(), "IP:127.0.0.1");
  CHECK_FALSE(TlsClient(encrypted.server.port(), other.certificate).shaken());
  CHECK_FALSE(TlsClient(encrypted.server.port(), encrypted.identity.certificate, TLS1_1_VERSION).shaken());
  CHECK(TlsClient(encrypted.server.port(), encrypted.identity.certificate, TLS1_2_VERSION).shaken());
  test::RawClient plain = encrypted.server.client();
  plain.send(get("/hello"));
  CHECK(plain.read_to_end().find("hello") == std::string::npos);
  CHECK(TlsClient(encrypted.server.port(), encrypted.identity.certificate).shaken());  // it goes on
}

TEST_CASE("TLS: a handshake that is never finished is given up when a head would be") {
  TempDir folder;
  const SelfSigned identity(folder.path(), "IP:127.0.0.1");
  http::Limits limits;
  limits.head_timeout = std::chrono::milliseconds(50);
  TestServer server(limits, {}, identity.certificate, identity.key);
  test::RawClient silent = server.client();
  CHECK(silent.closed());
}

TEST_CASE("TLS: who also speaks HTTP/2 agrees on HTTP/1.1") {
  Encrypted encrypted;
  const TlsClient client(encrypted.server.port(), encrypted.identity.certificate, TLS1_3_VERSION,
                         std::string("\2h2\10http/1.1", 12));
  REQUIRE(client.shaken());
  CHECK(client.protocol() == "http/1.1");
}

TEST_CASE("TLS: the figures say when the certificate ends, and nothing without one") {
  const auto expiry = [](TestServer& server) {
    for (const MetricFamily& family : server.metrics().families())
      if (family.name == "http_certificate_expiry_timestamp_seconds") return family.samples;
    FAIL("there is no such figure");
    return std::vector<MetricSample>();
  };
  const auto before = static_cast<double>(std::time(nullptr));
  Encrypted encrypted;
  const auto samples = expiry(encrypted.server);
  REQUIRE(samples.size() == 1);
  const double ends = std::get<double>(samples[0].value);
  CHECK(ends >= before + 3600);
  CHECK(ends <= static_cast<double>(std::time(nullptr)) + 3600);
  TestServer plain;
  CHECK(expiry(plain).empty());
}

TEST_CASE("TLS: a renewed certificate is used from then on, and half of a renewal is not") {
  TempDir folder;
  const SelfSigned first(folder.path(), "DNS:first.example");
  http::Certificates certificates(first.certificate, first.key, std::chrono::seconds(0));
  std::string complaint;
  const auto complain = [&](std::string_view why) { complaint = why; };
  const auto* before = &certificates.current(complain);
  std::ofstream(first.key) << "half of a key";
  std::filesystem::last_write_time(first.key, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  CHECK(&certificates.current(complain) == before);
  CHECK(complaint.find("server.key") != std::string::npos);
  const SelfSigned second(folder.path(), "DNS:second.example");
  std::filesystem::last_write_time(second.key, std::filesystem::file_time_type::clock::now() + std::chrono::hours(2));
  complaint.clear();
  certificates.current(complain);
  CHECK(complaint.empty());
  CHECK(http::host_of_certificate(second.certificate) == "second.example");
}

TEST_CASE("TLS: a certificate that cannot be used is named before the server starts") {
  TempDir folder, elsewhere;
  const SelfSigned one(folder.path(), "DNS:*.example,DNS:assay.example"), other(elsewhere.path(), "IP:127.0.0.1");
  CHECK(refusal(one.certificate, one.key) == "nothing was refused");
  CHECK(refusal(one.certificate, other.key).find("server.key") != std::string::npos);
  CHECK(refusal(folder.path() / "none.pem", one.key).find("none.pem") != std::string::npos);
  CHECK(refusal(one.key, one.key).find("server.key") != std::string::npos);
  CHECK(http::host_of_certificate(one.certificate) == "assay.example");
  CHECK(http::host_of_certificate(other.certificate).empty());
  CHECK(http::host_of_certificate(one.key).empty());
}
