// SPDX-License-Identifier: Apache-2.0
#include "registry/service/upload_sessions.h"

#include "registry/service/fetch.h"
#include "tests/support/bytes.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

class SteppedClock final : public Clock {
 public:
  std::chrono::sys_time<std::chrono::milliseconds> now() const override { return kNow; }
  std::chrono::steady_clock::time_point steady_now() const override { return steady; }
  std::chrono::steady_clock::time_point steady{};
};

std::string data_frame(std::string_view bytes) {
  std::string out;
  append_frame_head(out, {.kind = UploadFrame::Kind::data, .length = bytes.size()});
  return out.append(bytes);
}

std::string copy_frame(std::uint8_t parent, std::uint64_t offset, std::uint64_t length) {
  std::string out;
  append_frame_head(out,
                    {.kind = UploadFrame::Kind::copy, .length = length, .parent = parent, .offset = offset});
  return out;
}

// Gives a few bytes at a time, and then ends or throws.
ByteSource body_of(std::string bytes, bool breaks = false) {
  return [bytes = std::move(bytes), done = std::size_t{0}, breaks](std::span<std::byte> out) mutable {
    const std::size_t n = std::min({out.size(), bytes.size() - done, std::size_t{7}});
    if (n == 0 && breaks) throw Error(Code::cancelled, "the client went away");
    std::ranges::copy(as_span(bytes).subspan(done, n), out.begin());
    done += n;
    return n;
  };
}

struct Uploads : Registry {
  explicit Uploads(const UploadSessionLimits& limits = {}) : sessions(stepped(), limits) {}

  Services stepped() { return {*catalogue.database, blobs, stepped_clock, entropy}; }

  UploadState begin(const Principal& caller, const std::string& bytes, std::vector<Digest> parents = {}) {
    const auto state =
        sessions.begin(caller, {.digest = Digest::of(bytes), .size = bytes.size(), .parents = parents});
    REQUIRE(state);
    return *state;
  }
  UploadSessions::Appended append(const UploadState& state, std::uint64_t offset, const std::string& frames,
                                  bool breaks = false) {
    return sessions.append(ann, state.id, offset, body_of(frames, breaks));
  }
  Code refusal(const UploadState& state, std::uint64_t offset, const std::string& frames,
               bool breaks = false) {
    return code_of([&] { append(state, offset, frames, breaks); });
  }
  std::string stored(const Principal& caller, const std::string& bytes) {
    stat_blob(services, caller, Digest::of(bytes));
    return read_all(blobs, Digest::of(bytes), 1 << 20);
  }

  SteppedClock stepped_clock;
  UploadSessions sessions;
};

constexpr std::string_view kParent = "0123456789";
constexpr std::string_view kChild = "0123 and 789";

}  // namespace

TEST_CASE("Upload session: new bytes and copies become the blob, readable by its uploader") {
  Uploads uploads;
  const Digest parent = uploads.upload(uploads.ann, std::string(kParent));
  const UploadState state = uploads.begin(uploads.ann, std::string(kChild), {parent});
  CHECK(state.parents == std::vector{parent});
  const auto done = uploads.append(state, 0, copy_frame(0, 0, 4) + data_frame(" and ") + copy_frame(0, 7, 3));
  REQUIRE(done.blob);
  CHECK(done.blob->digest == Digest::of(kChild));
  CHECK(uploads.stored(uploads.ann, std::string(kChild)) == kChild);
  CHECK(code_of([&] { uploads.sessions.describe(uploads.ann, state.id); }) == Code::not_found);
}

TEST_CASE("Upload session: goes on over several requests from where it stands") {
  Uploads uploads;
  const UploadState state = uploads.begin(uploads.ann, "abcdef");
  CHECK(uploads.append(state, 0, data_frame("ab")).offset == 2);
  CHECK(uploads.append(state, 2, "").offset == 2);
  CHECK(uploads.sessions.describe(uploads.ann, state.id).offset == 2);
  CHECK_THAT(message_of([&] { uploads.append(state, 0, data_frame("ab")); }),
             Catch::Contains("goes on at 2"));
  CHECK(uploads.refusal(state, 4, data_frame("ef")) == Code::conflict);
  CHECK(uploads.append(state, 2, data_frame("cdef")).blob);
}

TEST_CASE("Upload session: a broken connection keeps every byte that came") {
  Uploads uploads;
  const std::string bytes = random_bytes(100, 1);
  const UploadState state = uploads.begin(uploads.ann, bytes);
  const std::string frames = data_frame(bytes.substr(0, 50)) + data_frame(bytes.substr(50));
  CHECK(uploads.refusal(state, 0, frames.substr(0, 80), true) == Code::cancelled);
  const std::uint64_t offset = uploads.sessions.describe(uploads.ann, state.id).offset;
  CHECK(offset == 70);  // two heads of five bytes
  CHECK(uploads.append(state, offset, data_frame(bytes.substr(offset))).blob);
}

TEST_CASE("Upload session: all bytes may be there before the request that finishes") {
  Uploads uploads;
  const UploadState state = uploads.begin(uploads.ann, "abc");
  CHECK(uploads.refusal(state, 0, data_frame("abc"), true) == Code::cancelled);
  CHECK(uploads.append(state, 3, "").blob);
  CHECK(uploads.append(uploads.begin(uploads.ann, ""), 0, "").blob);
}

TEST_CASE("Upload session: hostile frames are refused, and what came before them stays") {
  Uploads uploads;
  const Digest parent = uploads.upload(uploads.ann, std::string(kParent));
  const UploadState state = uploads.begin(uploads.ann, std::string(kChild), {parent});
  const std::uint64_t huge = ~std::uint64_t{0};
  uploads.append(state, 0, data_frame("0123"));
  const std::vector<std::string> hostile = {
      std::string("\0", 1),                   // no such kind
      std::string("\3\1\0\0\0x", 6),          //
      std::string("\1\0\0\0\0", 5),           // no bytes
      std::string("\1\1\0\x10\0", 5),         // one more than a frame may have
      std::string("\1\xff\xff\xff\xff", 5),   //
      std::string("\1\5\0", 3),               // a torn head
      data_frame("more than is left of it"),  //
      copy_frame(1, 0, 1),                    // no such parent
      copy_frame(255, 0, 1),                  //
      copy_frame(0, 10, 1),                   // past the parent's end
      copy_frame(0, 9, 2),                    // across it
      copy_frame(0, huge, 2),                 // overflows
      copy_frame(0, huge - 1, 8),             //
      copy_frame(0, 0, kMaxFrameCopy),        // more than is left
      copy_frame(0, 0, huge),                 // more than a frame may have
      copy_frame(0, 0, 1).substr(0, 17),      // a torn head
  };
  for (const std::string& frames : hostile) {
    INFO(frames.size() << " " << static_cast<int>(frames[0]));
    CHECK(uploads.refusal(state, 4, frames) == Code::invalid_argument);
    CHECK(uploads.sessions.describe(uploads.ann, state.id).offset == 4);
  }
  CHECK(uploads.append(state, 4, data_frame(" and 789")).blob);
}

TEST_CASE("Upload session: other bytes than promised are not kept, and end the session") {
  Uploads uploads;
  const UploadState state = uploads.begin(uploads.ann, "right");
  CHECK(uploads.refusal(state, 0, data_frame("wrong")) == Code::invalid_argument);
  CHECK(code_of([&] { uploads.sessions.describe(uploads.ann, state.id); }) == Code::not_found);
  for (const std::string bytes : {"right", "wrong"})
    CHECK(code_of([&] { uploads.stored(uploads.ann, bytes); }) == Code::not_found);
}

TEST_CASE("Upload session: a digest alone never yields another tenant's bytes") {
  Uploads uploads;
  const std::string secret = "the secret weights";
  uploads.push(uploads.ann, "acme/secret", secret);
  const auto begin = [&](const Principal& caller, std::vector<Digest> parents) {
    return uploads.sessions.begin(
        caller, {.digest = Digest::of(secret), .size = secret.size(), .parents = std::move(parents)});
  };
  CHECK_FALSE(begin(uploads.ann, {}));  // stored already, and ann may know
  // Eve knows the digest. She is asked for the bytes, as for any others, and none are copied for her.
  const auto state = begin(uploads.eve, {Digest::of(secret)});
  REQUIRE(state);
  CHECK(state->offset == 0);
  CHECK(state->parents.empty());
  const auto steal = [&] {
    uploads.sessions.append(uploads.eve, state->id, 0, body_of(copy_frame(0, 0, secret.size())));
  };
  CHECK(code_of(steal) == Code::invalid_argument);
  CHECK(code_of([&] { uploads.stored(uploads.eve, secret); }) == Code::not_found);
  // The size is no oracle either.
  CHECK(uploads.sessions.begin(uploads.eve, {.digest = Digest::of(secret), .size = 3, .parents = {}}));
  CHECK(code_of([&] {
          uploads.sessions.begin(uploads.ann, {.digest = Digest::of(secret), .size = 3, .parents = {}});
        }) == Code::invalid_argument);
  // Whoever has the bytes may send them, and then has them.
  CHECK(uploads.sessions.append(uploads.eve, state->id, 0, body_of(data_frame(secret))).blob);
  CHECK(uploads.stored(uploads.eve, secret) == secret);
}

TEST_CASE("Upload session: of the parents wanted, those that the caller may read are told, in order") {
  Uploads uploads;
  const Digest first = uploads.upload(uploads.ann, "first");
  const Digest others = uploads.upload(uploads.eve, "eve's");
  const Digest second = uploads.upload(uploads.ann, "second");
  const UploadState state = uploads.begin(uploads.ann, "x", {second, others, Digest::of("nobody's"), first});
  CHECK(state.parents == std::vector{second, first});
}

TEST_CASE("Upload session: nobody else can see, continue or end it") {
  Uploads uploads;
  const UploadState state = uploads.begin(uploads.ann, "abc");
  for (const Principal& other : {uploads.eve, uploads.admin}) {
    CHECK(code_of([&] { uploads.sessions.describe(other, state.id); }) == Code::not_found);
    CHECK(code_of([&] { uploads.sessions.append(other, state.id, 0, body_of(data_frame("abc"))); }) ==
          Code::not_found);
    CHECK(code_of([&] { uploads.sessions.abandon(other, state.id); }) == Code::not_found);
  }
  const Principal reader = uploads.caller("bob", Role::reader, "acme");
  CHECK(code_of([&] {
          uploads.sessions.begin(reader, {.digest = Digest::of("x"), .size = 1, .parents = {}});
        }) == Code::denied);
  uploads.sessions.abandon(uploads.ann, state.id);
  CHECK(code_of([&] { uploads.sessions.describe(uploads.ann, state.id); }) == Code::not_found);
}

TEST_CASE("Upload session: one request at a time appends to it") {
  Uploads uploads;
  const UploadState state = uploads.begin(uploads.ann, "abc");
  bool asked = false;
  const ByteSource body = [&](std::span<std::byte> out) -> std::size_t {
    if (std::exchange(asked, true)) return 0;
    CHECK(uploads.refusal(state, 0, data_frame("abc")) == Code::conflict);
    CHECK(code_of([&] { uploads.sessions.abandon(uploads.ann, state.id); }) == Code::conflict);
    const std::string frame = data_frame("abc");
    std::ranges::copy(as_span(frame), out.begin());
    return frame.size();
  };
  CHECK(uploads.sessions.append(uploads.ann, state.id, 0, body).blob);
}

TEST_CASE("Upload session: one that rests too long is over, one that is used is not") {
  Uploads uploads;
  const auto idle = UploadSessionLimits().idle_time;
  const UploadState used = uploads.begin(uploads.ann, "abc");
  const UploadState rested = uploads.begin(uploads.ann, "def");
  uploads.stepped_clock.steady += idle - std::chrono::milliseconds(1);
  CHECK(uploads.append(used, 0, data_frame("a")).offset == 1);
  CHECK(uploads.sessions.describe(uploads.ann, rested.id).offset == 0);
  uploads.stepped_clock.steady += std::chrono::milliseconds(1);
  CHECK(code_of([&] { uploads.sessions.describe(uploads.ann, rested.id); }) == Code::not_found);
  CHECK(uploads.append(used, 1, data_frame("bc")).blob);
}

TEST_CASE("Upload session: a caller has so many, and one that rests makes room for the next") {
  Uploads uploads({.per_principal = 2, .in_all = 3});
  const UploadState first = uploads.begin(uploads.ann, "1");
  const UploadState second = uploads.begin(uploads.ann, "2");
  CHECK(code_of([&] { uploads.begin(uploads.ann, "3"); }) == Code::unavailable);
  uploads.begin(uploads.eve, "3");
  CHECK(code_of([&] { uploads.begin(uploads.admin, "4"); }) == Code::unavailable);
  uploads.stepped_clock.steady += UploadSessionLimits().resting_time;
  uploads.append(first, 0, "");
  uploads.begin(uploads.ann, "3");
  CHECK(code_of([&] { uploads.sessions.describe(uploads.ann, second.id); }) == Code::not_found);
  CHECK(uploads.append(first, 0, data_frame("1")).blob);
}

TEST_CASE("Upload session: what is wanted is read strictly") {
  const std::string digest = Digest::of("x").text();
  const auto parse = [](const std::string& body) { return parse_upload_wanted(body); };
  CHECK(parse("{\"digest\":\"" + digest + "\",\"size\":3,\"parents\":[\"" + digest + "\"]}").parents.size() ==
        1);
  std::string many;
  for (std::size_t i = 0; i <= kMaxUploadParents; ++i) many += (i ? ",\"" : "\"") + digest + '"';
  for (const std::string& body :
       std::vector<std::string>{"{}", "{\"digest\":\"" + digest + "\"}", "{\"digest\":\"x\",\"size\":1}",
                                "{\"digest\":\"" + digest + "\",\"size\":-1}",
                                "{\"digest\":\"" + digest + "\",\"size\":1,\"x\":1}",
                                "{\"digest\":\"" + digest + "\",\"size\":1,\"parents\":[1]}",
                                "{\"digest\":\"" + digest + "\",\"size\":1,\"parents\":[" + many + "]}"})
    CHECK_THROWS_AS(parse(body), Error);
}
