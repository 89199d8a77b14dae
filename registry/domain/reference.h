// SPDX-License-Identifier: Apache-2.0
// How a version is written: `churn@3`, `churn@production`, `acme/churn@sha256:…`; without `@` it is the
// newest one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "registry/domain/name.h"
#include "storage/base/digest.h"

namespace assay {

using VersionNumber = std::int64_t;  // 1, 2, 3, dense within one artifact

// Which version of an artifact is meant.
class Selector {
 public:
  struct Newest {
    bool operator==(const Newest&) const = default;
  };

  Selector() = default;  // the newest
  explicit Selector(VersionNumber number) : value_(number) {}
  explicit Selector(StageName stage) : value_(std::move(stage)) {}
  explicit Selector(const Digest& digest) : value_(digest) {}

  // `3` or `v3`, `latest`, a stage name, or a digest. Throws invalid_argument, listing the forms.
  static Selector parse(std::string_view text);

  std::string text() const;  // `latest` for the newest
  // Newest, VersionNumber, StageName or Digest; for std::get_if.
  const auto& value() const { return value_; }

  bool operator==(const Selector&) const = default;

 private:
  std::variant<Newest, VersionNumber, StageName, Digest> value_;
};

struct Reference {
  Name name;
  Selector selector;

  // Throws invalid_argument.
  static Reference parse(std::string_view text);

  std::string text() const;  // `default/churn@3`; without `@` for the newest

  bool operator==(const Reference&) const = default;
};

// `default/churn@3`: how records write a version that is known by number.
std::string reference_text(const Name& name, VersionNumber number);

}  // namespace assay
