// SPDX-License-Identifier: Apache-2.0
// Names: letters and digits joined by single `.`, `_` or `-`. The spelling is kept; two spellings that differ
// only in case are one name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

// What fits the name limit of every client that we serve (Hugging Face has the least).
inline constexpr std::size_t kMaxNameLength = 96;
inline constexpr std::string_view kDefaultNamespace = "default";

// A tenant: the part before the slash.
class Namespace {
 public:
  // Throws invalid_argument for a bad spelling and for the first path words of the HTTP API.
  static Namespace parse(std::string_view text);
  static Namespace standard();  // `default`

  const std::string& text() const { return text_; }
  const std::string& key() const { return key_; }  // lower case: what is unique and compared

  friend bool operator==(const Namespace& left, const Namespace& right) { return left.key_ == right.key_; }

 private:
  explicit Namespace(std::string text);

  std::string text_, key_;
};

// The name of a model, dataset or plugin within its kind.
class Name {
 public:
  // `churn` is `default/churn`; `acme/churn` names the namespace. Throws invalid_argument, saying what is
  // wrong.
  static Name parse(std::string_view text);
  // The two parts as a URL has them.
  static Name of(std::string_view namespace_text, std::string_view name_text);

  const Namespace& space() const { return space_; }
  const std::string& namespace_() const { return space_.text(); }
  const std::string& name() const { return name_; }
  const std::string& key() const { return key_; }  // `churn`, lower case, without the namespace
  std::string text() const { return namespace_() + '/' + name_; }  // always with the namespace

  friend bool operator==(const Name& left, const Name& right) {
    return left.space_ == right.space_ && left.key_ == right.key_;
  }

 private:
  Name(Namespace space, std::string name);

  Namespace space_;
  std::string name_, key_;
};

// A named pointer of a model, such as `production`. Same grammar and case rule as names.
class StageName {
 public:
  // Throws invalid_argument for a bad spelling, for `latest`, `main` and `v<digits>` (they mean versions to
  // clients), and for all digits.
  static StageName parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& key() const { return key_; }

  friend bool operator==(const StageName& left, const StageName& right) { return left.key_ == right.key_; }

 private:
  explicit StageName(std::string text);

  std::string text_, key_;
};

// ASCII letters to lower case; everything else is kept.
std::string lower_case(std::string_view text);

}  // namespace assay
