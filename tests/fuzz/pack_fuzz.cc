// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pack, a list of the dead, a description and a page: refused or read, never worse; and what
// was read lies within the file.
#include "tests/fuzz/harness.h"

#include <cstdlib>

#include "storage/base/error.h"
#include "storage/blob/chunk_codec.h"
#include "storage/blob/pack_format.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

template <typename Action>
void refuse_or(Action action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.code() != Code::corrupt && error.code() != Code::unsupported) std::abort();
  }
}

void read_records(const File& file, const PackContents& contents) {
  std::vector<std::byte> buffer;
  static ChunkDecoder decoder;  // its tables are dear to make
  for (const PackEntry& entry : contents.entries) {
    if (entry.offset + entry.size() > file.size()) std::abort();
    refuse_or([&] {
      const auto bases = contents.bases_of(entry);
      const auto stored = read_record(file, entry, bases, buffer);
      if (entry.kind != RecordKind::chunk) return;
      std::vector<std::byte> raw(entry.raw_length);
      decoder.decode(static_cast<std::uint32_t>(entry.codec), stored, {}, raw);
    });
  }
}

void try_as_pack(std::span<const std::byte> bytes) {
  test::SimulatedDisk disk;
  disk.create("pack")->append(bytes);
  const auto file = disk.open("pack");
  refuse_or([&] { read_records(*file, read_footer(*file)); });
  std::uint64_t end = 0;
  refuse_or([&] {
    read_records(*file, scan_records(*file, end));
    if (end > file->size()) std::abort();
  });
  refuse_or([&] { read_records(*file, salvage_records(*file, end)); });
}

}  // namespace
}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const auto bytes = std::as_bytes(std::span(data, size));
  try_as_pack(bytes);
  refuse_or([&] { decode_dead_list(bytes); });
  refuse_or([&] {
    const Recipe recipe = decode_recipe(bytes);
    const auto again = encode_recipe(recipe);
    if (again.size() != bytes.size()) std::abort();
  });
  refuse_or([&] {
    const auto again = encode_page(decode_page(bytes));
    if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) std::abort();
  });
  return 0;
}
