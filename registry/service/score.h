// SPDX-License-Identifier: Apache-2.0
// The port through which a version scores rows: bytes of a table in, bytes of the same form out. Who
// implements it finds the version's plugin and runs it in a worker process; callers only resolve the version
// and pass bytes.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/digest.h"

namespace assay {

enum class TableFormat {
  csv,   // text/csv with a header line
  json,  // application/json: {"rows":[{column: value}, …]}
};

struct ScoreRequest {
  Digest version;          // manifest digest of a model version that the caller may read
  std::string_view label;  // how people know it, "default/churn@3", for messages only
  TableFormat format = TableFormat::csv;
  std::string_view body;  // borrowed for the call
};

class ScoreService {
 public:
  virtual ~ScoreService() = default;

  // The rows of the body in their order with the model's outputs appended as columns, in the body's own
  // format. Any thread may call it at any time. Throws invalid_argument for an unreadable body or a missing
  // column (naming it and the nearest present name), not_found when the version's plugin is not here,
  // unsupported when the version is not a bundle that a scorer can load, deadline or unavailable when the
  // worker did not answer.
  virtual std::string score(const ScoreRequest& request) = 0;
};

}  // namespace assay
