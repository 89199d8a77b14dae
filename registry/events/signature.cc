// SPDX-License-Identifier: Apache-2.0
#include "registry/events/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <vector>

#include "storage/base/error.h"
#include "storage/env/entropy.h"

namespace assay {
namespace {

constexpr std::string_view kPrefix = "whsec_";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_base64(std::span<const unsigned char> bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // the library ends it with a zero
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                                      static_cast<int>(bytes.size()))));
  return out;
}

std::vector<unsigned char> key_of(std::string_view secret) {
  const std::string_view text = secret.substr(std::min(kPrefix.size(), secret.size()));
  std::vector<unsigned char> key(text.size() / 4 * 3);
  const int size =
      text.empty() || !secret.starts_with(kPrefix)
          ? -1
          : EVP_DecodeBlock(key.data(), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0) throw Error(Code::corrupt, "a webhook's secret is not whsec_ and base64; delete the webhook");
  // The library counts the padding as bytes.
  key.resize(static_cast<std::size_t>(size) - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  return key;
}

}  // namespace

std::string new_webhook_secret(Entropy& entropy) {
  std::array<unsigned char, 32> bytes;
  entropy.fill(std::as_writable_bytes(std::span(bytes)));
  return std::string(kPrefix) + to_base64(bytes);
}

std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body) {
  const std::vector<unsigned char> key = key_of(secret);
  const std::string content = fmt::format("{}.{}.{}", id, timestamp_s, body);
  std::array<unsigned char, 32> code{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(content), content.size(), code.data(),
           nullptr) == nullptr)
    throw Error(Code::internal, "HMAC-SHA256 failed");
  return "v1," + to_base64(code);
}

}  // namespace assay
