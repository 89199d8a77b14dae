// SPDX-License-Identifier: Apache-2.0
// Whether what many clients saw of one register can have come about one operation after another, each at some moment
// between its request and its answer. The register has a revision that every change raises by one, and is changed only
// by who names the revision that it has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::test {

struct Register {
  std::int64_t revision = 0;
  std::int64_t value = 0;

  bool operator==(const Register&) const = default;
};

struct Operation {
  enum class Kind { read, swap };
  enum class Result {
    seen,    // a read's answer, or a swap's after which the register is as `seen`
    there,   // the swap changed nothing: the register had the wanted value already, and is as `seen`
    lost,    // the swap was refused: the revision was another
    unknown  // no answer came: it happened at any time since, or never will
  };

  std::int64_t start = 0;  // in any unit, the same for all
  std::int64_t end = 0;    // of no meaning when unknown
  Kind kind = Kind::read;
  std::int64_t expected = 0;  // revision
  std::int64_t wanted = 0;    // value
  Result result = Result::seen;
  Register seen{};
};

std::string text(const Operation& operation);

// Empty, or the operation at which every order fails. The register starts as Register{}.
std::string why_not_linearizable(const std::vector<Operation>& history);

}  // namespace assay::test
