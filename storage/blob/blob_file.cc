// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/blob_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "storage/base/crc32c.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/little_endian.h"
#include "storage/base/sha256.h"

namespace assay {
namespace {

// FORMAT.md, "A blob file".
constexpr std::string_view kHeaderMagic = "ASSAYBLB";
constexpr std::string_view kFooterMagic = "ASSAYEND";
constexpr std::uint32_t kVersion = 0;
constexpr std::size_t kHeaderSize = 32;
constexpr std::size_t kRowSize = 48;
constexpr std::size_t kFooterSize = 88;
constexpr std::size_t kHashedFooterSize = 48;  // what of the footer the index digest covers

using Header = std::array<std::byte, kHeaderSize>;
using Footer = std::array<std::byte, kFooterSize>;

Error damaged(std::string what) {
  return Error(Code::corrupt, std::move(what));
}

Header make_header() {
  Header header{};
  std::memcpy(header.data(), kHeaderMagic.data(), kHeaderMagic.size());
  put_u32(header.data() + 8, kVersion);
  put_u32(header.data() + 12, kBlockSize);
  return header;
}

void put_digest(std::byte* at, const Digest& digest) {
  std::memcpy(at, digest.bytes().data(), Digest::kSize);
}

Digest get_digest(const std::byte* at) {
  Digest::Bytes bytes;
  std::memcpy(bytes.data(), at, bytes.size());
  return Digest(bytes);
}

bool has_text(const std::byte* at, std::string_view text) {
  return std::memcmp(at, text.data(), text.size()) == 0;
}

std::vector<std::byte> make_table(std::span<const BlockRecord> rows) {
  std::vector<std::byte> table(rows.size() * kRowSize);
  std::byte* at = table.data();
  for (const BlockRecord& row : rows) {
    put_u32(at, row.raw_length);
    put_u32(at + 4, row.stored_length);
    put_u32(at + 8, row.codec);
    put_u32(at + 12, row.stored_crc);
    put_digest(at + 16, row.raw_digest);
    at += kRowSize;
  }
  return table;
}

Digest index_digest(const Header& header, std::span<const std::byte> table, const Footer& footer) {
  Sha256 hash;
  hash.update(header);
  hash.update(table);
  hash.update(std::span(footer).first(kHashedFooterSize));
  return hash.finish();
}

std::uint64_t block_count(std::uint64_t raw_size) {
  return raw_size / kBlockSize + (raw_size % kBlockSize != 0);
}

void read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out) {
  if (file.read_at(offset, out) != out.size()) throw damaged("the file is shorter than it was");
}

struct Frame {
  Header header;
  Footer footer;
  BlobInfo info;
};

// Header and footer, consistent with each other and with the file's length; the table is not looked at.
Frame read_frame(const File& file, const Digest& expected) {
  const std::uint64_t file_size = file.size();
  if (file_size < kHeaderSize + kFooterSize)
    throw damaged(fmt::format("the file has {} bytes, fewer than an empty blob takes", file_size));
  Frame frame{{}, {}, {expected, 0, file_size}};
  read_exactly(file, 0, frame.header);
  if (!has_text(frame.header.data(), kHeaderMagic))
    throw damaged("the file does not start as a blob file does");
  const std::uint32_t version = get_u32(frame.header.data() + 8);
  if (version != kVersion)
    throw Error(Code::unsupported,
                fmt::format("blob file version {} is not known to this version of assay", version));
  if (frame.header != make_header()) throw damaged("the header is damaged");
  read_exactly(file, file_size - kFooterSize, frame.footer);
  if (!has_text(frame.footer.data() + 80, kFooterMagic))
    throw damaged("the file does not end as a blob file does");
  frame.info.size = get_u64(frame.footer.data());
  const std::uint64_t blocks_size = get_u64(frame.footer.data() + 8);
  if (frame.info.size > kMaxBlobSize || blocks_size > frame.info.size ||
      file_size != kHeaderSize + blocks_size + block_count(frame.info.size) * kRowSize + kFooterSize)
    throw damaged("the footer does not fit the length of the file");
  if (get_digest(frame.footer.data() + 16) != expected)
    throw damaged("the file holds another blob than its name says");
  return frame;
}

// The digest has vouched for the table's bytes; these rules keep a table that somebody forged from misleading
// us.
BlockRecord parse_row(const std::byte* at, std::uint64_t expected_length) {
  const BlockRecord row{get_u32(at), get_u32(at + 4), get_u32(at + 8), get_u32(at + 12), get_digest(at + 16)};
  if (row.raw_length != expected_length)
    throw damaged("the table cuts the blob otherwise than the format does");
  if (row.stored_length == 0 || row.stored_length > row.raw_length)
    throw damaged("the table gives a block an impossible length");
  return row;
}

}  // namespace

BlobFileWriter::BlobFileWriter(File& file) : file_(file) {
  file_.append(make_header());
}

void BlobFileWriter::append_block(std::span<const std::byte> raw) {
  const EncodedBlock block = encoder_.encode(raw);
  file_.append(block.bytes);
  table_.push_back({static_cast<std::uint32_t>(raw.size()), static_cast<std::uint32_t>(block.bytes.size()),
                    static_cast<std::uint32_t>(block.codec), crc32c(block.bytes), Digest::of(raw)});
  raw_size_ += raw.size();
  blocks_size_ += block.bytes.size();
}

BlobInfo BlobFileWriter::finish(const Digest& digest) {
  const std::vector<std::byte> table = make_table(table_);
  Footer footer{};
  put_u64(footer.data(), raw_size_);
  put_u64(footer.data() + 8, blocks_size_);
  put_digest(footer.data() + 16, digest);
  put_digest(footer.data() + 48, index_digest(make_header(), table, footer));
  std::memcpy(footer.data() + 80, kFooterMagic.data(), kFooterMagic.size());
  file_.append(table);
  file_.append(footer);
  return {digest, raw_size_, kHeaderSize + blocks_size_ + table.size() + kFooterSize};
}

BlobFile::BlobFile(std::unique_ptr<File> file, const Digest& expected)
    : file_(std::move(file)), info_{expected, 0, 0} {
  const Frame frame = read_frame(*file_, expected);
  info_ = frame.info;
  const std::uint64_t blocks_size = get_u64(frame.footer.data() + 8);
  // read_frame has compared the count with the file's length, so this allocates no more than the file takes.
  std::vector<std::byte> table(block_count(info_.size) * kRowSize);
  read_exactly(*file_, kHeaderSize + blocks_size, table);
  if (index_digest(frame.header, table, frame.footer) != get_digest(frame.footer.data() + 48))
    throw damaged("the block table does not match its digest");
  std::uint64_t offset = kHeaderSize;
  std::uint64_t left = info_.size;
  for (std::size_t at = 0; at < table.size(); at += kRowSize) {
    table_.push_back(parse_row(&table[at], std::min<std::uint64_t>(left, kBlockSize)));
    offsets_.push_back(offset);
    offset += table_.back().stored_length;
    left -= table_.back().raw_length;
  }
  if (offset != kHeaderSize + blocks_size) throw damaged("the table's lengths do not add up to the file's");
}

void BlobFile::read_block(std::size_t block, std::span<std::byte> raw) {
  const BlockRecord& row = table_.at(block);
  if (!stored_) stored_ = std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
  const std::span stored(stored_.get(), row.stored_length);
  const auto fail = [&](std::string_view what) { return damaged(fmt::format("block {}: {}", block, what)); };
  read_exactly(*file_, offsets_[block], stored);
  if (crc32c(stored) != row.stored_crc) throw fail("the stored bytes do not match their checksum");
  try {
    decoder_.decode(row.codec, stored, raw);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("block {}: {}", block, error.message()));
  }
  if (Digest::of(raw) != row.raw_digest) throw fail("the bytes do not match their digest");
}

void BlobFile::check() {
  const auto raw = std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
  Sha256 hash;
  for (std::size_t block = 0; block < table_.size(); ++block) {
    const std::span bytes(raw.get(), table_[block].raw_length);
    read_block(block, bytes);
    hash.update(bytes);
  }
  if (hash.finish() != info_.digest)
    throw damaged("the whole does not match its digest though every block does");
}

BlobInfo read_blob_footer(const File& file, const Digest& expected) {
  return read_frame(file, expected).info;
}

}  // namespace assay
