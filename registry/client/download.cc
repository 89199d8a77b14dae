// SPDX-License-Identifier: Apache-2.0
// The download half of transfer.h: what is on this machine is copied, what is missing is asked for by range.
// The file lock on the `.part` keeps two pulls of one file apart; the lock goes with the descriptor, so a
// killed pull blocks nobody.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "registry/client/problem.h"
#include "registry/client/segments.h"
#include "registry/client/targets.h"
#include "registry/client/transfer.h"
#include "storage/base/sha256.h"

namespace assay::client {
namespace {

namespace fs = std::filesystem;

class PartFile {
 public:
  explicit PartFile(fs::path path) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd_ < 0) throw system_error("creating " + path_.string(), errno);
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd_);
      throw Error(Code::conflict,
                  path_.string() + " is being written by another assay pull: wait for it, or pull elsewhere");
    }
  }
  ~PartFile() { ::close(fd_); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  std::uint64_t size() const { return size_; }

  // Hashes what an earlier attempt left, unless that is more than `limit`.
  void take_up(std::uint64_t limit) {
    std::array<char, 256 * 1024> buffer;
    for (ssize_t got; (got = ::read(fd_, buffer.data(), buffer.size())) > 0;) {
      hash_.update(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(got))));
      size_ += static_cast<std::uint64_t>(got);
      if (size_ > limit) return start_over();
    }
  }

  void start_over() {
    if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0)
      throw system_error("emptying " + path_.string(), errno);
    hash_ = Sha256();
    size_ = 0;
  }

  void append(std::string_view bytes) {
    hash_.update(std::as_bytes(std::span(bytes)));
    size_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw system_error("writing " + path_.string(), errno);
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  Digest finish() { return hash_.finish(); }

  void become(const fs::path& path) {
    if (::fdatasync(fd_) != 0) throw system_error("writing " + path_.string(), errno);
    fs::rename(path_, path);
  }

  void discard() { ::unlink(path_.c_str()); }

 private:
  fs::path path_;
  int fd_ = -1;
  Sha256 hash_;
  std::uint64_t size_ = 0;
};

bool holds(const fs::path& path, const Wanted& wanted) {
  std::error_code none;
  if (!fs::is_regular_file(fs::symlink_status(path, none)) || fs::file_size(path, none) != wanted.size)
    return false;
  return hash_file(path).digest == wanted.digest;
}

Error too_much(const Wanted& wanted) {
  return Error(Code::corrupt, "the registry sent more than the " + std::to_string(wanted.size) +
                                  " bytes of " + wanted.digest.text() + ": nothing was kept");
}

constexpr std::size_t kCopyPiece = 256 * 1024;
// A copy from a cached blob that spares less than this is not worth a request more.
constexpr std::uint64_t kLeastCopy = 1 << 20;

// One file's way down.
class FileDownload {
 public:
  FileDownload(Session& session, const Wanted& wanted, PartFile& part, const Nearby& nearby,
               const Progress& progress)
      : session_(session), wanted_(wanted), part_(part), nearby_(nearby), progress_(progress) {}

  // Fills the part up to its size and answers how many bytes travelled.
  std::uint64_t run() {
    if (nearby_.store != nullptr && part_.size() < wanted_.size) use_nearby();
    fetch_until(wanted_.size);
    return travelled_;
  }
  bool copied() const { return copied_; }

 private:
  void use_nearby() {
    if (copy(wanted_.digest, part_.size(), wanted_.size)) return;
    if (nearby_.alike.empty() || wanted_.size - part_.size() < kLeastCopy) return;
    std::uint64_t at = 0;
    for (const Segment& segment : plan()) {
      const std::uint64_t end = at + segment.length;
      const bool copied = end > part_.size() && !segment.travels &&
                          copy(nearby_.alike[segment.parent], segment.source + (part_.size() - at), end);
      if (!copied) fetch_until(end);
      at = end;
    }
  }

  // Empty when the registry does not tell.
  Segments plan() {
    const ParentChunks parents = nearby_chunks();
    SegmentPlanner planner(parents);
    std::uint64_t size = 0;
    const bool whole = for_each_chunk_of(session_, wanted_.digest, [&](const ChunkRow& chunk) {
      planner.add(chunk);
      size += chunk.length;
    });
    if (!whole || size != wanted_.size) return {};
    return without_short_copies(planner.take(), kLeastCopy);
  }

  ParentChunks nearby_chunks() {
    ParentChunks parents;
    for (std::size_t i = 0; i < nearby_.alike.size() && i < kMaxUploadParents; ++i) {
      try {
        nearby_.store->for_each_chunk(nearby_.alike[i], [&](const ChunkInfo& chunk) {
          parents.add(static_cast<std::uint8_t>(i), {chunk.digest, chunk.length});
        });
      } catch (const Error&) {
        // Then its bytes travel.
      }
    }
    parents.seal();
    return parents;
  }

  // From `offset` of a blob of the store until the part has `end` bytes. A store that cannot give them is no
  // reason to fail: false, and what is missing travels.
  bool copy(const Digest& blob, std::uint64_t offset, std::uint64_t end) {
    std::unique_ptr<BlobReader> reader;
    std::vector<std::byte> piece(kCopyPiece);
    while (part_.size() < end) {
      std::size_t got = 0;
      try {
        if (!reader) reader = nearby_.store->open(blob, {offset, end - part_.size()});
        got = reader->read(piece);
      } catch (const Error&) {
        return false;
      }
      if (got == 0) return false;
      part_.append({reinterpret_cast<const char*>(piece.data()), got});
      copied_ = true;
      if (progress_) progress_(part_.size(), wanted_.size);
    }
    return true;
  }

  void fetch_until(std::uint64_t end) {
    const std::string doing = "downloading " + wanted_.digest.short_text();
    for (int failures = 0; part_.size() < end;) {
      const std::uint64_t before = part_.size();
      Answer answer;
      const Outcome outcome = request(end, answer);
      if (outcome == Outcome::answered && answer.status / 100 == 2 && part_.size() >= end) return;
      // An answer that ends early without an error is a broken one: the manifest said how much there is.
      const bool broken =
          outcome == Outcome::broken || (outcome == Outcome::answered && answer.status / 100 == 2);
      const bool busy = outcome == Outcome::answered && answer.status == 503;
      failures = part_.size() > before ? 1 : failures + 1;
      if ((broken || busy) && failures < session_.retry().attempts) {
        session_.back_off(failures, answer);
        continue;
      }
      if (outcome == Outcome::answered && !broken) throw error_of(answer, doing);
      throw session_.failure(outcome == Outcome::answered ? Outcome::broken : outcome, doing);
    }
  }

  // One request for what is missing. What the disk or the digest refuses is thrown only after the exchange,
  // for no exception may pass through the HTTP library.
  Outcome request(std::uint64_t end, Answer& answer) {
    Call call;
    call.method = "GET";
    call.target = blob_target(wanted_.digest);
    const bool ranged = part_.size() > 0 || end < wanted_.size;
    if (ranged) {
      std::string range = "bytes=" + std::to_string(part_.size()) + "-";
      if (end < wanted_.size) range += std::to_string(end - 1);
      call.fields["Range"] = range;
    }
    std::exception_ptr refused;
    const auto guarded = [&](auto&& step) {
      try {
        step();
        return true;
      } catch (...) {
        refused = std::current_exception();
        return false;
      }
    };
    std::uint64_t limit = end;
    call.on_head = [&](int status, const Fields&) {
      // A server that does not do ranges sends it all again.
      return guarded([&] {
        if (!ranged || status != 200) return;
        part_.start_over();
        limit = wanted_.size;
      });
    };
    call.on_body = [&](std::string_view bytes) {
      return guarded([&] {
        if (part_.size() + bytes.size() > limit) throw too_much(wanted_);
        part_.append(bytes);
        travelled_ += bytes.size();
        if (progress_) progress_(part_.size(), wanted_.size);
      });
    };
    const Outcome outcome = session_.attempt(call, answer);
    if (refused) std::rethrow_exception(refused);
    return outcome;
  }

  Session& session_;
  const Wanted& wanted_;
  PartFile& part_;
  const Nearby& nearby_;
  const Progress& progress_;
  std::uint64_t travelled_ = 0;
  bool copied_ = false;
};

}  // namespace

Fetched download(Session& session, const Wanted& wanted, const fs::path& path, const Nearby& nearby,
                 const Progress& progress) {
  if (holds(path, wanted)) return {.was_there = true};
  std::error_code failed;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  fs::create_directories(folder, failed);
  if (failed) throw system_error("creating " + folder.string(), failed.value());
  if (fs::is_directory(path))
    throw Error(Code::invalid_argument, path.string() + " is a directory: move it out of the way");
  PartFile part(folder / ("." + wanted.digest.hex() + ".part"));
  part.take_up(wanted.size);
  Fetched fetched;
  try {
    FileDownload cheap(session, wanted, part, nearby, progress);
    fetched.travelled = cheap.run();
    bool right = part.finish() == wanted.digest;
    if (!right && cheap.copied()) {  // put together wrongly: all of it, then
      part.start_over();
      const Nearby nothing;
      fetched.travelled += FileDownload(session, wanted, part, nothing, progress).run();
      right = part.finish() == wanted.digest;
    }
    if (!right)
      throw Error(Code::corrupt,
                  "what the registry sent for " + path.string() + " is not " + wanted.digest.text() +
                      ": nothing was kept; pull again, and if it stays so run `assay fsck` on the server");
    part.become(path);
  } catch (const Error& error) {
    if (error.code() == Code::corrupt) part.discard();
    throw;
  }
  return fetched;
}

}  // namespace assay::client
