// SPDX-License-Identifier: Apache-2.0
// Uses yaml-cpp's event parser and not its node tree, whose aliases would be expanded.
#include "registry/cli/yaml_file.h"

#include <fmt/format.h>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <fast_float/fast_float.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "storage/base/error.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 32;       // as for JSON documents
constexpr std::size_t kMaxBytes = 1 << 20;  // hand-written documents are a few kilobytes

// Carries a place out of yaml-cpp, which lets exceptions of its handler through.
struct Refusal {
  YAML::Mark mark;
  std::string why;
};

Json scalar_of(const std::string& tag, const std::string& text) {
  const bool is_plain = tag == "?";
  if (!is_plain) return text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const char* first = text.data() + (text[0] == '+' ? 1 : 0);
  const char* last = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [end, error] = std::from_chars(first, last, integer); error == std::errc() && end == last)
    return integer;
  // fast_float also takes "inf" and "nan", which JSON has no number for: they stay text.
  double number = 0;
  const bool starts_as_number =
      first != last && std::string_view("0123456789.-").find(*first) != std::string_view::npos;
  if (starts_as_number && text.find_first_of("nN") == std::string::npos)
    if (const auto [end, error] = fast_float::from_chars(first, last, number);
        error == std::errc() && end == last)
      return number;
  return text;
}

class Builder final : public YAML::EventHandler {
 public:
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { put(mark, anchor, nullptr); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{mark, "aliases are not taken: write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (wants_key()) {
      refuse_anchor(mark, anchor);
      if (open_.back().value->contains(value))
        throw Refusal{mark, "the key \"" + value + "\" is there twice"};
      open_.back().key = value;
      return;
    }
    put(mark, anchor, scalar_of(tag, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    descend(put(mark, anchor, Json::array()), mark);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    descend(put(mark, anchor, Json::object()), mark);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Level {
    Json* value;
    std::optional<std::string> key;  // of a map, read and not yet given its value
  };

  bool wants_key() const { return !open_.empty() && open_.back().value->is_object() && !open_.back().key; }

  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refusal{mark, "anchors are not taken: write the value out"};
  }

  Json* put(const YAML::Mark& mark, YAML::anchor_t anchor, Json value) {
    refuse_anchor(mark, anchor);
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = open_.back();
    if (level.value->is_array()) {
      level.value->push_back(std::move(value));
      return &level.value->back();
    }
    if (!level.key) throw Refusal{mark, "a key must be text"};
    Json& member = (*level.value)[*level.key];
    member = std::move(value);
    level.key.reset();
    return &member;
  }

  void descend(Json* value, const YAML::Mark& mark) {
    if (open_.size() >= kMaxDepth) throw Refusal{mark, "it is nested too deeply"};
    open_.push_back({value, std::nullopt});
  }

  Json root_;
  std::vector<Level> open_;
};

Error refused(const std::string& name, const YAML::Mark& mark, const std::string& why) {
  return Error(Code::invalid_argument, name + ", line " + std::to_string(mark.line + 1) + ", column " +
                                           std::to_string(mark.column + 1) + ": " + why);
}

}  // namespace

Json parse_yaml(std::string_view text, const std::string& name) {
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) throw Error(Code::invalid_argument, name + " is empty");
    Builder rest;
    if (parser.HandleNextDocument(rest))
      throw Error(Code::invalid_argument, name + " holds more than one document");
    return builder.take();
  } catch (const YAML::Exception& error) {
    throw refused(name, error.mark, error.msg);
  } catch (const Refusal& refusal) {
    throw refused(name, refusal.mark, refusal.why);
  }
}

std::string read_document(const std::filesystem::path& path, std::size_t max_bytes) {
  std::ifstream file;
  std::istream* in = &std::cin;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) throw system_error("reading " + path.string(), errno);
    in = &file;
  }
  std::string text(max_bytes + 1, '\0');
  in->read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in->gcount()));
  if (in->bad()) throw system_error("reading " + path.string(), errno);
  if (text.size() > max_bytes)
    throw Error(Code::too_large, fmt::format("{} is larger than {} MiB: is it the right file?", path.string(),
                                             max_bytes >> 20));
  return text;
}

Json read_yaml_file(const std::filesystem::path& path) {
  return parse_yaml(read_document(path, kMaxBytes), path == "-" ? "stdin" : path.string());
}

}  // namespace assay::cli
