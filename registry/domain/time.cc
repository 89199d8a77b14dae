// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/time.h"

#include <fmt/format.h>

#include <optional>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// Reads fixed-width fields from the front of a text; any mismatch turns it bad for good.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.size() <= i || rest_[i] < '0' || rest_[i] > '9') {
        good_ = false;
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool skip(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) { good_ = skip(wanted) && good_; }
  bool at_end() const { return rest_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

milliseconds read_fraction(Cursor& cursor) {
  if (!cursor.skip('.') && !cursor.skip(',')) return milliseconds(0);
  int value = 0;
  int scale = 100;
  value += cursor.digits(1) * scale;
  while (!cursor.at_end()) {
    Cursor ahead = cursor;
    const int digit = ahead.digits(1);
    if (!ahead.good()) break;
    cursor = ahead;
    scale /= 10;
    value += digit * scale;
  }
  return milliseconds(value);
}

// How far local time is ahead of UTC.
std::optional<std::chrono::minutes> read_offset(Cursor& cursor) {
  if (cursor.skip('Z') || cursor.skip('z')) return std::chrono::minutes(0);
  const int sign = cursor.skip('-') ? -1 : 1;
  if (sign == 1) cursor.expect('+');
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const int minutes = cursor.digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (hours * 60 + minutes));
}

std::optional<Time> read_time(std::string_view text) {
  Cursor cursor(text);
  const int year = cursor.digits(4);
  cursor.expect('-');
  const int month = cursor.digits(2);
  cursor.expect('-');
  const int day = cursor.digits(2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!cursor.good() || !date.ok()) return std::nullopt;
  const Time midnight = std::chrono::sys_days(date);
  if (cursor.at_end()) return midnight;

  if (!cursor.skip('T') && !cursor.skip('t') && !cursor.skip(' ')) return std::nullopt;
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const int minutes = cursor.digits(2);
  cursor.expect(':');
  const int seconds = cursor.digits(2);
  const milliseconds fraction = read_fraction(cursor);
  const auto offset = read_offset(cursor);
  if (!cursor.good() || !cursor.at_end() || !offset || hours > 23 || minutes > 59 || seconds > 59)
    return std::nullopt;
  return midnight + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds) + fraction - *offset;
}

}  // namespace

std::string format_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999)
    throw Error(Code::invalid_argument,
                fmt::format("{} ms after 1970 is outside the years 0000 to 9999", to_milliseconds(time)));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", year, static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), clock.subseconds().count());
}

Time parse_time(std::string_view text) {
  if (const auto time = read_time(text)) return *time;
  throw Error(
      Code::invalid_argument,
      fmt::format("\"{}\" is not a time: write 2026-11-21 or 2026-11-21T01:02:03Z", beginning(text)));
}

}  // namespace assay
