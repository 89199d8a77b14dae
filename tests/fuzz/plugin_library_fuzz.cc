// SPDX-License-Identifier: Apache-2.0
// Any bytes as a plugin's library, and as the descriptor in one: refused, or read from within the file; and what the
// descriptor says is the same when it is read alone. Input: a line of pairs of decimals, each a place in the library
// and the 32 bits to be put there; the descriptor.
#include <elf.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/search_space.h"
#include "registry/plugin_host/descriptor.h"
#include "registry/plugin_host/elf.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

constexpr auto kRefusals = {Code::invalid_argument, Code::too_large, Code::unsupported, Code::corrupt};
constexpr std::string_view kNames("\0.assay.manifest\0.dynsym\0.dynstr\0.shstrtab\0", 43);
constexpr std::string_view kSymbols("\0assay_plugin_open_v1\0hidden\0", 29);

void require(bool promise) {
  if (!promise) std::abort();
}

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

Elf64_Shdr section_of(std::uint32_t name, std::uint32_t type, std::size_t offset, std::size_t size, std::uint32_t link) {
  Elf64_Shdr section{};
  section.sh_name = name;
  section.sh_type = type;
  section.sh_offset = offset;
  section.sh_size = size;
  section.sh_link = link;
  return section;
}

Elf64_Sym symbol_of(std::uint32_t name, unsigned char visibility) {
  Elf64_Sym symbol{};
  symbol.st_name = name;
  symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
  symbol.st_other = visibility;
  symbol.st_shndx = 1;
  return symbol;
}

// Its parts, one behind the other: header, section headers, names, symbols, their names, the descriptor.
std::string library_with(std::string_view descriptor) {
  constexpr std::size_t sections = 5, names = sizeof(Elf64_Ehdr) + sections * sizeof(Elf64_Shdr);
  constexpr std::size_t symbols = names + kNames.size(), strings = symbols + 2 * sizeof(Elf64_Sym);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
#if defined(__x86_64__)
  header.e_machine = EM_X86_64;
#else
  header.e_machine = EM_AARCH64;
#endif
  header.e_shoff = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = sections;
  header.e_shstrndx = 1;
  return bytes_of(header) + bytes_of(section_of(0, SHT_NULL, 0, 0, 0)) +
         bytes_of(section_of(33, SHT_STRTAB, names, kNames.size(), 0)) +
         bytes_of(section_of(17, SHT_DYNSYM, symbols, 2 * sizeof(Elf64_Sym), 3)) +
         bytes_of(section_of(25, SHT_STRTAB, strings, kSymbols.size(), 0)) +
         bytes_of(section_of(1, SHT_PROGBITS, strings + kSymbols.size(), descriptor.size(), 0)) + std::string(kNames) +
         bytes_of(symbol_of(1, STV_DEFAULT)) + bytes_of(symbol_of(22, STV_HIDDEN)) + std::string(kSymbols) +
         std::string(descriptor);
}

bool patch(std::string& library, std::string_view line) {
  std::istringstream numbers{std::string(line)};
  std::uint64_t place = 0, value = 0;
  bool any = false;
  for (; numbers >> place >> value; any = true)
    if (place + 4 <= library.size()) std::memcpy(library.data() + place, &value, 4);
  return any;
}

void check_descriptor(std::string_view text) {
  std::optional<PluginInfo> plugin;
  fuzz::taken(kRefusals, [&] { plugin = parse_descriptor(text, Digest::of("it"), "it"); });
  if (!plugin) return;
  require(plugin->descriptor == text && !plugin->name.empty() && !plugin->components.empty());
  for (const ComponentInfo& component : plugin->components)
    fuzz::taken(kRefusals, [&] { search_space(component.config_schema, component.id); });
}

void check_library(std::string_view library) {
  std::optional<ElfFile> file;
  fuzz::taken(kRefusals, [&] { file.emplace(library, "it"); });
  if (!file) return;
  fuzz::taken(kRefusals, [&] {
    if (const auto section = file->section(kDescriptorSection); section && !section->empty())
      require(section->data() >= library.data() && section->data() + section->size() <= library.data() + library.size());
  });
  fuzz::taken(kRefusals, [&] { file->exported_symbols(); });
  std::optional<PluginInfo> plugin;
  fuzz::taken(kRefusals, [&] { plugin = read_descriptor(library, Digest::of("it"), "it"); });
  if (plugin) require(library.find(plugin->descriptor) != library.npos);
}

void check(std::string_view text) {
  check_library(text);
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view descriptor = text.substr(std::min(line.size() + 1, text.size()));
  check_descriptor(descriptor);
  std::string library = library_with(descriptor);
  const bool changed = patch(library, line);
  check_library(library);
  if (changed) return;
  const ElfFile file(library, "it");
  require(file.section(kDescriptorSection) == descriptor);
  require(file.exported_symbols() == std::vector<std::string>{"assay_plugin_open_v1"});
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assay::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
