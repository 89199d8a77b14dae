// SPDX-License-Identifier: Apache-2.0
// Key pairs made by the openssl command.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "registry/signing/keys.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

inline void openssl(const std::string& arguments) {
  REQUIRE(std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0);
}

// `kind` is what follows `openssl genpkey`.
struct KeyPair {
  explicit KeyPair(const std::string& kind = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256") {
    openssl("genpkey " + kind + " -out '" + key.string() + "'");
    openssl("pkey -in '" + key.string() + "' -pubout -out '" + pub.string() + "'");
  }
  PrivateKey private_key() const { return PrivateKey::parse(read_pem(key), "key.pem"); }
  PublicKey public_key() const { return PublicKey::parse_all(read_pem(pub), "pub.pem").front(); }

  TempDir folder;
  std::filesystem::path key = folder / "key.pem", pub = folder / "pub.pem";
};

}  // namespace assay::test
