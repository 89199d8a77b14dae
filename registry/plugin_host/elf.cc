// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/elf.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>

#include "storage/base/error.h"

namespace assay {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "name this processor's ELF machine"
#endif

bool can_bind(const Elf64_Sym& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF &&
         (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

}  // namespace

ElfFile::ElfFile(std::string_view bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {
  if (bytes.substr(0, SELFMAG) != ELFMAG)
    throw Error(Code::unsupported, fmt::format("{} is not a shared library (no ELF header)", what_));
  const auto header = read<Elf64_Ehdr>(bytes_, 0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != kMachine)
    throw Error(Code::unsupported, fmt::format("{} is built for another kind of processor", what_));
  if (header.e_type != ET_DYN)
    throw Error(Code::unsupported, fmt::format("{} is an ELF file, but not a shared library", what_));
  if (header.e_shoff == 0 || header.e_shnum == 0 || header.e_shentsize != sizeof(Elf64_Shdr))
    corrupt("it has no section headers");

  const std::string_view table = range(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
  if (header.e_shstrndx >= header.e_shnum) corrupt("its section names are missing");
  const auto names_header = read<Elf64_Shdr>(table, header.e_shstrndx * sizeof(Elf64_Shdr));
  const std::string_view names = range(names_header.sh_offset, names_header.sh_size);
  for (std::uint16_t i = 0; i < header.e_shnum; ++i) {
    const auto section = read<Elf64_Shdr>(table, i * sizeof(Elf64_Shdr));
    const bool stored = section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL;
    sections_.push_back({name_at(names, section.sh_name), section.sh_type, section.sh_link,
                         stored ? range(section.sh_offset, section.sh_size) : std::string_view()});
  }
}

std::optional<std::string_view> ElfFile::section(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const Section& section : sections_) {
    if (section.name != name) continue;
    if (found) corrupt(fmt::format("it has two sections called {}", name));
    found = section.bytes;
  }
  return found;
}

std::vector<std::string> ElfFile::exported_symbols() const {
  std::vector<std::string> names;
  for (const Section& section : sections_) {
    if (section.type != SHT_DYNSYM) continue;
    if (section.link >= sections_.size() || section.bytes.size() % sizeof(Elf64_Sym) != 0)
      corrupt("its dynamic symbols are inconsistent");
    const std::string_view strings = sections_[section.link].bytes;
    for (std::size_t at = 0; at < section.bytes.size(); at += sizeof(Elf64_Sym)) {
      const auto symbol = read<Elf64_Sym>(section.bytes, at);
      if (can_bind(symbol)) names.emplace_back(name_at(strings, symbol.st_name));
    }
  }
  return names;
}

template <typename T>
T ElfFile::read(std::string_view from, std::uint64_t offset) const {
  if (offset > from.size() || from.size() - offset < sizeof(T)) corrupt("it is cut off");
  T value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

std::string_view ElfFile::range(std::uint64_t offset, std::uint64_t size) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) corrupt("it is cut off");
  return bytes_.substr(offset, size);
}

std::string_view ElfFile::name_at(std::string_view table, std::uint64_t offset) const {
  if (offset >= table.size()) corrupt("a name lies outside its table");
  const std::string_view rest = table.substr(offset);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) corrupt("a name does not end");
  return rest.substr(0, end);
}

void ElfFile::corrupt(std::string_view why) const {
  throw Error(Code::corrupt,
              fmt::format("{} is not a whole shared library: {}; copy or build it again", what_, why));
}

}  // namespace assay
