// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/copy_catalogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <memory>

#include "registry/catalog/schema.h"
#include "storage/base/error.h"
#include "storage/env/unique_fd.h"

namespace assay {
namespace {

Error failed(const std::filesystem::path& to, int status) {
  const Code code = (status & 0xFF) == SQLITE_FULL ? Code::full : Code::unavailable;
  return Error(code, fmt::format("Copying the catalogue to {} failed: {}; is there room for it?", to.string(),
                                 sqlite3_errstr(status)));
}

// One step copies all pages under one read lock, so the copy is of one moment and needs no second try.
void copy_pages(Session& session, const std::filesystem::path& to) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(to.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)> copy(raw, &sqlite3_close_v2);
  if (opened != SQLITE_OK) throw failed(to, opened);
  sqlite3_backup* backup = sqlite3_backup_init(raw, "main", session.handle(), "main");
  if (backup == nullptr) throw failed(to, sqlite3_errcode(raw));
  sqlite3_backup_step(backup, -1);
  if (const int status = sqlite3_backup_finish(backup); status != SQLITE_OK) throw failed(to, status);
}

}  // namespace

void copy_catalogue(Session& session, const std::filesystem::path& to) {
  const UniqueFd file(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) throw system_error("Creating " + to.string(), errno);
  copy_pages(session, to);
  if (::fsync(file.get()) != 0) throw system_error("Syncing " + to.string(), errno);
}

void copy_catalogue(const std::filesystem::path& path, const std::filesystem::path& to) {
  if (!std::filesystem::exists(path)) throw Error(Code::not_found, "There is no catalogue " + path.string());
  Session session(path, SessionMode::read);
  check_identity(session, path);
  copy_catalogue(session, to);
}

}  // namespace assay
