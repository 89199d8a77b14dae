// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/config.h"

#include <fstream>
#include <map>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::cli {
namespace {

using test::TempDir;

Environment environment(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

struct LocalServer {
  LocalServer() {
    write(dir / "server.json", R"({"url":"http://127.0.0.1:4711","pid":1})");
    write(dir / "admin.token", "assay_admin\n");
  }
  TempDir dir;
};

TEST_CASE("Access: on the server's own machine nothing needs to be said") {
  LocalServer local;
  const Access access = find_access({}, environment({{"ASSAY_DATA", local.dir.path()}}));
  CHECK(access.endpoint.text() == "http://127.0.0.1:4711");
  CHECK(access.token == "assay_admin");
}

TEST_CASE("Access: the command line beats the environment, which beats the local server") {
  LocalServer local;
  write(local.dir / "mine", "assay_file");
  const auto both = environment(
      {{"ASSAY_DATA", local.dir.path()}, {"ASSAY_URL", "http://b:2"}, {"ASSAY_TOKEN", "assay_environment"}});
  CHECK(find_access({}, both).endpoint.text() == "http://b:2");
  CHECK(find_access({}, both).token == "assay_environment");
  const Access access = find_access({"http://c:3", local.dir / "mine"}, both);
  CHECK(access.endpoint.text() == "http://c:3");
  CHECK(access.token == "assay_file");
}

TEST_CASE("Access: the local admin token goes to the local server only") {
  LocalServer local;
  CHECK(find_access({"http://elsewhere:80", ""}, environment({{"ASSAY_DATA", local.dir.path()}}))
            .token.empty());
  CHECK(find_access({"http://127.0.0.1:4711/", ""}, environment({{"ASSAY_DATA", local.dir.path()}})).token ==
        "assay_admin");
}

TEST_CASE("Access: without any server the message says how to start one") {
  TempDir empty;
  try {
    find_access({}, environment({{"ASSAY_DATA", empty.path()}}));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unavailable);
    CHECK(error.message().starts_with("no server at " + empty.path().string() +
                                      ": start one with `assay serve`"));
  }
}

TEST_CASE("Access: a token file that holds something else is refused without repeating it") {
  TempDir dir;
  write(dir / "wrong", "two words\n");
  try {
    find_access({"http://x:1", dir / "wrong"}, environment({}));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK(error.message().find("two words") == std::string::npos);
  }
}

TEST_CASE("Data directory: ASSAY_DATA, then XDG_DATA_HOME, then HOME") {
  CHECK(default_data_dir(environment({{"ASSAY_DATA", "/a"}, {"XDG_DATA_HOME", "/b"}, {"HOME", "/c"}})) ==
        "/a");
  CHECK(default_data_dir(environment({{"XDG_DATA_HOME", "/b"}, {"HOME", "/c"}})) == "/b/assay");
  CHECK(default_data_dir(environment({{"HOME", "/c"}})) == "/c/.local/share/assay");
  CHECK_THROWS_AS(default_data_dir(environment({})), Error);
}

}  // namespace
}  // namespace assay::cli
