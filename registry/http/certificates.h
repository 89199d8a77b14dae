// SPDX-License-Identifier: Apache-2.0
// What a server proves itself with over TLS: a certificate with its key, from files that are looked at again now and then,
// so that a renewed certificate is used without a restart.
#pragma once

#include <utility>  // Boost 1.74 needs it first on gcc 12

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace assay::http {

class Certificates {
 public:
  static constexpr std::chrono::seconds kLookEvery{10};  // at the files, when a connection comes

  // PEM files: the certificate followed by those that vouch for it, and its unencrypted key. Throws invalid_argument,
  // naming the file, when they cannot be read or do not belong together.
  Certificates(std::filesystem::path certificate, std::filesystem::path key, std::chrono::seconds look_every = kLookEvery);

  // For connections that begin now. What has become unreadable is complained of to `complain`, and the one before stays
  // in use. The I/O thread only.
  boost::asio::ssl::context& current(const std::function<void(std::string_view)>& complain);
  // When the certificate that is in use ends. The I/O thread only.
  std::time_t expires() const;

 private:
  using Stamp = std::filesystem::file_time_type;
  static std::unique_ptr<boost::asio::ssl::context> load(const std::filesystem::path& certificate,
                                                         const std::filesystem::path& key);

  const std::filesystem::path certificate_;
  const std::filesystem::path key_;
  const std::chrono::seconds look_every_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  Stamp seen_{};
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace assay::http
