// SPDX-License-Identifier: Apache-2.0
// Who may include whom: reads every include line of the tree against one table. CMake's PRIVATE links say the same, but
// headers share one include root, so a wrong include would otherwise compile.
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

// A folder may include itself and what stands here. The longest prefix that matches a file decides its row.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"sdk", {}},
    {"plugins", {"sdk"}},
    {"examples", {"sdk"}},
    {"storage/base", {}},
    {"storage/env", {"storage/base"}},
    {"storage/blob", {"storage/base", "storage/env"}},
    {"registry/domain", {"storage/base", "storage/env"}},
    {"registry/content", {"registry/domain", "storage"}},
    {"registry/signing", {"registry/domain", "storage/base"}},
    {"registry/catalog", {"registry/domain", "storage"}},
    {"registry/access", {"registry/catalog", "registry/domain", "storage"}},
    {"registry/events", {"registry/catalog", "registry/domain", "storage"}},
    {"registry/compute", {"registry/domain", "storage/base", "storage/env", "sdk"}},
    {"registry/plugin_host", {"registry/compute", "registry/domain", "registry/signing", "storage", "sdk"}},
    {"registry/service",
     {"registry/access", "registry/catalog", "registry/compute", "registry/content", "registry/domain",
      "registry/signing", "registry/events", "storage"}},
    {"registry/http", {"registry/service", "registry/access", "registry/domain", "registry/events", "storage"}},
    {"registry/client", {"registry/domain", "registry/compute", "storage"}},
    {"registry/cli", {"registry/client", "registry/compute", "registry/domain", "registry/signing", "storage"}},
    {"registry/daemon",
     {"registry/http", "registry/service", "registry/access", "registry/events", "registry/catalog",
      "registry/plugin_host", "registry/compute", "registry/domain", "storage"}},
    {"registry/main.cc", {"registry", "storage", "sdk"}},
    {"tests", {"registry", "storage", "sdk", "plugins", "examples"}},
};

// plugins: what they share with a neighbour would not be there for an outsider, so each sees its own folder only.
std::string home_of(const std::string& path) {
  std::string best;
  for (const auto& [folder, allowed] : kMayInclude)
    if ((path == folder || path.starts_with(folder + "/")) && folder.size() > best.size()) best = folder;
  if (best == "plugins" || best == "examples") return path.substr(0, path.find('/', best.size() + 1));
  return best;
}

const std::set<std::string>& allowed_for(const std::string& home) {
  if (const auto row = kMayInclude.find(home); row != kMayInclude.end()) return row->second;
  return kMayInclude.at(home.substr(0, home.find('/')));
}

// The path from the root that an include line names, if it is one of ours.
std::optional<std::string> included(const std::string& line) {
  const auto open = line.find_first_of("\"<");
  if (!line.starts_with("#include") || open == std::string::npos) return std::nullopt;
  const auto close = line.find_first_of("\">", open + 1);
  const std::string name = line.substr(open + 1, close - open - 1);
  if (name.starts_with("assay/")) return "sdk/include/" + name;
  for (const char* root : {"sdk/", "storage/", "registry/", "plugins/", "tests/", "examples/"})
    if (name.starts_with(root)) return name;
  return std::nullopt;
}

bool permitted(const std::string& from, const std::string& to) {
  const std::string home = home_of(from);
  if (to == home || to.starts_with(home + "/")) return true;
  for (const std::string& folder : allowed_for(home))
    if (to == folder || to.starts_with(folder + "/")) return true;
  return false;
}

}  // namespace

TEST_CASE("Layering: every include follows the table of who may include whom") {
  const fs::path root = ASSAY_SOURCE_DIR;
  std::vector<std::string> violations;
  std::size_t files = 0;
  for (const char* top : {"sdk", "storage", "registry", "plugins", "examples", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".hpp" && extension != ".cc" && extension != ".c") continue;
      const std::string from = fs::relative(entry.path(), root);
      ++files;
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        if (const auto to = included(line); to && !permitted(from, *to))
          violations.push_back(from + ":" + std::to_string(number) + " must not include " + *to);
      }
    }
  }
  CHECK(files > 20);
  CHECK(violations == std::vector<std::string>{});
}

TEST_CASE("Layering: the table refuses what it should") {
  CHECK_FALSE(permitted("storage/blob/x.cc", "registry/domain/name.h"));
  CHECK_FALSE(permitted("registry/domain/name.cc", "registry/catalog/database.h"));
  CHECK_FALSE(permitted("plugins/gbt/gbt.cc", "plugins/linear/linear.h"));
  CHECK_FALSE(permitted("registry/cli/push.cc", "tests/support/temp_dir.h"));
  CHECK_FALSE(permitted("registry/service/publish.cc", "registry/http/server.h"));
  CHECK_FALSE(permitted("registry/events/delivery_queue.cc", "registry/service/events.h"));
  CHECK_FALSE(permitted("registry/events/delivery_queue.cc", "registry/access/principal.h"));
  CHECK(permitted("registry/service/publish.cc", "registry/catalog/database.h"));
  CHECK(permitted("plugins/gbt/gbt.cc", "sdk/include/assay/plugin.hpp"));
}
