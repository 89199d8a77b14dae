// SPDX-License-Identifier: Apache-2.0
// Made-up safetensors files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/little_endian.h"

namespace assay::test {

struct MadeTensor {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::string bytes;
};

// The length field and `json`.
inline std::string tensor_head(std::string_view json) {
  std::string head(8, '\0');
  put_u64(reinterpret_cast<std::byte*>(head.data()), json.size());
  return head + std::string(json);
}

inline std::string tensor_file(const std::vector<MadeTensor>& tensors) {
  nlohmann::ordered_json json = {{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const MadeTensor& tensor : tensors) {
    json[tensor.name] = {{"dtype", tensor.dtype},
                         {"shape", tensor.shape},
                         {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data += tensor.bytes;
  }
  return tensor_head(json.dump()) + data;
}

}  // namespace assay::test
