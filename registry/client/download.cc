// SPDX-License-Identifier: Apache-2.0
// The download half of transfer.h. The file lock on the `.part` keeps two pulls of one file apart; the lock
// goes with the descriptor, so a killed pull blocks nobody.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "registry/client/problem.h"
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

// One request for what is missing of `part`. What the disk or the digest refuses is thrown only after the
// exchange, for no exception may pass through the HTTP library.
Outcome fetch_rest(Session& session, const Wanted& wanted, PartFile& part, const Progress& progress,
                   Answer& answer) {
  Call call;
  call.method = "GET";
  call.target = wanted.target;
  const bool resumes = part.size() > 0;
  if (resumes) call.fields["Range"] = "bytes=" + std::to_string(part.size()) + "-";
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
  call.on_head = [&](int status, const Fields&) {
    // A server that does not do ranges sends it all again.
    return guarded([&] {
      if (resumes && status == 200) part.start_over();
    });
  };
  call.on_body = [&](std::string_view bytes) {
    return guarded([&] {
      if (part.size() + bytes.size() > wanted.size) throw too_much(wanted);
      part.append(bytes);
      if (progress) progress(part.size(), wanted.size);
    });
  };
  const Outcome outcome = session.attempt(call, answer);
  if (refused) std::rethrow_exception(refused);
  return outcome;
}

void fetch_all(Session& session, const Wanted& wanted, PartFile& part, const Progress& progress) {
  const std::string doing = "downloading " + wanted.digest.short_text();
  for (int failures = 0; part.size() < wanted.size;) {
    const std::uint64_t before = part.size();
    Answer answer;
    const Outcome outcome = fetch_rest(session, wanted, part, progress, answer);
    if (outcome == Outcome::answered && answer.status / 100 == 2 && part.size() == wanted.size) return;
    // An answer that ends early without an error is a broken one: the manifest said how much there is.
    const bool broken =
        outcome == Outcome::broken || (outcome == Outcome::answered && answer.status / 100 == 2);
    const bool busy = outcome == Outcome::answered && answer.status == 503;
    failures = part.size() > before ? 1 : failures + 1;
    if ((broken || busy) && failures < session.retry().attempts) {
      session.back_off(failures, answer);
      continue;
    }
    if (outcome == Outcome::answered && !broken) throw error_of(answer, doing);
    throw session.failure(outcome == Outcome::answered ? Outcome::broken : outcome, doing);
  }
}

}  // namespace

Fetched download(Session& session, const Wanted& wanted, const fs::path& path, const Progress& progress) {
  if (holds(path, wanted)) return Fetched::already_there;
  std::error_code failed;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  fs::create_directories(folder, failed);
  if (failed) throw system_error("creating " + folder.string(), failed.value());
  if (fs::is_directory(path))
    throw Error(Code::invalid_argument, path.string() + " is a directory: move it out of the way");
  PartFile part(folder / ("." + wanted.digest.hex() + ".part"));
  part.take_up(wanted.size);
  try {
    fetch_all(session, wanted, part, progress);
    if (part.finish() != wanted.digest)
      throw Error(Code::corrupt,
                  "what the registry sent for " + path.string() + " is not " + wanted.digest.text() +
                      ": nothing was kept; pull again, and if it stays so run `assay fsck` on the server");
    part.become(path);
  } catch (const Error& error) {
    if (error.code() == Code::corrupt) part.discard();
    throw;
  }
  return Fetched::downloaded;
}

}  // namespace assay::client
