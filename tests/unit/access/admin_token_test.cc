// SPDX-License-Identifier: Apache-2.0
#include "registry/access/admin_token.h"

#include <sys/stat.h>

#include <fstream>

#include "registry/access/authenticator.h"
#include "registry/catalog/audit.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

std::string first_line(const std::filesystem::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

}  // namespace

TEST_CASE("Admin token: the first start makes one that may do everything, for the owner's eyes only") {
  Catalogue catalogue;
  SetClock clock;
  CountedEntropy entropy;
  const auto path = catalogue.directory / "admin.token";
  CHECK(ensure_admin_token(*catalogue.database, clock, entropy, path));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const Principal admin = Authenticator(*catalogue.database, clock).authenticate_token(first_line(path));
  CHECK(admin.name == "admin");
  CHECK(admin.may_everywhere(Permission::admin));
  const auto audit = catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); });
  REQUIRE(audit.items.size() == 1);
  CHECK(audit.items[0].action == "create_token");
  CHECK_THAT(audit.items[0].details, !Catch::Contains(first_line(path)));
}

TEST_CASE("Admin token: later starts keep the one that there is") {
  Catalogue catalogue;
  SetClock clock;
  CountedEntropy entropy;
  const auto path = catalogue.directory / "admin.token";
  REQUIRE(ensure_admin_token(*catalogue.database, clock, entropy, path));
  const std::string token = first_line(path);
  CHECK_FALSE(ensure_admin_token(*catalogue.database, clock, entropy, path));
  CHECK(first_line(path) == token);
}

TEST_CASE("Admin token: a file left by a start that was cut short is replaced") {
  Catalogue catalogue;
  SetClock clock;
  CountedEntropy entropy;
  const auto path = catalogue.directory / "admin.token";
  std::ofstream(path) << "assay_stale\n";
  std::ofstream(path.string() + ".tmp") << "assay_half";
  CHECK(ensure_admin_token(*catalogue.database, clock, entropy, path));
  CHECK(Authenticator(*catalogue.database, clock).authenticate_token(first_line(path)).name == "admin");
}
