// SPDX-License-Identifier: Apache-2.0
#include "registry/service/record_evidence.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/events.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/runs.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/event.h"
#include "registry/domain/json_reader.h"
#include "registry/service/libraries.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

struct Subject {
  std::string_view member;
  Digest digest;
};

std::vector<Subject> subjects(const EvidenceDraft& draft) {
  std::vector<Subject> out = {{"dataset_digest", draft.dataset}};
  if (draft.model) out.push_back({"model_digest", *draft.model});
  if (draft.reference) out.push_back({"reference_digest", *draft.reference});
  return out;
}

// The window of a drift report may be a file that was never pushed: new rows are watched, not kept. It is
// bound to the file's own digest, and the model or the reference still says whom the report concerns.
bool may_be_local(const EvidenceDraft& draft, const Subject& subject) {
  return draft.kind == EvidenceKind::drift && subject.member == "dataset_digest" &&
         (draft.model || draft.reference);
}

// The namespaces where the caller's word counts among those that hold what the record is about.
std::vector<std::string> counting_spaces(Snapshot& snapshot, const Principal& caller,
                                         const EvidenceDraft& draft) {
  std::set<std::string> counting;
  for (const Subject& subject : subjects(draft)) {
    bool readable = false;
    for (const std::string& key : spaces_holding(snapshot, subject.digest)) {
      const Namespace space = Namespace::parse(key);
      readable = readable || caller.may(Permission::read, space);
      if (caller.may(Permission::evaluate, space)) counting.insert(key);
    }
    if (!readable && !may_be_local(draft, subject))
      throw Error(
          Code::not_found,
          fmt::format("evidence.{}: there is no version {} that \"{}\" may read; push it first, then report "
                      "on it",
                      subject.member, subject.digest.text(), caller.name));
  }
  if (counting.empty())
    throw Error(Code::denied,
                fmt::format("\"{}\" may not record evidence on these versions: use a token with the "
                            "role writer or admin in one of their namespaces",
                            caller.name));
  return {counting.begin(), counting.end()};
}

void check_run(Snapshot& snapshot, const Principal& caller, const EvidenceDraft& draft) {
  if (draft.run && !find_run(snapshot, *draft.run, readable_spaces(caller)))
    throw Error(Code::not_found, fmt::format("evidence.run_id: there is no run {} that \"{}\" may read",
                                             draft.run->text(), caller.name));
}

// What the request recorded when it came for the first time.
std::optional<Evidence> earlier_evidence(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now) {
  const auto id = find_recorded(snapshot, caller, key, now);
  return id ? find_evidence(snapshot, Id::parse(*id), ReadableSpaces::everything()) : std::nullopt;
}

}  // namespace

ReadableSpaces readable_spaces(const Principal& caller) {
  if (caller.may_everywhere(Permission::read)) return ReadableSpaces::everything();
  ReadableSpaces out;
  for (const Grant& grant : caller.grants)
    if (grant.space && permits(grant.role, Permission::read)) out.keys.push_back(grant.space->key());
  return out;
}

Evidence record_evidence(const Services& services, const Principal& caller, std::string_view body,
                         RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  return record_evidence(services, caller, evidence_draft_from_json(parse_json(body, "the evidence")),
                         Level::reported, key);
}

Evidence record_evidence(const Services& services, const Principal& caller, EvidenceDraft draft, Level level,
                         RequestKey* key) {
  require_somewhere(caller, Permission::evaluate);
  std::optional<Evidence> earlier;
  // Versions never change and never go away unseen: what is found here still holds in the transaction.
  const auto spaces = services.database.read([&](Snapshot& snapshot) -> std::vector<std::string> {
    earlier = earlier_evidence(snapshot, caller, key, services.clock.now());
    if (earlier) return {};
    check_run(snapshot, caller, draft);
    require_runnable(snapshot, draft.plugin.digest, "The evidence's plugin " + draft.plugin.name);
    return counting_spaces(snapshot, caller, draft);
  });
  if (earlier) return *std::move(earlier);
  const Evidence evidence(std::move(draft), new_id(services.clock, services.entropy), level,
                          services.clock.now(), caller.name);
  // One for each namespace where it counts: who reads only there must be told too.
  std::vector<Event> events;
  for (std::size_t i = 0; i < spaces.size(); ++i)
    events.push_back(event_of(evidence, new_id(services.clock, services.entropy)));
  return services.database.write([&](Transaction& transaction) {
    if (auto raced = earlier_evidence(transaction, caller, key, evidence.created_at))
      return *std::move(raced);
    append_evidence(transaction, evidence, spaces);
    append_audit(transaction,
                 {.time = evidence.created_at,
                  .actor = caller.name,
                  .action = "record_evidence",
                  .subject = "evidence/" + evidence.id.text(),
                  .details = canonical({{"kind", to_text(evidence.kind)}, {"token", caller.id.text()}})});
    for (std::size_t i = 0; i < spaces.size(); ++i)
      append_event(transaction, Namespace::parse(spaces[i]), events[i]);
    remember(transaction, caller, key, evidence.id.text(), evidence.created_at);
    return evidence;
  });
}

Evidence describe_evidence(const Services& services, const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::read);
  auto found = services.database.read(
      [&](Snapshot& snapshot) { return find_evidence(snapshot, id, readable_spaces(caller)); });
  if (found) return *std::move(found);
  throw Error(Code::not_found,
              fmt::format("There is no evidence {} that \"{}\" may read", id.text(), caller.name));
}

Page<Evidence> list_evidence(const Services& services, const Principal& caller, const EvidenceQuery& query,
                             const PageRequest& page) {
  require_somewhere(caller, Permission::read);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_evidence(snapshot, query, readable_spaces(caller), page); });
}

}  // namespace assay
