// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/wire/batch.h"

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

std::string round_trip(const TablePtr& table, std::int64_t first, std::int64_t count) {
  const SchemaOwner schema = export_schema(table->schema());
  std::vector<std::size_t> columns(table->columns().size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  const wire::EncodedBatch encoded = wire::encode_batch(*schema, *export_batch(table, first, count, columns));
  const SchemaOwner received = wire::schema_from_json(wire::schema_to_json(*schema));
  const ArrayOwner decoded = wire::decode_batch(*received, encoded.descriptor(), encoded.payload);
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

TEST_CASE("Wire: buffers lie at multiples of 64") {
  const TablePtr table = read_csv(kRows);
  const wire::EncodedBatch encoded =
      wire::encode_batch(*export_schema(table->schema()), *export_batch(table));
  CHECK(reinterpret_cast<std::uintptr_t>(encoded.payload.data()) % 64 == 0);
  for (const auto& [offset, size] : encoded.buffers) CHECK(offset % 64 == 0);
}

TEST_CASE("Wire: a descriptor that lies is refused") {
  const TablePtr table = read_csv("t,i\none,1\ntwo,2\n");
  const SchemaOwner schema = export_schema(table->schema());
  const wire::EncodedBatch encoded = wire::encode_batch(*schema, *export_batch(table));
  const json good = encoded.descriptor();
  const auto refused = [&](const json& descriptor) {
    return error_of([&] { wire::decode_batch(*schema, descriptor, encoded.payload); }).code() ==
           Code::internal;
  };
  const auto with = [&](const std::string& pointer, json value) {
    json changed = good;
    changed[json::json_pointer(pointer)] = std::move(value);
    return changed;
  };
  CHECK(refused(json::object()));
  CHECK(refused(with("/nodes/0/0", 3)));
  CHECK(refused(with("/nodes/1/0", 1)));
  CHECK(refused(with("/nodes/1/0", -1)));
  CHECK(refused(with("/nodes/1/0", 1e300)));
  CHECK(refused(with("/nodes/1/2", 1)));
  CHECK(refused(with("/nodes", json::array())));
  CHECK(refused(with("/buffers/2/0", 1)));
  CHECK(refused(with("/buffers/2/0", 1ull << 62)));
  CHECK(refused(with("/buffers/2/1", (1ull << 63) + 7)));
  CHECK(refused(with("/buffers/3/1", 5)));
  CHECK(refused(with("/buffers/3", "x")));
  CHECK(refused(with("/buffers", json::array())));
}

TEST_CASE("Wire: offsets that go backwards or past the text are refused") {
  const TablePtr table = read_csv("t\none\ntwo\n");
  const SchemaOwner schema = export_schema(table->schema());
  for (const std::int32_t bad : {-1, 7, 100, 2147483647}) {
    wire::EncodedBatch encoded = wire::encode_batch(*schema, *export_batch(table));
    std::memcpy(encoded.payload.data() + encoded.buffers[2][0] + 4, &bad, sizeof bad);
    CHECK(error_of([&] { wire::decode_batch(*schema, encoded.descriptor(), encoded.payload); }).code() ==
          Code::internal);
  }
}

TEST_CASE("Wire: random damage to descriptor and payload ends in rows or an Error") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const TablePtr table = read_csv(kRows);
  const SchemaOwner schema = export_schema(table->schema());
  for (int round = 0; round < 2000; ++round) {
    wire::EncodedBatch encoded = wire::encode_batch(*schema, *export_batch(table));
    json descriptor = encoded.descriptor();
    for (int flips = 0; flips < 3; ++flips) {
      encoded.payload.data()[random() % encoded.payload.size()] = static_cast<std::byte>(random());
      json& list = random() % 2 == 0 ? descriptor["nodes"] : descriptor["buffers"];
      json& item = list[random() % list.size()];
      if (random() % 3 == 0) item[random() % item.size()] = random() % 2 == 0 ? random() % 300 : random();
    }
    try {
      const ArrayOwner decoded = wire::decode_batch(*schema, descriptor, encoded.payload);
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
