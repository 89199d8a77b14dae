// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "registry/domain/key_name.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// First path words of our own HTTP API, the console and every protocol that we speak or leave room for.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"ajax-api",   "api",          "assets",  "buckets",        "console",
     "datasets",   "docs",         "events",  "favicon.ico",    "get-artifact",
     "graphql",    "health",       "healthz", "join",           "kernels",
     "login",      "logout",       "metrics", "model-versions", "models",
     "new",        "openapi.yaml", "plugins", "readyz",         "resolve-cache",
     "robots.txt", "settings",     "spaces",  "static-files",   "ui",
     "v1",         "v2",           "version"});

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_separator(char c) {
  return c == '.' || c == '_' || c == '-';
}

// Safe to print whatever was sent.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 2 * kMaxNameLength)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > 2 * kMaxNameLength ? "…\"" : "\"");
}

void check_grammar(std::string_view text, std::string_view what) {
  const auto fail = [&](std::string_view why) {
    throw Error(
        Code::invalid_argument,
        fmt::format("{} cannot name {}: {}; use letters and digits joined by single '.', '_' or '-', at "
                    "most {} characters",
                    quoted(text), what, why, kMaxNameLength));
  };
  if (text.empty()) fail("it is empty");
  if (text.size() > kMaxNameLength) fail(fmt::format("it has {} characters", text.size()));
  if (!is_word(text.front()) || !is_word(text.back())) fail("it must begin and end with a letter or digit");
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (!is_word(text[i]) && !is_separator(text[i])) fail("it has a character that names cannot have");
    if (is_separator(text[i]) && is_separator(text[i - 1])) fail("it has two separators in a row");
  }
  // git clients would take the suffix off again.
  if (lower_case(text).ends_with(".git")) fail("it ends in .git");
}

void check_not_reserved(const std::string& key, std::string_view what) {
  if (std::find(kReserved.begin(), kReserved.end(), key) == kReserved.end()) return;
  throw Error(Code::invalid_argument,
              fmt::format("\"{}\" cannot name {}: the HTTP API uses that word; choose another", key, what));
}

bool is_version_tag(std::string_view key) {
  const std::string_view digits = key.starts_with('v') ? key.substr(1) : key;
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Namespace::Namespace(std::string text) : text_(std::move(text)), key_(lower_case(text_)) {}

Namespace Namespace::parse(std::string_view text) {
  check_grammar(text, "a namespace");
  Namespace space{std::string(text)};
  check_not_reserved(space.key(), "a namespace");
  return space;
}

Namespace Namespace::standard() {
  return Namespace(std::string(kDefaultNamespace));
}

Name::Name(Namespace space, std::string name)
    : space_(std::move(space)), name_(std::move(name)), key_(lower_case(name_)) {}

Name Name::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return of(kDefaultNamespace, text);
  if (text.find('/', slash + 1) != std::string_view::npos)
    throw Error(Code::invalid_argument,
                fmt::format("{} has more than one '/': write NAME or NAMESPACE/NAME", quoted(text)));
  return of(text.substr(0, slash), text.substr(slash + 1));
}

Name Name::of(std::string_view namespace_text, std::string_view name_text) {
  Name name(Namespace::parse(namespace_text),
            (check_grammar(name_text, "a model, dataset or plugin"), std::string(name_text)));
  // Some clients leave the default namespace out, which puts the name itself first in the path.
  if (name.space() == Namespace::standard()) check_not_reserved(name.key(), "a model, dataset or plugin");
  return name;
}

KeyName::KeyName(std::string text) : text_(std::move(text)), key_(lower_case(text_)) {}

KeyName KeyName::parse(std::string_view text) {
  check_grammar(text, "a key");
  return KeyName(std::string(text));
}

StageName::StageName(std::string text) : text_(std::move(text)), key_(lower_case(text_)) {}

StageName StageName::parse(std::string_view text) {
  check_grammar(text, "a stage");
  StageName stage{std::string(text)};
  if (stage.key() == "latest" || stage.key() == "main" || is_version_tag(stage.key()))
    throw Error(
        Code::invalid_argument,
        fmt::format("{} cannot be a stage name: clients read it as a version; choose another", quoted(text)));
  return stage;
}

}  // namespace assay
