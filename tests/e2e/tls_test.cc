// SPDX-License-Identifier: Apache-2.0
// The built program over TLS: served by a certificate, believed by who was told to, refused by everybody else.
#include <nlohmann/json.hpp>

#include "tests/e2e/registry.h"
#include "tests/support/self_signed.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("TLS: the program serves and asks over it, and does not talk to a certificate that it cannot believe") {
  Registry registry;
  const SelfSigned identity(registry.file("").parent_path(), "DNS:localhost,IP:127.0.0.1");
  registry.stop();
  registry.serve_options = {"--tls-cert", identity.certificate.string(), "--tls-key", identity.key.string()};
  registry.start();
  CHECK_THAT(registry.url(), Contains("https://localhost:"));
  CHECK_THAT(registry.expect(70, {"ls"}).err, Contains("certificate"));
  registry.environment["SSL_CERT_FILE"] = identity.certificate.string();
  registry.write("model.bin", std::string(3'000'000, 'm'));
  registry.expect(0, {"push", "model", "churn", registry.file("model.bin").string()});
  registry.expect(0, {"pull", "churn", registry.file("out").string()});
  CHECK(read_file(registry.file("out/model.bin")) == read_file(registry.file("model.bin")));
}

TEST_CASE("TLS: files that cannot be used, or one without the other, are named and nothing is served") {
  Registry registry;
  registry.stop();
  registry.write("wrong.pem", "no certificate");
  const auto serve = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"serve", "--data", registry.data().string(), "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return registry.expect(60, arguments).err;
  };
  const std::string wrong = registry.file("wrong.pem").string();
  CHECK_THAT(serve({"--tls-cert", wrong, "--tls-key", wrong}), Contains("wrong.pem"));
  CHECK_THAT(serve({"--tls-cert", wrong}), Contains("--tls-key"));
  CHECK_THAT(registry.expect(60, {"serve", "--data", registry.data().string(), "--listen", "0.0.0.0:0"}).err,
             Contains("--tls-cert"));
}

}  // namespace assay::test
