// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/server_file.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "storage/base/error.h"

namespace assay::daemon {

ServerFile::ServerFile(const std::filesystem::path& data_dir, const std::string& url)
    : path_(data_dir / "server.json") {
  const std::filesystem::path part = data_dir / "server.json.new";
  {
    std::ofstream out(part, std::ios::trunc);
    out << nlohmann::json{{"url", url}, {"pid", ::getpid()}}.dump() << '\n';
    if (!out.flush()) throw system_error("writing " + part.string(), errno);
  }
  std::error_code failed;
  std::filesystem::rename(part, path_, failed);
  if (failed) throw system_error("writing " + path_.string(), failed.value());
}

ServerFile::~ServerFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace assay::daemon
