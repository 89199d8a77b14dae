// SPDX-License-Identifier: Apache-2.0
// What strangers send to a registry, and what each is answered: never a 5xx, and with what follows on the connection settled.
// Told by kind; every entry is one line of a table in hostile_corpus.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace assay::test {

// What entries are about: a registry that has these.
struct HostileGround {
  std::string token;    // of an administrator
  std::string revoked;  // a token that was good once
  std::string blob;     // the digest of `blob_size` bytes
  std::size_t blob_size = 0;
  std::string expired, foreign, unsigned_, forged;  // identity tokens for the trust `ci`
};

struct Expected {
  int status = 0;
  std::string code{};  // of the problem; empty when the answer is none
  std::optional<std::size_t> bytes{};  // of the body
};

struct Hostile {
  enum class Then { usable, closed };

  std::string what;
  std::string sent;
  std::vector<Expected> answers;  // in their order
  Then then = Then::usable;
};

std::vector<Hostile> hostile_corpus(const HostileGround& ground);

}  // namespace assay::test
