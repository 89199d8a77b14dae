// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kWeight = "application/vnd.cncf.model.weight.v1.raw";
constexpr std::string_view kWeightConfig = "application/vnd.cncf.model.weight.config.v1.raw";
constexpr std::string_view kDoc = "application/vnd.cncf.model.doc.v1.raw";
constexpr std::string_view kCode = "application/vnd.cncf.model.code.v1.raw";
constexpr std::string_view kDataset = "application/vnd.cncf.model.dataset.v1.raw";
constexpr std::array kLayerTypes = {kWeight, kWeightConfig, kDoc, kCode, kDataset};

constexpr std::int64_t kMaxSize = (std::int64_t{1} << 53) - 1;  // what canonical JSON can write

Error refuse(const std::string& why) {
  return Error(Code::invalid_argument, "No version can be made: " + why);
}

// Throws unless the paths, sorted, could all be created below one directory.
void check_paths(const std::vector<VersionFile>& files) {
  if (files.empty()) throw refuse("it has no files; push at least one");
  if (files.size() > kMaxFiles)
    throw Error(Code::too_large,
                fmt::format("No version can be made: {} files, at most {} are taken; pack some into "
                            "an archive",
                            files.size(), kMaxFiles));
  std::set<std::string_view> paths;
  for (const VersionFile& file : files)
    if (!paths.insert(file.path.text()).second) throw refuse("it has two files at " + file.path.text());
  for (const std::string_view path : paths)
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
      if (paths.contains(path.substr(0, slash)))
        throw refuse(fmt::format("{} is both a file and a folder", path.substr(0, slash)));
}

json descriptor(std::string_view media_type, const Digest& digest, std::uint64_t size) {
  return {{"mediaType", media_type}, {"digest", digest.text()}, {"size", size}};
}

// What ModelPack wants beside the layers. The diffIds of raw layers are their digests.
std::string build_config(const std::vector<VersionFile>& files) {
  json ids = json::array();
  for (const VersionFile& file : files) ids.push_back(file.digest.text());
  return canonical({{"descriptor", json::object()},
                    {"config", json::object()},
                    {"modelfs", {{"type", "layers"}, {"diffIds", ids}}}});
}

struct Blob {
  std::string media_type;
  Digest digest;
  std::uint64_t size;
};

Blob read_descriptor(JsonObject& object) {
  std::string media_type = object.text("mediaType");
  const Digest digest = Digest::parse(object.text("digest"));
  return {std::move(media_type), digest, static_cast<std::uint64_t>(object.integer("size", 0, kMaxSize))};
}

VersionFile read_layer(const json& layer) {
  JsonObject object(layer, "a layer of the manifest");
  Blob blob = read_descriptor(object);
  JsonObject annotations(object.object("annotations"), "the annotations of a layer");
  const FilePath path = FilePath::parse(annotations.text(std::string(kFilePathAnnotation)));
  annotations.finish();
  object.finish();
  if (std::find(kLayerTypes.begin(), kLayerTypes.end(), blob.media_type) == kLayerTypes.end())
    throw Error(Code::unsupported, "The manifest has a layer of type " + std::string(beginning(blob.media_type, 128)) +
                                       ", which is not one raw ModelPack file");
  return {path, blob.digest, blob.size, std::move(blob.media_type)};
}

void expect(JsonObject& object, const std::string& key, std::string_view wanted) {
  if (object.text(key) != wanted)
    throw Error(Code::unsupported, fmt::format("The manifest's {} is not {}", key, wanted));
}

}  // namespace

std::string_view layer_media_type(Kind kind, const FilePath& path) {
  if (kind == Kind::dataset) return kDataset;
  if (kind == Kind::plugin) return kCode;
  const std::string extension = lower_case(path.extension());
  if (extension == "md" || extension == "txt") return kDoc;
  if (extension == "json" || extension == "yaml" || extension == "yml") return kWeightConfig;
  if (extension == "py" || extension == "so") return kCode;
  return kWeight;
}

Manifest::Manifest(std::string bytes, std::vector<VersionFile> files, const Digest& config_digest,
                   std::uint64_t config_size, std::string config)
    : bytes_(std::move(bytes)),
      digest_(Digest::of(bytes_)),
      files_(std::move(files)),
      config_digest_(config_digest),
      config_size_(config_size),
      config_(std::move(config)) {}

Manifest Manifest::build(Kind kind, std::vector<VersionFile> files) {
  check_paths(files);
  std::sort(files.begin(), files.end(),
            [](const VersionFile& left, const VersionFile& right) { return left.path < right.path; });
  json layers = json::array();
  for (VersionFile& file : files) {
    if (file.size > static_cast<std::uint64_t>(kMaxSize))
      throw refuse(file.path.text() + " is too large to be written");
    file.media_type = layer_media_type(kind, file.path);
    json layer = descriptor(file.media_type, file.digest, file.size);
    layer["annotations"] = {{kFilePathAnnotation, file.path.text()}};
    layers.push_back(std::move(layer));
  }
  std::string config = build_config(files);
  const Digest config_digest = Digest::of(config);
  std::string bytes = canonical({{"schemaVersion", 2},
                                 {"mediaType", kManifestMediaType},
                                 {"artifactType", kModelManifestType},
                                 {"config", descriptor(kModelConfigMediaType, config_digest, config.size())},
                                 {"layers", std::move(layers)}});
  if (bytes.size() > kMaxManifestBytes)
    throw Error(Code::too_large,
                fmt::format("No version can be made: its manifest would have {} bytes, at most {} "
                            "are taken; use fewer files or shorter paths",
                            bytes.size(), kMaxManifestBytes));
  const std::uint64_t config_size = config.size();
  return Manifest(std::move(bytes), std::move(files), config_digest, config_size, std::move(config));
}

Manifest Manifest::parse(std::string bytes) {
  const json document = parse_json(bytes, "the manifest", {kMaxManifestBytes, 8});
  JsonObject object(document, "the manifest");
  object.integer("schemaVersion", 2, 2);
  expect(object, "mediaType", kManifestMediaType);
  expect(object, "artifactType", kModelManifestType);
  JsonObject config_object(object.object("config"), "the config of the manifest");
  const Blob config = read_descriptor(config_object);
  config_object.finish();
  std::vector<VersionFile> files;
  for (const json& layer : object.array("layers", kMaxFiles)) files.push_back(read_layer(layer));
  object.finish();
  check_paths(files);
  return Manifest(std::move(bytes), std::move(files), config.digest, config.size, {});
}

}  // namespace assay
