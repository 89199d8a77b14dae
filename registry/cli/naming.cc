// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/naming.h"

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

}  // namespace assay::cli
