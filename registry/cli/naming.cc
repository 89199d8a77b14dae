// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/naming.h"

#include "registry/domain/id.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

const std::string kStandardPrefix = std::string(kDefaultNamespace) + "/";

}  // namespace

std::string show_name(const Name& name) {
  return name.namespace_() == kDefaultNamespace ? name.name() : name.text();
}

std::string show_reference(const Name& name, VersionNumber number) {
  return show_name(name) + "@" + std::to_string(number);
}

std::string show_reference(const std::string& reference) {
  return reference.starts_with(kStandardPrefix) ? reference.substr(kStandardPrefix.size()) : reference;
}

const StageName& named_stage(const Reference& reference, const std::string& written) {
  if (const auto* stage = std::get_if<StageName>(&reference.selector.value())) return *stage;
  throw Error(Code::invalid_argument,
              "\"" + written + "\" names no stage: write MODEL@STAGE, such as churn@production");
}

bool looks_like_id(std::string_view text) {
  return text.size() == Id::kLength && text.find_first_of("./@") == std::string_view::npos;
}

}  // namespace assay::cli
