// SPDX-License-Identifier: Apache-2.0
// The built program as a user has it: a server on a directory of its own and a free port, and commands
// against it.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

class Registry {
 public:
  // Starts the server, on `data` when that is given.
  explicit Registry(std::filesystem::path data = {});
  ~Registry();

  const std::string& url() const { return url_; }
  std::filesystem::path data() const { return data_; }
  // A path for the test's own files.
  std::filesystem::path file(const std::string& name) const { return dir_ / name; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;
  std::string admin_token() const;
  pid_t server() const { return server_->pid(); }

  // Beside what every command gets; for commands, and for the server from its next start.
  std::map<std::string, std::string> environment;

  // Options of `assay serve`, from its next start.
  std::vector<std::string> serve_options;

  void start();
  int stop();   // SIGTERM; its exit code
  void kill();  // SIGKILL

  // `assay …`, with this registry as the local one. No network setting is needed, as on a server's own
  // machine.
  ProcessResult assay(const std::vector<std::string>& arguments) const;
  // The same, asserting the exit code; what both streams said is shown when it differs.
  ProcessResult expect(int exit_code, const std::vector<std::string>& arguments) const;
  // As `assay`, in the background; its stderr goes to a file of the test's own.
  std::unique_ptr<Process> begin(const std::vector<std::string>& arguments) const;
  // The --json document of `assay …`, asserting exit code 0.
  nlohmann::json json(std::vector<std::string> arguments) const;

 private:
  ProcessOptions options() const;

  TempDir dir_;
  const std::filesystem::path data_;
  std::string url_;
  std::optional<Process> server_;
};

std::string read_file(const std::filesystem::path& path);

}  // namespace assay::test
