// SPDX-License-Identifier: Apache-2.0
// Chunks that an earlier version wrote must be read for ever: tests/golden/codec.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/golden/codec/samples.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/cpus.h"

using namespace assay;
using assay::test::as_span;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = fs::path(ASSAY_SOURCE_DIR) / "tests/golden/codec";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("Golden chunks: every recorded chunk decodes to the bytes it was made of") {
  const auto samples = golden::codec_samples();
  for (const Cpu& cpu : test::every_cpu()) {
    ChunkDecoder decoder(cpu);
    for (const golden::CodecSample& sample : samples) {
      CAPTURE(sample.name);
      const std::string stored = read(kFolder / (sample.name + ".stored"));
      std::string raw(sample.raw.size(), '\0');
      decoder.decode(static_cast<std::uint32_t>(sample.codec), as_span(stored), as_span(sample.parent),
                     std::as_writable_bytes(std::span(raw)));
      CHECK((raw == sample.raw));
    }
  }
}

TEST_CASE("Golden chunks: no recorded chunk is left out") {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) files += entry.path().extension() == ".stored";
  CHECK(files == golden::codec_samples().size());
}
