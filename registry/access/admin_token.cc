// SPDX-License-Identifier: Apache-2.0
#include "registry/access/admin_token.h"

#include <cerrno>
#include <span>

#include "registry/access/token_secret.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/tokens.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"
#include "storage/env/files.h"

namespace assay {
namespace {

void write_durably(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::string name = path.filename().string(), temp = name + ".tmp";
  const auto files = open_existing_files(folder);
  // A start that was cut short may have left either; no token in the catalogue means that neither is of use.
  for (const std::string& old : {temp, name})
    if (std::filesystem::exists(folder / old)) files->remove(old);
  const auto file = files->create(temp);
  file->append(std::as_bytes(std::span(text)));
  DurablePublisher publisher(*files);
  if (!publisher.publish(*file, temp, name)) throw system_error("Naming " + path.string(), EEXIST);
}

}  // namespace

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
  write_durably(path, secret.text() + '\n');
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
