// SPDX-License-Identifier: Apache-2.0
#include "registry/service/publish.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/events.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/versions.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/event.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/manifest.h"
#include "registry/domain/utf8.h"
#include "registry/service/content.h"
#include "registry/service/quota.h"
#include "registry/service/readable_blobs.h"
#include "registry/service/record_evidence.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

VersionFile read_file(const json& item) {
  JsonObject object(item, "a member of \"files\"");
  const FilePath path = FilePath::parse(object.text("path"));
  const Digest digest = Digest::parse(object.text("digest"));
  const auto size = static_cast<std::uint64_t>(object.integer("size", 0, (std::int64_t{1} << 53) - 1));
  object.finish();
  return {path, digest, size, {}};
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point || is_invisible(*point)) return false;
  }
  return true;
}

void check_labels(const Labels& labels) {
  if (labels.size() > kMaxLabels)
    throw Error(Code::too_large,
                fmt::format("{} labels are too many: at most {} are taken", labels.size(), kMaxLabels));
  for (const auto& [key, value] : labels) {
    if (key.empty() || key.size() > kMaxLabelKeyLength || !is_printable(key))
      throw Error(Code::invalid_argument,
                  fmt::format("A label's key must be 1 to {} bytes of text without control characters",
                              kMaxLabelKeyLength));
    if (value.size() > kMaxLabelLength || !is_printable(value))
      throw Error(Code::invalid_argument,
                  fmt::format("The label \"{}\" must be text without control characters of at most {} bytes",
                              key, kMaxLabelLength));
  }
}

std::optional<std::string> canonical_profile(const std::optional<std::string>& profile) {
  if (!profile) return std::nullopt;
  const json document = parse_json(*profile, "the profile", {.max_bytes = kMaxProfileBytes});
  if (!document.is_object()) throw Error(Code::invalid_argument, "The profile must be a JSON object");
  return canonical(document);
}

Error not_here(const VersionFile& file) {
  return Error(Code::not_found,
               fmt::format("The bytes of {} ({}) are not here: upload them first, then publish",
                           file.path.text(), file.digest.text()));
}

// Keeps the file's bytes from being collected, and makes sure that they are those it says.
std::unique_ptr<BlobLease> hold(BlobStore& blobs, const VersionFile& file) {
  std::unique_ptr<BlobLease> lease;
  try {
    lease = blobs.lease(file.digest);
  } catch (const Error& error) {
    if (error.code() == Code::not_found) throw not_here(file);
    throw;
  }
  const auto blob = blobs.stat(file.digest);
  if (!blob) throw not_here(file);
  if (blob->size != file.size)
    throw Error(Code::invalid_argument,
                fmt::format("{} has {} bytes, not {}: send the size of the file that was uploaded",
                            file.path.text(), blob->size, file.size));
  return lease;
}

// The newest version when it is what the request would make again.
std::optional<Version> find_unchanged(Snapshot& snapshot, const PublishRequest& request,
                                      const Manifest& manifest) {
  if (!request.if_changed) return std::nullopt;
  auto newest = newest_version(snapshot, request.kind, request.name);
  return newest && newest->digest == manifest.digest() ? newest : std::nullopt;
}

void check_run(Snapshot& snapshot, const Principal& caller, const std::optional<Id>& run) {
  if (run && !find_run(snapshot, *run, readable_spaces(caller)))
    throw Error(Code::not_found,
                fmt::format("There is no run {} that \"{}\" may read", run->text(), caller.name));
}

// What the request made when it came for the first time.
std::optional<Publication> earlier_publication(Snapshot& snapshot, const Principal& caller,
                                               const PublishRequest& request, RequestKey* key, Time now) {
  const auto number = find_recorded(snapshot, caller, key, now);
  if (!number) return std::nullopt;
  auto version = find_version(snapshot, request.kind, request.name, std::stoll(*number));
  if (!version)
    throw Error(Code::not_found, fmt::format("{}@{}, which this request made, was deleted since",
                                             request.name.text(), *number));
  return Publication{.version = *std::move(version), .created = true};
}

std::uint64_t total_size(const Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const VersionFile& file : manifest.files()) bytes += file.size;
  return bytes;
}

Version append(Transaction& transaction, const Principal& caller, const PublishRequest& request,
               const NewVersion& draft, const Id& event) {
  Version version = append_version(transaction, draft);
  append_audit(transaction,
               {.time = draft.created_at,
                .actor = caller.name,
                .action = "publish",
                .subject = fmt::format("{}/{}", plural(request.kind), version.reference()),
                .details = canonical({{"digest", version.digest.text()}, {"token", caller.id.text()}})});
  append_event(transaction, request.name.space(), published_event(version, event));
  return version;
}

}  // namespace

BlobLeases hold_files(const Services& services, const Principal& caller, const Manifest& manifest) {
  services.database.read([&](Snapshot& snapshot) {
    for (const VersionFile& file : manifest.files())
      if (blob_access(snapshot, caller, file.digest) == BlobAccess::none) throw not_here(file);
  });
  BlobLeases leases;
  for (const VersionFile& file : manifest.files()) leases.push_back(hold(services.blobs, file));
  leases.push_back(services.blobs.lease(put(services.blobs, manifest.config()).digest));
  return leases;
}

void check_details(PublishRequest& request) {
  check_labels(request.labels);
  request.profile = canonical_profile(request.profile);
}

PublishRequest publish_members(Kind kind, const Name& name, JsonObject& object) {
  PublishRequest request{.kind = kind, .name = name, .files = {}, .labels = {}, .profile = {}, .run_id = {}};
  for (const json& item : object.array("files", kMaxFiles)) request.files.push_back(read_file(item));
  request.labels = object.optional_text_map("labels", kMaxLabels);
  if (const json* profile = object.optional_object("profile")) request.profile = profile->dump();
  if (const auto run = object.optional_text("run_id")) request.run_id = Id::parse(*run);
  return request;
}

PublishRequest parse_publish_request(Kind kind, const Name& name, std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  PublishRequest request = publish_members(kind, name, object);
  request.if_changed = object.boolean("if_changed", false);
  object.finish();
  return request;
}

Publication publish(const Services& services, const Principal& caller, const PublishRequest& wished,
                    RequestKey* key) {
  require(caller, Permission::register_, wished.name.space());
  PublishRequest request = wished;
  check_details(request);
  const Manifest manifest = Manifest::build(request.kind, request.files);
  if (auto done = services.database.read([&](Snapshot& snapshot) -> std::optional<Publication> {
        if (auto earlier = earlier_publication(snapshot, caller, request, key, services.clock.now()))
          return earlier;
        check_run(snapshot, caller, request.run_id);
        if (auto same = find_unchanged(snapshot, request, manifest))
          return Publication{.version = *std::move(same), .created = false};
        require_quota(snapshot, request.name.space(), total_size(manifest));
        return std::nullopt;
      }))
    return *std::move(done);
  // Everything that the version names is durable before the version is, and stays until it holds it.
  const BlobLeases leases = hold_files(services, caller, manifest);
  const Findings findings = look_into(services, manifest.files());

  const Time now = services.clock.now();
  const Id event = new_id(services.clock, services.entropy);
  return services.database.write([&](Transaction& transaction) -> Publication {
    // Another publisher, or this request sent twice, may have been faster since the look above.
    if (auto earlier = earlier_publication(transaction, caller, request, key, now))
      return *std::move(earlier);
    if (auto same = find_unchanged(transaction, request, manifest))
      return {.version = *std::move(same), .created = false};
    require_quota(transaction, request.name.space(), total_size(manifest));  // others published meanwhile
    const std::int64_t artifact = ensure_artifact(transaction, request.kind, request.name, now);
    const NewVersion draft{.artifact_id = artifact,
                           .manifest = manifest,
                           .created_at = now,
                           .created_by = caller.name,
                           .labels = request.labels,
                           .profile = request.profile,
                           .run_id = request.run_id};
    Version version = append(transaction, caller, request, draft, event);
    keep_findings(transaction, findings);
    remember(transaction, caller, key, std::to_string(version.number), now);
    return {.version = std::move(version), .created = true};
  });
}

}  // namespace assay
