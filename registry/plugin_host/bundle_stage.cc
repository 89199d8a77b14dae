// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/bundle_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kMaxName = 255;  // as abi.h says

bool is_entry_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    const bool spelled = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
             c == '_' || c == '-';
    });
    if (part.empty() || part == "." || part == ".." || !spelled) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

void BundleStage::open(std::string name, std::string media_type) {
  if (open_) throw Error(Code::invalid_argument, fmt::format("entry \"{}\" is still being written", open_->name));
  if (!is_entry_name(name))
    throw Error(Code::invalid_argument,
                "an entry's name is made of [A-Za-z0-9._-] parts joined by '/', at most 255 bytes");
  if (written_.all().contains(name))
    throw Error(Code::already_exists, fmt::format("entry \"{}\" was written before", name));
  if (written_.all().size() >= kMaxEntries)
    throw Error(Code::too_large, fmt::format("more than {} entries", kMaxEntries));
  if (media_type.size() > kMaxName) throw Error(Code::invalid_argument, "a media type that long");
  open_.emplace(std::move(name), std::move(media_type), std::string());
}

void BundleStage::write(std::string_view bytes) {
  if (!open_) throw Error(Code::invalid_argument, "no entry is being written");
  written_bytes_ += bytes.size();
  if (written_bytes_ > kMaxBundleBytes)
    throw Error(Code::too_large, fmt::format("more than {} GiB of entries", kMaxBundleBytes >> 30));
  open_->bytes.append(bytes);
}

void BundleStage::finish() {
  if (!open_) throw Error(Code::invalid_argument, "no entry is being written");
  Open entry = std::move(*open_);
  open_.reset();
  written_.put(std::move(entry.name), std::move(entry.media_type), std::move(entry.bytes));
}

}  // namespace assay
