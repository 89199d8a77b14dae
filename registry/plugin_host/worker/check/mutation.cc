// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/mutation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace assay::worker::check {
namespace {

using sdk::ByteReader;

struct Sealed {
  std::string magic, payload;
};

// What sdk::seal wrote, in any of the SDK's languages.
std::optional<Sealed> opened(const std::string& bytes) {
  try {
    ByteReader in(bytes);
    const std::string magic = in.text();
    return Sealed{magic, std::string(sdk::unseal(magic, bytes))};
  } catch (const Error&) {
    return std::nullopt;
  }
}

// A part of `bytes`, of a size that fields and records have.
struct Part {
  std::size_t at, size;
};
Part part_of(const std::string& bytes, Draw& draw) {
  const std::size_t at = draw.below(bytes.size());
  const std::size_t size = draw.once_in(4) ? draw.below(bytes.size()) : draw.of<std::size_t>({1, 4, 8, 12, 16, 24});
  return {at, std::min(size, bytes.size() - at)};
}

// Writes a number that counts and sizes are most often wrong by over four or eight bytes.
std::string change_number(std::string& bytes, Draw& draw) {
  const std::size_t width = draw.of<std::size_t>({4, 8});
  if (bytes.size() < width) return "left as it is";
  const std::size_t at = draw.below(bytes.size() - width + 1);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data() + at, width);
  const std::uint64_t changed =
      draw.of<std::uint64_t>({0, 1, number + 1, number - 1, number * 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                              0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x7FF0000000000000,
                              0x7FF8000000000000, 0x7FEFFFFFFFFFFFFF, bytes.size(), draw.bits()});
  std::memcpy(bytes.data() + at, &changed, width);
  return fmt::format("{} at byte {} in place of {}", changed, at, number);
}

std::string change(std::string& bytes, Draw& draw) {
  if (bytes.empty()) return bytes.assign(draw.below(64), static_cast<char>(draw.bits())), "filled";
  const Part part = part_of(bytes, draw);
  const std::size_t to = draw.below(bytes.size() + 1);
  switch (draw.below(7)) {
    case 0: {
      const std::size_t bit = draw.below(8 * bytes.size());
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      return fmt::format("bit {} flipped", bit);
    }
    case 1:
      bytes.resize(to);
      return fmt::format("cut to {} bytes", to);
    case 2:
      bytes.erase(part.at, part.size);
      return fmt::format("{} bytes left out at {}", part.size, part.at);
    case 3:
      bytes.insert(to, bytes.substr(part.at, part.size));
      return fmt::format("the {} bytes at {} once more at {}", part.size, part.at, to);
    case 4: {
      const std::string copied = bytes.substr(part.at, part.size);
      bytes.replace(to, std::min(copied.size(), bytes.size() - to), copied);
      return fmt::format("the {} bytes at {} over those at {}", part.size, part.at, to);
    }
    case 5:
      for (std::size_t i = 0; i < part.size; ++i) bytes[part.at + i] = static_cast<char>(draw.bits());
      return fmt::format("noise in {} bytes at {}", part.size, part.at);
    default:
      return change_number(bytes, draw);
  }
}

std::string change_entry(std::string& bytes, Draw& draw) {
  std::string what;
  std::optional<Sealed> sealed = draw.once_in(4) ? std::nullopt : opened(bytes);
  std::string& inner = sealed ? sealed->payload : bytes;
  for (std::size_t times = draw.of<std::size_t>({1, 1, 1, 2, 3}); times > 0; --times)
    what += (what.empty() ? "" : ", ") + change(inner, draw);
  if (!sealed) return what;
  bytes = sdk::seal(sealed->magic, sealed->payload);
  return what + " under its seal";
}

}  // namespace

Mutated mutate(const fake::FakeBundle& whole, Draw& draw) {
  Mutated out{whole, "as it was"};
  auto& entries = out.bundle.entries;
  if (entries.empty()) return out;
  const std::size_t at = draw.below(entries.size());
  auto& [name, bytes] = entries[at];
  switch (draw.below(16)) {
    case 0:
      out.what = fmt::format("without \"{}\"", name);
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1: {
      auto& other = draw.among(entries);
      out.what = fmt::format("with the bytes of \"{}\" and \"{}\" exchanged", name, other.first);
      std::swap(bytes, other.second);
      break;
    }
    default:
      out.what = fmt::format("with \"{}\" changed: ", name);
      out.what += change_entry(bytes, draw);
  }
  return out;
}

}  // namespace assay::worker::check
