// SPDX-License-Identifier: Apache-2.0
#include "registry/service/import_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/events.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/versions.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/event.h"
#include "registry/domain/json_reader.h"
#include "registry/service/quota.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kShownConflicts = 20;
constexpr VersionNumber kMaxNumber = 1'000'000'000;  // one that leaves as many after it

// What is new of a request, and why the rest cannot be taken.
struct Plan {
  std::vector<const ImportedVersion*> versions;
  std::vector<const Run*> runs;
  std::vector<const Evidence*> evidence;
  std::vector<std::string> conflicts;
  ImportResult result;
};

ImportedVersion read_version(const json& document, std::size_t position) {
  JsonObject object(document, fmt::format("versions[{}]", position));
  const Kind kind = kind_from_singular(object.text("kind"));
  const Name name = Name::parse(object.text("namespace") + "/" + object.text("name"));
  ImportedVersion version{.request = publish_members(kind, name, object),
                          .number = object.integer("number", 1, kMaxNumber),
                          .digest = digest_from(object, "digest"),
                          .created_at = parse_time(object.text("created_at")),
                          .created_by = object.text("created_by")};
  object.finish();
  check_details(version.request);
  return version;
}

Manifest manifest_of(const ImportedVersion& version) {
  Manifest manifest = Manifest::build(version.request.kind, version.request.files);
  if (manifest.digest() == version.digest) return manifest;
  throw Error(Code::invalid_argument,
              fmt::format("{} is said to be {}, and its files give {}: the archive is not what was exported",
                          reference_text(version.request.name, version.number), version.digest.text(),
                          manifest.digest().text()));
}

void plan_version(Snapshot& snapshot, const ImportedVersion& version, Plan& plan) {
  const PublishRequest& request = version.request;
  const std::string reference = reference_text(request.name, version.number);
  const auto here = find_version(snapshot, request.kind, request.name, version.number);
  if (here && here->digest == version.digest) {
    plan.result.unchanged.push_back(reference);
  } else if (here) {
    plan.conflicts.push_back(fmt::format("{} is {} here and {} in the archive", reference, here->digest.short_text(),
                                         version.digest.short_text()));
  } else if (deleted_at(snapshot, request.kind, request.name, version.number)) {
    plan.conflicts.push_back(fmt::format("{} was deleted here, and its number is not given out again", reference));
  } else {
    plan.result.imported.push_back(reference);
    plan.versions.push_back(&version);
  }
}

void plan_run(Snapshot& snapshot, const Run& run, Plan& plan) {
  const auto here = find_run(snapshot, run.id, ReadableSpaces::everything());
  if (!here)
    plan.runs.push_back(&run);
  else if (!(*here == run))
    plan.conflicts.push_back(fmt::format("run {} has another content here", run.id.text()));
}

// Evidence counts where what it is about is.
bool is_about_something(Snapshot& snapshot, const Evidence& evidence, const std::set<Digest>& coming) {
  const auto is_here = [&](const Digest& digest) {
    return coming.contains(digest) || !spaces_holding(snapshot, digest).empty();
  };
  const bool data = is_here(evidence.dataset) || evidence.kind == EvidenceKind::drift;
  return data && (!evidence.model || is_here(*evidence.model));
}

void plan_evidence(Snapshot& snapshot, const Evidence& evidence, const std::set<Digest>& coming, Plan& plan) {
  const auto here = find_evidence(snapshot, evidence.id, ReadableSpaces::everything());
  if (here && static_cast<const EvidenceDraft&>(*here) == evidence && here->created_at == evidence.created_at) return;
  if (here)
    plan.conflicts.push_back(fmt::format("evidence {} has another content here", evidence.id.text()));
  else if (is_about_something(snapshot, evidence, coming))
    plan.evidence.push_back(&evidence);
  else
    ++plan.result.left_out;
}

Plan make_plan(Snapshot& snapshot, const ImportRequest& request) {
  Plan plan;
  std::set<Digest> coming;
  for (const ImportedVersion& version : request.versions) {
    coming.insert(version.digest);
    plan_version(snapshot, version, plan);
  }
  for (const Run& run : request.runs) plan_run(snapshot, run, plan);
  for (const Evidence& evidence : request.evidence) plan_evidence(snapshot, evidence, coming, plan);
  if (!plan.conflicts.empty()) {
    std::string listed;
    for (std::size_t i = 0; i < std::min(kShownConflicts, plan.conflicts.size()); ++i) listed += "; " + plan.conflicts[i];
    throw Error(Code::conflict, fmt::format("Nothing was imported, for {} {} not be what it was elsewhere{}",
                                            plan.conflicts.size(), plan.conflicts.size() == 1 ? "thing would" : "things would",
                                            listed));
  }
  plan.result.runs = plan.runs.size();
  plan.result.evidence = plan.evidence.size();
  return plan;
}

std::vector<std::string> spaces_of(const ImportRequest& request) {
  std::set<std::string> keys;
  for (const ImportedVersion& version : request.versions) keys.insert(version.request.name.space().key());
  return {keys.begin(), keys.end()};
}

std::uint64_t total_size(const PublishRequest& request) {
  std::uint64_t bytes = 0;
  for (const VersionFile& file : request.files) bytes += file.size;
  return bytes;
}

void add_version(Transaction& transaction, const ImportedVersion& version, const Principal& caller, Time now,
                 const Id& event) {
  const PublishRequest& request = version.request;
  require_quota(transaction, request.name.space(), total_size(request));
  const Manifest manifest = manifest_of(version);
  const Version made = insert_version(
      transaction,
      {.artifact_id = ensure_artifact(transaction, request.kind, request.name, now),
       .manifest = manifest,
       .created_at = version.created_at,
       .created_by = version.created_by,
       .labels = request.labels,
       .profile = request.profile,
       .run_id = request.run_id},
      version.number);
  append_audit(transaction, {.time = now,
                             .actor = caller.name,
                             .action = "import",
                             .subject = fmt::format("{}/{}", plural(request.kind), made.reference()),
                             .details = canonical({{"digest", made.digest.text()}, {"token", caller.id.text()}})});
  append_event(transaction, request.name.space(), published_event(made, event));
}

void add_run(Transaction& transaction, Run run, const Principal& caller, const std::vector<std::string>& spaces) {
  const auto outcome = std::exchange(run.outcome, std::nullopt);
  const auto finished_at = std::exchange(run.finished_at, std::nullopt);
  insert_run(transaction, run, caller.id, spaces);
  if (outcome) finish_run(transaction, run.id, *outcome, *finished_at);
}

void apply(Transaction& transaction, const Plan& plan, const ImportRequest& request, const Principal& caller, Time now,
           const std::vector<Id>& events) {
  const auto spaces = spaces_of(request);
  for (const Run* run : plan.runs) add_run(transaction, *run, caller, spaces);
  for (std::size_t i = 0; i < plan.versions.size(); ++i)
    add_version(transaction, *plan.versions[i], caller, now, events[i]);
  for (const Evidence* evidence : plan.evidence) {
    if (evidence->run && !find_run(transaction, *evidence->run, ReadableSpaces::everything()))
      throw Error(Code::invalid_argument, fmt::format("evidence {} names the run {}, which is neither in the archive nor here",
                                                      evidence->id.text(), evidence->run->text()));
    append_evidence(transaction,
                    Evidence(*evidence, evidence->id, Level::reported, evidence->created_at, evidence->created_by), spaces);
  }
  if (plan.runs.empty() && plan.evidence.empty()) return;
  append_audit(transaction, {.time = now,
                             .actor = caller.name,
                             .action = "import_records",
                             .subject = "evidence",
                             .details = canonical({{"runs", plan.runs.size()},
                                                   {"evidence", plan.evidence.size()},
                                                   {"token", caller.id.text()}})});
}

}  // namespace

ImportRequest parse_import_request(std::string_view body) {
  const json document = parse_json(body, "the request body", {.max_bytes = 16 << 20});
  JsonObject object(document, "the request body");
  ImportRequest request;
  std::set<std::string> seen;
  const auto once = [&seen](const std::string& what) {
    if (!seen.insert(what).second) throw Error(Code::invalid_argument, fmt::format("the request body: {} is in it twice", what));
  };
  for (const json& version : object.array("versions", ImportRequest::kMaxVersions)) {
    const ImportedVersion& read = request.versions.emplace_back(read_version(version, request.versions.size()));
    once(fmt::format("{} {}@{}", singular(read.request.kind), lower_case(read.request.name.text()), read.number));
  }
  for (const json& run : object.array("runs", ImportRequest::kMaxRecords))
    once("run " + request.runs.emplace_back(run_from_json(run)).id.text());
  for (const json& evidence : object.array("evidence", ImportRequest::kMaxRecords))
    once("evidence " + request.evidence.emplace_back(evidence_from_json(evidence)).id.text());
  request.dry_run = object.boolean("dry_run", false);
  object.finish();
  if (request.versions.empty()) throw Error(Code::invalid_argument, "the request body: it has no versions to import");
  return request;
}

void to_json(json& out, const ImportResult& result) {
  out = {{"imported", result.imported},
         {"unchanged", result.unchanged},
         {"runs", result.runs},
         {"evidence", result.evidence},
         {"left_out", result.left_out}};
}

ImportResult import_records(const Services& services, const Principal& caller, const ImportRequest& request) {
  for (const ImportedVersion& version : request.versions) {
    require(caller, Permission::admin, version.request.name.space());
    manifest_of(version);
  }
  const Plan look = services.database.read([&](Snapshot& snapshot) { return make_plan(snapshot, request); });
  if (request.dry_run) return look.result;
  BlobLeases leases;
  for (const ImportedVersion* version : look.versions)
    std::ranges::move(hold_files(services, caller, manifest_of(*version)), std::back_inserter(leases));
  const Time now = services.clock.now();
  std::vector<Id> events;
  for (std::size_t i = 0; i < request.versions.size(); ++i) events.push_back(new_id(services.clock, services.entropy));
  return services.database.write([&](Transaction& transaction) {
    const Plan plan = make_plan(transaction, request);  // others published meanwhile
    apply(transaction, plan, request, caller, now, events);
    return plan.result;
  });
}

}  // namespace assay
