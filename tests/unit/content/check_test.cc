// SPDX-License-Identifier: Apache-2.0
#include "registry/content/check.h"

#include <zlib.h>

#include <nlohmann/json.hpp>

#include "registry/content/zip_directory.h"
#include "tests/support/catch.h"
#include "tests/support/tensor_file.h"
#include "tests/unit/content/bytes.h"

using namespace assay;
using namespace assay::test;
using Answer = FileContent::Answer;
using Catch::Matchers::Contains;

namespace {

std::string reasons(const FileContent& content) {
  std::string out;
  for (const std::string& reason : content.reasons) out += reason + "\n";
  return out;
}

struct Expected {
  std::string bytes;
  std::string format;
  Answer pickle;
  Answer safe;
};

void check_all(const std::vector<Expected>& files) {
  for (const Expected& file : files) {
    const FileContent found = check_bytes(file.bytes);
    INFO(file.bytes.substr(0, 60) << "\n" << nlohmann::json(found).dump());
    CHECK(found.format == file.format);
    CHECK(found.pickle == file.pickle);
    CHECK(found.safe == file.safe);
  }
}

std::string packed(std::string_view bytes, int window_bits) {
  z_stream state{};
  REQUIRE(deflateInit2(&state, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(bytes.size() + 256, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  state.avail_in = static_cast<uInt>(bytes.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&state, Z_FINISH) == Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

const std::string kTensors = tensor_file({{"w", "F32", {2}, std::string(8, '\1')}});

}  // namespace

TEST_CASE("Content: pickles are told from everything else by what they do, not by a name") {
  check_all({{kMalicious2, "pickle", Answer::yes, Answer::no},
             {kMalicious4, "pickle", Answer::yes, Answer::no},
             {"cposix\nsystem\n(S'true'\ntR.", "pickle", Answer::yes, Answer::no},
             {kPlain2, "pickle", Answer::yes, Answer::yes},
             {kList2, "pickle", Answer::yes, Answer::yes},
             {"I1\n.", "pickle", Answer::yes, Answer::yes},
             {"{\"a\": 1}", "text", Answer::no, Answer::yes},
             {"# Churn\nN. of customers: 3\n", "text", Answer::no, Answer::yes},
             {"N. of customers: 3\n", "text", Answer::no, Answer::yes},
             {"cat\ndog\nRat\nbird\n", "text", Answer::no, Answer::yes},
             {"caf\xC3\xA9\n", "text", Answer::no, Answer::yes},
             {"", "empty", Answer::no, Answer::yes},
             {"\x00\x01\x02\xFF"s, "unknown", Answer::no, Answer::unknown}});
}

TEST_CASE("Content: a pickle that is cut off, followed by another or by anything else counts as all that it can do") {
  const FileContent cut = check_bytes(kPlain2.substr(0, kPlain2.size() - 1));
  CHECK(cut.pickle == Answer::yes);
  CHECK(cut.safe == Answer::no);
  CHECK_THAT(reasons(cut), Contains("breaks off"));
  const FileContent two = check_bytes(kPlain2 + kMalicious2);
  CHECK(two.safe == Answer::no);
  CHECK_THAT(reasons(two), Contains("2 pickles in a row") && Contains("posix.system"));
  CHECK(check_bytes(kPlain2 + kList2).safe == Answer::yes);
  CHECK(check_bytes(kPlain2 + std::string(100, '\xEE')).safe == Answer::yes);  // as old torch files end
  // Without a mark at its start, and broken after it has done its worst.
  const FileContent broken = check_bytes("cposix\nsystem\n(S'true'\ntR\xFF");
  CHECK(broken.pickle == Answer::yes);
  CHECK(broken.safe == Answer::no);
  std::string many;
  for (int i = 0; i < 1025; ++i) many += "\x80\x02N.";
  CHECK(check_bytes(many).safe == Answer::no);
}

TEST_CASE("Content: what a pickle names is told, made safe to print") {
  CHECK_THAT(reasons(check_bytes(kMalicious2)), Contains("protocol 2") && Contains("imports posix.system"));
  CHECK_THAT(reasons(check_bytes("c\xC3\xA9vil\nx\n.")), Contains("??vil.x"));
}

TEST_CASE("Content: a safetensors file is sound to its last byte, or not safe") {
  check_all({{kTensors, "safetensors", Answer::no, Answer::yes},
             {kTensors + "x", "safetensors", Answer::no, Answer::no},
             {kTensors.substr(0, kTensors.size() - 1), "safetensors", Answer::no, Answer::no},
             {kTensors.substr(0, 30), "safetensors", Answer::no, Answer::no},
             {tensor_head("{\"a\":1}"), "safetensors", Answer::no, Answer::no},
             {tensor_head("{}"), "safetensors", Answer::no, Answer::yes}});
  CHECK_THAT(reasons(check_bytes(kTensors + "xyz")), Contains("3 bytes stand behind its tensors"));
}

TEST_CASE("Content: an archive is as bad as what is in it") {
  const std::string raw(64, '\x3F');
  const auto torch = [&](const std::string& pickle) {
    return zip_of({{"archive/data.pkl", pickle}, {"archive/data/0", raw}, {"archive/version", "3\n"}});
  };
  check_all({{torch(kPlain2), "zip", Answer::yes, Answer::yes},
             {torch(kMalicious2), "zip", Answer::yes, Answer::no},
             {zip_of({{"a.txt", "hello"}}), "zip", Answer::no, Answer::yes},
             {zip_of({{"a.bin", "\xFF\xFE\x00"s}}), "zip", Answer::no, Answer::unknown},
             {zip_of({}), "zip", Answer::no, Answer::yes},
             {zip_of({{"a.zip", zip_of({})}}), "zip", Answer::unknown, Answer::unknown},
             {zip_of({{"a", "hello", 99}}), "zip", Answer::unknown, Answer::unknown},
             {zip_of({{"a", "hello", 0, 1}}), "zip", Answer::unknown, Answer::unknown},
             {zip_of({{"w.npy", npy_of("'<f4'", "data")}}), "zip", Answer::no, Answer::yes},
             {zip_of({{"w.npy", npy_of("'|O'", kMalicious2)}}), "zip", Answer::yes, Answer::no},
             {zip_of({{"d.pkl", packed(kMalicious2, -15), 8}}), "zip", Answer::yes, Answer::no},
             {zip_of({{"d.txt", packed("hello", -15), 8}}), "zip", Answer::no, Answer::yes}});
  CHECK_THAT(reasons(check_bytes(torch(kMalicious2))), Contains("archive/data.pkl") && Contains("posix.system"));
  const std::string whole = torch(kPlain2);
  CHECK(check_bytes(whole.substr(0, whole.size() - 30)).pickle == Answer::unknown);
}

TEST_CASE("Content: a file that is two things at once is both") {
  CHECK(check_bytes(kMalicious2 + zip_of({{"a.txt", "hello"}})).safe == Answer::no);
  const FileContent behind = check_bytes("just text\n" + zip_of({{"d.pkl", kMalicious2}}));
  CHECK(behind.pickle == Answer::yes);
  CHECK(behind.format == "zip");
  // A safetensors file in whose header's length a pickle begins.
  const std::string json = R"({"__metadata__":{"a":"bbbbbbbbbbb"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  CHECK(check_bytes(tensor_head(json) + "x").pickle == Answer::no);
}

TEST_CASE("Content: packed files are unpacked once, and no further") {
  constexpr int kZlib = 15, kGzip = 31;
  check_all({{packed(kMalicious4, kZlib), "zlib", Answer::yes, Answer::no},
             {packed(kMalicious4, kGzip), "gzip", Answer::yes, Answer::no},
             {packed("a,b\n1,2\n", kGzip), "gzip", Answer::no, Answer::yes},
             {packed(packed(kMalicious4, kGzip), kGzip), "gzip", Answer::unknown, Answer::unknown},
             {"x^2 is not packed", "text", Answer::no, Answer::yes},
             {"BZh91AY&SY", "bzip2", Answer::unknown, Answer::unknown},
             {"\x89HDF\r\n\x1A\n....", "hdf5", Answer::unknown, Answer::unknown},
             {"GGUF\x03\x00\x00\x00"s, "gguf", Answer::no, Answer::yes},
             {"#!/bin/sh\n", "program", Answer::no, Answer::no},
             {"\x7F" "ELF\x02", "program", Answer::no, Answer::no}});
}

TEST_CASE("Content: a bomb is not unpacked beyond the budget, and what is behind it is not known") {
  const std::string bomb = packed("V" + std::string(1 << 20, 'x') + "\ncposix\nsystem\n.", 31);
  CHECK(bomb.size() < 4096);
  CHECK(check_bytes(bomb).pickle == Answer::yes);
  SpanSource source(as_span(bomb));
  CHECK(check_content(source, 1 << 20).pickle == Answer::unknown);
}

TEST_CASE("Content: an archive of more entries than are looked into is not known") {
  std::vector<MadeEntry> entries(ZipDirectory::kMaxEntries, {"a", ""});
  CHECK(check_bytes(zip_of(entries)).pickle == Answer::no);
  entries.push_back({"d.pkl", kMalicious2});
  CHECK(check_bytes(zip_of(entries)).pickle == Answer::unknown);
}

TEST_CASE("Content: what was found reads back as it was, and keeps to its limits") {
  FileContent content = check_bytes(kMalicious2);
  CHECK(content_from_json(nlohmann::json(content), "content") == content);
  for (int i = 0; i < 100; ++i) content.because(std::string(10'000, 'x'));
  CHECK(content.reasons.size() == FileContent::kMaxReasons);
  CHECK(content.reasons.back().size() == FileContent::kMaxReasonBytes);
}
