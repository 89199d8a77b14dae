// SPDX-License-Identifier: Apache-2.0
#include "registry/content/numpy_header.h"

#include "tests/support/catch.h"
#include "tests/unit/content/bytes.h"

using namespace assay;
using namespace assay::test;
using Answer = FileContent::Answer;

namespace {

Answer objects(const std::string& descr) {
  return has_numpy_objects("{'descr': " + descr + ", 'fortran_order': False, 'shape': (3,), }");
}

}  // namespace

TEST_CASE("NumPy header: numbers, text and records of them hold no objects") {
  for (const char* descr : {"'<f4'", "'|b1'", "'<U12'", "'|S0'", "'<M8[ns]'", "'<c16'", "'|V8'", "\"<i8\"",
                            "[('a', '<f4'), ('b', '<i4')]", "[('O', '<f4'), ('b', '<i4', (2, 3))]",
                            "[('a', [('b', '<f4')]), ('c', '|u1', (2,))]", "[]"}) {
    CAPTURE(descr);
    CHECK(objects(descr) == Answer::no);
  }
}

TEST_CASE("NumPy header: objects are found wherever they stand in a record") {
  for (const char* descr : {"'|O'", "'O'", "'|O8'", "[('a', '<f4'), ('b', '|O')]", "[('a', [('b', 'O')])]",
                            "[('a', '|O', (2,))]"}) {
    CAPTURE(descr);
    CHECK(objects(descr) == Answer::yes);
  }
}

TEST_CASE("NumPy header: whatever else NumPy might read there is not known to be without objects") {
  for (const char* descr : {"'<f4,O'", "'<f4' ',O'", "'object'", "'\\x4f'", "[('a', ('O', (2,)))]", "['O']", "('<f4', 2)",
                            "{'names': ['a'], 'formats': ['O']}", "[('a', '<f4'", "'<f4", "", "3", "[(('t', 'a'), '<f4')]"}) {
    CAPTURE(descr);
    CHECK(objects(descr) == Answer::unknown);
  }
  CHECK(has_numpy_objects("{'fortran_order': False}") == Answer::unknown);
  CHECK(has_numpy_objects("{'descr': '<f4', 'descr': '|O'}") == Answer::unknown);
  CHECK(has_numpy_objects("{'desc' 'r': '|O'}") == Answer::unknown);
  CHECK(objects(std::string(40, '[')) == Answer::unknown);
}

TEST_CASE("NumPy header: says where the data starts, and is not read beyond its end") {
  const std::string file = npy_of("'<f4'", "data");
  const auto header = read_numpy_header(as_span(file));
  REQUIRE(header);
  CHECK(header->objects == Answer::no);
  CHECK(file.substr(header->data_start) == "data");
  CHECK(read_numpy_header(as_span(std::string_view(file).substr(0, 40)))->objects == Answer::unknown);
  CHECK_FALSE(read_numpy_header(as_span("\x93NUMP")));
}
