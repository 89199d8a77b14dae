// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/transfer_format.h"

#include "storage/base/error.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

using test::as_span;

std::string head_of(const UploadFrame& frame) {
  std::string out;
  append_frame_head(out, frame);
  return out;
}

TEST_CASE("Transfer format: a frame's head reads back as it was written, at its limits too") {
  for (const std::uint64_t length : {std::uint64_t{1}, kMaxFrameData}) {
    const UploadFrame data{.kind = UploadFrame::Kind::data, .length = length};
    CHECK(parse_frame_head(as_span(head_of(data))) == data);
  }
  for (const std::uint64_t length : {std::uint64_t{1}, kMaxFrameCopy}) {
    const UploadFrame copy{
        .kind = UploadFrame::Kind::copy, .length = length, .parent = 7, .offset = 0x0123456789abcdef};
    CHECK(parse_frame_head(as_span(head_of(copy))) == copy);
  }
}

TEST_CASE("Transfer format: the bytes are those that openapi.yaml promises") {
  CHECK(head_of({.kind = UploadFrame::Kind::data, .length = 258}) == std::string("\1\2\1\0\0", 5));
  CHECK(head_of({.kind = UploadFrame::Kind::copy, .length = 1, .parent = 3, .offset = 256}) ==
        std::string("\2\3\0\1\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 18));
  const ChunkRow row{Digest::of("x"), 0x01020304};
  const ChunkRowBytes bytes = chunk_row_bytes(row);
  CHECK(bytes[35] == std::byte{1});
  CHECK(parse_chunk_row(bytes) == row);
}

TEST_CASE("Transfer format: other kinds, lengths of none and beyond the limit, and torn heads are refused") {
  for (const unsigned kind : {0u, 3u, 255u}) CHECK_THROWS_AS(frame_head_size(std::byte(kind)), Error);
  const std::uint64_t huge = ~std::uint64_t{0};
  for (const std::uint64_t length : {std::uint64_t{0}, kMaxFrameCopy + 1, huge})
    CHECK_THROWS_AS(parse_frame_head(as_span(head_of({.kind = UploadFrame::Kind::copy, .length = length}))),
                    Error);
  for (const std::uint64_t length : {std::uint64_t{0}, kMaxFrameData + 1, std::uint64_t{0xffffffff}})
    CHECK_THROWS_AS(parse_frame_head(as_span(head_of({.kind = UploadFrame::Kind::data, .length = length}))),
                    Error);
  CHECK_THROWS_AS(parse_frame_head({}), Error);
  CHECK_THROWS_AS(parse_frame_head(as_span(std::string_view("\1\1\0\0", 4))), Error);
}

}  // namespace
}  // namespace assay
