// SPDX-License-Identifier: Apache-2.0
// Any bytes as the schema and the batch that a worker sends: refused, or read without a step outside their memory; and
// a table that came so is the same when it is sent on. Input: a line with the schema; a line with the words of the
// descriptor, as decimals; the bytes that buffers lie in, in the payload and in an arena, 7.
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "registry/compute/csv.h"
#include "registry/domain/json_reader.h"
#include "registry/plugin_host/wire/batch.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay::wire {
namespace {

using nlohmann::json;

constexpr std::uint64_t kArena = 7;

void require(bool promise) {
  if (!promise) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

Payload payload_of(std::string_view line, std::string_view rest) {
  std::vector<std::uint64_t> words;
  std::istringstream numbers{std::string(line)};
  for (std::uint64_t word = 0; numbers >> word;) words.push_back(word);
  const std::size_t head = words.size() * sizeof(std::uint64_t);
  const std::size_t begin = rest.empty() ? head : (head + kAlignment - 1) / kAlignment * kAlignment;
  Payload payload(begin + rest.size());
  if (payload.size() == 0) return payload;
  std::memset(payload.data(), 0, payload.size());
  if (head != 0) std::memcpy(payload.data(), words.data(), head);
  if (!rest.empty()) std::memcpy(payload.data() + begin, rest.data(), rest.size());
  return payload;
}

// Reads all that an array has, so that a sanitizer sees where it lies.
std::uint64_t touch(const void* bytes, std::int64_t size) {
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; bytes != nullptr && i < size; ++i) sum += static_cast<const std::uint8_t*>(bytes)[i];
  return sum;
}

std::uint64_t touch(const ArrowSchema& schema, const ArrowArray& array) {
  const std::string_view format = schema.format;
  require(array.offset == 0 && array.n_children == schema.n_children);
  require(array.null_count >= 0 && array.null_count <= array.length);
  std::uint64_t sum = touch(array.buffers[0], (array.length + 7) / 8);
  if (format == "b") sum += touch(array.buffers[1], (array.length + 7) / 8);
  if (format == "g" || format == "l") sum += touch(array.buffers[1], array.length * 8);
  if (format == "u" || format == "+l") {
    const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
    sum += touch(offsets, (array.length + 1) * 4);
    if (format == "u") sum += touch(array.buffers[2], offsets[array.length]);
    if (format == "+l") require(array.children[0]->length == offsets[array.length]);
  }
  for (std::int64_t i = 0; i < schema.n_children; ++i) sum += touch(*schema.children[i], *array.children[i]);
  return sum;
}

void check_again(const ArrowSchema& schema, const ArrowArray& array) {
  TablePtr table;
  // A list cannot be in a table, nor one name twice.
  fuzz::taken({Code::unsupported, Code::internal}, [&] { table = import_batch(import_schema(schema), array); });
  if (!table) return;
  const SchemaOwner sent = export_schema(table->schema());
  const Payload payload = encode_batch(*sent, *export_batch(table));
  const SchemaOwner received = schema_from_json(schema_to_json(*sent));
  const TablePtr again = import_batch(import_schema(*received), *decode_batch(*received, payload));
  require(again->schema() == table->schema() && again->rows() == table->rows());
  require(write_csv(*again) == write_csv(*table));
}

void check_batch(const ArrowSchema& schema, std::string_view words, std::string_view rest) {
  const Payload payload = payload_of(words, rest);
  const std::vector<std::byte> arena(reinterpret_cast<const std::byte*>(rest.data()),
                                     reinterpret_cast<const std::byte*>(rest.data()) + rest.size());
  const Arenas arenas{{kArena, arena, nullptr}};
  std::optional<ArrayOwner> array;
  fuzz::taken({Code::internal}, [&] { array = decode_batch(schema, payload, arenas); });
  if (!array) return void(fuzz::taken({Code::internal}, [&] { extent_in(payload, kArena); }));
  require(extent_in(payload, kArena) <= arena.size());
  // Used, so that no reading is left out.
  require(touch(schema, **array) != UINT64_MAX);
  check_again(schema, **array);
}

void check(std::string_view text) {
  std::optional<SchemaOwner> schema;
  const std::string_view line = take_line(text), words = take_line(text);
  fuzz::taken({Code::internal, Code::invalid_argument}, [&] { schema = schema_from_json(parse_json(line, "it")); });
  if (!schema) return;
  const json written = schema_to_json(**schema);
  require(schema_to_json(*schema_from_json(written)) == written);
  check_batch(**schema, words, text);
}

}  // namespace
}  // namespace assay::wire

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assay::wire::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
