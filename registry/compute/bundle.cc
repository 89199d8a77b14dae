// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/compute/csv.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kBundleVersion = 1;
constexpr std::int64_t kMaxSafeInteger = (std::int64_t{1} << 53) - 1;

TableSchema columns_from(const json& array) {
  TableSchema columns;
  for (const json& item : array) {
    JsonObject column(item, "columns");
    std::string name = column.text("name");
    const std::string type = column.text("type");
    column.finish();
    const auto known = column_type_from_name(type);
    if (!known)
      throw Error(Code::unsupported, fmt::format("column \"{}\" has the unknown type \"{}\"", name, type));
    columns.push_back({std::move(name), *known});
  }
  return columns;
}

BundleInfo bundle_from(const json& document) {
  JsonObject object(document, std::string(kBundleFile));
  const std::int64_t version = object.integer("bundle_version", 1, kMaxSafeInteger);
  if (version > kBundleVersion)
    throw Error(Code::unsupported,
                fmt::format("bundle_version {} is newer than the {} that this assay reads; upgrade it",
                            version, kBundleVersion));
  BundleInfo info{.plugin = plugin_use_from_json(object.object("plugin"), "plugin"),
                  .config = config_from(object)};
  info.seed = static_cast<std::uint64_t>(object.integer("seed", 0, kMaxSafeInteger));
  info.label = object.optional_text("label").value_or("");
  info.columns = columns_from(object.array("columns", kMaxCsvColumns));
  if (const json* data = object.optional_object("data")) {
    JsonObject source(*data, "data");
    info.data_digest = Digest::parse(source.text("digest"));
    info.data_rows = source.integer("rows", 0, kMaxSafeInteger);
    source.finish();
  }
  object.finish();
  return info;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw system_error("open " + path.string(), errno);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) throw system_error("read " + path.string(), errno);
  return bytes;
}

bool is_csv(const ArtifactFile& file) {
  return file.path.ends_with(".csv");
}

}  // namespace

std::string format_bundle(const BundleInfo& info) {
  json columns = json::array();
  for (const ColumnSpec& column : info.columns)
    columns.push_back({{"name", column.name}, {"type", name_of(column.type)}});
  json document = {{"bundle_version", kBundleVersion},
                   {"plugin", info.plugin},
                   {"config", json::parse(info.config.canonical)},
                   {"seed", info.seed},
                   {"label", info.label},
                   {"columns", std::move(columns)}};
  if (info.data_digest) document["data"] = {{"digest", info.data_digest->text()}, {"rows", info.data_rows}};
  return canonical(document);
}

BundleInfo parse_bundle(std::string_view text, std::string_view what) {
  try {
    return bundle_from(parse_json(text, kBundleFile));
  } catch (const Error& error) {
    // The reader blames a caller; these bytes come out of the store.
    const Code code = error.code() == Code::unsupported ? Code::unsupported : Code::corrupt;
    throw Error(code, fmt::format("read {} of {}: {}", kBundleFile, what, error.message()));
  }
}

std::vector<BundleEntry> MemoryBundle::entries() const {
  std::vector<BundleEntry> list;
  for (const auto& [name, entry] : entries_) list.push_back({name, entry.bytes.size()});
  return list;
}

std::size_t MemoryBundle::read(std::string_view name, std::uint64_t offset, std::span<std::byte> out) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end())
    throw Error(Code::not_found, fmt::format("no entry \"{}\" in the bundle", name));
  const std::string& bytes = entry->second.bytes;
  if (offset >= bytes.size()) return 0;
  const std::size_t count = std::min<std::size_t>(out.size(), bytes.size() - offset);
  std::memcpy(out.data(), bytes.data() + offset, count);
  return count;
}

void MemoryBundle::put(std::string name, std::string media_type, std::string bytes) {
  entries_.insert_or_assign(std::move(name), Entry{std::move(media_type), std::move(bytes)});
}

ModelBundle fetch_model_bundle(Artifacts& artifacts, const ArtifactVersion& version) {
  const auto info = std::find_if(version.files.begin(), version.files.end(),
                                 [](const ArtifactFile& file) { return file.path == kBundleFile; });
  if (info == version.files.end())
    throw Error(
        Code::unsupported,
        fmt::format("{} has no {}, so no plugin is known to score it; only models made by assay train can "
                    "be scored, evaluated or watched for drift",
                    version.reference, kBundleFile));
  ModelBundle bundle{parse_bundle(read_file(artifacts.fetch(version, *info)), version.reference), {}};
  for (const ArtifactFile& file : version.files)
    if (file.path.starts_with(kModelFolder))
      bundle.entries.put(file.path.substr(kModelFolder.size()), "",
                         read_file(artifacts.fetch(version, file)));
  return bundle;
}

TablePtr fetch_table(Artifacts& artifacts, const ArtifactVersion& version, const TableSchema& declared,
                     Plugins* readers) {
  auto chosen = std::find_if(version.files.begin(), version.files.end(),
                             [](const ArtifactFile& file) { return file.path == "data.csv"; });
  const auto tables = std::count_if(version.files.begin(), version.files.end(), is_csv);
  if (chosen == version.files.end() && tables == 1)
    chosen = std::find_if(version.files.begin(), version.files.end(), is_csv);
  if (chosen == version.files.end())
    throw Error(Code::invalid_argument,
                fmt::format("{} holds {} CSV files and none is called data.csv; push one table as data.csv",
                            version.reference, tables));
  return read_csv_file(artifacts.fetch(version, *chosen),
                       {.declared = declared,
                        .source = version.reference + " (" + chosen->path + ")",
                        .memory = readers == nullptr ? nullptr : readers->table_memory(chosen->size)});
}

}  // namespace assay
