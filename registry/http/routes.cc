// SPDX-License-Identifier: Apache-2.0
#include "registry/http/routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/error.h"

namespace assay::http {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

[[noreturn]] void malformed(const Route& route, std::string_view why) {
  throw Error(Code::internal, fmt::format("the route {} {} {}", text(route.method), route.pattern, why));
}

}  // namespace

// `{kind=models|datasets}` captures one of its choices, `{path...}` all that is left.
struct RouteTable::Segment {
  enum class Kind { literal, capture, choice, rest };
  Kind kind = Kind::literal;
  std::string text;  // the literal, or the parameter's name
  std::vector<std::string> choices;

  static Segment parse(std::string_view part, const Route& route) {
    if (part.empty()) malformed(route, "has an empty segment");
    if (part.front() != '{') return {Kind::literal, std::string(part), {}};
    if (part.back() != '}' || part.size() < 3) malformed(route, "has an unclosed parameter");
    part = part.substr(1, part.size() - 2);
    if (part.ends_with("...")) return {Kind::rest, std::string(part.substr(0, part.size() - 3)), {}};
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return {Kind::capture, std::string(part), {}};
    Segment segment{Kind::choice, std::string(part.substr(0, equals)), {}};
    for (const std::string_view choice : split(part.substr(equals + 1), '|'))
      segment.choices.emplace_back(choice);
    return segment;
  }

  bool matches(std::string_view raw) const {
    if (kind == Kind::literal) return raw == text;
    if (kind == Kind::choice) return std::find(choices.begin(), choices.end(), raw) != choices.end();
    return !raw.empty();
  }
};

struct RouteTable::Pattern {
  std::vector<Segment> segments;
  std::string verb;  // with its colon; may be empty

  static Pattern parse(const Route& route) {
    Pattern pattern;
    std::string_view text = route.pattern;
    if (!text.starts_with('/')) malformed(route, "does not start with a slash");
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
      pattern.verb = text.substr(colon);
      text = text.substr(0, colon);
    }
    for (const std::string_view part : split(text.substr(1), '/'))
      pattern.segments.push_back(Segment::parse(part, route));
    for (std::size_t i = 0; i + 1 < pattern.segments.size(); ++i)
      if (pattern.segments[i].kind == Segment::Kind::rest)
        malformed(route, "captures the rest before its end");
    return pattern;
  }

  bool open_ended() const { return segments.back().kind == Segment::Kind::rest; }

  // `raw` without the verb, when it has ours; nothing otherwise.
  std::optional<std::string_view> without_verb(std::string_view raw) const {
    if (!raw.ends_with(verb) || raw.size() == verb.size()) return std::nullopt;
    return raw.substr(0, raw.size() - verb.size());
  }

  bool matches(const Target& target) const {
    const std::vector<std::string>& raw = target.segments;
    if (open_ended() ? raw.size() < segments.size() : raw.size() != segments.size()) return false;
    if (!without_verb(raw.back())) return false;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i)
      if (!segments[i].matches(raw[i])) return false;
    if (open_ended())
      return std::find(raw.begin() + static_cast<std::ptrdiff_t>(segments.size()) - 1, raw.end(), "") ==
             raw.end();
    return segments.back().matches(*without_verb(raw.back()));
  }

  std::map<std::string, std::string> capture(const Target& target) const {
    std::map<std::string, std::string> captured;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].kind == Segment::Kind::literal) continue;
      std::string& value = captured[segments[i].text];
      const std::size_t end = segments[i].kind == Segment::Kind::rest ? target.segments.size() : i + 1;
      for (std::size_t k = i; k < end; ++k) {
        const std::string& raw = target.segments[k];
        if (k != i) value += '/';
        value += decode_segment(k + 1 == target.segments.size() ? *without_verb(raw) : raw);
      }
    }
    return captured;
  }

  // Larger wins: a verb first, then the earliest literal.
  std::string rank() const {
    std::string rank(1, verb.empty() ? '0' : '1');
    for (const Segment& segment : segments) rank += static_cast<char>('9' - static_cast<int>(segment.kind));
    return rank;
  }
};

RouteTable::RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable::~RouteTable() = default;

void RouteTable::add(Route route) {
  if (!route.permission) malformed(route, "does not say who may call it");
  if (!route.handler) malformed(route, "has no handler");
  if ((route.body == BodyKind::none) != (route.body_limit == 0))
    malformed(route, "has a body without a limit, or a limit without one");
  if (route.place == Place::io_thread &&
      (*route.permission != Permission::public_ || route.body != BodyKind::none))
    malformed(route, "cannot be answered on the I/O thread: it needs a permission or has a body");
  for (const Route& other : routes_)
    if (other.method == route.method && other.pattern == route.pattern) malformed(route, "is there already");
  patterns_.push_back(Pattern::parse(route));
  routes_.push_back(std::move(route));
}

Match RouteTable::match(Method method, const Target& target) const {
  std::string best;
  std::vector<std::size_t> rows;  // all of the best rank
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!patterns_[i].matches(target)) continue;
    const std::string rank = patterns_[i].rank();
    if (rank > best) rows.clear();
    if (rank >= best) rows.push_back(i), best = rank;
  }
  Match match;
  for (const std::size_t row : rows) {
    const Method known = routes_[row].method;
    match.allowed.push_back(known);
    if (known == Method::get) match.allowed.push_back(Method::head);
    if (known == method || (known == Method::get && method == Method::head)) {
      match.route = &routes_[row];
      match.captured = patterns_[row].capture(target);
    }
  }
  return match;
}

}  // namespace assay::http
