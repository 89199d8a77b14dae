// SPDX-License-Identifier: Apache-2.0
// Makes a version of files that are already uploaded (upload.h): manifest, number, audit row, in one
// transaction.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/domain/manifest.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"
#include "storage/blob/blob_store.h"

namespace assay {

class JsonObject;

struct PublishRequest {
  Kind kind = Kind::model;
  Name name;
  std::vector<VersionFile> files;  // media types are chosen by the manifest
  Labels labels;
  std::optional<std::string> profile;  // a JSON object
  std::optional<Id> run_id;
  bool if_changed = false;  // keep the newest version when it has the same digest
};

struct Publication {
  Version version;
  bool created = true;  // false: the newest version was the same already
};

// The members of one that an imported version shares: files, labels, profile and run_id.
PublishRequest publish_members(Kind kind, const Name& name, JsonObject& object);
// Throws invalid_argument or too_large for labels and a profile over their limits; the profile is canonical after.
void check_details(PublishRequest& request);

// While they live, nothing of a version's bytes can go away.
using BlobLeases = std::vector<std::unique_ptr<BlobLease>>;
// Throws not_found unless the caller may publish each file and the store has it, invalid_argument when it has another
// size. Somebody else's blob and one that does not exist give the same answer. Stores the manifest's config.
BlobLeases hold_files(const Services& services, const Principal& caller, const Manifest& manifest);

// From a request body {"files":[{"path","digest","size"}],"labels","profile","run_id","if_changed"}. Throws
// invalid_argument or too_large.
PublishRequest parse_publish_request(Kind kind, const Name& name, std::string_view body);

// Needs `register` on the namespace. Numbers are dense per artifact, whoever publishes at once. The version
// is visible whole, and durable, when this returns; nothing of it is when this throws:
//   invalid_argument  no files, bad paths, a size that is not the blob's, labels or profile over their limits
//   not_found         a digest that this caller neither uploaded nor may read, or a run that does not exist
//   full              beyond the quota of the namespace, or the disk is full
//   denied            no permission
// An `if_changed` that makes nothing keeps no key.
Publication publish(const Services& services, const Principal& caller, const PublishRequest& request,
                    RequestKey* key = nullptr);

}  // namespace assay
