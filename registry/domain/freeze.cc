// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/freeze.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using namespace std::chrono_literals;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr minutes kWeek = 7 * 24h;
constexpr std::size_t kMaxText = 128;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(Code::invalid_argument,
              fmt::format("policy: the freeze \"{}\" {}: write it as \"Fri 16:00/Mon 08:00 Europe/Berlin\" or "
                          "\"2026-12-19 00:00/2027-01-04 08:00 Europe/Berlin\"",
                          beginning(text, kMaxText), why));
}

// A number of exactly so many digits.
std::optional<unsigned> number(std::string_view text, std::size_t digits) {
  unsigned value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.size() != digits || status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<minutes> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2), 2), minute = number(text.substr(3), 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return minutes(*hour * 60 + *minute);
}

std::optional<std::chrono::local_days> date_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4), 4), month = number(text.substr(5, 2), 2), day = number(text.substr(8), 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  return date.ok() ? std::optional(std::chrono::local_days(date)) : std::nullopt;
}

// One end of a window: exactly one of the two is set.
struct End {
  std::optional<minutes> in_week{};
  std::optional<WallTime> once{};
};
std::optional<End> end_of(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto time = time_of_day(text.substr(space + 1));
  if (!time) return std::nullopt;
  const std::string_view day = text.substr(0, space);
  if (const auto known = std::find(kDays.begin(), kDays.end(), day); known != kDays.end())
    return End{.in_week = (known - kDays.begin()) * minutes(24h) + *time};
  if (const auto date = date_of(day)) return End{.once = WallTime(*date) + *time};
  return std::nullopt;
}

// What names of the time zone database are made of.
bool is_zone_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  });
}

}  // namespace

FreezeWindow FreezeWindow::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::size_t zone = slash == std::string_view::npos ? slash : text.find(' ', text.find(' ', slash) + 1);
  if (text.size() > kMaxText || zone == std::string_view::npos || !is_zone_name(text.substr(zone + 1)))
    refuse(text, "is not FROM/UNTIL and a time zone");
  const auto from = end_of(text.substr(0, slash)), until = end_of(text.substr(slash + 1, zone - slash - 1));
  if (!from || !until || from->once.has_value() != until->once.has_value())
    refuse(text, "does not go from a weekday and time, or a date and time, to another such");
  FreezeWindow window;
  window.text_ = text;
  window.zone_ = text.substr(zone + 1);
  if (from->once) {
    if (*from->once >= *until->once) refuse(text, "ends before it begins");
    window.when_ = Span{*from->once, *until->once};
  } else {
    if (*from->in_week == *until->in_week) refuse(text, "is empty");
    window.when_ = Weekly{*from->in_week, (*until->in_week - *from->in_week + kWeek) % kWeek};
  }
  return window;
}

std::optional<FreezeWindow::Span> FreezeWindow::around(WallTime now) const {
  if (const auto* once = std::get_if<Span>(&when_))
    return now >= once->from && now < once->until ? std::optional(*once) : std::nullopt;
  const Weekly& weekly = std::get<Weekly>(when_);
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const minutes days((std::chrono::weekday(today).iso_encoding() - 1) * minutes(24h));
  const std::chrono::milliseconds in_week = days + (now - WallTime(today));
  const std::chrono::milliseconds since = (in_week - weekly.from + kWeek) % std::chrono::milliseconds(kWeek);
  if (since >= weekly.length) return std::nullopt;
  const WallTime from = now - since;
  return Span{from, from + weekly.length};
}

void to_json(nlohmann::json& json, const Frozen& frozen) {
  json = {{"window", frozen.window}, {"from", format_time(frozen.from)}, {"until", format_time(frozen.until)}};
}

Frozen frozen_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  Frozen frozen{object.text("window"), parse_time(object.text("from")), parse_time(object.text("until"))};
  object.finish();
  return frozen;
}

}  // namespace assay
