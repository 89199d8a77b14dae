// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/check/linking.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "registry/plugin_host/elf.h"

namespace assay {
namespace {

constexpr std::string_view kEntryPoint = "assay_plugin_open_v1";

template <typename T>
std::vector<T> table_of(std::string_view bytes, std::uint64_t offset, std::uint64_t count) {
  if (offset > bytes.size() || count > (bytes.size() - offset) / sizeof(T)) return {};
  std::vector<T> out(count);
  if (count != 0) std::memcpy(out.data(), bytes.data() + offset, count * sizeof(T));
  return out;
}

std::string_view name_at(std::string_view names, std::uint64_t offset) {
  return offset < names.size() ? names.substr(offset, names.find('\0', offset) - offset) : std::string_view();
}

bool relative_to_itself(std::string_view search_path) {
  while (!search_path.empty()) {
    const std::string_view part = search_path.substr(0, search_path.find(':'));
    if (part != "$ORIGIN" && !part.starts_with("$ORIGIN/")) return false;
    search_path.remove_prefix(std::min(search_path.size(), part.size() + 1));
  }
  return true;
}

}  // namespace

std::string wrong_exports(std::string_view library, const std::string& name) {
  const std::vector<std::string> symbols = ElfFile(library, name).exported_symbols();
  if (std::find(symbols.begin(), symbols.end(), kEntryPoint) == symbols.end())
    return fmt::format("it does not export {}", kEntryPoint);
  std::vector<std::string> others;
  for (const std::string& symbol : symbols)
    if (symbol != kEntryPoint && others.size() < 5) others.push_back(symbol);
  if (others.empty()) return {};
  return fmt::format("it also exports {} more, such as {}", symbols.size() - 1, fmt::join(others, ", "));
}

std::string unsafe_linking(std::string_view library, const std::string& name) {
  const ElfFile file(library, name);  // refuses what has no whole header
  Elf64_Ehdr header;
  std::memcpy(&header, library.data(), sizeof header);
  bool stack_named = false, read_only_relocations = false;
  for (const auto& segment : table_of<Elf64_Phdr>(library, header.e_phoff, header.e_phnum)) {
    if (segment.p_type == PT_GNU_RELRO) read_only_relocations = true;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0 && (segment.p_flags & PF_X) != 0)
      return "a part of it is both writable and executable";
    if (segment.p_type != PT_GNU_STACK) continue;
    stack_named = true;
    if ((segment.p_flags & PF_X) != 0) return "it asks for an executable stack";
  }
  if (!stack_named) return "it does not say that its stack is not executable";
  if (!read_only_relocations) return "its relocated data stays writable (no PT_GNU_RELRO)";
  const std::string_view entries = file.section(".dynamic").value_or("");
  const std::string_view names = file.section(".dynstr").value_or("");
  for (const auto& entry : table_of<Elf64_Dyn>(entries, 0, entries.size() / sizeof(Elf64_Dyn))) {
    const std::string_view text = name_at(names, entry.d_un.d_val);
    if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0))
      return "it has text relocations";
    if ((entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) && !relative_to_itself(text))
      return fmt::format("it looks for libraries in {}", text);
    if (entry.d_tag == DT_NEEDED && text.find('/') != text.npos)
      return fmt::format("it needs a library by its path, {}", text);
  }
  return {};
}

}  // namespace assay
