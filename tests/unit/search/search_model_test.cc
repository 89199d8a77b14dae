// SPDX-License-Identifier: Apache-2.0
// Random searches over a random catalogue find what a plain reading of the grammar finds, by each way through the
// indexes.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/versions.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/search_fields.h"
#include "tests/support/catch.h"
#include "tests/support/random_search.h"
#include "tests/unit/search/search_world.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

using References = std::vector<std::string>;

// A version as the test knows it.
struct Known {
  Version version;
  std::optional<std::string> plugin;
  std::map<std::string, double> metrics;
  std::map<std::string, json> params;
  std::vector<std::string> stages;
};

std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return length;
}

bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%')
    return is_like(text, pattern.substr(1)) || (!text.empty() && is_like(text.substr(character_length(text)), pattern));
  if (pattern[0] == '_') return !text.empty() && is_like(text.substr(character_length(text)), pattern.substr(1));
  if (pattern[0] == '\\') pattern.remove_prefix(1);
  return !text.empty() && text[0] == pattern[0] && is_like(text.substr(1), pattern.substr(1));
}

// What the field holds: nothing, one value, or several (stages only).
std::vector<SearchValue> values_of(const Known& known, const SearchKey& key) {
  const Version& version = known.version;
  switch (key.field) {
    case SearchField::kind:
      return {std::string(singular(version.kind))};
    case SearchField::namespace_:
      return {version.name.space().key()};
    case SearchField::name:
      return {version.name.key()};
    case SearchField::number:
      return {static_cast<double>(version.number)};
    case SearchField::digest:
      return {version.digest.text()};
    case SearchField::created_at:
      return {version.created_at};
    case SearchField::created_by:
      return {version.created_by};
    case SearchField::size:
      return {static_cast<double>(version.size())};
    case SearchField::stage:
      return {known.stages.begin(), known.stages.end()};
    case SearchField::plugin:
      return known.plugin ? std::vector<SearchValue>{*known.plugin} : std::vector<SearchValue>{};
    case SearchField::labels:
      return version.labels.contains(key.key) ? std::vector<SearchValue>{version.labels.at(key.key)}
                                              : std::vector<SearchValue>{};
    case SearchField::metrics:
      return known.metrics.contains(key.key) ? std::vector<SearchValue>{known.metrics.at(key.key)}
                                             : std::vector<SearchValue>{};
    default:
      if (!known.params.contains(key.key)) return {};
      if (known.params.at(key.key).is_number()) return {known.params.at(key.key).get<double>()};
      return {known.params.at(key.key).get<std::string>()};
  }
}

std::string as_text(const SearchValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : canonical(std::get<double>(value));
}

bool meets(const SearchValue& held, SearchOperator comparison, const SearchValue& asked) {
  // A setting that is a number is its text, too.
  if (comparison == SearchOperator::like) return is_like(as_text(held), std::get<std::string>(asked));
  if (comparison == SearchOperator::ilike)
    return is_like(lower_case(as_text(held)), lower_case(std::get<std::string>(asked)));
  const bool as_texts = held.index() != asked.index();
  if (as_texts && std::holds_alternative<double>(asked)) return false;
  const SearchValue left = as_texts ? SearchValue(as_text(held)) : held;
  switch (comparison) {
    case SearchOperator::less:
      return left < asked;
    case SearchOperator::at_most:
      return left <= asked;
    case SearchOperator::greater:
      return left > asked;
    case SearchOperator::at_least:
      return left >= asked;
    default:
      return left == asked;
  }
}

bool holds(const Known& known, const SearchExpression& expression) {
  using Form = SearchExpression::Form;
  const auto part_holds = [&](const SearchExpression& part) { return holds(known, part); };
  const auto& parts = expression.parts;
  if (expression.form == Form::negation) return !part_holds(parts.front());
  if (expression.form == Form::conjunction) return std::all_of(parts.begin(), parts.end(), part_holds);
  if (expression.form == Form::disjunction) return std::any_of(parts.begin(), parts.end(), part_holds);
  const SearchCondition& condition = expression.condition;
  const auto held = values_of(known, condition.subject);
  if (condition.comparison == SearchOperator::absent) return held.empty();
  if (condition.comparison == SearchOperator::present) return !held.empty();
  const SearchOperator turned = positive(condition.comparison);
  const bool any = std::any_of(held.begin(), held.end(), [&](const SearchValue& value) {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const SearchValue& asked) { return meets(value, turned, asked); });
  });
  return is_negated(condition.comparison) ? !held.empty() && !any : any;
}

// Negative when `left` comes first.
int compare(const Known& left, const Known& right, const SearchOrder& order) {
  std::vector<SearchValue> a = values_of(left, order.subject), b = values_of(right, order.subject);
  if (order.subject.field == SearchField::params)  // by number
    for (auto* values : {&a, &b})
      if (!values->empty() && !std::holds_alternative<double>(values->front())) values->clear();
  if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
  const int sign = a.front() < b.front() ? -1 : a.front() == b.front() ? 0 : 1;
  return order.direction == SearchOrder::Direction::ascending ? sign : -sign;
}

class RandomCatalogue : public SearchWorld {
 public:
  explicit RandomCatalogue(RandomSearches& random) : random_(random) {
    known_.push_back({data, {}, {}, {}, {}});
    for (int i = 0; i < 60; ++i) add();
    for (int i = 0; i < 60; ++i) measure_one();
    for (int i = 0; i < 8; ++i) promote_one();
    for (int i = 0; i < 6; ++i) delete_one();
  }

  References naive(const Search& search) const {
    std::vector<const Known*> matching;
    for (const Known& known : known_)
      if (search.condition.empty() || holds(known, search.condition.front())) matching.push_back(&known);
    std::reverse(matching.begin(), matching.end());  // the newest first
    std::stable_sort(matching.begin(), matching.end(), [&](const Known* left, const Known* right) {
      for (const SearchOrder& order : search.order)
        if (const int sign = compare(*left, *right, order); sign != 0) return sign < 0;
      return false;
    });
    References out;
    for (const Known* known : matching) out.push_back(text_of(known->version.kind, known->version.reference()));
    return out;
  }

  References found(const Search& search, int limit, std::int64_t max_gathered) {
    References out;
    PageRequest page{{}, limit};
    do {
      const auto some = database->read([&](Snapshot& snapshot) {
        return search_versions(snapshot, search, ReadableSpaces::everything(), page, max_gathered);
      });
      for (const FoundVersion& version : some.items) out.push_back(text_of(version.kind, version.reference()));
      page.cursor = some.next_cursor;
    } while (page.cursor);
    return out;
  }

 private:
  static std::string text_of(Kind kind, const std::string& reference) {
    return std::string(singular(kind)) + " " + reference;
  }

  void add() {
    const SearchPool& pool = random_.pool();
    Published what{.kind = random_.below(5) == 0 ? Kind::dataset : Kind::model,
                   .name = random_.one_of(pool.namespaces) + "/" + random_.one_of(pool.names),
                   .contents = random_.one_of(pool.contents) + std::to_string(random_.below(20))};
    for (const std::string& key : pool.label_keys)
      if (random_.below(2) == 0) what.labels[key] = random_.one_of(pool.label_values);
    Known known{data, {}, {}, {}, {}};
    if (random_.below(2) == 0) {
      known.plugin = random_.one_of(pool.plugins);
      for (const std::string& name : pool.param_names)
        if (random_.below(3) == 0)
          known.params[name] = random_.one_of(pool.param_texts);
        else if (random_.below(2) == 0)
          known.params[name] = random_.one_of(pool.param_numbers);
      what.run = run(known.params, *known.plugin);
    }
    known.version = publish(principal(random_.one_of(pool.people), Role::admin), what);
    // The same bytes have the same metrics where they count.
    for (const Known& other : known_)
      if (other.version.digest == known.version.digest && other.version.name.space() == known.version.name.space())
        known.metrics = other.metrics;
    known_.push_back(std::move(known));
  }

  void measure_one() {
    const Known& one = random_.one_of(known_);
    const std::string name = random_.one_of(random_.pool().metric_names);
    const bool given = random_.below(8) != 0;
    const double value = random_.one_of(random_.pool().metric_values);
    SearchWorld::measure(one.version, name, given ? json(value) : json());
    const Digest digest = one.version.digest;
    for (Known& known : known_) {
      if (known.version.digest != digest) continue;
      known.metrics.erase(name);
      if (given) known.metrics[name] = value;
    }
  }

  void promote_one() {
    Known& one = known_[random_.below(known_.size())];
    if (one.version.kind != Kind::model) return;
    const std::string stage = random_.one_of(random_.pool().stages);
    SearchWorld::promote(one.version, stage);
    for (Known& known : known_)
      if (known.version.name == one.version.name && known.version.kind == Kind::model) std::erase(known.stages, stage);
    one.stages.push_back(stage);
  }

  void delete_one() {
    const std::size_t at = random_.below(known_.size());
    if (!known_[at].stages.empty() || known_[at].version.reference() == data.reference()) return;
    database->write(
        [&](Transaction& transaction) { assay::delete_version(transaction, known_[at].version.id, clock.now()); });
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  RandomSearches& random_;
  std::vector<Known> known_;
};

}  // namespace

TEST_CASE("Search: random searches find what reading every version finds") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  RandomSearches random(seed, {});
  RandomCatalogue catalogue(random);
  std::size_t some = 0;
  for (int i = 0; i < 400; ++i) {
    const Search search = random.search();
    INFO(to_text(search));
    const References expected = catalogue.naive(search);
    some += expected.empty() ? 0 : 1;
    // Gathered when an index narrows it, and as if none did; in one page and in several.
    REQUIRE(catalogue.found(search, 500, kMaxGathered) == expected);
    REQUIRE(catalogue.found(search, 500, -1) == expected);
    REQUIRE(catalogue.found(search, 7, i % 2 == 0 ? -1 : kMaxGathered) == expected);
  }
  CHECK(some > 100);
}
