// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "registry/catalog/copy_catalogue.h"
#include "storage/base/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kApplicationId = 0x41535359;  // "ASSY", in the file's header

struct Descriptor {
  int value;
  ~Descriptor() { ::close(value); }
};

void sync(const fs::path& path, int flags) {
  const Descriptor file{::open(path.c_str(), flags | O_CLOEXEC)};
  if (file.value < 0 || ::fsync(file.value) != 0) throw system_error("Syncing " + path.string(), errno);
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// The copy appears under its name only when it is whole and durable.
void back_up(Session& session, const fs::path& path, std::int64_t number) {
  const fs::path target = path.string() + fmt::format(".before-schema-{}", number);
  const fs::path temp = target.string() + ".tmp";
  fs::remove(temp);
  copy_catalogue(session, temp);
  fs::rename(temp, target);
  sync(folder_of(path), O_RDONLY | O_DIRECTORY);
}

void apply(Session& session, const Migration& migration) {
  session.run("BEGIN IMMEDIATE");
  try {
    session.run(std::string(migration.sql).c_str());
    if (migration.then != nullptr) {
      Transaction transaction(session);
      migration.then(transaction);
    }
    session.run(fmt::format("PRAGMA user_version = {}", migration.number).c_str());
    session.run(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
    session.run("COMMIT");
  } catch (const Error& error) {
    session.roll_back();
    throw Error(error.code(), fmt::format("Upgrading the catalogue to schema {} ({}) failed: {}",
                                          migration.number, migration.name, error.message()));
  }
}

}  // namespace

void check_identity(Session& session, const fs::path& path) {
  const std::int64_t application = session.number("PRAGMA application_id");
  const bool empty = session.number("SELECT COUNT(*) FROM sqlite_schema") == 0;
  if (application == kApplicationId || (application == 0 && empty)) return;
  throw Error(Code::corrupt, path.string() + " is not an Assay catalogue; give another data directory");
}

void upgrade_schema(Session& session, const fs::path& path, std::span<const Migration* const> schema) {
  const std::int64_t current = session.number("PRAGMA user_version");
  const std::int64_t newest = schema.empty() ? 0 : schema.back()->number;
  if (current > newest)
    throw Error(
        Code::unsupported,
        fmt::format(
            "{} has schema {}, this program knows up to {}: it was written by a newer assay; run that "
            "one, or restore the copy made before the upgrade",
            path.string(), current, newest));
  if (current > 0 && current < newest) back_up(session, path, current + 1);
  for (const Migration* migration : schema)
    if (migration->number > current) apply(session, *migration);
  // The log's creation synced the directory too; after the first start this is cheap certainty.
  sync(folder_of(path), O_RDONLY | O_DIRECTORY);
}

}  // namespace assay
