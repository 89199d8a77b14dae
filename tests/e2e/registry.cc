// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/registry.h"

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/catch.h"

namespace assay::test {

Registry::Registry(std::filesystem::path data) : data_(data.empty() ? dir_ / "data" : std::move(data)) {
  start();
}
Registry::~Registry() = default;

ProcessOptions Registry::options() const {
  ProcessOptions out;
  out.environment = {{"ASSAY_DATA", data().string()}, {"HOME", dir_.path().string()}};
  out.environment.insert(environment.begin(), environment.end());
  out.directory = dir_.path();
  return out;
}

std::filesystem::path Registry::write(const std::string& name, const std::string& bytes) const {
  std::ofstream(file(name), std::ios::binary) << bytes;
  return file(name);
}

std::string Registry::admin_token() const {
  std::string token = read_file(data() / "admin.token");
  while (!token.empty() && token.back() == '\n') token.pop_back();
  return token;
}

void Registry::start() {
  std::vector<std::string> command = {ASSAY_BINARY, "serve", "--data", data().string(), "--listen", "127.0.0.1:0"};
  command.insert(command.end(), serve_options.begin(), serve_options.end());
  server_.emplace(command, file("server.log"), options());
  const std::string line = server_->read_line();
  url_ = line.substr(line.find("http"));
}

int Registry::stop() {
  server_->signal(SIGTERM);
  return server_->wait();
}

void Registry::kill() {
  server_->signal(SIGKILL);
  server_->wait();
}

ProcessResult Registry::assay(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {ASSAY_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_process(command, options());
}

std::unique_ptr<Process> Registry::begin(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {ASSAY_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(command, file("background.log"), options());
}

ProcessResult Registry::expect(int exit_code, const std::vector<std::string>& arguments) const {
  ProcessResult result = assay(arguments);
  std::string shown = "assay";
  for (const std::string& argument : arguments) shown += " " + argument;
  INFO(shown << "\n" << result.out << result.err);
  REQUIRE(result.exit_code == exit_code);
  return result;
}

nlohmann::json Registry::json(std::vector<std::string> arguments) const {
  arguments.push_back("--json");
  const ProcessResult result = expect(0, arguments);
  return nlohmann::json::parse(result.out);
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace assay::test
