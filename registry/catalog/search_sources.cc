// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/search_sources.h"

#include <algorithm>

#include "registry/catalog/search_conditions.h"
#include "registry/domain/search_fields.h"

namespace assay {
namespace {

using Form = SearchExpression::Form;

// Counting stops early, but a hundred conditions shall not all be counted.
constexpr int kMaxMeasured = 16;

// Entries of one index, and the versions that they lead to.
struct Source {
  std::string from;  // the index's table
  std::string join;  // from there to versions
  std::string id;    // of a version
  Fragment where;
  bool of_run = false;  // which may have made many versions
};

struct Narrow {
  Fragment ids;
  std::int64_t entries;
  const SearchExpression* proven = nullptr;
};

bool is_of_artifact(SearchField field) {
  return field == SearchField::kind || field == SearchField::namespace_ || field == SearchField::name;
}

// Whether an index on the value finds what meets the comparison.
bool is_indexed(const SearchCondition& condition) {
  if (is_negated(condition.comparison)) return false;
  switch (condition.comparison) {
    case SearchOperator::absent:
    case SearchOperator::ilike:
      return false;
    case SearchOperator::like:
      return !literal_prefix(std::get<std::string>(condition.values.front())).empty();
    default:
      return true;
  }
}

// Whether the index says all that the condition does: whose metrics, runs and names may be read is not in theirs.
bool is_whole(SearchField field) {
  return field == SearchField::labels;
}

// With a pattern's beginning as a range, which an index understands.
Fragment indexed_test(const std::string& column, const SearchCondition& condition) {
  Fragment out = test_sql(column, condition);
  if (condition.comparison != SearchOperator::like) return out;
  const std::string begin = literal_prefix(std::get<std::string>(condition.values.front()));
  std::string end = begin;
  end.back() = static_cast<char>(end.back() + 1);  // no byte of UTF-8 is the last one
  return out << Fragment(" AND " + column + " >= ").bind(begin) << Fragment(" AND " + column + " < ").bind(end);
}

std::optional<Source> index_of(const SearchKey& key) {
  const Fragment::Bound name = key.key;
  const std::string by_run = " CROSS JOIN runs r ON r.seq = p.run_seq CROSS JOIN versions w ON w.run_id = r.id";
  switch (key.field) {
    case SearchField::digest:
      return Source{"manifests m", " CROSS JOIN versions w ON w.manifest_id = m.id", "w.id", ""};
    case SearchField::created_at:
      return Source{"versions w", "", "w.id", ""};
    case SearchField::stage:
      return Source{"stages s", " CROSS JOIN versions w ON w.artifact_id = s.artifact_id AND w.number = s.number", "w.id",
                    "s.number IS NOT NULL AND "};
    case SearchField::plugin:
      return Source{"run_plugins p", by_run, "w.id", "", true};
    case SearchField::labels:
      return Source{"labels l", "", "l.version_id", {"l.key = ? AND ", {name}}};
    case SearchField::metrics:
      return Source{"newest_metrics x", " CROSS JOIN versions w ON w.manifest_id = x.manifest_id", "w.id",
                    {"x.name = ? AND ", {name}}};
    case SearchField::params:
      return Source{"run_params p", by_run, "w.id", {"p.name = ? AND ", {name}}, true};
    default:
      return std::nullopt;
  }
}

std::string column_of(SearchField field) {
  switch (field) {
    case SearchField::kind:
      return "a.kind";
    case SearchField::namespace_:
      return "n.key";
    case SearchField::name:
      return "a.key";
    case SearchField::digest:
      return "m.digest";
    case SearchField::created_at:
      return "w.created_at";
    case SearchField::stage:
      return "s.key";
    case SearchField::plugin:
      return "p.name";
    case SearchField::labels:
      return "l.value";
    case SearchField::metrics:
      return "x.value";
    default:
      return "p.text";
  }
}

class Finder {
 public:
  Finder(Snapshot& snapshot, const ReadableSpaces& readable, std::int64_t max_entries)
      : snapshot_(snapshot), readable_(readable), max_entries_(max_entries) {}

  // The narrowest for expressions that all hold.
  std::optional<Narrow> of_all(const std::vector<const SearchExpression*>& parts) {
    std::vector<const SearchExpression*> indexed;
    std::vector<const SearchCondition*> conditions;
    for (const SearchExpression* part : parts)
      if (part->form == Form::condition && is_indexed(part->condition)) {
        indexed.push_back(part);
        conditions.push_back(&part->condition);
      }
    std::optional<Narrow> best;
    const auto consider = [&](std::optional<Narrow> found, const SearchExpression* proven) {
      if (!found || (best && found->entries >= best->entries)) return;
      best = std::move(found);
      best->proven = proven;
    };
    consider(of_artifacts(conditions), nullptr);
    for (std::size_t i = 0; i < conditions.size(); ++i)
      if (!is_repeated(conditions, i))
        consider(of_condition(*conditions[i], conditions), is_whole(conditions[i]->subject.field) ? indexed[i] : nullptr);
    for (const SearchExpression* part : parts)
      if (part->form == Form::disjunction) {
        auto found = of_any(part->parts);
        const bool whole = found && found->proven != nullptr;
        consider(std::move(found), whole ? part : nullptr);
      }
    return best;
  }

 private:
  // Proven (whatever part that is) when each side is.
  std::optional<Narrow> of_any(const std::vector<SearchExpression>& parts) {
    Narrow out{{}, 0, &parts.front()};
    for (const SearchExpression& part : parts) {
      std::vector<const SearchExpression*> together = {&part};
      if (part.form == Form::conjunction) {
        together.clear();
        for (const SearchExpression& each : part.parts) together.push_back(&each);
      }
      auto found = of_all(together);
      if (!found) return std::nullopt;
      if (!out.ids.empty()) out.ids << " UNION ALL ";
      out.ids << found->ids;
      out.entries += found->entries;
      if (found->proven != &part) out.proven = nullptr;
    }
    if (out.entries > max_entries_) return std::nullopt;
    return out;
  }

  // Of one value there is one range: `x > 1 AND x < 2`. Stages and names are several or several columns.
  static bool shares_range(const SearchCondition& left, const SearchCondition& right) {
    return left.subject == right.subject && left.subject.field != SearchField::stage;
  }
  static bool is_repeated(const std::vector<const SearchCondition*>& conditions, std::size_t at) {
    const auto here = conditions.begin() + static_cast<std::ptrdiff_t>(at);
    return std::any_of(conditions.begin(), here,
                       [&](const SearchCondition* earlier) { return shares_range(*earlier, **here); });
  }

  std::optional<Narrow> of_condition(const SearchCondition& condition,
                                     const std::vector<const SearchCondition*>& together) {
    auto source = index_of(condition.subject);
    if (!source) return std::nullopt;
    const std::string column = column_of(condition.subject.field);
    source->where << indexed_test(column, condition);
    for (const SearchCondition* other : together)
      if (other != &condition && shares_range(*other, condition))
        source->where << " AND " << indexed_test(column, *other);
    return measured(*source);
  }

  // Namespaces and names lie in small tables of their own, and all conditions on them are asked at once.
  std::optional<Narrow> of_artifacts(const std::vector<const SearchCondition*>& conditions) {
    Source source{"artifacts a JOIN namespaces n ON n.id = a.namespace_id CROSS JOIN versions w ON w.artifact_id = a.id",
                  "", "w.id", readable_sql(readable_)};
    bool narrows = !readable_.all;
    for (const SearchCondition* condition : conditions) {
      if (!is_of_artifact(condition->subject.field)) continue;
      source.where << " AND " << indexed_test(column_of(condition->subject.field), *condition);
      narrows = true;
    }
    return narrows ? measured(source) : std::nullopt;
  }

  std::optional<Narrow> measured(const Source& source) {
    if (++measured_ > kMaxMeasured) return std::nullopt;
    Fragment count("SELECT COUNT(*) FROM (SELECT 1 FROM " + source.from + (source.of_run ? source.join : "") + " WHERE ");
    count << source.where << Fragment(" LIMIT ").bind(max_entries_ + 1) << ")";
    Rows rows = count.query(snapshot_);
    rows.next();
    const auto entries = rows.get<std::int64_t>(0);
    if (entries > max_entries_) return std::nullopt;
    Fragment ids("SELECT " + source.id + " FROM " + source.from + source.join + " WHERE ");
    return Narrow{ids << source.where, entries};
  }

  Snapshot& snapshot_;
  const ReadableSpaces& readable_;
  const std::int64_t max_entries_;
  int measured_ = 0;
};

}  // namespace

std::vector<const SearchExpression*> required(const Search& search) {
  std::vector<const SearchExpression*> out;
  if (search.condition.empty()) return out;
  const SearchExpression& whole = search.condition.front();
  if (whole.form != Form::conjunction) return {&whole};
  for (const SearchExpression& part : whole.parts) out.push_back(&part);
  return out;
}

std::optional<NarrowSource> narrow_source(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable,
                                          std::int64_t max_entries) {
  auto found = Finder(snapshot, readable, max_entries).of_all(required(search));
  if (!found) return std::nullopt;
  return NarrowSource{std::move(found->ids), found->proven};
}

std::vector<const SearchCondition*> required_conditions(const Search& search) {
  std::vector<const SearchCondition*> out;
  for (const SearchExpression* part : required(search))
    if (part->form == Form::condition) out.push_back(&part->condition);
  return out;
}

}  // namespace assay
