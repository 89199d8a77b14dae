// SPDX-License-Identifier: Apache-2.0
// Searches made at random, of every form that the parser gives, over few keys and values so that some match.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "registry/domain/kind.h"
#include "registry/domain/search.h"
#include "registry/domain/search_fields.h"
#include "storage/base/digest.h"

namespace assay::test {

// What values are drawn from; a test that has a catalogue draws them from the same.
struct SearchPool {
  std::vector<std::string> namespaces = {"default", "acme"};
  std::vector<std::string> names = {"churn", "churn-eu", "late_flights"};
  std::vector<std::string> people = {"ada", "Bob"};
  std::vector<std::string> stages = {"production", "staging"};
  std::vector<std::string> plugins = {"gbt", "linear"};
  std::vector<std::string> label_keys = {"team", "o`dd 'k\"ey"};
  std::vector<std::string> label_values = {"risk", "Risk", "10%", "a_b", "f\xC3\xBCr", "it's [x]*?", "\\", ""};
  std::vector<std::string> metric_names = {"roc_auc", "p@5 %"};
  std::vector<double> metric_values = {-1, 0, 0.5, 0.75, 0.1, 1e300};
  std::vector<std::string> param_names = {"max_depth", "my key"};
  std::vector<std::string> param_texts = {"gbtree", "true", "6"};
  std::vector<double> param_numbers = {4, 6, -0.5};
  std::vector<std::string> contents = {"one", "two", "three"};
  std::vector<Digest> digests = {Digest::of("one"), Digest::of("two")};
  Time start = parse_time("2026-11-21T00:00:00Z");
};

class RandomSearches {
 public:
  RandomSearches(std::uint64_t seed, SearchPool pool) : random_(seed), pool_(std::move(pool)) {}

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  const SearchPool& pool() const { return pool_; }

  Search search() {
    Search out;
    if (below(8) != 0) out.condition.push_back(expression(3));
    for (std::size_t i = below(4); i > 0; --i) {
      SearchKey key = this->key();
      if (info(key.field).sortable)
        out.order.push_back({key, below(2) == 0 ? SearchOrder::Direction::ascending : SearchOrder::Direction::descending});
    }
    return out;
  }

  SearchExpression expression(int depth) {
    using Form = SearchExpression::Form;
    const std::size_t form = depth == 0 ? 0 : below(5);
    if (form < 2) return {.form = Form::condition, .condition = condition()};
    SearchExpression out{.form = form == 2 ? Form::negation : form == 3 ? Form::conjunction : Form::disjunction};
    for (std::size_t i = out.form == Form::negation ? 1 : 2 + below(2); i > 0; --i)
      out.parts.push_back(expression(depth - 1));
    return out;
  }

  SearchCondition condition() {
    SearchCondition out{.subject = key(), .comparison = {}, .values = {}};
    const SearchFieldInfo& field = info(out.subject.field);
    do out.comparison = static_cast<SearchOperator>(below(14));
    while (!may_be(out.comparison, field));
    const SearchOperator turned = positive(out.comparison);
    if (turned == SearchOperator::absent || turned == SearchOperator::present) return out;
    const bool texts = turned == SearchOperator::like || turned == SearchOperator::ilike;
    const bool ordered = turned >= SearchOperator::less && turned <= SearchOperator::at_least;
    for (std::size_t i = turned == SearchOperator::in ? 1 + below(3) : 1; i > 0; --i)
      out.values.push_back(texts ? pattern(out.subject) : value(out.subject, ordered));
    return out;
  }

 private:
  SearchKey key() {
    SearchKey out{.field = static_cast<SearchField>(below(kSearchFields.size()))};
    if (out.field == SearchField::labels) out.key = one_of(pool_.label_keys);
    if (out.field == SearchField::metrics) out.key = one_of(pool_.metric_names);
    if (out.field == SearchField::params) out.key = one_of(pool_.param_names);
    return out;
  }

  static bool may_be(SearchOperator comparison, const SearchFieldInfo& field) {
    const bool ordered = field.type == SearchType::number || field.type == SearchType::time || field.type == SearchType::setting;
    const bool patterned = field.type == SearchType::name || field.type == SearchType::text || field.type == SearchType::setting;
    switch (positive(comparison)) {
      case SearchOperator::equal:
      case SearchOperator::in:
        return true;
      case SearchOperator::like:
      case SearchOperator::ilike:
        return patterned;
      case SearchOperator::absent:
      case SearchOperator::present:
        return field.optional;
      default:
        return ordered;
    }
  }

  SearchValue value(const SearchKey& key, bool ordered) {
    switch (key.field) {
      case SearchField::kind:
        return std::string(singular(kKinds[below(kKinds.size())]));
      case SearchField::digest:
        return one_of(pool_.digests).text();
      case SearchField::number:
        return static_cast<double>(below(4));
      case SearchField::size:
        return static_cast<double>(3 + below(3));
      case SearchField::created_at:
        return pool_.start + std::chrono::minutes(below(30));
      case SearchField::metrics:
        return one_of(pool_.metric_values);
      case SearchField::params:
        if (ordered || below(2) == 0) return one_of(pool_.param_numbers);
        return one_of(pool_.param_texts);
      default:
        return text(key);
    }
  }

  std::string text(const SearchKey& key) {
    switch (key.field) {
      case SearchField::namespace_:
        return one_of(pool_.namespaces);
      case SearchField::name:
        return one_of(pool_.names);
      case SearchField::stage:
        return one_of(pool_.stages);
      case SearchField::plugin:
        return one_of(pool_.plugins);
      case SearchField::labels:
        return one_of(pool_.label_values);
      case SearchField::params:
        return one_of(pool_.param_texts);
      default:
        return one_of(pool_.people);
    }
  }

  // A value with some of it blurred, escaped where it would mean something.
  SearchValue pattern(const SearchKey& key) {
    std::string out;
    const std::string plain = text(key);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const bool inside = (static_cast<unsigned char>(plain[i]) & 0xC0) == 0x80;  // of a character
      const std::size_t chance = inside ? 9 : below(10);
      if (chance == 0) return out + '%';
      if (chance == 1 && static_cast<unsigned char>(plain[i]) < 0x80) {
        out += '_';
        continue;
      }
      if (plain[i] == '%' || plain[i] == '_' || plain[i] == '\\') out += '\\';
      out += plain[i];
    }
    return below(3) == 0 ? '%' + out : out;
  }

  std::mt19937_64 random_;
  SearchPool pool_;
};

}  // namespace assay::test
