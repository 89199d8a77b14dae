// SPDX-License-Identifier: Apache-2.0
#include "storage/base/base64.h"

#include <openssl/evp.h>

namespace assay {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 30;  // OpenSSL counts in int

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
  out.pop_back();
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  // OpenSSL passes over blanks at either end, which are no base64.
  const auto blank = [](char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); };
  if (text.size() % 4 != 0 || text.size() > kMaxText) return std::nullopt;
  if (text.empty()) return std::string();
  if (blank(text.front()) || blank(text.back())) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                                   static_cast<int>(text.size()));
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (size < static_cast<int>(padding)) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace assay
