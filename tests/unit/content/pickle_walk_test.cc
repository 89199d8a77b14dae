// SPDX-License-Identifier: Apache-2.0
#include "registry/content/pickle_walk.h"

#include "tests/support/catch.h"
#include "tests/unit/content/bytes.h"

using namespace assay;
using namespace assay::test;
using Names = std::set<std::string>;
using End = PickleWalk::End;

namespace {

PickleWalk walk(std::string_view bytes, std::uint64_t budget = kMaxCheckedBytes) {
  SpanSource source(as_span(bytes));
  const auto stream = source.open(0, source.size());
  ReadBudget left{budget};
  ByteCursor cursor(*stream, left);
  return walk_pickle(cursor);
}

}  // namespace

TEST_CASE("Pickle walk: finds what every protocol imports") {
  for (const std::string& bytes : {"cposix\nsystem\n(S'true'\ntR."s, "(S'true'\niposix\nsystem\n."s,
                                   "(cposix\nsystem\nS'true'\no."s, kMalicious2, kMalicious4}) {
    CAPTURE(bytes);
    const PickleWalk found = walk(bytes);
    CHECK(found.end == End::stop);
    CHECK(found.imports == Names{"posix.system"});
    CHECK(found.called);
    CHECK(found.doubt.empty());
  }
  CHECK(walk(kPlain2).plain == Names{"collections.OrderedDict"});
  CHECK_FALSE(walk(kList2).imports_anything());
}

TEST_CASE("Pickle walk: follows names through the memo and the stack, however they are moved about") {
  // The names are put aside first, dropped, and taken again in another order.
  const std::string put = "\x80\x04\x8c\x06systemq\x05" "0\x8c\x05posixq\x07" "0";
  CHECK(walk(put + "h\x07h\x05\x93.").imports == Names{"posix.system"});
  CHECK(walk(put + "h\x05h\x07\x93.").imports == Names{"system.posix"});
  // A decoy right before it, as whoever looks at the last two texts only would be fooled by.
  CHECK(walk(put + "h\x07h\x05\x8c\x0b" "collections0\x8c\x0bOrderedDict0\x93.").imports == Names{"posix.system"});
  // An index written anew means what was put last.
  CHECK(walk(put + "\x8c\x05shutilq\x07" "0h\x07h\x05\x93."s).imports.empty());
  CHECK(walk("\x80\x04\x8c\x06shutil\x94\x8c\x06rmtree\x94\x86\x94" "0h\x00h\x01\x93."s).imports == Names{"shutil.rmtree"});
  CHECK(walk("\x80\x04\x8c\x05posix2\x8c\x06system\x93."s).imports == Names{"posix.system"});
}

TEST_CASE("Pickle walk: a name that cannot be followed is doubt, never plain") {
  const auto doubtful = [](const std::string& bytes) {
    const PickleWalk found = walk(bytes);
    return found.end == End::stop && !found.doubt.empty();
  };
  CHECK(doubtful("\x80\x04K\x01K\x02\x93."s));                               // not even texts
  CHECK(doubtful("\x80\x04V\\u0070osix\n\x8c\x06system\x93."s));             // an escape
  CHECK(doubtful("\x80\x04S'po\\x73ix'\n\x8c\x06system\x93."s));
  CHECK(doubtful("\x80\x04\x8c\x05" "a b c\x8c\x06system\x93."s));           // no module's name
  CHECK(doubtful("\x80\x02\x82\x01."s));                                     // a number that a reader registered
  CHECK(doubtful("\x80\x02\x83\x01\x01."s));
  CHECK(doubtful("\x80\x02\x84\x01\x01\x01\x01."s));
  CHECK(doubtful("\x80\x02" "ccollections\nOrderedDict\n}b."s));             // it changes the class itself
  CHECK(doubtful("\x80\x02K\x01p 1\n."s));                                   // an index that only Python reads
  CHECK_FALSE(doubtful("\x80\x02" "ccollections\nOrderedDict\n)R}b."s));
}

TEST_CASE("Pickle walk: gives up where an interpreter would") {
  for (const std::string& bytes :
       {""s, "\x80"s, "\x80\x06N."s, "."s, "\x80\x02."s, "N"s, "R."s, "NR."s, "(R."s, "N(R."s, "t."s, "\x80\x02}s."s,
        "h\x00."s, "Nh\x00."s, "\x80\x02N\x93."s, "\x80\x02U\x05shor"s, "\x80\x02X\xff\xff\xff\xffx."s, "\xff"s,
        "c os\nsystem\n."s, "cos\nsystem"s, "\x80\x05\x8e\xff\xff\xff\xff\xff\xff\xff\xff."s}) {
    CAPTURE(bytes);
    CHECK(walk(bytes).end == End::broken);
  }
  for (std::size_t cut = 0; cut < kMalicious4.size(); ++cut) {
    CAPTURE(cut);
    CHECK(walk(kMalicious4.substr(0, cut)).end == End::broken);
  }
}

TEST_CASE("Pickle walk: what is called before the break is seen") {
  const PickleWalk found = walk(kMalicious2.substr(0, kMalicious2.size() - 1));
  CHECK(found.end == End::broken);
  CHECK(found.called);
  CHECK_FALSE(walk("\x80\x02" "cposix\nsystem\n"s).called);
}

TEST_CASE("Pickle walk: passes over what it need not read, and stops at the end of its budget") {
  const std::string array = "\x80\x05\x8e"s + little(1 << 20, 8) + std::string(1 << 20, '\0') + "0" + kMalicious4.substr(2);
  CHECK(walk(array, 64 << 10).imports == Names{"posix.system"});
  const std::string lines = "V" + std::string(1 << 20, 'x') + "\n.";
  CHECK(walk(lines).end == End::stop);
  CHECK(walk(lines, 64 << 10).end == End::exhausted);
}

TEST_CASE("Pickle walk: holds no more than its limits, and what it forgot is doubt") {
  const std::string tuple(PickleWalk::kMaxStack, 'N');
  CHECK(walk(tuple + ".").end == End::stop);
  const PickleWalk deep = walk(tuple + "N.");
  CHECK(deep.end == End::broken);
  CHECK_FALSE(deep.doubt.empty());
  std::string names = "\x80\x04";
  for (std::size_t i = 0; i <= PickleWalk::kMaxMemo; ++i) names += "\x8c\x05posix\x94" "0"s;
  CHECK_FALSE(walk(names + "N.").doubt.empty());
  std::string texts = "\x80\x04";
  for (std::size_t i = 0; i <= PickleWalk::kMaxTexts; ++i) {
    const std::string name = "n" + std::to_string(i);
    texts += "\x8c" + little(name.size(), 1) + name + "0";
  }
  const std::string plain = "\x8c\x0b" "collections\x8c\x0bOrderedDict\x93.";
  CHECK(walk(texts + plain).plain == Names{"collections.OrderedDict"});
  CHECK_FALSE(walk(texts + "\x8c\x04nono\x8c\x04nope\x93.").doubt.empty());
}
