// SPDX-License-Identifier: Apache-2.0
// Documents that people write by hand: JSON, or YAML of JSON's shape.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace assay::cli {

// `text` as JSON values. YAML's plain scalars become null, booleans, integers or numbers by YAML 1.2's core
// schema, and text otherwise; quoted ones are text. Throws invalid_argument with line and column for bad
// syntax, doubled keys, aliases and anchors (a small document could stand for a huge one), several documents,
// and depth over 32; `name` names the document.
nlohmann::json parse_yaml(std::string_view text, const std::string& name);

// The whole of a file; `-` is stdin. Throws too_large past the limit, unavailable or not_found when it cannot be read.
std::string read_document(const std::filesystem::path& path, std::size_t max_bytes);

// The same of a file of at most 1 MiB; `-` is stdin.
nlohmann::json read_yaml_file(const std::filesystem::path& path);

}  // namespace assay::cli
