// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/wire/batch.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

using nlohmann::json;

const std::string kRows =
    "f,i,b,t\n1.5,1,true,one\n,2,,\n-0,,false,\"drei, "
    "3\"\n4,4,true,ünf\n5,5,false,\"\"\n6,6,,six\n7,7,true,seven\n8,8,true,eight\n9,,false,nine\n";

std::string round_trip(const TablePtr& table, std::int64_t first, std::int64_t count,
                       const wire::Target& target = {}, const wire::Arenas& arenas = {}) {
  const SchemaOwner schema = export_schema(table->schema());
  std::vector<std::size_t> columns(table->columns().size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  const wire::Payload payload = wire::encode_batch(*schema, *export_batch(table, first, count, columns), target);
  const SchemaOwner received = wire::schema_from_json(wire::schema_to_json(*schema));
  const ArrayOwner decoded = wire::decode_batch(*received, payload, arenas);
  return write_csv(*import_batch(import_schema(*received), *decoded));
}

TEST_CASE("Wire: every slice of a table arrives as it left") {
  const TablePtr table = read_csv(kRows);
  CHECK(round_trip(table, 0, table->rows()) == kRows);
  for (std::int64_t first = 0; first < table->rows(); ++first)
    for (std::int64_t count = 0; first + count <= table->rows(); ++count) {
      std::string joined = round_trip(table, 0, first);
      const auto body = [](std::string csv) { return csv.substr(csv.find('\n') + 1); };
      joined += body(round_trip(table, first, count)) +
                body(round_trip(table, first + count, table->rows() - first - count));
      CHECK(joined == kRows);
    }
}

TEST_CASE("Wire: the same through memory that both sides map") {
  const TablePtr table = read_csv(kRows);
  std::vector<std::byte> memory(1 << 20);
  const wire::Target target{
      .take = [&](std::uint64_t) { return wire::Target::Place{7, 4096, memory.data() + 4096}; }};
  const wire::Arenas arenas{{7, memory, nullptr}};
  for (std::int64_t first = 0; first < table->rows(); ++first)
    CHECK(round_trip(table, first, table->rows() - first, target, arenas) ==
          round_trip(table, first, table->rows() - first));
}

TEST_CASE("Wire: buffers that the other side maps already are not copied") {
  const TablePtr table = read_csv("f,i\n1.5,1\n2.5,2\n");
  const auto* numbers = static_cast<const std::byte*>(table->columns()[0].values());
  const wire::Arenas arenas{{9, {numbers, 16}, nullptr}};
  const SchemaOwner schema = export_schema(table->schema());
  const wire::Payload payload = wire::encode_batch(*schema, *export_batch(table), {.shared = arenas});
  CHECK(wire::extent_in(payload, 9) == 16);
  const ArrayOwner decoded = wire::decode_batch(*schema, payload, arenas);
  CHECK(decoded->children[0]->buffers[1] == numbers);
  CHECK(error_of([&] { wire::decode_batch(*schema, payload); }).code() == Code::internal);
}

TEST_CASE("Wire: buffers lie at multiples of 64") {
  const TablePtr table = read_csv(kRows);
  const SchemaOwner schema = export_schema(table->schema());
  const wire::Payload payload = wire::encode_batch(*schema, *export_batch(table));
  const ArrayOwner decoded = wire::decode_batch(*schema, payload);
  for (std::int64_t column = 0; column < decoded->n_children; ++column)
    for (std::int64_t i = 0; i < decoded->children[column]->n_buffers; ++i)
      CHECK(reinterpret_cast<std::uintptr_t>(decoded->children[column]->buffers[i]) % 64 == 0);
}

// A copy of `payload` with one word of its descriptor changed.
wire::Payload with(const wire::Payload& payload, std::size_t word, std::uint64_t value) {
  wire::Payload changed(payload.size());
  std::memcpy(changed.data(), payload.data(), payload.size());
  std::memcpy(changed.data() + word * sizeof value, &value, sizeof value);
  return changed;
}

TEST_CASE("Wire: a descriptor that lies is refused") {
  const TablePtr table = read_csv("t,i\none,1\ntwo,2\n");
  const SchemaOwner schema = export_schema(table->schema());
  // Three nodes of two words from word 2 on; six buffers of three words from word 8 on, among them the offsets of t
  // (the third) and its text.
  const wire::Payload good = wire::encode_batch(*schema, *export_batch(table));
  const auto refused = [&](const wire::Payload& payload) {
    return error_of([&] { wire::decode_batch(*schema, payload); }).code() == Code::internal;
  };
  constexpr std::size_t nodes = 2, buffers = 8;
  CHECK(refused(wire::Payload()));
  CHECK(refused(good.first(8)));
  CHECK(refused(good.first(buffers * 8)));
  CHECK(refused(with(good, 0, 2)));
  CHECK(refused(with(good, 0, 4)));
  CHECK(refused(with(good, 0, 1ull << 62)));
  CHECK(refused(with(good, 1, 5)));
  CHECK(refused(with(good, 1, ~0ull)));
  CHECK(refused(with(good, nodes, 3)));
  CHECK(refused(with(good, nodes + 2, 1)));
  CHECK(refused(with(good, nodes + 2, ~0ull)));
  CHECK(refused(with(good, buffers + 2 * 3, 1)));
  CHECK(refused(with(good, buffers + 2 * 3 + 1, 1)));
  CHECK(refused(with(good, buffers + 2 * 3 + 1, 1ull << 62)));
  CHECK(refused(with(good, buffers + 2 * 3 + 2, (1ull << 63) + 7)));
  CHECK(refused(with(good, buffers + 3 * 3 + 2, 5)));
}

TEST_CASE("Wire: offsets that go backwards or past the text are refused") {
  const TablePtr table = read_csv("t\none\ntwo\n");
  const SchemaOwner schema = export_schema(table->schema());
  for (const std::int32_t bad : {-1, 7, 100, 2147483647}) {
    wire::Payload payload = wire::encode_batch(*schema, *export_batch(table));
    // Two nodes and four buffers before it, and the second of the three offsets.
    const std::size_t head = (2 + 2 * 2 + 4 * 3) * 8;
    std::memcpy(payload.data() + (head + 63) / 64 * 64 + 4, &bad, sizeof bad);
    CHECK(error_of([&] { wire::decode_batch(*schema, payload); }).code() == Code::internal);
  }
}

TEST_CASE("Wire: random damage to a payload ends in rows or an Error") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const TablePtr table = read_csv(kRows);
  const SchemaOwner schema = export_schema(table->schema());
  const wire::Payload good = wire::encode_batch(*schema, *export_batch(table));
  const std::size_t words = 2 + 5 * 2 + 10 * 3;
  for (int round = 0; round < 2000; ++round) {
    // A small number in the place of one word of the descriptor, or any byte anywhere.
    wire::Payload bad = with(good, random() % words, random() % 2 == 0 ? random() % 300 : random());
    for (int flips = 0; flips < 3; ++flips) bad.data()[random() % bad.size()] = static_cast<std::byte>(random());
    try {
      wire::extent_in(bad, random() % 3);
      const ArrayOwner decoded = wire::decode_batch(*schema, bad);
      import_batch(import_schema(*schema), *decoded);
    } catch (const Error&) {
    }
  }
  SUCCEED();
}

TEST_CASE("Wire: schemas that schema_to_json cannot have written are refused") {
  const auto refused = [](const json& document) {
    return error_of([&] { wire::schema_from_json(document); }).code() == Code::internal;
  };
  const json leaf = {{"format", "g"}, {"name", "x"}, {"nullable", true}, {"children", json::array()}};
  CHECK(refused(nullptr));
  CHECK(refused(json::object()));
  json with_child = leaf;
  with_child["children"].push_back(leaf);
  CHECK(refused(with_child));
  json unknown = leaf;
  unknown["format"] = "tdD";
  CHECK(refused(unknown));
  json deep = leaf;
  for (int i = 0; i < 20; ++i)
    deep = {{"format", "+l"}, {"name", "x"}, {"nullable", true}, {"children", {deep}}};
  CHECK(refused(deep));
}

}  // namespace
}  // namespace assay::test
