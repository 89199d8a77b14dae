// SPDX-License-Identifier: Apache-2.0
// What a server with a certificate is called.
#pragma once

#include <filesystem>
#include <string>

namespace assay::http {

// The first DNS name in the certificate (PEM) that is no pattern; empty when it has none, or is no certificate.
std::string host_of_certificate(const std::filesystem::path& certificate);

}  // namespace assay::http
