// SPDX-License-Identifier: Apache-2.0
// Any bytes as an archive to be imported, and as what is in one: refused, or read; what was read has its digests, and
// written again is the same archive. Input: a tar file, or the text of one (tests/support/tar_text.h).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/cli/archive_file.h"
#include "registry/cli/archive_records.h"
#include "storage/env/unique_fd.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"
#include "tests/support/tar_text.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

void require(bool promise) {
  if (!promise) std::abort();
}

// A file without a place on a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    require(fd_.valid() && ::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  fs::path path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }
  std::string read() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  UniqueFd fd_;
};

struct Contents {
  std::string index, signature;
  nlohmann::json records;
  std::vector<std::string> blobs;
};

Contents read(const fs::path& file) {
  ArchiveReader reader(file);
  Contents contents{reader.index(), reader.signature(), reader.records(), {}};
  while (const auto blob = reader.next()) {
    const MemoryFile out("");
    reader.extract(out.path());
    contents.blobs.push_back(out.read());
    require(Digest::of(contents.blobs.back()) == blob->digest && contents.blobs.back().size() == blob->size);
  }
  return contents;
}

void check_again(const Contents& contents) {
  const fs::path path = fmt::format("/dev/shm/assay-fuzz-{}.tar", ::getpid());
  // Its index is a text of its own; so is the digest of records that were not canonical.
  const std::string records = contents.records.dump();
  const nlohmann::json index = {{"manifests", {descriptor(kRecordsMediaType, records)}}};
  {
    ArchiveWriter writer(path);
    writer.add_index(index, contents.signature);
    writer.add_blob(records);
    for (const std::string& blob : contents.blobs) writer.add_blob(blob);
    writer.finish();
  }
  const Contents again = read(path);
  fs::remove(path);
  require(again.index == index.dump() && again.signature == contents.signature);
  require(again.records == contents.records && again.blobs == contents.blobs);
}

void check(std::string_view text) {
  const MemoryFile file(text.starts_with(test::kTarEntry) ? test::tar_of(text) : std::string(text));
  std::optional<Contents> contents;
  fuzz::taken({Code::corrupt}, [&] { contents = read(file.path()); });
  if (!contents) return;
  check_again(*contents);
  fuzz::taken({Code::corrupt, Code::unsupported}, [&] { recorded_files(contents->records, "it"); });
}

}  // namespace
}  // namespace assay::cli

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assay::cli::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
