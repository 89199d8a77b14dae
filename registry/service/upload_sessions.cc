// SPDX-License-Identifier: Apache-2.0
#include "registry/service/upload_sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/database.h"
#include "registry/domain/json_reader.h"
#include "registry/service/apply_frames.h"
#include "registry/service/guarded_upload.h"
#include "registry/service/readable_blobs.h"
#include "registry/service/upload.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/env/clock.h"

namespace assay {

// Who has set `busy` owns `upload`; everything else is guarded by the sessions' mutex.
struct UploadSessions::Session {
  UploadState state;
  Id owner;
  std::vector<std::unique_ptr<BlobLease>> leases;  // of the parents
  std::unique_ptr<BlobUpload> upload;
  std::chrono::steady_clock::time_point used;
  bool busy = false;
};

// One request's right to append to a session. When it ends, the session rests, or is over if it was ended.
class UploadSessions::Claim {
 public:
  Claim(UploadSessions& all, SessionPtr session) : all_(all), session_(std::move(session)) {}
  ~Claim() {
    const std::lock_guard lock(all_.mutex_);
    session_->busy = false;
    session_->used = all_.services_.clock.steady_now();
    if (over_) all_.sessions_.erase(session_->state.id);
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  // The store's upload is over whenever it throws, and the session with it.
  void write(std::span<const std::byte> bytes) {
    over_ = true;
    session_->upload->write(bytes);
    over_ = false;
    const std::lock_guard lock(all_.mutex_);
    session_->state.offset += bytes.size();
  }

  BlobInfo finish() {
    over_ = true;
    return session_->upload->finish();
  }

 private:
  UploadSessions& all_;
  SessionPtr session_;
  bool over_ = false;
};

namespace {

Error no_session(const Principal& caller, const Id& id) {
  return Error(Code::not_found,
               fmt::format("There is no upload {} of \"{}\": it was finished or rested too long, or the "
                           "server restarted; begin again",
                           id.text(), caller.name));
}

Error too_many() {
  return Error(Code::unavailable,
               "There are as many unfinished uploads as this server keeps; try again in a moment");
}

Error busy(const Id& id) {
  return Error(Code::conflict, fmt::format("Another request is sending to the upload {}; wait for its end, "
                                           "then ask for the offset",
                                           id.text()));
}

}  // namespace

UploadWanted parse_upload_wanted(std::string_view body) {
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  UploadWanted wanted{.digest = Digest::parse(object.text("digest")), .size = 0, .parents = {}};
  wanted.size = static_cast<std::uint64_t>(object.integer("size", 0, (std::int64_t{1} << 53) - 1));
  if (const nlohmann::json* parents = object.optional_array("parents", kMaxUploadParents))
    for (const nlohmann::json& parent : *parents) {
      if (!parent.is_string())
        throw Error(Code::invalid_argument, "the request body: a member of \"parents\" must be a digest");
      wanted.parents.push_back(Digest::parse(parent.get<std::string>()));
    }
  object.finish();
  return wanted;
}

UploadSessions::UploadSessions(const Services& services, const UploadSessionLimits& limits)
    : services_(services), limits_(limits) {}
UploadSessions::~UploadSessions() = default;

std::optional<UploadState> UploadSessions::begin(const Principal& caller, const UploadWanted& wanted) {
  require_somewhere(caller, Permission::register_);
  if (wanted.size > kMaxBlobSize)
    throw Error(Code::too_large, fmt::format("{} bytes are more than the {} that one file may have",
                                             wanted.size, kMaxBlobSize));
  if (is_stored(caller, wanted)) return std::nullopt;
  SessionPtr session = open(caller, wanted);
  Removed removed;
  const std::lock_guard lock(mutex_);
  removed = remove_idle();
  make_room(caller.id, removed);
  sessions_.emplace(session->state.id, session);
  return session->state;
}

bool UploadSessions::is_stored(const Principal& caller, const UploadWanted& wanted) {
  const BlobAccess access = services_.database.read(
      [&](Snapshot& snapshot) { return blob_access(snapshot, caller, wanted.digest); });
  if (access == BlobAccess::none) return false;
  const auto blob = services_.blobs.stat(wanted.digest);
  if (blob && blob->size != wanted.size)
    throw Error(Code::invalid_argument, fmt::format("{} has {} bytes, not {}: send the size of the file",
                                                    wanted.digest.text(), blob->size, wanted.size));
  // Who is told that nothing need be sent publishes soon: until then it stays.
  if (blob && access == BlobAccess::uploaded) record_uploaded(services_, caller, *blob);
  return blob.has_value();
}

UploadSessions::SessionPtr UploadSessions::open(const Principal& caller, const UploadWanted& wanted) {
  const auto session =
      std::make_shared<Session>(Session{.state = {.id = new_id(services_.clock, services_.entropy),
                                                  .digest = wanted.digest,
                                                  .size = wanted.size,
                                                  .offset = 0,
                                                  .parents = {}},
                                        .owner = caller.id,
                                        .leases = {},
                                        .upload = {},
                                        .used = services_.clock.steady_now()});
  const auto readable = services_.database.read(
      [&](Snapshot& snapshot) { return readable_of(snapshot, caller, wanted.parents); });
  for (const Digest& parent : readable) {
    try {
      session->leases.push_back(services_.blobs.lease(parent));
      session->state.parents.push_back(parent);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
  }
  session->upload = begin_guarded_upload(
      services_, caller, {.digest = wanted.digest, .size = wanted.size, .parents = session->state.parents});
  return session;
}

UploadSessions::Removed UploadSessions::remove_idle() {
  Removed removed;
  const auto now = services_.clock.steady_now();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    if (at->second->busy || now - at->second->used < limits_.idle_time) {
      ++at;
      continue;
    }
    removed.push_back(std::move(at->second));
    at = sessions_.erase(at);
  }
  return removed;
}

// A client that was killed cannot end its sessions; its successor need not wait until they expire.
void UploadSessions::make_room(const Id& owner, Removed& removed) {
  const auto owned = [&](const auto& row) { return row.second->owner == owner; };
  const auto count = std::count_if(sessions_.begin(), sessions_.end(), owned);
  if (static_cast<std::size_t>(count) >= limits_.per_principal) {
    auto oldest = sessions_.end();
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at)
      if (owned(*at) && !at->second->busy &&
          (oldest == sessions_.end() || at->second->used < oldest->second->used))
        oldest = at;
    if (oldest == sessions_.end() ||
        services_.clock.steady_now() - oldest->second->used < limits_.resting_time)
      throw too_many();
    removed.push_back(std::move(oldest->second));
    sessions_.erase(oldest);
  }
  if (sessions_.size() >= limits_.in_all) throw too_many();
}

// Somebody else's session and none at all are told apart by nothing.
UploadSessions::SessionPtr UploadSessions::find(const Principal& caller, const Id& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->owner != caller.id) throw no_session(caller, id);
  return found->second;
}

UploadState UploadSessions::describe(const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::register_);
  Removed removed;
  const std::lock_guard lock(mutex_);
  removed = remove_idle();
  return find(caller, id)->state;
}

void UploadSessions::abandon(const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::register_);
  SessionPtr ended;  // outlives the lock
  const std::lock_guard lock(mutex_);
  ended = find(caller, id);
  if (ended->busy) throw busy(id);
  sessions_.erase(id);
}

void UploadSessions::require_parents(const Principal& caller, const Session& session) {
  const std::vector<Digest>& parents = session.state.parents;
  const auto readable =
      services_.database.read([&](Snapshot& snapshot) { return readable_of(snapshot, caller, parents); });
  if (readable != parents)
    throw Error(Code::not_found, fmt::format("A parent of the upload {} can no longer be read by \"{}\": "
                                             "begin again without it",
                                             session.state.id.text(), caller.name));
}

UploadSessions::Appended UploadSessions::append(const Principal& caller, const Id& id, std::uint64_t offset,
                                                const ByteSource& body) {
  require_somewhere(caller, Permission::register_);
  SessionPtr session;
  {
    Removed removed;
    const std::lock_guard lock(mutex_);
    removed = remove_idle();
    session = find(caller, id);
    if (session->busy) throw busy(id);
    if (offset != session->state.offset)
      throw Error(Code::conflict, fmt::format("The upload {} goes on at {}, not at {}", id.text(),
                                              session->state.offset, offset));
    session->busy = true;
  }
  Claim claim(*this, session);
  require_parents(caller, *session);
  const FrameTarget target{.blobs = services_.blobs,
                           .parents = session->state.parents,
                           .left = session->state.size - offset,
                           .write = [&](std::span<const std::byte> bytes) { claim.write(bytes); }};
  const std::uint64_t reached = offset + apply_frames(target, body);
  if (reached < session->state.size) return {reached, std::nullopt};
  const BlobInfo blob = claim.finish();
  record_uploaded(services_, caller, blob);
  return {reached, blob};
}

}  // namespace assay
