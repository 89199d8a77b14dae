// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/search.h"

#include <fmt/format.h>

#include <random>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/random_search.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

// What a search says of itself, normalised.
std::string read(std::string_view text) {
  return to_text(parse_search(text));
}

std::string refusal(std::string_view text, Code code = Code::invalid_argument) {
  try {
    const Search search = parse_search(text);
    FAIL("it was read, as: " << to_text(search));
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.message();
  }
  return {};
}

std::string repeated(std::size_t times, const std::string& text, const std::string& joint = "") {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += (i == 0 ? "" : joint) + text;
  return out;
}

}  // namespace

TEST_CASE("Search: what people write is read") {
  CHECK(read("metrics.roc_auc > 0.8 AND labels.team = \"risk\" AND NOT stage = production") ==
        "metrics.roc_auc > 0.8 AND labels.team = 'risk' AND NOT stage = 'production'");
  CHECK(read("name LIKE 'churn%' and created_at > '2026-03-01'") ==
        "name LIKE 'churn%' AND created_at > '2026-03-01T00:00:00.000Z'");
  CHECK(read("params.max_depth IN (4, 6) OR labels.owner = 'ana'") == "params.max_depth IN (4, 6) OR labels.owner = 'ana'");
  CHECK(read("metrics.`my metric`>=-1e-3") == "metrics.`my metric` >= -0.001");
  CHECK(read("metrics.\"my metric\" IS NOT NULL") == "metrics.`my metric` IS NOT NULL");
  CHECK(read("labels.build = 17 and size < 10MB") == "labels.build = '17' AND size < 10000000");
  CHECK(read("stage IS NULL ORDER BY metrics.roc_auc DESC, created_at") ==
        "stage IS NULL ORDER BY metrics.roc_auc DESC, created_at");
  CHECK(read("name = 'it''s'") == "name = 'it''s'");
  CHECK(read("namespace != Acme") == "namespace != 'acme'");
  CHECK(read("order by number asc") == "ORDER BY number");
  CHECK(read("") == "");
  CHECK(to_text(parse_search_order("metrics.f1 DESC, name")) == "metrics.f1 DESC, name");
}

TEST_CASE("Search: AND binds closer than OR, NOT closest") {
  CHECK(read("kind = model OR kind = dataset AND NOT stage IS NULL") ==
        "kind = 'model' OR (kind = 'dataset' AND NOT stage IS NULL)");
  CHECK(read("(kind = model OR kind = dataset) AND number = 1") == "(kind = 'model' OR kind = 'dataset') AND number = 1");
  CHECK(read("NOT (number = 1 OR number = 2)") == "NOT (number = 1 OR number = 2)");
  CHECK(read("((number = 1))") == "number = 1");
}

TEST_CASE("Search: a refusal shows the place, what was expected and the nearest word") {
  CHECK(refusal("number = 1 AND metrcs.roc_auc > 0.8") ==
        "The search cannot be read at column 16: there is no field \"metrcs\"; did you mean \"metrics\"?; fields are kind, "
        "namespace, name, number, digest, created_at, created_by, size, stage, plugin, labels.KEY, metrics.KEY, params.KEY\n"
        "  number = 1 AND metrcs.roc_auc > 0.8\n"
        "                 ^");
  CHECK_THAT(refusal("tags.team = 'risk'"), Contains("here it is \"labels\""));
  CHECK_THAT(refusal("metrics.roc_auc = 'high'"), Contains("column 19: expected a number, which metrics is compared with"));
  CHECK_THAT(refusal("metrics.roc_auc = nan"), Contains("expected a number"));
  CHECK_THAT(refusal("labels.team > 'risk'"), Contains("column 13: expected a comparison for labels.team: =, !=, LIKE"));
  CHECK_THAT(refusal("name 'churn'"), Contains("column 6: expected a comparison for name"));
  CHECK_THAT(refusal("(name = churn"), Contains("expected AND, OR or the ) of the ( at column 1"));
  CHECK_THAT(refusal("name = churn labels.team = x"), Contains("column 14: expected AND, OR, ORDER BY or the end"));
  CHECK_THAT(refusal("name = 'churn"), Contains("column 8: the quote that begins here is not closed"));
  CHECK_THAT(refusal("name = 'acme/churn'"), Contains("namespace = 'acme' AND name = 'churn'"));
  CHECK_THAT(refusal("kind = modle"), Contains("column 8: "));
  CHECK_THAT(refusal("created_at > yesterday"), Contains("column 14: "));
  CHECK_THAT(refusal("digest = 'sha256:12'"), Contains("column 10: "));
  CHECK_THAT(refusal("name IS NULL"), Contains("every version has a name"));
  CHECK_THAT(refusal("labels = 'x'"), Contains("labels needs a key"));
  CHECK_THAT(refusal("name.x = 'x'"), Contains("name takes no key"));
  CHECK_THAT(refusal("name LIKE 'x\\'"), Contains("last \\"));
  CHECK_THAT(refusal("ORDER BY stage"), Contains("nothing is ordered by stage"));
  CHECK_THAT(refusal("AND"), Contains("column 1: expected a field, NOT or ("));
  // Columns are characters, and control characters do not reach the terminal.
  CHECK_THAT(refusal("labels.x = '\xC3\xBC\x1B' AND\tx"), Contains("column 21: ") && !Contains("\x1B") && !Contains("\t"));
  // Of a long search what lies around the place.
  const std::string far = refusal("labels.x = '" + std::string(500, 'a') + "' AND x = 1");
  CHECK_THAT(far, Contains("column 519: ") && !Contains(std::string(70, 'a')));
}

TEST_CASE("Search: limits hold at their value and not one past it") {
  const auto ands = [](std::size_t count) { return repeated(count, "number = 1", " AND "); };
  CHECK_NOTHROW(parse_search(ands(kMaxSearchConditions)));
  CHECK_THAT(refusal(ands(kMaxSearchConditions + 1), Code::too_large), Contains("at most 100 conditions"));
  CHECK_THAT(refusal(repeated(10'000, "number = 1", " OR "), Code::too_large), Contains("has 139996 bytes, at most 4096"));

  const auto deep = [](std::size_t depth) { return repeated(depth, "(") + "number = 1" + repeated(depth, ")"); };
  CHECK_NOTHROW(parse_search(deep(kMaxSearchDepth)));
  CHECK_THAT(refusal(deep(kMaxSearchDepth + 1), Code::too_large), Contains("at most 32 deep"));
  CHECK_NOTHROW(parse_search(repeated(kMaxSearchDepth, "NOT ") + "number = 1"));
  CHECK_THAT(refusal(repeated(kMaxSearchDepth + 1, "NOT ") + "number = 1", Code::too_large), Contains("deep"));

  const auto items = [](std::size_t count) { return "number IN (" + repeated(count, "1", ",") + ")"; };
  CHECK_NOTHROW(parse_search(items(kMaxSearchItems)));
  CHECK_THAT(refusal(items(kMaxSearchItems + 1), Code::too_large), Contains("IN takes at most 100 values"));

  CHECK_NOTHROW(parse_search("ORDER BY " + repeated(kMaxSearchOrders, "number", ",")));
  CHECK_THAT(refusal("ORDER BY " + repeated(kMaxSearchOrders + 1, "number", ","), Code::too_large), Contains("at most 4"));

  CHECK_NOTHROW(parse_search("metrics." + std::string(kMaxSearchKeyBytes, 'm') + " = 1"));
  CHECK_THAT(refusal("metrics." + std::string(kMaxSearchKeyBytes + 1, 'm') + " = 1", Code::too_large), Contains("256"));

  const auto long_one = [](std::size_t bytes) { return "labels.a='" + std::string(bytes - 11, 'x') + "'"; };
  CHECK_NOTHROW(parse_search(long_one(kMaxSearchBytes)));
  refusal(long_one(kMaxSearchBytes + 1), Code::too_large);
}

TEST_CASE("Search: hostile input is refused, and the refusal is UTF-8 without control characters") {
  const std::vector<std::string> inputs = {
      std::string("name = 'a\0b'", 12), "\xFF", "name = '\xC3", "name = '\xED\xA0\x80'", "'; DROP TABLE versions; --",
      "name = churn; DELETE FROM versions", "name = churn -- comment'", "1 = 1", "kind = '\x1B[31m'", "created_at > '\x1B'", "name == churn",
      "name = ((((churn", "name IN ()", "name IN (churn", "name IN churn", "NOT", "NOT NOT", "()", ")", "(", ",", "= 1",
      "name =", "name NOT = churn", "name NOT churn", "name IS", "name IS NOT", "labels.`x", "labels.`` = 1", "labels. = 1",
      "labels .x = 1", ".x = 1", "metrics.x = 1e999", "metrics.x = 0x10", "metrics.x = 1.2.3", "metrics.x = --1",
      "metrics.x = infinity", "number = 1 ORDER", "number = 1 ORDER BY", "ORDER BY number,", "ORDER BY nothing",
      "number = 1 ORDER BY number number", "digest LIKE 'sha256:%'", "created_at LIKE '2026%'", "name = $1", "name = ?",
      "name = #x", "%", "*", "\x7F", "\xE2\x80\xAE", "kind = ''", "kind = '" + repeated(80, "\xC3\xBC") + "'", "kind = 'x" + repeated(80, "\xC3\xBC") + "'", "size = -1TB", "SELECT 1"};
  for (const std::string& input : inputs) {
    INFO(input);
    const std::string message = refusal(input);
    for (std::string_view rest = message; !rest.empty();) REQUIRE(take_code_point(rest));
    CHECK(std::none_of(message.begin(), message.end(), [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; }));
  }
}

TEST_CASE("Search: every field has its row in the table of fields") {
  for (std::size_t i = 0; i < kSearchFields.size(); ++i) CHECK(kSearchFields[i].field == static_cast<SearchField>(i));
}

TEST_CASE("Search: written as text and read again it is the same") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  RandomSearches searches(seed, {});
  for (int i = 0; i < 3000; ++i) {
    const Search search = searches.search();
    const std::string text = to_text(search);
    INFO(text);
    REQUIRE(parse_search(text) == search);
  }
}

TEST_CASE("Search: the keys that it mentions come once each, in order") {
  const Search search = parse_search("metrics.b > 1 OR (labels.b = x AND metrics.a < 1) ORDER BY metrics.c, metrics.b");
  CHECK(mentioned_keys(search, SearchField::metrics) == std::vector<std::string>{"b", "a", "c"});
  CHECK(mentioned_keys(search, SearchField::labels) == std::vector<std::string>{"b"});
  CHECK(mentioned_keys(search, SearchField::params).empty());
}
