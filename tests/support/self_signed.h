// SPDX-License-Identifier: Apache-2.0
// A certificate that vouches for itself, with its key, as PEM files of a test.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/catch.h"

namespace assay::test {

struct SelfSigned {
  std::filesystem::path certificate, key;

  // `names` as OpenSSL writes them: "DNS:assay.example,IP:127.0.0.1". Replaces what is there.
  SelfSigned(const std::filesystem::path& folder, const std::string& names)
      : certificate(folder / "server.pem"), key(folder / "server.key") {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    X509_set_pubkey(made.get(), pair.get());
    add(made.get(), NID_subject_alt_name, names);
    add(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    REQUIRE(X509_sign(made.get(), pair.get(), EVP_sha256()) > 0);
    write(certificate, [&](std::FILE* file) { return PEM_write_X509(file, made.get()); });
    write(key, [&](std::FILE* file) {
      return PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

 private:
  static void add(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <class Write>
  static void write(const std::filesystem::path& path, Write write) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"), std::fclose);
    REQUIRE(file);
    REQUIRE(write(file.get()) == 1);
  }
};

}  // namespace assay::test
