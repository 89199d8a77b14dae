// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/kind.h"

#include <string>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

Kind find(std::string_view text, std::string_view (*spelling)(Kind)) {
  std::string known;
  for (const Kind kind : kKinds) {
    if (spelling(kind) == text) return kind;
    known += (known.empty() ? "" : ", ") + std::string(spelling(kind));
  }
  throw Error(Code::invalid_argument,
              "\"" + std::string(beginning(text)) + "\" is not a kind of artifact: write one of " + known);
}

}  // namespace

std::string_view singular(Kind kind) {
  switch (kind) {
    case Kind::model:
      return "model";
    case Kind::dataset:
      return "dataset";
    case Kind::plugin:
      break;
  }
  return "plugin";
}

std::string_view plural(Kind kind) {
  switch (kind) {
    case Kind::model:
      return "models";
    case Kind::dataset:
      return "datasets";
    case Kind::plugin:
      break;
  }
  return "plugins";
}

Kind kind_from_singular(std::string_view text) {
  return find(text, singular);
}
Kind kind_from_plural(std::string_view text) {
  return find(text, plural);
}

}  // namespace assay
