// SPDX-License-Identifier: Apache-2.0
// What the records of an archive say of its versions' files. The records are a stranger's document until the server has
// taken them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "storage/base/digest.h"

namespace assay::cli {

struct RecordedFile {
  std::string version;  // the reference of the version that has it
  Digest digest;
  std::uint64_t size = 0;
};

// In the order of the records. `archive` names it in messages. Throws unsupported for records of another form, and
// corrupt, naming the member, for what export does not write.
std::vector<RecordedFile> recorded_files(const nlohmann::json& records, const std::string& archive);

}  // namespace assay::cli
