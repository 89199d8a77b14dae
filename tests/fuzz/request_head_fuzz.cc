// SPDX-License-Identifier: Apache-2.0
// Any bytes as the start of a connection: the end of the head is the same however they arrive; a head that is taken
// can be read in one way only; and its target, taken apart, is the target again.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/head.h"
#include "registry/http/target.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay::http {
namespace {

const std::vector<std::string> kAnyHost;
const std::vector<std::string> kOneHost = {"localhost"};

void require(bool promise) {
  if (!promise) std::abort();
}

// In two pieces, whatever the first.
void check_arrival(std::string_view bytes) {
  const std::size_t whole = head_size(bytes, 0);
  const bool refused = check_part(bytes, 0).has_value();
  for (std::size_t first = 0; first <= bytes.size(); first += 1 + bytes.size() / 16) {
    const std::string_view part = bytes.substr(0, first);
    const std::size_t early = head_size(part, 0);
    require(early == 0 ? head_size(bytes, first) == whole : early == whole);
    require((check_part(part, 0) || check_part(bytes, first)) == refused);
  }
}

struct Fields {
  int host = 0, content_length = 0, transfer_encoding = 0;
};

std::string lowered(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// By the one rule that lines end in CR LF and that a name goes to its colon.
Fields fields_of(std::string_view head) {
  Fields fields;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos);
    const std::string name = lowered(line.substr(0, line.find(':')));
    fields.host += name == "host";
    fields.content_length += name == "content-length";
    fields.transfer_encoding += name == "transfer-encoding";
    // What lenient parsers would take for one of the three.
    require(name.find_first_of(" \t") == name.npos);
  }
  return fields;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return out;
}

void check_query(std::string_view raw) {
  fuzz::taken({Code::invalid_argument}, [&] {
    const Query query = Query::parse(raw);
    std::string again;
    for (const auto& [name, value] : query.pairs()) {
      require(fuzz::is_text(name) && fuzz::is_text(value));
      again += encoded(name) + '=' + encoded(value) + '&';
      fuzz::taken({Code::invalid_argument}, [&, key = name] { query.number(key, 0, 1, 500); });
    }
    require(Query::parse(again).pairs() == query.pairs());
  });
}

void check_target(std::string_view raw) {
  fuzz::taken({Code::invalid_argument}, [&] {
    const Target target = Target::parse(raw);
    require(target.raw == raw && raw.find(target.raw_query) != raw.npos && target.path.starts_with('/'));
    std::string path;
    for (const std::string& segment : target.segments) {
      path += '/' + segment;
      fuzz::taken({Code::invalid_argument}, [&] {
        const std::string decoded = decode_segment(segment);
        require(fuzz::is_text(decoded) && decoded != "." && decoded != "..");
        require(decode_segment(encoded(decoded)) == decoded);
      });
    }
    require(path == target.path);
    require(Target::parse(path + (target.raw_query.empty() ? "" : "?" + target.raw_query)).segments == target.segments);
    check_query(target.raw_query);
  });
}

void check_taken(std::string_view head, const Limits& limits) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t one = line.find(' '), two = line.rfind(' ');
  require(one < two && line.find(' ', one + 1) == two);
  const std::string_view target = line.substr(one + 1, two - one - 1);
  require(target.size() <= limits.target_bytes);
  const bool old = line.substr(two) == " HTTP/1.0";
  require(old || line.substr(two) == " HTTP/1.1");
  const Fields fields = fields_of(head.substr(line.size() + 2));
  require(fields.host == 1 || (old && fields.host == 0));
  require(fields.content_length + fields.transfer_encoding <= 1);
  require(!old || fields.transfer_encoding == 0);
  require(!check_part(head, 0));
  check_target(target);
}

void check(std::string_view bytes) {
  const Limits limits{.head_fields = 8, .target_bytes = 64};
  check_arrival(bytes);
  const std::size_t size = head_size(bytes, 0);
  if (size == 0) return;
  const std::string_view head = bytes.substr(0, size);
  const auto refusal = check_head(head, limits, kAnyHost);
  // A list of names only ever refuses more.
  if (!check_head(head, limits, kOneHost)) require(!refusal);
  if (!refusal) return check_taken(head, limits);
  require(refusal->status == 400 || refusal->status == 414 || refusal->status == 431 || refusal->status == 505);
}

}  // namespace
}  // namespace assay::http

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  assay::http::check(bytes);
  // Of a head that is taken, the target is visible ASCII.
  if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0x20 && c < 0x7F; }))
    assay::http::check_target(bytes);
  return 0;
}
