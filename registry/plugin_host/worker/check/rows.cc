// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/rows.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace assay::worker::check {
namespace {

using sdk::Batch;
using sdk::Column;
using sdk::Schema;
using sdk::Type;

// std::mt19937_64 is the same everywhere; the library's distributions are not.
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

void set_bit(unsigned char* bits, std::int64_t at, bool on) {
  const auto mask = static_cast<unsigned char>(1u << (at & 7));
  bits[at >> 3] = static_cast<unsigned char>(on ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
}

// Lays out one column.
class Layout {
 public:
  Layout(Ledger::Node& node, const Shape& shape, const Column& column, std::int64_t rows)
      : node_(node), shape_(shape), column_(column), rows_(rows), lead_(shape.parent_offset + shape.child_offset) {}

  ArrowArray make() {
    std::int64_t nulls = 0;
    for (std::int64_t row = 0; row < rows_; ++row) nulls += column_.is_null(row) ? 1 : 0;
    if (nulls != 0 || shape_.always_bitmap) {
      unsigned char* bits = room(static_cast<std::size_t>(lead_ + rows_ + 7) / 8);
      for (std::int64_t row = 0; row < rows_; ++row) set_bit(bits, lead_ + row, !column_.is_null(row));
    } else {
      node_.buffers.push_back(nullptr);
    }
    switch (column_.type()) {
      case Type::f64:
        numbers<double>([&](std::int64_t row) { return column_.f64()[static_cast<std::size_t>(row)]; });
        break;
      case Type::i64:
        numbers<std::int64_t>([&](std::int64_t row) { return column_.i64()[static_cast<std::size_t>(row)]; });
        break;
      case Type::boolean: {
        unsigned char* bits = room(static_cast<std::size_t>(lead_ + rows_ + 7) / 8);
        for (std::int64_t row = 0; row < rows_; ++row)
          set_bit(bits, lead_ + row, column_.is_null(row) ? (shape_.in_nulls & 1) != 0 : column_.boolean(row));
        break;
      }
      default:
        texts();
    }
    ArrowArray out{};
    out.length = rows_ + shape_.parent_offset;
    out.null_count = shape_.count_nulls ? nulls : -1;
    out.offset = shape_.child_offset;
    out.n_buffers = static_cast<std::int64_t>(node_.buffers.size());
    out.buffers = node_.buffers.data();
    return out;
  }

 private:
  unsigned char* room(std::size_t size) {
    const std::size_t before = shape_.only_8_aligned ? 8 : 0, all = before + size + shape_.spare_bytes;
    void* block = nullptr;
    if (::posix_memalign(&block, 64, std::max<std::size_t>(all, 1)) != 0) throw std::bad_alloc();
    std::memset(block, shape_.in_nulls, all);
    node_.memory.emplace_back(block, all);
    auto* bytes = static_cast<unsigned char*>(block) + before;
    node_.buffers.push_back(bytes);
    return bytes;
  }
  template <class T, class Value>
  void numbers(Value value) {
    unsigned char* bytes = room(static_cast<std::size_t>(lead_ + rows_) * sizeof(T));
    for (std::int64_t row = 0; row < rows_; ++row) {
      if (column_.is_null(row)) continue;
      const T each = value(row);
      std::memcpy(bytes + static_cast<std::size_t>(lead_ + row) * sizeof(T), &each, sizeof each);
    }
  }
  void texts() {
    std::string chars;
    std::vector<std::int32_t> ends{};
    // What lies before the rows is not empty, so that a plugin that forgets an offset reads another text.
    for (std::int64_t i = 0; i < lead_; ++i) ends.push_back(static_cast<std::int32_t>((chars += '~').size()) - 1);
    for (std::int64_t row = 0; row < rows_; ++row) {
      ends.push_back(static_cast<std::int32_t>(chars.size()));
      chars += column_.is_null(row) ? std::string_view(shape_.in_nulls == 0x11 ? "" : "?") : column_.text(row);
    }
    ends.push_back(static_cast<std::int32_t>(chars.size()));
    std::memcpy(room(ends.size() * sizeof ends[0]), ends.data(), ends.size() * sizeof ends[0]);
    std::memcpy(room(chars.size()), chars.data(), chars.size());
  }

  Ledger::Node& node_;
  const Shape& shape_;
  const Column& column_;
  std::int64_t rows_, lead_;
};

void release(ArrowArray* array) {
  auto& node = *static_cast<Ledger::Node*>(array->private_data);
  ++node.released;
  for (ArrowArray* child : node.pointers)
    if (child->release != nullptr) child->release(child);
  node.forget();
  array->release = nullptr;
}

std::string bits_of(double value) {
  if (std::isnan(value)) return "nan";
  return fmt::format("{:a}", value);
}

std::string cell(const Column& column, std::int64_t row) {
  if (column.is_null(row)) return "null";
  switch (column.type()) {
    case Type::f64:
      return bits_of(column.f64()[static_cast<std::size_t>(row)]);
    case Type::i64:
      return std::to_string(column.i64()[static_cast<std::size_t>(row)]);
    case Type::boolean:
      return column.boolean(row) ? "true" : "false";
    case Type::utf8:
      return fmt::format("\"{}\"", column.text(row));
    case Type::list_i64:
      return fmt::format("[{}]", fmt::join(column.list(row), " "));
    case Type::other:
      break;
  }
  return "?";
}

}  // namespace

Sample Sample::of(std::uint64_t seed, std::size_t rows, double shift) {
  static constexpr const char* colours[] = {"red", "green", "blau", "grün"};
  std::mt19937_64 random(seed);
  Sample out;
  for (std::size_t row = 0; row < rows; ++row) {
    const double amount = uniform(random) * 4 - 2 + shift, ratio = uniform(random);
    const auto count = static_cast<std::int64_t>(random() % 20);
    const bool member = random() % 3 == 0;
    const std::size_t colour = random() % 4;
    const double signal = amount + (static_cast<double>(count) - 10) / 8 + (member ? 1 : 0) +
                          (colour == 0 ? 0.7 : 0) + uniform(random) - 1.2 - shift;
    out.amount.emplace_back(amount);
    out.ratio.emplace_back(ratio);
    out.count.emplace_back(count);
    out.member.emplace_back(member);
    out.colour.emplace_back(colours[colour]);
    out.label.emplace_back(signal > 0 ? 1 : 0);
    out.score.emplace_back(1 / (1 + std::exp(-signal + uniform(random) - 0.5)));
    out.reference_score.emplace_back(1 / (1 + std::exp(-signal + 2 * uniform(random) - 1)));
    out.weight.emplace_back(0.5 + uniform(random));
    out.group.emplace_back(random() % 2 == 0 ? "north" : "south");
    out.timestamp.emplace_back(1'700'000'000 + static_cast<std::int64_t>(row) * 60);
  }
  return out;
}

fake::FakeData Sample::features() const {
  return fake::Rows().f64("amount", amount).i64("count", count).boolean("member", member).utf8("colour", colour).f64(
      "ratio", ratio);
}

fake::FakeData Sample::reordered() const {
  return fake::Rows().utf8("colour", colour).f64("ratio", ratio).boolean("member", member).f64("amount", amount).i64(
      "count", count);
}

fake::FakeData Sample::with_roles(const Component& component) const {
  fake::FakeData out = features();
  add_roles(component, out);
  return out;
}

void Sample::add_roles(const Component& component, fake::FakeData& out) const {
  const auto role = [&](const char* name, auto add) {
    if (!component.takes(name)) return;
    add();
    out.with_role(name, name);
  };
  role("label", [&] { out.i64("label", component.of_classes ? class_labels() : label); });
  role("score", [&] { out.f64("score", component.of_classes ? class_scores(0) : score); });
  for (const std::size_t i : {1, 2}) {
    if (!component.takes("score") || !component.of_classes) continue;
    out.f64(fmt::format("score_{}", i), class_scores(i)).with_role("score", fmt::format("score_{}", i));
  }
  role("reference_score", [&] { out.f64("reference_score", reference_score); });
  role("weight", [&] { out.f64("weight", weight); });
  role("group", [&] { out.utf8("group", group); });
  role("timestamp", [&] { out.i64("timestamp", timestamp); });
}

Sample::Cells<std::int64_t> Sample::class_labels() const {
  Cells<std::int64_t> out = label;
  for (std::size_t row = 0; row < out.size(); ++row)
    if (out[row] == 1 && group[row] == "south") out[row] = 2;
  return out;
}

Sample::Cells<double> Sample::class_scores(std::size_t class_index) const {
  Cells<double> out = score;
  for (std::optional<double>& cell : out)
    if (cell) cell = class_index == 0 ? 1 - *cell : *cell * (class_index == 1 ? 0.75 : 0.25);
  return out;
}

Ledger::Node::~Node() {
  forget();
}

void Ledger::Node::forget() {
  for (auto& [block, size] : memory) {
    std::memset(block, 0xEE, size);  // who still reads it reads nonsense
    std::free(block);
  }
  memory.clear();
}

Ledger::Node& Ledger::add() {
  const std::lock_guard lock(mutex_);
  return *nodes_.emplace_back(std::make_unique<Node>());
}

std::string Ledger::wrong() const {
  const std::lock_guard lock(mutex_);
  for (const auto& node : nodes_)
    if (node->released != 1)
      return node->released == 0 ? "it never releases a batch that it was given"
                                 : fmt::format("it releases a batch {} times", node->released.load());
  return {};
}

ArrowArray lay_out(const sdk::Table& table, std::int64_t first, std::int64_t count, const Shape& shape,
                   Ledger& ledger) {
  ArrowArray source{};
  table.export_rows(first, count, &source);
  const Batch batch(table.schema(), source);
  Ledger::Node& node = ledger.add();
  node.buffers.push_back(nullptr);
  for (std::size_t i = 0; i < batch.columns(); ++i) {
    Ledger::Node& child = *node.children.emplace_back(std::make_unique<Ledger::Node>());
    const Column column = batch.column(i);
    ArrowArray array = Layout(child, shape, column, count).make();
    array.release = &release;
    array.private_data = &child;
    node.arrays.push_back(array);
  }
  for (ArrowArray& array : node.arrays) node.pointers.push_back(&array);
  source.release(&source);
  ArrowArray out{};
  out.length = count;
  out.null_count = shape.count_nulls ? 0 : -1;
  out.offset = shape.parent_offset;
  out.n_buffers = 1;
  out.buffers = node.buffers.data();
  out.n_children = static_cast<std::int64_t>(node.pointers.size());
  out.children = node.pointers.data();
  out.release = &release;
  out.private_data = &node;
  return out;
}

std::string print_schema(const ArrowSchema& schema) {
  std::string out;
  for (const sdk::Field& field : Schema::copy(schema))
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", field.name, sdk::type_name(field.type));
  return out + '\n';
}

std::string print_rows(const ArrowSchema& schema, const ArrowArray& rows) {
  const Schema columns = Schema::copy(schema);
  const Batch batch(columns, rows);
  std::string out;
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    for (std::size_t i = 0; i < batch.columns(); ++i) out += (i == 0 ? "" : " | ") + cell(batch.column(i), row);
    out += '\n';
  }
  return out;
}

std::string difference(const std::string& expected, const std::string& found) {
  if (expected == found) return {};
  std::size_t at = 0, line = 1, start = 0;
  while (at < expected.size() && at < found.size() && expected[at] == found[at])
    if (expected[at++] == '\n') ++line, start = at;
  const auto rest = [&](const std::string& text) { return text.substr(start, std::min<std::size_t>(text.find('\n', start) - start, 120)); };
  return fmt::format("line {} is {} and was {}", line, rest(found), rest(expected));
}

}  // namespace assay::worker::check
