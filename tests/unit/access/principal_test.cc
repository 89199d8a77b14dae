// SPDX-License-Identifier: Apache-2.0
#include "registry/access/principal.h"

#include <algorithm>

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

Principal holder(std::vector<Grant> grants) {
  return {Id::make(from_milliseconds(0), {}), "ci", std::move(grants)};
}

const Namespace kAcme = Namespace::parse("acme");
const Namespace kRival = Namespace::parse("rival");

}  // namespace

TEST_CASE("Permissions: registering, promoting, deleting and administering are four things") {
  using P = Permission;
  const std::pair<Role, std::vector<P>> table[] = {
      {Role::reader, {P::public_, P::read}},
      {Role::writer, {P::public_, P::read, P::register_, P::evaluate}},
      {Role::promoter, {P::public_, P::read, P::promote}},
      {Role::admin, {P::public_, P::read, P::register_, P::evaluate, P::promote, P::delete_, P::admin}}};
  for (const auto& [role, permitted] : table)
    for (const P permission :
         {P::public_, P::read, P::register_, P::evaluate, P::promote, P::delete_, P::admin})
      CHECK(permits(role, permission) ==
            (std::find(permitted.begin(), permitted.end(), permission) != permitted.end()));
}

TEST_CASE("Principal: a grant reaches its own namespace and no other") {
  const Principal writer = holder({{Role::writer, kAcme}});
  CHECK(writer.may(Permission::register_, Namespace::parse("ACME")));
  CHECK_FALSE(writer.may(Permission::register_, kRival));
  CHECK_FALSE(writer.may(Permission::read, kRival));
  CHECK(writer.may_somewhere(Permission::register_));
  CHECK_FALSE(writer.may_somewhere(Permission::promote));
  CHECK_FALSE(writer.may_everywhere(Permission::read));
}

TEST_CASE("Principal: roles in several namespaces do not mix") {
  const Principal both = holder({{Role::writer, kAcme}, {Role::promoter, kRival}});
  CHECK_FALSE(both.may(Permission::promote, kAcme));
  CHECK_FALSE(both.may(Permission::register_, kRival));
  CHECK(both.may(Permission::promote, kRival));
}

TEST_CASE("Principal: without grants nothing is permitted") {
  const Principal nobody = holder({});
  CHECK_FALSE(nobody.may(Permission::read, kAcme));
  CHECK_FALSE(nobody.may_somewhere(Permission::read));
}

TEST_CASE("Principal: a refusal says what is missing, where, and which role would do") {
  const Principal reader = holder({{Role::reader, std::nullopt}});
  try {
    require(reader, Permission::promote, kAcme);
    FAIL("it was permitted");
  } catch (const Error& error) {
    CHECK(error.code() == Code::denied);
    CHECK(error.message() ==
          "\"ci\" may not promote in namespace acme: use a token with the role promoter or admin there");
  }
  require(reader, Permission::read, kAcme);
  require_everywhere(reader, Permission::read);
  CHECK_THROWS_AS(require_somewhere(reader, Permission::register_), Error);
}
