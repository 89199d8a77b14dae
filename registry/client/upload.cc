// SPDX-License-Identifier: Apache-2.0
// The upload half of transfer.h: asks, sends what is missing as frames, and goes on where a broken connection
// left it. Next on the way of the bytes: registry/http/v1/uploads.cc.
#include <algorithm>
#include <array>
#include <exception>
#include <nlohmann/json.hpp>

#include "registry/client/parent_chunks.h"
#include "registry/client/problem.h"
#include "registry/client/reading.h"
#include "registry/client/targets.h"
#include "registry/client/transfer.h"
#include "registry/client/upload_plan.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

// A server that is being restarted is away for some seconds, and a large file is worth the wait.
constexpr int kPatience = 2;

// The registry reads what it has of the blob and replaces what does not hold.
constexpr const char* kChecked = "?stored=checked";

Call put_call(const Digest& digest) {
  Call call;
  call.method = "PUT";
  call.target = blob_target(digest);
  call.content_type = "application/octet-stream";
  return call;
}

Sent put_whole(Session& session, const LocalFile& file, const Progress& progress) {
  std::string bytes(file.size, '\0');
  const FileReader reader(file.path);
  const std::size_t got = reader.read(0, std::as_writable_bytes(std::span(bytes)));
  if (got != file.size || Digest::of(bytes) != file.digest) throw changed_meanwhile(file);
  Call call = put_call(file.digest);
  call.body = std::move(bytes);
  session.call(call, "uploading " + file.path.string());
  if (progress) progress(file.size, file.size);
  return {.travelled = file.size, .known = false};
}

// One file's way up, over as many connections as it takes.
class FileUpload {
 public:
  FileUpload(Session& session, const LocalFile& file, const std::vector<Digest>& parents,
             const Progress& progress)
      : session_(session), file_(file), wanted_parents_(parents), progress_(progress), reader_(file.path) {
    if (wanted_parents_.size() > kMaxUploadParents)
      wanted_parents_.erase(wanted_parents_.begin() + kMaxUploadParents, wanted_parents_.end());
  }

  Sent run() {
    int failures = 0;
    std::uint64_t reached = 0;
    while (!sent_) {
      Answer answer;
      const Outcome outcome = step(answer);
      if (settled(outcome, answer)) continue;
      failures = furthest_ > reached ? 1 : failures + 1;
      reached = furthest_;
      if (failures >= kPatience * session_.retry().attempts || !may_go_on(outcome, answer))
        give_up(outcome, answer);
      session_.back_off(failures, answer);
    }
    return *sent_;
  }

 private:
  Outcome step(Answer& answer) {
    if (id_.empty()) return begin(answer);
    return offset_known_ ? send(answer) : ask(answer);
  }

  Outcome begin(Answer& answer) {
    Json body = {{"digest", file_.digest.text()}, {"size", file_.size}, {"parents", Json::array()}};
    for (const Digest& parent : wanted_parents_) body["parents"].push_back(parent.text());
    Call call;
    call.method = "POST";
    call.target = "/api/v1/uploads";
    call.content_type = "application/json";
    call.body = body.dump();
    const Outcome outcome = session_.attempt(call, answer);
    if (outcome == Outcome::answered && answer.status == 200)
      sent_ = Sent{.travelled = travelled_, .known = true};
    if (outcome == Outcome::answered && answer.status == 201) opened(answer);
    return outcome;
  }

  void opened(const Answer& answer) {
    std::vector<Digest> parents;
    reading("an upload", [&] {
      const Json state = Json::parse(answer.body);
      id_ = state.at("id").get<std::string>();
      for (const Json& parent : state.at("parents"))
        parents.push_back(Digest::parse(parent.get_ref<const std::string&>()));
      return 0;
    });
    offset_ = 0;
    offset_known_ = begun_ = true;
    if (plan_.empty() || parents != planned_parents_) make_plan(parents);
  }

  void make_plan(const std::vector<Digest>& parents) {
    ParentChunks chunks;
    for (std::size_t i = 0; i < parents.size(); ++i)
      for_each_chunk_of(session_, parents[i],
                        [&](const ChunkRow& chunk) { chunks.add(static_cast<std::uint8_t>(i), chunk); });
    chunks.seal();
    plan_ = plan_upload(file_, chunks);
    planned_parents_ = parents;
  }

  Outcome ask(Answer& answer) {
    Call call;
    call.method = "GET";
    call.target = target();
    const Outcome outcome = session_.attempt(call, answer);
    if (outcome == Outcome::answered && answer.status == 200) {
      offset_ =
          reading("an upload", [&] { return Json::parse(answer.body).at("offset").get<std::uint64_t>(); });
      offset_known_ = true;
      furthest_ = std::max(furthest_, offset_);
    }
    return outcome;
  }

  // No exception may pass through the HTTP library: what reading the file throws is thrown afterwards.
  Outcome send(Answer& answer) {
    UploadBody body(plan_, reader_, offset_);
    std::exception_ptr failed;
    Call call;
    call.method = "PATCH";
    call.target = target();
    call.fields["Upload-Offset"] = std::to_string(offset_);
    call.content_type = "application/octet-stream";
    call.body_size = body.size();
    call.body_source = [&](std::uint64_t, std::span<char> into) -> std::size_t {
      try {
        const std::size_t got = body.read(into);
        if (progress_ && got > 0) progress_(body.offset(), file_.size);
        return got;
      } catch (...) {
        failed = std::current_exception();
        return 0;
      }
    };
    offset_known_ = false;  // unless the answer tells
    const Outcome outcome = session_.attempt(call, answer);
    travelled_ += travelling(plan_, offset_) - travelling(plan_, body.offset());
    if (failed) std::rethrow_exception(failed);
    if (body.file_ended_early()) throw changed_meanwhile(file_);
    if (outcome == Outcome::answered && answer.status == 201)
      sent_ = Sent{.travelled = travelled_, .known = false};
    return outcome;
  }

  bool settled(Outcome outcome, const Answer& answer) const {
    return outcome == Outcome::answered && answer.status / 100 == 2 && (sent_ || offset_known_);
  }

  // Forgets the session when the server has.
  bool may_go_on(Outcome outcome, const Answer& answer) {
    if (outcome == Outcome::broken) return true;
    if (outcome != Outcome::answered) return begun_ && outcome == Outcome::refused;
    constexpr std::array kPassing = {200, 408, 409, 499, 503};
    if (answer.status == 404 && !id_.empty()) {
      id_.clear();
      return true;
    }
    return std::find(kPassing.begin(), kPassing.end(), answer.status) != kPassing.end();
  }

  [[noreturn]] void give_up(Outcome outcome, const Answer& answer) {
    const std::string doing = "uploading " + file_.path.string();
    if (outcome != Outcome::answered) throw session_.failure(outcome, doing);
    const Error error = error_of(answer, doing);
    // What a server says of other bytes than those that were hashed is no news.
    if (error.code() == Code::invalid_argument && hash_file(file_.path).digest != file_.digest)
      throw changed_meanwhile(file_);
    throw error;
  }

  std::string target() const { return "/api/v1/uploads/" + id_; }

  Session& session_;
  const LocalFile& file_;
  std::vector<Digest> wanted_parents_;
  const Progress& progress_;
  const FileReader reader_;
  Segments plan_;
  std::vector<Digest> planned_parents_;
  std::string id_;  // empty: no session
  bool begun_ = false;
  std::uint64_t offset_ = 0;
  bool offset_known_ = false;
  std::uint64_t furthest_ = 0;
  std::uint64_t travelled_ = 0;
  std::optional<Sent> sent_;
};

}  // namespace

Sent upload(Session& session, const LocalFile& file, const std::vector<Digest>& parents,
            const Progress& progress) {
  if (file.size < kSentWhole) return put_whole(session, file, progress);
  return FileUpload(session, file, parents, progress).run();
}

// No exception may pass through the HTTP library: what reading the file throws is thrown afterwards.
Sent resend(Session& session, const LocalFile& file, const Progress& progress) {
  const FileReader reader(file.path);
  std::exception_ptr failed;
  Call call = put_call(file.digest);
  call.target += kChecked;
  call.body_size = file.size;
  call.body_source = [&](std::uint64_t offset, std::span<char> into) -> std::size_t {
    try {
      const std::size_t got = reader.read(offset, std::as_writable_bytes(into));
      if (progress) progress(offset + got, file.size);
      return got;
    } catch (...) {
      failed = std::current_exception();
      return 0;
    }
  };
  try {
    session.call(call, "sending " + file.path.string() + " again");
  } catch (const Error&) {
    if (failed) std::rethrow_exception(failed);
    if (hash_file(file.path).digest != file.digest) throw changed_meanwhile(file);
    throw;
  }
  return {.travelled = file.size, .known = false};
}

void resend(Session& session, const std::string& bytes) {
  Call call = put_call(Digest::of(bytes));
  call.target += kChecked;
  call.body = bytes;
  session.call(call, "sending a version's description again");
}

}  // namespace assay::client
