// SPDX-License-Identifier: Apache-2.0
#include "registry/http/head.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::http {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// RFC 9110, 5.6.2
bool is_token(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

using Verdict = std::optional<Refusal>;

class HeadCheck {
 public:
  HeadCheck(const Limits& limits, const std::vector<std::string>& allowed_hosts)
      : limits_(limits), allowed_hosts_(allowed_hosts) {}

  Verdict run(std::string_view head) {
    bool first = true;
    while (!head.empty()) {
      const std::size_t end = head.find("\r\n");
      if (end == std::string_view::npos)
        return Refusal{400, "a line of the request head does not end in CR LF"};
      const std::string_view line = head.substr(0, end);
      head.remove_prefix(end + 2);
      if (line.empty()) break;
      if (Verdict refused = first ? request_line(line) : field(line)) return refused;
      first = false;
    }
    if (first || !head.empty()) return Refusal{400, "the request head is malformed"};
    return whole();
  }

 private:
  Verdict request_line(std::string_view line) {
    const std::size_t one = line.find(' ');
    const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
    if (two == std::string_view::npos || line.find(' ', two + 1) != std::string_view::npos)
      return Refusal{400, "the request line must be `METHOD target HTTP/1.1` with single blanks"};
    const std::string_view method = line.substr(0, one);
    const std::string_view target = line.substr(one + 1, two - one - 1);
    const std::string_view version = line.substr(two + 1);
    if (method.empty() || !std::all_of(method.begin(), method.end(), is_token))
      return Refusal{400, "the request method is not a word"};
    if (!std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; }))
      return Refusal{400, "the request target holds bytes that are not visible ASCII; percent-encode them"};
    if (version.size() != 8 || !version.starts_with("HTTP/"))
      return Refusal{400, "the request line does not name an HTTP version"};
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
      return Refusal{505, "this server speaks HTTP/1.1 and HTTP/1.0"};
    if (target.size() > limits_.target_bytes)
      return Refusal{414, fmt::format("the request target is longer than {} bytes", limits_.target_bytes)};
    http10_ = version == "HTTP/1.0";
    for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")})
      if (target.starts_with(scheme))
        absolute_host_ = target.substr(scheme.size(), target.find('/', scheme.size()) - scheme.size());
    return std::nullopt;
  }

  Verdict field(std::string_view line) {
    if (++fields_ > limits_.head_fields)
      return Refusal{431, fmt::format("the request head has more than {} fields", limits_.head_fields)};
    if (line.front() == ' ' || line.front() == '\t')
      return Refusal{400, "a header field continues on a second line; send it on one"};
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), is_token))
      return Refusal{400, "a header field does not start with a name and a colon right after it"};
    const std::string_view value = trim(line.substr(colon + 1));
    if (std::any_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; }))
      return Refusal{400, "a header field holds a control character"};
    return known_field(lower(name), value);
  }

  Verdict known_field(const std::string& name, std::string_view value) {
    if (name == "host") {
      if (host_) return Refusal{400, "the request has more than one Host; send one"};
      host_ = value;
    } else if (name == "content-length") {
      // Two of them are refused even when they agree: whoever sends two has a proxy in between that is
      // confused.
      if (content_length_) return Refusal{400, "the request has more than one Content-Length; send one"};
      if (value.empty() || value.size() > 19 || !std::all_of(value.begin(), value.end(), is_digit))
        return Refusal{400, "Content-Length must be a whole number"};
      content_length_ = true;
    } else if (name == "transfer-encoding") {
      if (transfer_encoding_)
        return Refusal{400, "the request has more than one Transfer-Encoding; send one"};
      if (lower(value) != "chunked")
        return Refusal{400, "the only Transfer-Encoding taken here is `chunked`"};
      transfer_encoding_ = true;
    }
    return std::nullopt;
  }

  Verdict whole() const {
    if (content_length_ && transfer_encoding_)
      return Refusal{400, "the request has both Content-Length and Transfer-Encoding; send one of them"};
    if (transfer_encoding_ && http10_)
      return Refusal{400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length"};
    if (!host_ && !http10_) return Refusal{400, "the request has no Host; send one"};
    if (host_ && !well_formed(*host_)) return Refusal{400, "Host is not a host name with an optional port"};
    return allowed_host();
  }

  static bool well_formed(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
      return is_letter(c) || is_digit(c) || std::string_view("-._:[]%").find(c) != std::string_view::npos;
    });
  }

  // A page of another site that points its own name at this address still says that name in Host.
  Verdict allowed_host() const {
    if (allowed_hosts_.empty()) return std::nullopt;
    std::string host = lower(absolute_host_ ? *absolute_host_ : host_.value_or(""));
    const std::size_t colon = host.rfind(':');
    if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
    if (std::find(allowed_hosts_.begin(), allowed_hosts_.end(), host) != allowed_hosts_.end())
      return std::nullopt;
    return Refusal{421, "this server does not answer to the name in Host; ask its operator to add it"};
  }

  const Limits& limits_;
  const std::vector<std::string>& allowed_hosts_;
  bool http10_ = false;
  std::size_t fields_ = 0;
  std::optional<std::string_view> host_;
  std::optional<std::string_view> absolute_host_;
  bool content_length_ = false;
  bool transfer_encoding_ = false;
};

}  // namespace

std::size_t head_size(std::string_view bytes, std::size_t scanned) {
  const std::size_t end = bytes.find("\r\n\r\n", scanned < 3 ? 0 : scanned - 3);
  return end == std::string_view::npos ? 0 : end + 4;
}

std::optional<Refusal> check_part(std::string_view bytes, std::size_t scanned) {
  for (std::size_t i = bytes.find('\n', scanned); i != std::string_view::npos; i = bytes.find('\n', i + 1))
    if (i == 0 || bytes[i - 1] != '\r')
      return Refusal{400, "a line of the request head does not end in CR LF"};
  return std::nullopt;
}

std::optional<Refusal> check_head(std::string_view head, const Limits& limits,
                                  const std::vector<std::string>& allowed_hosts) {
  return HeadCheck(limits, allowed_hosts).run(head);
}

}  // namespace assay::http
