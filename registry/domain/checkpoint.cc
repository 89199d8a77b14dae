// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "registry/domain/id.h"
#include "registry/domain/utf8.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"

namespace assay {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;  // room for some hundred witnesses
constexpr std::string_view kMark = "\u2014 ";  // begins a signature's line
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr char kEd25519 = 1;  // signed-note's number for it
constexpr std::size_t kIdSize = 4;

std::string as_text(std::span<const unsigned char> bytes) {
  return {bytes.begin(), bytes.end()};
}

// Only the one spelling that to_base64 has.
std::optional<std::string> from_strict_base64(std::string_view text) {
  auto bytes = from_base64(text);
  if (bytes && to_base64(*bytes) != text) bytes.reset();
  return bytes;
}

std::optional<Digest> digest_from_base64(std::string_view text) {
  const auto bytes = from_strict_base64(text);
  if (!bytes || bytes->size() != Digest::kSize) return std::nullopt;
  Digest::Bytes out;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return Digest(out);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

std::string key_id(std::string_view name, const Ed25519PublicKey& key) {
  const Digest digest = Digest::of(fmt::format("{}\n{}{}", name, kEd25519, as_text(key)));
  return as_text(digest.bytes()).substr(0, kIdSize);
}

// Printable ASCII, so that nobody can make two names look alike.
bool is_log_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '+'; });
}

struct KeyParts {
  std::string name;
  std::string id;  // in hexadecimal
  std::array<unsigned char, 32> bytes{};
};

// `NAME+KEYID+base64(0x01, 32 bytes)`
std::optional<KeyParts> split_key(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t first = text.find('+'), second = text.find('+', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  KeyParts out{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)), {}};
  const auto bytes = from_strict_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != 1 + out.bytes.size() || bytes->front() != kEd25519 || !is_log_name(out.name))
    return std::nullopt;
  std::copy(bytes->begin() + 1, bytes->end(), out.bytes.begin());
  return out;
}

std::string join_key(const LogKey& key, std::span<const unsigned char> bytes) {
  return fmt::format("{}+{}+{}", key.name(), hex(key.id()), to_base64(kEd25519 + as_text(bytes)));
}

struct Signature {
  std::string name;
  std::string id;
  std::string bytes;
};

struct Note {
  std::string_view text;  // with its last line end: what is signed
  std::vector<Signature> signatures;
};

class NoteReader {
 public:
  explicit NoteReader(const std::string& what) : what_(what) {}

  Note read(std::string_view note) const {
    if (note.size() > kMaxBytes) fail(fmt::format("it is longer than {} bytes", kMaxBytes));
    if (!is_plain(note)) fail("it holds bytes that are not plain UTF-8 text");
    const std::size_t blank = note.rfind("\n\n");
    if (blank == std::string_view::npos || !note.ends_with('\n')) fail("it has no signature below a blank line");
    Note out{note.substr(0, blank + 1), {}};
    for (std::string_view rest = note.substr(blank + 2); !rest.empty();) out.signatures.push_back(signature(line(rest)));
    if (out.signatures.empty()) fail("it has no signature below a blank line");
    return out;
  }

  // The head that `text` states, and its log's name in `name`.
  TreeHead head(std::string_view text, std::string& name) const {
    name = line(text);
    const std::string_view count = line(text);
    const auto root = digest_from_base64(line(text));
    TreeHead out{0, root.value_or(Digest::of(""))};
    const auto [end, status] = std::from_chars(count.data(), count.data() + count.size(), out.size);
    if (status != std::errc() || std::to_string(out.size) != count || out.size > INT64_MAX)
      fail("its second line is not a number of entries");
    if (!root) fail("its third line is not the base64 of a SHA-256 hash");
    return out;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(Code::invalid_argument, fmt::format("{} is no checkpoint of an audit trail: {}", what_, why));
  }

 private:
  static bool is_plain(std::string_view text) {
    while (!text.empty()) {
      const auto point = take_code_point(text);
      if (!point || (*point < 0x20 && *point != '\n')) return false;
    }
    return true;
  }

  // Takes the first line off `text`.
  std::string_view line(std::string_view& text) const {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) fail("it ends too early");
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(end + 1);
    return out;
  }

  Signature signature(std::string_view text) const {
    const std::size_t blank = text.find(' ', kMark.size());
    if (!text.starts_with(kMark) || blank == std::string_view::npos) fail("a line below the blank one is no signature");
    const std::string_view name = text.substr(kMark.size(), blank - kMark.size());
    const auto bytes = from_strict_base64(text.substr(blank + 1));
    if (!is_log_name(name)) fail("the name in a signature is none");
    if (!bytes || bytes->size() <= kIdSize) fail("a signature is not in base64");
    return {std::string(name), bytes->substr(0, kIdSize), bytes->substr(kIdSize)};
  }

  const std::string& what_;
};

// Throws unless one of the signatures is of `key`, and holds.
void require_signature(const Note& note, const LogKey& key, const std::string& what) {
  bool found = false;
  for (const Signature& signature : note.signatures) {
    if (signature.name != key.name() || signature.id != key.id()) continue;
    found = true;
    if (!key.made(signature.bytes, note.text))
      throw Error(Code::corrupt,
                  fmt::format("the signature of {} does not hold: what it says was changed after {} had signed it", what,
                              key.name()));
  }
  if (!found)
    throw Error(Code::corrupt, fmt::format("{} is signed by {} ({}), not by the key of {} ({}): it is of another "
                                           "registry, or was signed with an earlier key of this one",
                                           what, note.signatures[0].name, hex(note.signatures[0].id), key.name(),
                                           hex(key.id())));
}

}  // namespace

LogKey LogKey::parse(std::string_view text) {
  const auto parts = split_key(text);
  if (!parts || parts->id != hex(key_id(parts->name, parts->bytes)))
    throw Error(Code::invalid_argument, "that is no public key of an audit trail: it reads NAME+KEYID+BASE64, as "
                                        "`assay audit checkpoint --json` shows it");
  return {parts->name, parts->bytes};
}

std::string LogKey::id() const {
  return key_id(name_, key_);
}

std::string LogKey::text() const {
  return join_key(*this, key_);
}

bool LogKey::made(std::string_view signature, std::string_view message) const {
  return ed25519_verify(key_, signature, message);
}

LogSecret::LogSecret(std::string name, const Ed25519Seed& seed)
    : seed_(seed), key_(std::move(name), ed25519_public_key(seed)) {}

LogSecret LogSecret::make(const Clock& clock, Entropy& entropy) {
  Ed25519Seed seed;
  entropy.fill(std::as_writable_bytes(std::span(seed)));
  return {"assay/" + new_id(clock, entropy).text(), seed};
}

LogSecret LogSecret::parse(std::string_view text) {
  const auto parts = text.starts_with(kPrivate) ? split_key(text.substr(kPrivate.size())) : std::nullopt;
  if (parts) {
    LogSecret out(parts->name, parts->bytes);
    if (parts->id == hex(out.key_.id())) return out;
  }
  throw Error(Code::invalid_argument, "that is no private key of an audit trail");
}

std::string LogSecret::text() const {
  return std::string(kPrivate) + join_key(key_, seed_);
}

std::string LogSecret::sign(const TreeHead& head) const {
  const std::string text = fmt::format("{}\n{}\n{}\n", key_.name(), head.size, to_base64(as_text(head.root.bytes())));
  return fmt::format("{}\n{}{} {}\n", text, kMark, key_.name(), to_base64(key_.id() + ed25519_sign(seed_, text)));
}

TreeHead open_checkpoint(std::string_view note, const LogKey& key, const std::string& what) {
  const NoteReader reader(what);
  const Note parsed = reader.read(note);
  std::string name;
  const TreeHead head = reader.head(parsed.text, name);
  require_signature(parsed, key, what);
  if (name != key.name())
    throw Error(Code::corrupt, fmt::format("{} is of the log {}, not of {}", what, name, key.name()));
  return head;
}

}  // namespace assay
