// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/check_data.h"

#include <map>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/check_audit.h"
#include "registry/catalog/sqlite_session.h"
#include "registry/catalog/versions.h"
#include "registry/service/checkpoint_keeper.h"
#include "storage/base/error.h"
#include "storage/blob/fsck.h"

namespace assay::daemon {
namespace {

constexpr const char* kCatalogue = "catalog.db";

// Which version needs a blob, for messages; one of them is enough.
using Needs = std::map<Digest, std::string>;

void check_sqlite(Snapshot& snapshot, DataReport& report) {
  for (Rows rows = snapshot.query("PRAGMA integrity_check(100)"); rows.next();)
    if (const auto line = rows.get<std::string>(0); line != "ok")
      report.problems.push_back({"catalog", line});
  for (Rows rows = snapshot.query("PRAGMA foreign_key_check"); rows.next();)
    report.problems.push_back(
        {"catalog", "a row of " + rows.get<std::string>(0) + " refers to one that is not there"});
}

void check_version(Snapshot& snapshot, const Version& version, DataReport& report, Needs& needs) {
  ++report.versions;
  const std::string where = std::string(singular(version.kind)) + " " + version.reference();
  const auto stored = find_manifest(snapshot, version.digest);
  if (!stored) {
    report.problems.push_back({where, "its manifest " + version.digest.text() + " is missing"});
    return;
  }
  if (Digest::of(stored->bytes) != version.digest) {
    report.problems.push_back({where, "its manifest does not have the digest " + version.digest.text()});
    return;
  }
  const Manifest manifest = Manifest::parse(stored->bytes);
  needs.emplace(manifest.config_digest(), where);
  for (const VersionFile& file : manifest.files())
    needs.emplace(file.digest, where + " (" + file.path.text() + ")");
}

void check_artifact(Snapshot& snapshot, const Artifact& artifact, DataReport& report, Needs& needs) {
  PageRequest page{std::nullopt, PageRequest::kMaxLimit};
  do {
    const auto versions = list_versions(snapshot, artifact.kind, artifact.name, page);
    for (const Version& version : versions.items) check_version(snapshot, version, report, needs);
    page.cursor = versions.next_cursor;
  } while (page.cursor);
}

// What the key beside the catalogue signed last, which whoever edits the catalogue alone cannot sign anew.
std::optional<TreeHead> signed_head(const std::filesystem::path& data_dir, DataReport& report) {
  try {
    return last_signed_head(data_dir);
  } catch (const Error& error) {
    report.problems.push_back({"audit", error.message()});
    return std::nullopt;
  }
}

void check_trail(Snapshot& snapshot, const std::optional<TreeHead>& signed_, DataReport& report) {
  report.audit_entries = count_audit(snapshot);
  for (std::string& problem : check_audit(snapshot, signed_)) report.problems.push_back({"audit", std::move(problem)});
}

void check_catalog(const std::filesystem::path& data_dir, DataReport& report, Needs& needs) {
  // Before the snapshot, for a running server appends and signs.
  const auto signed_ = signed_head(data_dir, report);
  // A reader of its own: a running server stays the only one that writes.
  Session session(data_dir / kCatalogue, SessionMode::read);
  session.run("BEGIN");
  Snapshot snapshot(session);
  check_sqlite(snapshot, report);
  check_trail(snapshot, signed_, report);
  for (const Kind kind : kKinds) {
    PageRequest page{std::nullopt, PageRequest::kMaxLimit};
    do {
      const auto artifacts = list_artifacts(snapshot, kind, ReadableSpaces::everything(), page);
      for (const Artifact& artifact : artifacts.items) check_artifact(snapshot, artifact, report, needs);
      page.cursor = artifacts.next_cursor;
    } while (page.cursor);
  }
  session.roll_back();
}

void check_blobs(const std::filesystem::path& directory, const Needs& needs, DataReport& report) {
  std::vector<Digest> required;
  for (const auto& [digest, where] : needs) required.push_back(digest);
  FsckOptions options;
  options.required = required;
  const FsckReport blobs = fsck(directory, options);
  report.blobs = blobs.blobs;
  report.raw_bytes = blobs.raw_bytes;
  report.stored_bytes = blobs.stored_bytes;
  report.unfinished_uploads = blobs.unfinished;
  for (const FsckProblem& problem : blobs.problems) {
    const auto needed = problem.digest ? needs.find(*problem.digest) : needs.end();
    const std::string blob = problem.digest ? problem.digest->text() : problem.path;
    report.problems.push_back(
        {blob, problem.what + (needed == needs.end() ? "" : "; needed by " + needed->second)});
  }
}

}  // namespace

DataReport check_data(const std::filesystem::path& data_dir) {
  if (!std::filesystem::exists(data_dir / kCatalogue))
    throw Error(Code::not_found,
                "there is no registry in " + data_dir.string() + ": name its directory with --data");
  DataReport report;
  Needs needs;
  check_catalog(data_dir, report, needs);
  check_blobs(data_dir / "blobs", needs, report);
  return report;
}

}  // namespace assay::daemon
