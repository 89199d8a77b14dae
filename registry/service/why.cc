// SPDX-License-Identifier: Apache-2.0
#include "registry/service/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/blob_holders.h"
#include "registry/service/collect_garbage.h"
#include "registry/service/readable_blobs.h"
#include "registry/service/record_evidence.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/blob/maintenance.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kMaxRows = 100;  // one screenful or two; whoever shares a blob with more knows why it is here

struct Holding {
  std::vector<BlobHolder> versions;
  std::vector<BlobUploader> uploads;
};

Holding find_holding(Snapshot& snapshot, const Principal& caller, const Digest& digest, bool all) {
  return {holders_of(snapshot, digest, readable_spaces(caller), kMaxRows),
          uploaders_of(snapshot, digest, all ? std::nullopt : std::optional(caller.id), kMaxRows)};
}

json holder_json(const BlobHolder& holder) {
  return {{"kind", singular(holder.kind)},
          {"reference", reference_text(holder.name, holder.number)},
          {"part", holder.part},
          {"path", holder.path.empty() ? json() : json(holder.path)},
          {"stages", holder.stages}};
}

json upload_json(const BlobUploader& upload) {
  return {{"principal", upload.name.value_or(upload.principal.text())},
          {"time", format_time(upload.time)},
          {"keeps_until", format_time(upload.time + kUploadGrace)}};
}

std::optional<Explanation> explain(const Services& services, const Digest& digest) {
  if (services.maintenance == nullptr) return std::nullopt;
  try {
    return services.maintenance->explain(digest);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    return std::nullopt;
  }
}

json place_json(const Explanation::Place& place) {
  json parents = json::array();
  for (const Digest& parent : place.parents) parents.push_back(parent.text());
  return {{"pack", place.pack},
          {"offset", place.offset},
          {"stored_bytes", place.stored_bytes},
          {"codec", place.codec},
          {"parents", std::move(parents)}};
}

json store_json(const std::optional<Explanation>& explanation) {
  if (!explanation) return nullptr;
  json out = {{"chunks", explanation->chunks}, {"places", json::array()}, {"needed_by", json::array()}};
  for (const auto& place : explanation->places) out["places"].push_back(place_json(place));
  for (const Digest& blob : explanation->needed_by) out["needed_by"].push_back(blob.text());
  return out;
}

// Each word once.
std::vector<std::string> what_it_is(const Holding& holding, bool is_blob, bool is_chunk) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& word) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  };
  if (is_blob) add("blob");
  if (is_chunk) add("chunk");
  for (const BlobHolder& holder : holding.versions) add(holder.part);
  return words;
}

}  // namespace

json why(const Services& services, const Principal& caller, const Digest& digest) {
  require_somewhere(caller, Permission::read);
  const bool all = caller.may_everywhere(Permission::admin);
  const Holding holding =
      services.database.read([&](Snapshot& snapshot) { return find_holding(snapshot, caller, digest, all); });
  const auto explanation = all ? explain(services, digest) : std::nullopt;
  const bool known = !holding.versions.empty() || !holding.uploads.empty();
  const auto blob = known || all ? services.blobs.stat(digest) : std::nullopt;
  if (!known && !explanation && !blob)
    throw Error(Code::not_found,
                fmt::format("Nothing that \"{}\" may read has the digest {}", caller.name, digest.text()));
  json out = {{"digest", digest.text()},
              {"is", what_it_is(holding, blob.has_value(), explanation && explanation->is_chunk)},
              {"size", nullptr},
              {"stored_size", blob ? json(blob->stored_size) : json()},
              {"held_by", json::array()},
              {"uploads", json::array()},
              {"store", store_json(explanation)}};
  if (blob)
    out["size"] = blob->size;
  else if (explanation)
    out["size"] = explanation->size;
  else if (!holding.versions.empty())
    out["size"] = holding.versions.front().size;
  for (const BlobHolder& holder : holding.versions) out["held_by"].push_back(holder_json(holder));
  for (const BlobUploader& upload : holding.uploads) out["uploads"].push_back(upload_json(upload));
  return out;
}

}  // namespace assay
