// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/find_version.h"

#include "storage/base/error.h"

namespace assay::cli {

Version find_version(client::ApiClient& api, const std::string& text, const std::string& kind) {
  const Reference reference = Reference::parse(text);
  if (!kind.empty()) return api.version(kind_from_singular(kind), reference);
  std::optional<Version> found;
  std::optional<Error> nearest_miss;
  for (const Kind candidate : kKinds) {
    // Only models have stages.
    if (candidate != Kind::model && std::holds_alternative<StageName>(reference.selector.value())) continue;
    const auto artifact = api.find_artifact(candidate, reference.name);
    if (!artifact) continue;
    try {
      Version version = api.version(candidate, reference);
      if (found)
        throw Error(Code::invalid_argument, "\"" + text + "\" is a " + std::string(singular(found->kind)) +
                                                " and a " + std::string(singular(candidate)) +
                                                ": say which with --kind");
      found = std::move(version);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
      if (!nearest_miss) nearest_miss = error;
    }
  }
  if (found) return *std::move(found);
  if (nearest_miss) throw *nearest_miss;
  throw Error(Code::not_found,
              "there is no model, dataset or plugin \"" + reference.name.text() + "\": see `assay ls`");
}

}  // namespace assay::cli
