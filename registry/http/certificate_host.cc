// SPDX-License-Identifier: Apache-2.0
#include "registry/http/certificate_host.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

namespace assay::http {

std::string host_of_certificate(const std::filesystem::path& certificate) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(certificate.c_str(), "re"), std::fclose);
  const std::unique_ptr<X509, void (*)(X509*)> parsed(
      file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  if (!parsed) return {};
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(parsed.get(), NID_subject_alt_name, nullptr, nullptr));
  std::string host;
  for (int i = 0; host.empty() && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                           static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    if (text.find('*') == std::string::npos) host = text;
  }
  GENERAL_NAMES_free(names);
  return host;
}

}  // namespace assay::http
