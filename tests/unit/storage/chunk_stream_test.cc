// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_stream.h"

#include "storage/base/limits.h"
#include "storage/blob/gear.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/tensor_file.h"

namespace assay {
namespace {

using test::as_span;
using test::random_bytes;
using test::table_bytes;
using test::tensor_file;
using test::tensor_head;

struct Piece {
  Digest digest;
  std::uint32_t length;
  Element element;
  std::uint64_t tensor;
  std::uint64_t offset_in_tensor;

  bool operator==(const Piece&) const = default;
};

// Checks on the way that the pieces are the file and the digests theirs.
std::vector<Piece> cut(std::string_view bytes, std::size_t step) {
  std::vector<Piece> pieces;
  std::string all;
  bool digests_agree = true;
  ChunkStream stream([&](const Cut& cut, std::span<const std::byte> chunk) {
    // Every other chunk's digest is found in another way, as an upload's workers do.
    const bool elsewhere = pieces.size() % 2 == 1;
    if (elsewhere) stream.hash_whole();
    const Digest digest = elsewhere ? Digest::of(chunk) : stream.hash_chunk();
    digests_agree &= Digest::of(chunk) == digest && chunk.size() == cut.length && cut.length <= kMaxChunk;
    all.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
    pieces.push_back({digest, cut.length, cut.element, cut.tensor, cut.offset_in_tensor});
  });
  for (std::size_t at = 0; at < bytes.size(); at += step) stream.write(as_span(bytes.substr(at, step)));
  CHECK(stream.finish() == Digest::of(bytes));
  CHECK((all == bytes));
  CHECK(digests_agree);
  return pieces;
}

std::string two_tensors(std::uint64_t seed, const std::string& first_name = "first") {
  return tensor_file({{first_name, "F32", {3, 100}, random_bytes(1200, seed)},
                      {"second", "BF16", {700, 1000}, random_bytes(1400000, seed + 1)}});
}

TEST_CASE("Chunk stream: a file is cut alike however it arrives") {
  const std::string tensors = two_tensors(1);
  const std::string false_head = tensor_head("{" + std::string(99, 'x')) + table_bytes(700000, 3);
  const std::string long_false_head = tensor_head("{" + table_bytes(400000, 4)) + table_bytes(500000, 5);
  const std::string head_alone = tensor_head("{\"a\":1}");
  std::string lying = two_tensors(2);
  lying[0] = static_cast<char>(lying[0] + 1);
  const std::string files[] = {"",
                               "x",
                               table_bytes(900000, 1),
                               tensors,
                               tensors.substr(0, 5000),
                               tensors.substr(0, 100),
                               tensors + table_bytes(300000, 2),
                               false_head,
                               long_false_head,
                               head_alone,
                               lying,
                               random_bytes(300000, 9)};
  for (const std::string& file : files) {
    CAPTURE(file.size());
    const auto whole = cut(file, file.size() + 1);
    for (const std::size_t step :
         {std::size_t{7}, std::size_t{4096}, std::size_t{65537}, std::size_t{600000}})
      CHECK((cut(file, step) == whole));
  }
}

TEST_CASE("Chunk stream: blocks of a tensor count from its start, and line up between versions") {
  const auto one = cut(two_tensors(1), 100000);
  const auto other =
      cut(two_tensors(1, "a name that is so long that everything behind it has moved"), 100000);
  constexpr std::size_t kWhole =
      1400000 / kTensorBlockSize;  // blocks of the second tensor; one more is shorter
  REQUIRE(one.size() == 2 + kWhole + 1);
  CHECK(one[0].tensor == 0);  // the head
  CHECK(one[1].element == Element::f32);
  CHECK(one[1].length == 1200);
  for (std::size_t block = 0; block <= kWhole; ++block) {
    CHECK(one[2 + block].element == Element::bf16);
    CHECK(one[2 + block].offset_in_tensor == block * kTensorBlockSize);
    CHECK(one[2 + block].length == (block < kWhole ? kTensorBlockSize : 1400000 % kTensorBlockSize));
  }
  REQUIRE(other.size() == one.size());
  CHECK(other[1].tensor != one[1].tensor);  // it has another name
  for (std::size_t i = 2; i < one.size(); ++i) CHECK(other[i] == one[i]);
}

TEST_CASE("Chunk stream: a file that is shorter or longer than its head says is cut all the same") {
  const std::string file = two_tensors(3);
  const auto whole = cut(file, 50000);
  const auto shorter = cut(std::string_view(file).substr(0, file.size() - 1000), 50000);
  REQUIRE(shorter.size() == whole.size());
  CHECK(shorter.back().length == whole.back().length - 1000);
  const auto longer = cut(file + table_bytes(200000, 4), 50000);
  CHECK(longer[whole.size() - 1] == whole.back());
  for (std::size_t i = whole.size(); i < longer.size(); ++i) CHECK(longer[i].tensor == 0);
  const std::string head_only = file.substr(0, 8 + get_u64(as_span(file).data()));
  CHECK(cut(head_only, 10).size() == 1);
}

TEST_CASE("Chunk stream: the longest head is cut by tensors, one byte longer by content") {
  for (const std::size_t extra : {0u, 1u}) {
    std::string json = R"({"a":{"dtype":"F32","shape":[200000],"data_offsets":[0,800000]}})";
    json.resize(kMaxTensorHead - 8 + extra, ' ');
    const std::string file = tensor_head(json) + random_bytes(800000, 6);
    const auto pieces = cut(file, kMiB);
    bool has_tensor = false;
    for (const Piece& piece : pieces) has_tensor |= piece.tensor != 0;
    CHECK(has_tensor == (extra == 0));
  }
}

TEST_CASE("Chunk stream: files of the same tensors have the same sketch, others have not") {
  const auto sketch = [](const std::string& file) {
    ChunkStream stream([&stream](const Cut&, auto) { stream.hash_chunk(); });
    stream.write(as_span(file));
    stream.finish();
    return stream.sketch();
  };
  CHECK(sketch(two_tensors(1)) == sketch(two_tensors(7)));
  CHECK(sketch(two_tensors(1)) != sketch(two_tensors(1, "other")));
  CHECK(sketch(table_bytes(100000, 1)) == Sketch{});
}

TEST_CASE("Chunk lister: lists what the stream cuts") {
  const std::string file = two_tensors(5);
  std::vector<ChunkInfo> listed;
  ChunkLister lister([&](const ChunkInfo& chunk) { listed.push_back(chunk); });
  lister.write(as_span(file));
  CHECK(lister.finish() == Digest::of(file));
  const auto pieces = cut(file, file.size());
  REQUIRE(listed.size() == pieces.size());
  for (std::size_t i = 0; i < listed.size(); ++i)
    CHECK((listed[i] == ChunkInfo{pieces[i].digest, pieces[i].length}));
}

}  // namespace
}  // namespace assay
