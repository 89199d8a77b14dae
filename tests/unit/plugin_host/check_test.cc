// SPDX-License-Identifier: Apache-2.0
// The checker is tried on plugins that each break one rule: it must fail that rule and no other.
#include "registry/plugin_host/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/plugin_host/broken_copy.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

using Rules = std::vector<std::string>;

// A worker with a sanitizer has its allocator, which cannot be made to fail: it skips C35. It also starts ten times
// as slowly, so there a broken plugin is tried on its own rules and every sixth other, and on all without.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::string_view kSkipped = "C35";
constexpr std::size_t kStride = 6;
#else
constexpr std::string_view kSkipped;
constexpr std::size_t kStride = 1;
#endif

// Its batches take seconds to make, so most plugins that break another rule are not tried on them.
constexpr std::string_view kSlow = "C39";
constexpr std::size_t kSlowStride = 8;

struct Broken {
  std::string rule, what;
  Rules also{};  // that cannot be kept without it
  std::string library = "broken", section = ".assay.breaks";
};

const std::vector<Broken> kBroken = {
    {.rule = "C01", .what = "[", .section = ".assay.manifest"},
    {.rule = "C02", .what = "none", .library = "broken_exports"},
    {.rule = "C03", .what = "none", .library = "broken_relocations"},
    {.rule = "C03", .what = "none", .library = "broken_search_path"},
    {"C04", "opens_early"},
    {"C04", "prints_early", {"C33"}},  // whose process it prints in, too
    {"C05", "changes_its_descriptor"},
    {"C06", "fills_whole_structs"},
    {"C07", "counts_on_metrics"},
    {"C07", "counts_on_services"},
    {"C08", "takes_any_suffix"},
    {"C09", "adds_to_its_descriptor"},
    {"C10", "refuses_maximum"},
    {"C10", "offers_more"},
    {"C11", "takes_any_offset"},
    {"C12", "explains_nothing"},
    {"C12", "explains_twice"},
    {"C12", "explains_in_latin1"},
    {"C12", "answers_a_failure"},
    {"C13", "refuses_empty_batches"},
    // C38 and C39 look at whatever comes, as the rules before them do at one thing.
    {"C14", "divides_infinity", {"C38"}},
    {"C15", "reads_null_cells"},
    {"C15", "believes_null_counts"},
    // C37 lays rows out with offsets and in batches, too: the same bits cannot come of it.
    {"C16", "forgets_column_offsets", {"C37"}},
    {"C16", "forgets_batch_offsets", {"C37"}},
    {"C17", "counts_columns"},
    {"C18", "takes_any_type"},
    {"C19", "counts_batches", {"C37"}},
    {"C19", "counts_batches_of_classes", {"C37"}},
    {"C20", "keeps_batches", {"C38", "C39"}},
    {"C20", "releases_twice", {"C38", "C39"}},
    {"C20", "ties_results"},
    {"C21", "writes_once"},
    {"C22", "keeps_its_models"},
    {"C22", "wants_weights"},
    {"C22", "names_classes_alike"},
    {"C23", "seals_nothing"},
    {"C24", "counts_threads"},
    {"C25", "uses_the_seed"},
    {"C26", "hides_the_stop"},
    {"C27", "mistakes_the_deadline"},
    {"C28", "merges_half"},
    {"C28", "saves_half"},
    {"C28", "merges_no_weights"},
    {"C28", "merges_no_classes"},
    {"C29", "misses_its_interval", {"C38", "C39"}},
    {"C30", "leaks_memory"},
    {"C30", "leaks_files"},
    {"C30", "leaks_threads"},
    {"C31", "stays_on_a_thread"},
    {"C33", "sets_the_environment"},
    {"C33", "handles_signals"},
    {"C33", "prints"},
    {"C34", "connects"},
    {"C34", "writes_files"},
    {"C35", "trusts_malloc"},
    {"C35", "hides_lack_of_memory"},
    {"C36", "opens_two_entries", {"C38", "C39"}},
    {"C36", "names_badly", {"C38", "C39"}},
    {"C36", "finishes_nothing", {"C38", "C39"}},
    {"C37", "uses_the_call_id"},
    {"C37", "asks_who_listens"},
    {"C37", "asks_what_is_served"},
    {"C38", "divides_by_letters"},
    {"C38", "remembers_empty_text"},
    {"C38", "trusts_in_letters"},
    {"C38", "trusts_what_is_sealed"},
    {"C39", "has_room_for_few_columns"},
    {"C39", "has_room_for_short_text"},
};

std::vector<CheckResult> check(const Broken& broken, const CheckOptions& options) {
  const TempDir folder;
  write_broken(test_plugin(broken.library), broken.section, broken.what, folder / "broken.so");
  return check_plugin(folder / "broken.so", worker(), options).results;
}

TEST_CASE("Check: a good plugin keeps every rule") {
  for (const CheckResult& each : check({"", "none"}, {.level = CheckLevel::strict})) {
    INFO(each.rule->id << ": " << each.found);
    CHECK(each.verdict == (each.rule->id == kSkipped ? CheckVerdict::skipped : CheckVerdict::pass));
  }
}

TEST_CASE("Check: every rule has a plugin that breaks it") {
  for (const CheckRule& rule : check_rules()) {
    INFO("rule " << rule.id);
    CHECK(std::any_of(kBroken.begin(), kBroken.end(), [&](const Broken& each) { return each.rule == rule.id; }));
  }
}

// Names in `broken("…")` of the plugin's source.
std::set<std::string> promises_that_break() {
  std::set<std::string> out;
  for (const char* file : {"broken.h", "broken.cc"}) {
    const std::string source = read_text(std::filesystem::path(ASSAY_TEST_PLUGIN_SOURCES) / file);
    constexpr std::string_view kAsk = "broken(\"";
    for (std::size_t at = source.find(kAsk); at != source.npos; at = source.find(kAsk, at + 1)) {
      const std::size_t begin = at + kAsk.size();
      out.insert(source.substr(begin, source.find('"', begin) - begin));
    }
  }
  return out;
}

TEST_CASE("Check: every promise that the test plugin breaks is one that a rule is tried on, and the other way round") {
  std::set<std::string> listed{"never_ends"};  // which any rule that trains fails: the time limit is tried with it
  for (const Broken& each : kBroken)
    if (each.section == ".assay.breaks" && each.what != "none") CHECK(listed.insert(each.what).second);
  CHECK(promises_that_break() == listed);
}

TEST_CASE("Check: each broken promise fails its own rule and no other") {
  std::size_t turn = 0;
  for (const Broken& broken : kBroken) {
    ++turn;
    if (broken.rule == kSkipped) continue;
    Rules expected = broken.also;
    expected.push_back(broken.rule);
    std::sort(expected.begin(), expected.end());
    Rules failing;
    std::string found;
    Rules tried = expected;
    for (std::size_t i = turn % kStride; i < check_rules().size(); i += kStride)
      if (check_rules()[i].id != kSlow || turn % kSlowStride == 0) tried.emplace_back(check_rules()[i].id);
    for (const CheckResult& each : check(broken, {.only = tried})) {
      if (each.verdict != CheckVerdict::fail) continue;
      failing.emplace_back(each.rule->id);
      found += failing.back() + ": " + each.found + '\n';
    }
    INFO(broken.library << ", " << broken.what << '\n' << found);
    CHECK(failing == expected);
  }
}

TEST_CASE("Check: a failed rule says what was seen") {
  const auto found = [](const Broken& broken) { return check(broken, {.only = {broken.rule}}).at(0).found; };
  CHECK(contains(found({.rule = "C02", .what = "none", .library = "broken_exports"}), "it also exports"));
  CHECK(contains(found({.rule = "C03", .what = "none", .library = "broken_search_path"}), "/opt/lib"));
  CHECK(contains(found({.rule = "C03", .what = "none", .library = "broken_stack"}), "executable stack"));
  CHECK(contains(found({"C10", "refuses_maximum"}), "offset = 10"));
  CHECK(found({"C22", "wants_weights"}).starts_with("without its optional roles, component tally refuses"));
  CHECK(found({"C28", "merges_no_weights"}).starts_with("with its optional roles, component tally, states"));
  CHECK(found({"C28", "merges_no_classes"}).starts_with("with three classes, component tally, states"));
  CHECK(found({"C19", "counts_batches_of_classes"}).starts_with("with three classes, component weigher, with batches"));
  CHECK(contains(found({"C07", "counts_on_services"}), "refuses to work in a host without services"));
  CHECK(contains(found({"C33", "prints"}), "still <training> & \"learning\""));
  const auto late = check({"C22", "never_ends"}, {.only = {"C22"}, .timeout = std::chrono::seconds(1)});
  CHECK(contains(late.at(0).found, "did not come to an end within 1 s"));
}

TEST_CASE("Check: a seed draws the same again, and a crash says in which round of it") {
  const auto found = [](const std::string& what, std::uint64_t seed) {
    return check({"C38", what}, {.only = {"C38"}, .seed = seed}).at(0).found;
  };
  for (const char* what : {"trusts_what_is_sealed", "divides_by_letters"}) {
    const std::string first = found(what, 7);
    INFO(first);
    CHECK(contains(first, "of --seed 7, component weigher"));
    CHECK(found(what, 7) == first);
    CHECK(found(what, 8).substr(0, first.find("component")) != first.substr(0, first.find("component")));
  }
  CHECK(contains(found("trusts_what_is_sealed", 7), "under its seal"));
  CHECK(contains(found("trusts_what_is_sealed", 7), "SIGABRT"));
}

TEST_CASE("Check: sdk/CHECKS.md lists every rule as it is") {
  const std::string page = read_text(ASSAY_CHECKS_PAGE);
  for (const CheckRule& rule : check_rules()) {
    INFO("rule " << rule.id);
    CHECK(contains(page, fmt::format("\n| {} | {} | {} | {} |\n", rule.id, level_name(rule.level), rule.promise,
                                     rule.mend)));
  }
  std::size_t rows = 0;
  for (std::size_t at = page.find("\n| C"); at != page.npos; at = page.find("\n| C", at + 1)) ++rows;
  CHECK(rows == check_rules().size() + 1);  // C32 is for authors to try
}

TEST_CASE("Check: a library without a usable descriptor skips what would run it") {
  const PluginCheck check = check_plugin(test_plugin("probe_next_major"), worker());
  CHECK(check.results.front().verdict == CheckVerdict::fail);
  CHECK(check.results.back().verdict == CheckVerdict::skipped);
  CHECK_FALSE(check.passed());
}

TEST_CASE("Check: a truncated library fails without being loaded") {
  const TempDir folder;
  const std::string bytes = read_text(test_plugin("probe"));
  write_text(folder / "cut.so", bytes.substr(0, bytes.size() / 2));
  const PluginCheck check = check_plugin(folder / "cut.so", worker());
  CHECK(contains(check.results.front().found, "it is cut off"));
  CHECK(check.results.back().verdict == CheckVerdict::skipped);
}

}  // namespace
}  // namespace assay::test
