// SPDX-License-Identifier: Apache-2.0
// DIR/server.json: how programs on the same machine find the running server. A hint, never a lock: a killed
// server leaves its own behind, and the next one replaces it.
#pragma once

#include <filesystem>
#include <string>

namespace assay::daemon {

class ServerFile {
 public:
  // Writes {"url","pid"}, whole or not at all. Throws as system_error.
  ServerFile(const std::filesystem::path& data_dir, const std::string& url);
  // Removes it.
  ~ServerFile();
  ServerFile(const ServerFile&) = delete;
  ServerFile& operator=(const ServerFile&) = delete;

 private:
  std::filesystem::path path_;
};

}  // namespace assay::daemon
