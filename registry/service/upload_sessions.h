// SPDX-License-Identifier: Apache-2.0
// Uploads that may pause: a session takes a blob in over several requests, as frames of new bytes and of
// copies from blobs that the caller may read, and goes on where a broken connection left it. Sessions are in
// memory: a restart forgets them, and the client begins again. upload.h takes a blob in with one request.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/transfer_format.h"
#include "registry/service/services.h"
#include "storage/blob/blob_store.h"

namespace assay {

struct UploadWanted {
  Digest digest;
  std::uint64_t size = 0;
  std::vector<Digest> parents;  // at most kMaxUploadParents, the likeliest first
};

// From a request body {"digest","size","parents"}. Throws invalid_argument or too_large.
UploadWanted parse_upload_wanted(std::string_view body);

struct UploadState {
  Id id;
  Digest digest;
  std::uint64_t size;
  std::uint64_t offset;         // bytes taken so far
  std::vector<Digest> parents;  // those wanted that the caller may read; copy frames count them from 0
};

// Fills its argument from the front and returns how many bytes; 0 at the end. It may throw.
using ByteSource = std::function<std::size_t(std::span<std::byte>)>;

struct UploadSessionLimits {
  // A push has one at a time, and some machines may share a token.
  std::size_t per_principal = 8;
  // Each holds an open pack and some megabytes of buffers.
  std::size_t in_all = 32;
  // Long enough for a train tunnel and a closed laptop lid; a client that comes later begins again.
  std::chrono::milliseconds idle_time{30 * 60'000};
  // A session that rested this long makes room for a new one of its owner, who has probably been killed.
  std::chrono::milliseconds resting_time{30'000};
};

// Any thread may call any method at any time. Borrows what `services` names.
class UploadSessions {
 public:
  explicit UploadSessions(const Services& services, const UploadSessionLimits& limits = {});
  ~UploadSessions();

  // Opens a session; nothing when the caller may already read the blob, and then there is nothing to send.
  // Somebody else's blob is no reason to answer that: its bytes travel. Needs `register` in some namespace.
  // Throws invalid_argument when a blob that the caller may read has another size, too_large for a size
  // beyond the store's limit, unavailable when there are as many sessions as may be.
  std::optional<UploadState> begin(const Principal& caller, const UploadWanted& wanted);

  // As it stands now. Throws not_found for a session that is over or somebody else's.
  UploadState describe(const Principal& caller, const Id& id);

  struct Appended {
    std::uint64_t offset;          // bytes taken so far
    std::optional<BlobInfo> blob;  // when that was all: the blob is durable, and the session is over
  };
  // Applies frames until `body` ends, and finishes the blob when all its bytes are there. Throws
  //   not_found         as describe(), and for a parent that the caller may no longer read
  //   conflict          `offset` is not the session's (the message names it), or another request appends
  //   invalid_argument  a frame that is malformed, cut short, names no parent of the session or reaches past
  //                     the end of its parent or of the blob; or all is there and it is not the wanted digest
  // and what `body` and the store throw. The session keeps what it took before, byte by byte, unless the
  // bytes are not those that were promised or the store refused them: then it is over.
  Appended append(const Principal& caller, const Id& id, std::uint64_t offset, const ByteSource& body);

  // Ends a session and keeps nothing of it. Throws as describe(), and conflict while a request appends.
  void abandon(const Principal& caller, const Id& id);

 private:
  struct Session;
  class Claim;
  using SessionPtr = std::shared_ptr<Session>;  // a request that appends outlives the session's row
  using Removed = std::vector<SessionPtr>;      // ended outside of the lock, for that is file work

  bool is_stored(const Principal& caller, const UploadWanted& wanted);
  SessionPtr open(const Principal& caller, const UploadWanted& wanted);
  Removed remove_idle();  // the mutex is held here and in what follows
  void make_room(const Id& owner, Removed& removed);
  SessionPtr find(const Principal& caller, const Id& id);
  void require_parents(const Principal& caller, const Session& session);

  const Services services_;
  const UploadSessionLimits limits_;
  std::mutex mutex_;  // guards sessions_, and what its members say
  std::map<Id, SessionPtr> sessions_;
};

}  // namespace assay
