// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/reference.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::string_view kNewest = "latest";

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

VersionNumber parse_number(std::string_view digits) {
  VersionNumber number = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (status != std::errc() || end != digits.data() + digits.size() || number < 1 || digits.front() == '0')
    throw Error(
        Code::invalid_argument,
        fmt::format("\"{}\" is not a version number: they are 1, 2, 3 and so on", beginning(digits)));
  return number;
}

}  // namespace

Selector Selector::parse(std::string_view text) {
  if (text == kNewest) return Selector();
  if (text.starts_with("sha256:")) return Selector(Digest::parse(text));
  const std::string_view digits = text.starts_with('v') || text.starts_with('V') ? text.substr(1) : text;
  if (all_digits(digits)) return Selector(parse_number(digits));
  try {
    return Selector(StageName::parse(text));
  } catch (const Error& error) {
    throw Error(Code::invalid_argument, error.message() +
                                            "; a version is written as a number, latest, a stage or "
                                            "sha256:…");
  }
}

std::string Selector::text() const {
  if (const auto* number = std::get_if<VersionNumber>(&value_)) return std::to_string(*number);
  if (const auto* stage = std::get_if<StageName>(&value_)) return stage->text();
  if (const auto* digest = std::get_if<Digest>(&value_)) return digest->text();
  return std::string(kNewest);
}

Reference Reference::parse(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) return {Name::parse(text), Selector()};
  return {Name::parse(text.substr(0, at)), Selector::parse(text.substr(at + 1))};
}

std::string Reference::text() const {
  if (selector == Selector()) return name.text();
  return name.text() + '@' + selector.text();
}

std::string reference_text(const Name& name, VersionNumber number) {
  return fmt::format("{}@{}", name.text(), number);
}

}  // namespace assay
