// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/event_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/domain/event.h"
#include "registry/domain/nearest.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

void require_known(const std::string& wanted) {
  std::vector<std::string> known;
  for (const std::string_view type : event_types()) {
    known.emplace_back(type);
    known.push_back(std::string(type.substr(0, type.rfind('.'))) + ".*");
  }
  if (std::find(known.begin(), known.end(), wanted) != known.end()) return;
  throw Error(Code::invalid_argument, fmt::format("\"{}\" is no type of event{}", beginning(wanted),
                                                  did_you_mean(wanted, known)));
}

}  // namespace

EventFilter EventFilter::parse(std::vector<std::string> wanted) {
  EventFilter filter;
  filter.wanted_ = std::move(wanted);
  for (const std::string& one : filter.wanted_) require_known(one);
  std::sort(filter.wanted_.begin(), filter.wanted_.end());
  filter.wanted_.erase(std::unique(filter.wanted_.begin(), filter.wanted_.end()), filter.wanted_.end());
  return filter;
}

}  // namespace assay
