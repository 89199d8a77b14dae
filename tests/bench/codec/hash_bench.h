// SPDX-License-Identifier: Apache-2.0
// How fast bytes are hashed and cut.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace assay::bench {

void bench_hashing(std::span<const std::byte> bytes);
void bench_cutting(std::string_view name, std::span<const std::byte> bytes);

}  // namespace assay::bench
