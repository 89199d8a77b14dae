// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/wire/batch.h"
#include "storage/base/error.h"

namespace assay::wire {
namespace {

using nlohmann::json;

constexpr std::array kFormats = {"g", "l", "b", "u", "+s", "+l"};

const char* known_format(std::string_view text) {
  for (const char* format : kFormats)
    if (text == format) return format;
  return nullptr;
}

json to_json(const ArrowSchema& schema, int depth) {
  const char* name = schema.name == nullptr ? "" : schema.name;
  if (schema.format == nullptr || known_format(schema.format) == nullptr || schema.dictionary != nullptr)
    throw Error(
        Code::unsupported,
        fmt::format(
            "column \"{}\" has the Arrow format \"{}\"{}; f64 (g), i64 (l), bool (b) and utf8 (u) cross",
            name, schema.format == nullptr ? "" : schema.format,
            schema.dictionary == nullptr ? "" : " with a dictionary"));
  if (depth > kMaxSchemaDepth)
    throw Error(Code::unsupported, fmt::format("column \"{}\" is nested too deep", name));
  json children = json::array();
  for (std::int64_t i = 0; i < schema.n_children; ++i)
    children.push_back(to_json(*schema.children[i], depth + 1));
  return {{"format", schema.format},
          {"name", name},
          {"nullable", (schema.flags & ARROW_FLAG_NULLABLE) != 0},
          {"children", std::move(children)}};
}

struct SchemaData {
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release(ArrowSchema* schema) {
  auto* data = static_cast<SchemaData*>(schema->private_data);
  for (ArrowSchema& child : data->children)
    if (child.release != nullptr) child.release(&child);
  delete data;
  schema->release = nullptr;
}

[[noreturn]] void malformed(std::string_view what) {
  throw Error(Code::internal, fmt::format("a malformed schema: {}", what));
}

void from_json(const json& document, int depth, ArrowSchema& out) {
  if (depth > kMaxSchemaDepth) malformed("nested too deep");
  if (!document.is_object()) malformed("not an object");
  const auto member = [&](const char* key) -> const json& {
    const auto found = document.find(key);
    if (found == document.end()) malformed(key);
    return *found;
  };
  const json &format = member("format"), &name = member("name"), &children = member("children");
  const json& nullable = member("nullable");
  if (!format.is_string() || !name.is_string() || !children.is_array() || !nullable.is_boolean())
    malformed("types");
  const char* known = known_format(format.get_ref<const std::string&>());
  if (known == nullptr) malformed("format");
  const bool is_struct = std::strcmp(known, "+s") == 0, is_list = std::strcmp(known, "+l") == 0;
  if (!is_struct && children.size() != (is_list ? 1u : 0u)) malformed("children");
  // C strings end at the first NUL; a name that holds one would change on the way.
  if (name.get_ref<const std::string&>().find('\0') != std::string::npos) malformed("name");

  auto* data = new SchemaData{name.get<std::string>(), std::vector<ArrowSchema>(children.size()), {}};
  for (ArrowSchema& child : data->children) data->pointers.push_back(&child);
  out = {};
  out.format = known;
  out.name = data->name.c_str();
  out.flags = nullable.get<bool>() ? ARROW_FLAG_NULLABLE : 0;
  out.n_children = static_cast<std::int64_t>(children.size());
  out.children = data->pointers.data();
  out.release = release;
  out.private_data = data;
  // From here on `out` owns what a failing child leaves behind.
  for (std::size_t i = 0; i < children.size(); ++i) from_json(children[i], depth + 1, data->children[i]);
}

}  // namespace

json schema_to_json(const ArrowSchema& schema) {
  return to_json(schema, 0);
}

SchemaOwner schema_from_json(const json& document) {
  SchemaOwner owner;
  from_json(document, 0, *owner.get());
  return owner;
}

}  // namespace assay::wire
