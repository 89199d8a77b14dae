// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/odd_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace assay::worker::check {
namespace {

using fake::FakeData;
using fake::Json;

constexpr std::size_t kLongText = 20'000;

double odd_number(Draw& draw) {
  using D = std::numeric_limits<double>;
  return draw.of({D::quiet_NaN(), D::infinity(), -D::infinity(), D::denorm_min(), D::min(), D::max(), D::lowest(), 0.0,
                  -0.0, 1.0, -1.0, 0x1p53, 1e-300, std::bit_cast<double>(draw.bits())});
}

std::int64_t odd_integer(Draw& draw) {
  using I = std::numeric_limits<std::int64_t>;
  return draw.of({I::min(), I::min() + 1, I::max(), std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 32,
                  -(std::int64_t{1} << 31), (std::int64_t{1} << 53) + 1, std::bit_cast<std::int64_t>(draw.bits())});
}

std::string odd_text(Draw& draw) {
  switch (draw.below(4)) {
    case 0:
      return "";
    case 1:
      return std::string(draw.below(kLongText), draw.of({'x', ' ', '\0', '"'}));
    case 2:
      return std::to_string(draw.bits());
    default:
      return std::string(draw.of<std::string_view>(
          {" ", "\n", "NaN", "null", "0", "-1e309", "true", std::string_view("a\0b", 3), "\"", ",;\t|", "\\u0000",
           "e\u0301", "\xE2\x80\xAE" "dlo", "\U0001F600", "\uFFFD", "north", "red"}));
  }
}

// Some cells become null or odd: one, some, or all.
template <class T, class Odd>
void spoil(Sample::Cells<T>& cells, Draw& draw, Odd odd) {
  const std::size_t rarity = draw.of<std::size_t>({1, 2, 10, 60});
  for (std::optional<T>& cell : cells) {
    if (!draw.once_in(rarity)) continue;
    if (draw.once_in(3))
      cell.reset();
    else
      cell = odd(draw);
  }
}

std::string odd_name(Draw& draw) {
  return draw.of<const char*>({"", " ", "a b", "naïve", "\"quoted\"", "x=1", "prediction", "label/2", "e\u0301"}) +
         (draw.once_in(4) ? std::string(draw.below(kLongText), 'n') : std::string());
}

// A number within what the property allows; its default where it sets no bounds.
Json odd_value(const Json& property, Draw& draw) {
  const Json &low = property["minimum"], &high = property["maximum"];
  if (!property["enum"].array().empty()) return draw.among(property["enum"].array());
  if (property["type"].string() == "boolean") return draw.once_in(2);
  if (low.kind() != Json::Kind::number || high.kind() != Json::Kind::number) return property["default"];
  switch (draw.below(4)) {
    case 0:
      return low;
    case 1:
      return high;
    default:
      break;
  }
  const double wide = high.number() - low.number();
  const double value = low.number() + (draw.once_in(2) ? draw.share() : std::pow(draw.share(), 8)) * wide;
  return property["type"].string() == "integer" ? std::floor(value) : value;
}

}  // namespace

Sample odd_sample(Draw& draw) {
  Sample out = Sample::of(draw.bits(), draw.of<std::size_t>({0, 1, 2, 3, 7, 8, 9, 31, 64, 65, 100}));
  const auto some = [&] { return draw.once_in(3); };
  // Oddities that every plugin may refuse are rarer, or nothing else would be tried.
  const auto few = [&] { return draw.once_in(6); };
  const auto odd_bool = [](Draw& with) { return with.once_in(2); };
  if (some()) spoil(out.amount, draw, odd_number);
  if (some()) spoil(out.ratio, draw, odd_number);
  if (some()) spoil(out.count, draw, odd_integer);
  if (some()) spoil(out.member, draw, odd_bool);
  if (some()) spoil(out.colour, draw, odd_text);
  if (some()) spoil(out.group, draw, odd_text);
  if (some()) spoil(out.timestamp, draw, odd_integer);
  if (few()) spoil(out.label, draw, odd_integer);
  if (few()) std::fill(out.label.begin(), out.label.end(), draw.once_in(2) ? 1 : 0);
  if (few()) spoil(out.score, draw, odd_number);
  if (few()) spoil(out.reference_score, draw, odd_number);
  if (few()) spoil(out.weight, draw, odd_number);
  return out;
}

FakeData odd_table(const Sample& sample, const Component& component, WithRoles roles, Draw& draw) {
  std::vector<std::function<void(FakeData&)>> columns = {
      [&](FakeData& out) { out.f64("amount", sample.amount); }, [&](FakeData& out) { out.f64("ratio", sample.ratio); },
      [&](FakeData& out) { out.i64("count", sample.count); },
      [&](FakeData& out) { out.boolean("member", sample.member); },
      [&](FakeData& out) { out.utf8("colour", sample.colour); }};
  if (draw.once_in(3)) columns.emplace_back([&](FakeData& out) { out.utf8(odd_name(draw), sample.group); });
  if (draw.once_in(2))
    for (std::size_t i = columns.size() - 1; i > 0; --i) std::swap(columns[i], columns[draw.below(i + 1)]);
  const std::size_t rarity = draw.of<std::size_t>({2, 20, 20, 20});
  FakeData out;
  for (const auto& add : columns)
    if (!draw.once_in(rarity)) add(out);
  if (roles == WithRoles::yes) sample.add_roles(component, out);
  return out;
}

Shape odd_shape(Draw& draw) {
  Shape out;
  out.parent_offset = draw.of<std::int64_t>({0, 0, 1, 7, 8, 65});
  out.child_offset = draw.of<std::int64_t>({0, 0, 1, 3, 8, 63});
  out.spare_bytes = draw.of<std::size_t>({0, 1, 64});
  out.only_8_aligned = draw.once_in(2);
  out.count_nulls = draw.once_in(2);
  out.always_bitmap = draw.once_in(2);
  out.in_nulls = static_cast<unsigned char>(draw.bits());
  return out;
}

Json::Object odd_settings(const Component& component, Draw& draw) {
  Json::Object out = component.settings();
  for (const auto& [name, property] : component.schema["properties"].object())
    if (draw.once_in(2) && out.contains(name)) out.insert_or_assign(name, odd_value(property, draw));
  return out;
}

}  // namespace assay::worker::check
