// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/archive_records.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/domain/artifact.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "assay-archive/1";
constexpr std::size_t kMaxVersions = 1'000'000;  // more than a document of its size could hold

void add_files(const json& document, std::vector<RecordedFile>& out) {
  JsonObject version(document, "a version");
  const std::string reference = fmt::format("{}/{}@{}", version.text("namespace"), version.text("name"),
                                            version.integer("number", 1, INT64_MAX));
  for (const json& item : version.array("files", kMaxFiles)) {
    JsonObject file(item, "a file of " + reference);
    out.push_back({reference, Digest::parse(file.text("digest")),
                   static_cast<std::uint64_t>(file.integer("size", 0, INT64_MAX))});
  }
}

}  // namespace

std::vector<RecordedFile> recorded_files(const json& records, const std::string& archive) {
  if (!records.is_object() || !records.contains("format") || records["format"] != kFormat)
    throw Error(Code::unsupported, archive + " has records of a form that this program does not know: use a newer one");
  std::vector<RecordedFile> out;
  try {
    JsonObject object(records, "the records");
    for (const json& version : object.array("versions", kMaxVersions)) add_files(version, out);
  } catch (const Error& error) {
    throw Error(Code::corrupt, fmt::format("{} is not an archive that can be imported: {}", archive, error.message()));
  }
  return out;
}

}  // namespace assay::cli
