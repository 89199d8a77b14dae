// SPDX-License-Identifier: Apache-2.0
// Just enough of ELF to look into a shared library without running it: one section's bytes and the names it
// exports. Every offset is checked against the file, because the file is a stranger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

class ElfFile {
 public:
  // Borrows `bytes`. Throws unsupported when they are not a 64-bit little-endian shared library for this
  // processor, and corrupt when they are cut off or inconsistent. `what` names the file in messages.
  ElfFile(std::string_view bytes, std::string what);

  // The bytes of the section called `name`; nothing when there is none. Throws corrupt when there are two.
  std::optional<std::string_view> section(std::string_view name) const;
  // The dynamic symbols that others can bind to, in file order.
  std::vector<std::string> exported_symbols() const;

 private:
  struct Section {
    std::string_view name;
    std::uint32_t type = 0;
    std::uint32_t link = 0;
    std::string_view bytes;  // empty for sections without any in the file
  };

  template <typename T>
  T read(std::string_view from, std::uint64_t offset) const;
  std::string_view range(std::uint64_t offset, std::uint64_t size) const;
  std::string_view name_at(std::string_view table, std::uint64_t offset) const;
  [[noreturn]] void corrupt(std::string_view why) const;

  std::string_view bytes_;
  std::string what_;
  std::vector<Section> sections_;
};

}  // namespace assay
