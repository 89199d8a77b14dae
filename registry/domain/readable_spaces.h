// SPDX-License-Identifier: Apache-2.0
// The namespaces whose records somebody may see, as queries need them: all, or those named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/domain/name.h"

namespace assay {

struct ReadableSpaces {
  bool all = false;
  std::vector<std::string> keys;  // Namespace::key() of each, when not all

  // The keys as a JSON array, for a query's parameter; none, its NULL, for all.
  std::optional<std::string> keys_json() const;

  static ReadableSpaces everything() { return {.all = true, .keys = {}}; }
  static ReadableSpaces only(const Namespace& space) { return {.all = false, .keys = {space.key()}}; }
};

}  // namespace assay
