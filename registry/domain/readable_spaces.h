// SPDX-License-Identifier: Apache-2.0
// The namespaces whose records somebody may see, as queries need them: all, or those named.
#pragma once

#include <string>
#include <vector>

#include "registry/domain/name.h"

namespace assay {

struct ReadableSpaces {
  bool all = false;
  std::vector<std::string> keys;  // Namespace::key() of each, when not all

  static ReadableSpaces everything() { return {.all = true, .keys = {}}; }
  static ReadableSpaces only(const Namespace& space) { return {.all = false, .keys = {space.key()}}; }
};

}  // namespace assay
