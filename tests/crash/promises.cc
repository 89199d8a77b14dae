// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/promises.h"

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"

namespace assay::test {
namespace {

std::string check_blob(const BlobStore& store, const std::string& bytes, bool acknowledged) {
  const Digest digest = Digest::of(bytes);
  if (!store.stat(digest)) return acknowledged ? "lost an acknowledged blob" : "";
  store.check(digest);
  return read_all(store, digest, bytes.size()) == bytes ? "" : "gave other bytes";
}

}  // namespace

std::vector<std::string> small_blobs(std::uint64_t round) {
  return {round == 0 ? "" : std::to_string(round), random_bytes(2000, round), table_bytes(3000, round),
          random_bytes(1500, round + 1000)};
}

std::string large_blob(std::uint64_t round) {
  return random_bytes(150'000, round + 2000);
}

std::vector<std::string> mixed_blobs(std::uint64_t round) {
  auto blobs = small_blobs(round);
  blobs.insert(blobs.begin() + 2, large_blob(round));
  return blobs;
}

void upload_all(BlobStore& store, const std::vector<std::string>& blobs,
                const std::function<void(std::size_t)>& acknowledged) {
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    put(store, blobs[i]);
    acknowledged(i);
  }
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    put(store, blobs[i]);
    acknowledged(i);
    const auto upload = store.begin_upload({});
    upload->write(as_span(blobs[i]));
    upload->finish();
    acknowledged(i);
  }
}

std::string broken_promise(Files& files, const std::vector<std::string>& blobs,
                           const std::vector<bool>& acknowledged) {
  try {
    SystemEntropy entropy;
    LocalBlobStore store(files, entropy, 0, kSmallPacks);
    if (!files.list("tmp").empty()) return "left a temporary";
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      const std::string broken = check_blob(store, blobs[i], acknowledged[i]);
      if (!broken.empty()) return broken;
    }
    const FsckReport report = fsck(files);
    if (!report.clean()) return report.problems[0].path + ": " + report.problems[0].what;
    if (store.totals() != BlobTotals{report.blobs, report.raw_bytes, report.stored_bytes})
      return "miscounted";
    for (const std::string& bytes : blobs) store.check(put(store, bytes).digest);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace assay::test
