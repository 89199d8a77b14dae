// SPDX-License-Identifier: Apache-2.0
// Paths of the HTTP API. Names are safe in a URL by their grammar; everything else is encoded here.
#pragma once

#include <string>

#include "registry/client/endpoint.h"
#include "registry/domain/kind.h"
#include "registry/domain/reference.h"
#include "storage/base/digest.h"

namespace assay::client {

inline std::string artifact_target(Kind kind, const Name& name) {
  return "/api/v1/" + std::string(plural(kind)) + "/" + encode_segment(name.namespace_()) + "/" +
         encode_segment(name.name());
}

inline std::string version_target(Kind kind, const Name& name, const Selector& selector) {
  return artifact_target(kind, name) + "/versions/" + encode_segment(selector.text());
}

inline std::string blob_target(const Digest& digest) {
  return "/api/v1/blobs/" + digest.text();
}

inline std::string stage_target(const Name& model, const std::string& stage) {
  return artifact_target(Kind::model, model) + "/stages/" + encode_segment(stage);
}

}  // namespace assay::client
