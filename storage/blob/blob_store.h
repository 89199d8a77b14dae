// SPDX-License-Identifier: Apache-2.0
// The port behind which all bytes live: blobs named by the SHA-256 of what was uploaded. How they are laid
// out on disk (blocks, chunks, packs, deltas against a parent) is nobody's business above this line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"

namespace assay {

struct BlobInfo {
  Digest digest;
  std::uint64_t size;         // bytes uploaded
  std::uint64_t stored_size;  // bytes that storing it added to the store

  bool operator==(const BlobInfo&) const = default;
};

// A part of a blob. What reaches past the end is cut off there.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
};

// Whether an upload relies on what is stored already, or reads what it would rely on and stores anew what
// does not hold: the way to replace damaged bytes.
enum class Stored { trusted, checked };

// What the uploader knows beforehand. All of it may be left out.
struct UploadOptions {
  std::optional<Digest> digest = {};       // finish() refuses anything else
  std::optional<std::uint64_t> size = {};  // write() and finish() refuse anything else
  // Stored blobs that this one probably resembles, such as the version before; the likeliest first. They only
  // make it smaller: one that is not stored or does not help is passed over.
  std::vector<Digest> parents = {};
  Stored stored = Stored::trusted;
};

// A piece of a blob as the store cuts it: equal bytes in equal surroundings are equal pieces, in any blob.
struct ChunkInfo {
  Digest digest;  // of the piece's bytes
  std::uint32_t length;

  bool operator==(const ChunkInfo&) const = default;
};

struct BlobTotals {
  std::uint64_t blobs = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;

  bool operator==(const BlobTotals&) const = default;
};

// One upload, used by one thread at a time; it must not outlive its store. Nothing is visible before finish()
// returns. Destroying it unfinished, or an exception out of any method, keeps nothing of it.
class BlobUpload {
 public:
  virtual ~BlobUpload() = default;

  // Takes the next bytes, which the caller may then reuse. Throws invalid_argument past the expected size,
  // too_large past the store's limit, full when the disk is, unavailable when it failed. After a throw the
  // upload is over.
  virtual void write(std::span<const std::byte> bytes) = 0;

  // Makes the blob visible and durable; both hold when this returns. A blob that was there already is kept
  // and its own stored size reported. Throws invalid_argument when digest or size are not those expected,
  // else as write(); after unavailable the blob may be there, whole, or not at all. Call it once.
  virtual BlobInfo finish() = 0;
};

// Reads a range from its start to its end; one thread at a time. It stays readable whatever happens to the
// store's index meanwhile, but must not outlive the store.
class BlobReader {
 public:
  virtual ~BlobReader() = default;

  virtual const BlobInfo& blob() const = 0;  // the whole blob
  virtual std::uint64_t size() const = 0;    // bytes that this reader gives in all

  // Fills `out` from the front and returns how many bytes, 0 only at the end or for an empty `out`. Every
  // byte given has been checked against the blob's identity. Throws corrupt when the stored bytes are not
  // what was uploaded, unavailable when the disk failed; then nothing in `out` may be used. The bytes that come next
  // may be prepared, and kept, only while `out` has kWorthReadingAhead or more.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

// Keeps a blob from being collected as garbage for as long as it lives. It must not outlive the store.
class BlobLease {
 public:
  virtual ~BlobLease() = default;
};

// Any thread may call any method at any time.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Throws unavailable when the store takes no more writes (a disk failed; restart after repairing it).
  virtual std::unique_ptr<BlobUpload> begin_upload(const UploadOptions& options) = 0;

  // Throws not_found, invalid_argument when the range starts past the end of the blob, or corrupt.
  virtual std::unique_ptr<BlobReader> open(const Digest& digest, const ByteRange& range) const = 0;

  // Nothing when no such blob is stored. Throws corrupt when it is there and unreadable.
  virtual std::optional<BlobInfo> stat(const Digest& digest) const = 0;

  // From now on, until the lease ends, garbage collection leaves this blob alone: take it before relying on
  // `stat`, end it when something that garbage collection asks (a version) names the blob. Throws not_found.
  virtual std::unique_ptr<BlobLease> lease(const Digest& digest) = 0;

  // Calls `visit` for every chunk of a blob, in order: their lengths add up to its size. Throws as `open`.
  virtual void for_each_chunk(const Digest& digest,
                              const std::function<void(const ChunkInfo&)>& visit) const = 0;

  // Calls `visit` once for every blob that was stored before the call and stays, in ascending order; those
  // that come or go meanwhile may be seen or not. Damaged blobs are listed too.
  virtual void for_each(const std::function<void(const Digest&)>& visit) const = 0;

  // Reads all of it and compares with its digest. Throws not_found, or corrupt saying what is wrong and
  // where.
  virtual void check(const Digest& digest) const = 0;

  // Constant time.
  virtual BlobTotals totals() const = 0;
};

// Uploads `bytes` in one go.
BlobInfo put(BlobStore& store, std::span<const std::byte> bytes);
BlobInfo put(BlobStore& store, std::string_view bytes);

// The whole blob, verified. Throws too_large, before reading any of it, when it is longer than `limit` bytes.
std::string read_all(const BlobStore& store, const Digest& digest, std::uint64_t limit);

}  // namespace assay
