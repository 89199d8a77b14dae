// SPDX-License-Identifier: Apache-2.0
#include "registry/http/certificates.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "storage/base/error.h"

namespace assay::http {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

Error unusable(const fs::path& path, const std::string& why) {
  return Error(Code::invalid_argument, fmt::format("the TLS file {} cannot be used: {}", path.string(), why));
}

// HTTP/1.1 for whoever asks by ALPN; who offers other protocols only gets no agreement, and speaks HTTP/1.1 or leaves.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned size,
                    void*) {
  static constexpr unsigned char kOurs[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;  // into kOurs, and read after this has returned
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs, offered, size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

fs::file_time_type newest(const fs::path& one, const fs::path& other) {
  std::error_code ignored;
  return std::max(fs::last_write_time(one, ignored), fs::last_write_time(other, ignored));
}

}  // namespace

Certificates::Certificates(fs::path certificate, fs::path key, std::chrono::seconds look_every)
    : certificate_(std::move(certificate)),
      key_(std::move(key)),
      look_every_(look_every),
      context_(load(certificate_, key_)),
      seen_(newest(certificate_, key_)),
      looked_(std::chrono::steady_clock::now()) {}

std::unique_ptr<ssl::context> Certificates::load(const fs::path& certificate, const fs::path& key) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  error_code ec;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, ec);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, nullptr);
  // A key that asks for a password would stop the server at a prompt.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, ec);
  context->use_certificate_chain_file(certificate.string(), ec);
  if (ec) throw unusable(certificate, ec.message());
  context->use_private_key_file(key.string(), ssl::context::pem, ec);
  if (ec) throw unusable(key, ec.message());
  if (SSL_CTX_check_private_key(context->native_handle()) != 1)
    throw unusable(key, "it is not the key of the certificate");
  return context;
}

std::time_t Certificates::expires() const {
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context_->native_handle())), &end);
  return ::timegm(&end);
}

ssl::context& Certificates::current(const std::function<void(std::string_view)>& complain) {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < look_every_) return *context_;
  looked_ = now;
  const Stamp stamp = newest(certificate_, key_);
  if (stamp == seen_) return *context_;
  try {
    context_ = load(certificate_, key_);
    seen_ = stamp;
  } catch (const Error& error) {
    complain(error.message());  // half of a renewal, perhaps: it is looked at again
  }
  return *context_;
}

}  // namespace assay::http
