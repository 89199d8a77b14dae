// SPDX-License-Identifier: Apache-2.0
#include "registry/access/admin_token.h"

#include "registry/access/token_secret.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/tokens.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "storage/env/private_file.h"

namespace assay {

bool ensure_admin_token(Database& database, const Clock& clock, Entropy& entropy,
                        const std::filesystem::path& path) {
  if (database.read([](Snapshot& snapshot) { return any_token(snapshot); })) return false;
  make_admin_token(database, clock, entropy, path);
  return true;
}

// File first: a crash in between leaves a file that no catalogue knows, and the next start writes a new one.
// The other way round it would leave a registry that nobody can enter.
void make_admin_token(Database& database, const Clock& clock, Entropy& entropy,
                      const std::filesystem::path& path) {
  const TokenSecret secret = TokenSecret::make(entropy);
  const Id id = new_id(clock, entropy);
  const Time now = clock.now();
  write_private_file(path, secret.text() + '\n');
  database.write([&](Transaction& transaction) {
    insert_token(transaction,
                 {id, secret.hash(), "admin", {Role::admin, std::nullopt}, now, "serve", {}, {}});
    append_audit(transaction, {.time = now,
                               .actor = "serve",
                               .action = "create_token",
                               .subject = "tokens/" + id.text(),
                               .details = R"({"name":"admin","namespace":"*","role":"admin"})"});
  });
}

}  // namespace assay
