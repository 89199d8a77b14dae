// SPDX-License-Identifier: Apache-2.0
// The command line as a whole, without a server: help, wrong usage, exit codes.
#include <iostream>
#include <sstream>

#include "registry/cli/program.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::cli {
namespace {

// What was written to a stream while this lived.
class Capture {
 public:
  explicit Capture(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Capture() { stream_.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

struct Result {
  int code;
  std::string out;
  std::string err;
};

Result run_with(std::vector<const char*> arguments, Program program = {}) {
  arguments.insert(arguments.begin(), "assay");
  program.version = "1.2.3";
  if (!program.environment) program.environment = [](const std::string&) { return std::nullopt; };
  Capture out(std::cout);
  Capture err(std::cerr);
  const int code = run(static_cast<int>(arguments.size()), arguments.data(), program);
  return {code, out.text(), err.text()};
}

TEST_CASE("Usage: a misspelt command exits 60 and names the nearest") {
  const Result result = run_with({"psuh", "dataset"});
  CHECK(result.code == 60);
  CHECK(result.err.find("there is no command `psuh`; did you mean \"push\"?") != std::string::npos);
  CHECK(result.out.empty());
}

TEST_CASE("Usage: a misspelt command inside a family names the nearest of the family") {
  const Result result = run_with({"--url", "http://x:1", "push", "datset", "x"});
  CHECK(result.code == 60);
  CHECK(result.err.find("there is no command `push datset`; did you mean \"dataset\"?") != std::string::npos);
  CHECK(result.err.find("`assay push --help`") != std::string::npos);
}

TEST_CASE("Usage: a missing argument exits 60 and names it") {
  const Result result = run_with({"promote", "churn@1"});
  CHECK(result.code == 60);
  CHECK(result.err.find("--to") != std::string::npos);
}

TEST_CASE("Usage: nothing at all shows the help and exits 60") {
  const Result result = run_with({});
  CHECK(result.code == 60);
  CHECK(result.err.find("Train and judge") != std::string::npos);
}

TEST_CASE("Usage: a bad name is refused before anything is asked") {
  const Result result = run_with({"push", "model", "a..b", "/etc/hostname"});
  CHECK(result.code == 60);
  CHECK(result.err.starts_with("assay: "));
}

TEST_CASE("Help: commands are grouped by what people do, and all of them have an example and exit codes") {
  const Result help = run_with({"--help"});
  CHECK(help.code == 0);
  for (const char* group :
       {"Publish and fetch", "Train and judge", "Move stages", "Look things up", "Run a registry"})
    CHECK(help.out.find(group) != std::string::npos);
  const std::vector<std::vector<const char*>> commands = {
      {"push", "model"},   {"push", "dataset"}, {"pull"},           {"ls"},           {"show"},
      {"train"},           {"evaluate"},        {"score"},          {"validate"},     {"drift"},
      {"promote"},         {"rollback"},        {"explain"},        {"history"},      {"policy", "set"},
      {"policy", "show"},  {"lineage"},         {"runs", "list"},   {"runs", "show"}, {"plugin", "check"},
      {"plugin", "push"},  {"plugin", "ls"},    {"plugin", "show"}, {"serve"},        {"fsck"},
      {"token", "create"}, {"stats"},           {"audit"},          {"audit", "verify"},
      {"audit", "checkpoint"}, {"version"},      {"webhook", "create"},
      {"webhook", "ls"},   {"webhook", "show"}, {"webhook", "delete"},               {"webhook", "deliveries"},
      {"webhook", "test"}, {"webhook", "redeliver"}};
  for (auto command : commands) {
    std::string name;
    for (const char* word : command) name += std::string(" ") + word;
    command.push_back("--help");
    const Result result = run_with(command);
    INFO(name);
    CHECK(result.code == 0);
    CHECK(result.out.find("Example:\n  assay" + name) != std::string::npos);
    CHECK(result.out.find("Exit codes: 0 ") != std::string::npos);
  }
}

TEST_CASE("Usage: the value of an option is not taken for a misspelt command") {
  const Result value = run_with({"audit", "--limit", "many"});
  CHECK(value.code == 60);
  CHECK(value.err.find("--limit") != std::string::npos);
  const Result word = run_with({"audit", "verfy"});
  CHECK(word.code == 60);
  CHECK(word.err.find("verify") != std::string::npos);
  CHECK(run_with({"audit", "verify", "--limit", "5"}).code == 60);
}

TEST_CASE("Usage: an option that counts says in one line what it takes") {
  const auto line = [](std::vector<const char*> arguments) {
    const Result result = run_with(std::move(arguments));
    CHECK(result.code == 60);
    return result.err.substr(0, result.err.find('\n'));
  };
  for (const char* wrong : {"many", "0", "-1", "1.5", "1e3", "0x10", " 7", "7 ", "9223372036854775808", "99999999999999999999"})
    CHECK(line({"audit", "--limit", wrong}) ==
          "assay: --limit: \"" + std::string(wrong) + "\" is not a whole number from 1");
  CHECK(line({"stats", "--limit", "101"}) == "assay: --limit: \"101\" is not a whole number from 1 to 100");
  CHECK(line({"promote", "churn@1", "--to", "production", "--expect", "-1"}) ==
        "assay: --expect: \"-1\" is not a whole number from 0");
  CHECK(line({"train", "--seed", "9007199254740992"}) ==
        "assay: --seed: \"9007199254740992\" is not a whole number from 0 to 9007199254740991");
  CHECK(line({"evaluate", "churn@1", "--latency", "--calls", "few"}) == "assay: --calls: \"few\" is not a whole number from 1 to 100000");
}

TEST_CASE("Errors: their message goes to stderr and their code is the exit code") {
  Program program;
  program.check_data = [](const std::filesystem::path&) -> CheckReport {
    throw Error(Code::corrupt, "it is broken");
  };
  const Result result = run_with({"fsck", "--data", "/x"}, program);
  CHECK(result.code == 40);
  CHECK(result.err == "assay: it is broken\n");
}

TEST_CASE("Errors: what a message quotes cannot drive the terminal, and its lines stay lines") {
  Program program;
  program.check_data = [](const std::filesystem::path&) -> CheckReport {
    throw Error(Code::corrupt, "it says \x1B[2J:\nand more");
  };
  CHECK(run_with({"fsck", "--data", "/x"}, program).err == "assay: it says ?[2J:\nand more\n");
}

TEST_CASE("Fsck: problems are listed and exit 40") {
  Program program;
  program.check_data = [](const std::filesystem::path&) {
    CheckReport report;
    report.problems = {{"sha256:ab", "it is gone"}};
    return report;
  };
  const Result table = run_with({"fsck", "--data", "/x"}, program);
  CHECK(table.code == 40);
  CHECK(table.out.find("it is gone") != std::string::npos);
  const Result json = run_with({"fsck", "--data", "/x", "--json"}, program);
  CHECK(json.code == 40);
  CHECK(json.out.find("\"what\": \"it is gone\"") != std::string::npos);
}

TEST_CASE("Version: is told without a server") {
  test::TempDir empty;
  Program program;
  program.environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "ASSAY_DATA") return empty.path().string();
    return std::nullopt;
  };
  const Result result = run_with({"version"}, program);
  CHECK(result.code == 0);
  CHECK(result.out.starts_with("assay 1.2.3\nno server at "));
}

}  // namespace
}  // namespace assay::cli
