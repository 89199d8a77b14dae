// SPDX-License-Identifier: Apache-2.0
// Writes NAME.stored for every sample that has none. Existing files stay: what was written once must be read
// for ever.
//   ninja -C build/dev codec_golden_writer && build/dev/tests/golden/codec_golden_writer tests/golden/codec
// With a second argument it writes seeds for the fuzz harnesses there instead: chunk_decoder and
// chunk_round_trip.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "tests/fuzz/chunk_input.h"
#include "tests/golden/codec/samples.h"

using namespace assay;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> as_span(std::string_view bytes) {
  return std::as_bytes(std::span(bytes));
}

void write(const fs::path& path, const std::string& bytes) {
  if (fs::exists(path)) return;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  std::printf("%s: %zu bytes\n", path.c_str(), bytes.size());
}

std::string encode(ChunkEncoder& encoder, std::string_view raw, Element element, std::string_view parent,
                   ChunkCodec& codec) {
  const EncodedChunk encoded = encoder.encode(as_span(raw), element, as_span(parent));
  codec = encoded.codec;
  return {reinterpret_cast<const char*>(encoded.bytes.data()), encoded.bytes.size()};
}

// Chunks near the parent that the harness makes, and far from it.
void write_seeds(const fs::path& folder) {
  ChunkEncoder encoder;
  constexpr std::size_t size = 1001;
  for (int element = 0; element < 5; ++element)
    for (const int change : {0, 1, 2}) {
      const auto parent = fuzz::chunk_parent(size);
      std::string raw(reinterpret_cast<const char*>(parent.data()), size);
      if (change > 0)
        for (std::size_t i = 0; i < size; i += change == 1 ? 40 : 2)
          raw[i] = static_cast<char>(raw[i] + i % 7);
      ChunkCodec codec{};
      const std::string parent_text =
          change == 2 && element == 3 ? "" : std::string(reinterpret_cast<const char*>(parent.data()), size);
      const std::string stored = encode(encoder, raw, static_cast<Element>(element), parent_text, codec);
      const std::string name = "element_" + std::to_string(element) + "_change_" + std::to_string(change);
      const char header[] = {static_cast<char>(codec), static_cast<char>(size & 0xFF),
                             static_cast<char>(size >> 8), 0};
      write(folder / "chunk_decoder" / name, std::string(header, sizeof(header)) + stored);

      write(folder / "chunk_round_trip" / name,
            std::string({static_cast<char>(element), 1}) + parent_text + raw);
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return std::fprintf(stderr, "usage: %s DIRECTORY [seeds]\n", arguments[0]), 2;
  if (argument_count > 2) return write_seeds(arguments[1]), 0;
  ChunkEncoder encoder;
  for (const golden::CodecSample& sample : golden::codec_samples()) {
    ChunkCodec codec{};
    const std::string stored = encode(encoder, sample.raw, sample.element, sample.parent, codec);
    if (codec != sample.codec)
      return std::fprintf(stderr, "%s: the encoder chose codec %d\n", sample.name.c_str(),
                          static_cast<int>(codec)),
             1;
    write(fs::path(arguments[1]) / (sample.name + ".stored"), stored);
  }
}
