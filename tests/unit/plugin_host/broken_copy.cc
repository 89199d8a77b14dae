// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/plugin_host/broken_copy.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "registry/plugin_host/elf.h"

namespace assay::test {

void write_broken(const std::filesystem::path& library, const std::string& section, std::string text,
                  const std::filesystem::path& to) {
  std::ostringstream read;
  read << std::ifstream(library, std::ios::binary).rdbuf();
  std::string bytes = read.str();
  const std::string_view place = ElfFile(bytes, library.string()).section(section).value();
  if (section == ".assay.breaks") text += '\0';
  if (text.size() > place.size()) throw std::runtime_error("\"" + text + "\" is too long for " + section);
  bytes.replace(static_cast<std::size_t>(place.data() - bytes.data()), text.size(), text);
  std::ofstream(to, std::ios::binary) << bytes;
}

}  // namespace assay::test
