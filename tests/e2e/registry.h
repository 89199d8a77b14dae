// SPDX-License-Identifier: Apache-2.0
// The built program as a user has it: a server on a directory of its own and a free port, and commands
// against it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

class Registry {
 public:
  Registry();  // starts the server
  ~Registry();

  const std::string& url() const { return url_; }
  std::filesystem::path data() const { return dir_ / "data"; }
  // A path for the test's own files.
  std::filesystem::path file(const std::string& name) const { return dir_ / name; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;
  std::string admin_token() const;

  void start();
  int stop();   // SIGTERM; its exit code
  void kill();  // SIGKILL

  // `assay …`, with this registry as the local one. No network setting is needed, as on a server's own
  // machine.
  ProcessResult assay(const std::vector<std::string>& arguments) const;
  // The same, asserting the exit code; what both streams said is shown when it differs.
  ProcessResult expect(int exit_code, const std::vector<std::string>& arguments) const;
  // Its --json document, asserting exit code 0.
  nlohmann::json json(std::vector<std::string> arguments) const;

 private:
  ProcessOptions options() const;

  TempDir dir_;
  std::string url_;
  std::optional<Process> server_;
};

std::string read_file(const std::filesystem::path& path);

}  // namespace assay::test
