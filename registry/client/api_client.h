// SPDX-License-Identifier: Apache-2.0
// The registry's HTTP API as typed calls: JSON goes in and comes out here and nowhere above. Every call
// throws the server's own Error when it refuses, and unavailable when there is no server (see session.h).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/client/session.h"
#include "registry/client/transfer.h"
#include "registry/domain/artifact.h"
#include "registry/domain/decision.h"
#include "registry/domain/key_name.h"
#include "registry/domain/found_version.h"
#include "registry/domain/lease.h"
#include "registry/domain/run.h"
#include "registry/domain/stage.h"

namespace assay {
struct Bundle;
}

namespace assay::client {

struct PublishDetails {
  Labels labels;
  std::optional<std::string> profile;  // a JSON object
  std::optional<std::string> run_id;
  bool if_changed = false;  // answer the newest version when it has the same digest
};

struct Published {
  Version version;
  bool created = true;
};

struct PromotionWanted {
  std::string version;  // a number, a stage or a digest
  std::optional<std::int64_t> expected_revision{};
  bool dry_run = false;
  std::optional<Digest> plan{};
  bool force = false;
  std::string reason{};
};

struct TokenWanted {
  std::string name;
  std::string role;
  std::string namespace_;  // "*" is all
  std::optional<std::int64_t> expires_in_s;
};

// Whether the registry holds these bytes and lets this caller read them.
bool has_blob(Session& session, const Digest& digest);

// One thread at a time.
class ApiClient {
 public:
  explicit ApiClient(SessionOptions options) : session_(std::move(options)) {}

  Session& session() { return session_; }

  // ---- artifacts: artifact_calls.cc
  std::vector<Artifact> artifacts(Kind kind, const std::optional<Namespace>& space);  // all pages
  std::optional<Artifact> find_artifact(Kind kind, const Name& name);
  std::vector<Version> versions(Kind kind, const Name& name, std::size_t limit);  // newest first
  Version version(Kind kind, const Reference& reference);
  // The files must have been uploaded before.
  Published publish(Kind kind, const Name& name, const std::vector<VersionFile>& files,
                    const PublishDetails& details);
  nlohmann::json lineage(Kind kind, const Reference& reference);
  // What the registry found in each file, the member "content" of a version's document.
  nlohmann::json content(const Version& version);

  // ---- signatures and trusted keys: signing_calls.cc
  // All answer what openapi.yaml says.
  nlohmann::json signatures(const Version& version);  // the items
  nlohmann::json add_signature(const Version& version, const std::string& bundle);
  nlohmann::json trusted_keys(const Namespace& space);  // the items
  nlohmann::json set_trusted_key(const Namespace& space, const KeyName& name, const std::string& pem);
  nlohmann::json remove_trusted_key(const Namespace& space, const KeyName& name);  // as it was

  // {"versions","runs","evidence","dry_run"} as openapi.yaml says.
  nlohmann::json import_records(const nlohmann::json& records);
  // `query` and `order` as registry/domain/search.h reads them; either may be empty.
  std::vector<FoundVersion> search(const std::string& query, const std::string& order, std::optional<Kind> kind,
                                   std::size_t limit);

  // ---- stages: stage_calls.cc
  Stage stage(const Name& model, const std::string& stage);
  struct StageThen {
    Stage stage;                       // as it stood at that moment
    std::optional<Decision> decision;  // the one that had moved it there
  };
  StageThen stage_at(const Name& model, const std::string& stage, Time at);
  std::vector<Stage> stages(const Name& model);
  std::vector<Decision> stage_history(const Name& model, const std::string& stage,
                                      std::size_t limit);  // newest first
  Decision decision(const std::string& id);
  // Refusals are decisions too. Throws conflict when `expected_revision` is not the stage's.
  Decision promote(const Name& model, const std::string& stage, const PromotionWanted& wanted);
  // All or none; a decision for each. `items` as the request has them.
  std::vector<Decision> promote_batch(const nlohmann::json& items, bool dry_run);
  Decision roll_back(const Name& model, const std::string& stage, const std::string& to,
                     const std::string& reason);
  // Those that wait for approvals, newest first.
  std::vector<Decision> waiting_decisions();
  // Answers one; the decision that came of it, which may wait for more people.
  Decision answer_decision(const std::string& id, bool agrees, const std::string& reason);
  Bundle decision_bundle(const std::string& id);
  std::optional<Lease> lease(const Name& model, const std::string& stage);
  Lease take_lease(const Name& model, const std::string& stage, const std::string& length, const std::string& reason);
  void give_back_lease(const Name& model, const std::string& stage);
  // {"digest","problem"}
  nlohmann::json problem(const Name& model);
  nlohmann::json set_problem(const Name& model, const nlohmann::json& problem);
  // {"digest","policy"}
  nlohmann::json policy(const Name& model, const std::string& stage);
  nlohmann::json set_policy(const Name& model, const std::string& stage, const nlohmann::json& policy);
  // Of a policy that is not set: its verdict on a version now, and on the stage's last promotions.
  Decision test_policy(const Name& model, const std::string& stage, const nlohmann::json& policy,
                       const std::string& version);
  nlohmann::json backtest_policy(const Name& model, const std::string& stage, const nlohmann::json& policy, int last);

  // ---- runs and evidence: record_calls.cc
  Id start_run(const RunDraft& draft);
  void finish_run(const Id& id, const RunOutcome& outcome);
  Id record_evidence(const EvidenceDraft& draft);
  std::vector<Evidence> evidence(const EvidenceQuery& query, std::size_t limit);  // newest first
  Run run(const Id& id);
  std::vector<Run> runs(const std::optional<Name>& model, std::size_t limit);  // newest first

  // ---- keeping the store: keeping_calls.cc
  // All answer what openapi.yaml says.
  nlohmann::json delete_version(Kind kind, const Reference& reference);
  nlohmann::json start_job(const std::string& kind, const nlohmann::json& wish);
  nlohmann::json job(const std::string& id);
  nlohmann::json stop_job(const std::string& id);
  nlohmann::json quotas();
  nlohmann::json set_quota(const Namespace& space, std::optional<std::uint64_t> limit);
  nlohmann::json savings(std::size_t limit);
  nlohmann::json savings(Kind kind, const Name& name);
  nlohmann::json why(const Digest& digest);
  nlohmann::json library(const Digest& digest);
  // `verb` is revoke or reinstate.
  nlohmann::json change_library(const Digest& digest, const std::string& verb, const std::string& reason);

  // ---- webhooks: webhook_calls.cc
  // Answers the webhook with its "secret". No `space` means all, no `events` all types.
  nlohmann::json create_webhook(const std::string& url, const std::vector<std::string>& events,
                                const std::optional<Namespace>& space);
  nlohmann::json webhooks();  // an array
  nlohmann::json webhook(const Id& id);
  void delete_webhook(const Id& id);
  nlohmann::json deliveries(const Id& webhook, std::size_t limit);  // an array, newest first
  nlohmann::json delivery(const Id& id);
  // The new delivery, which is due.
  nlohmann::json redeliver(const Id& delivery);
  nlohmann::json test_webhook(const Id& id);

  // ---- the server: server_calls.cc
  nlohmann::json whoami();
  nlohmann::json stats();
  nlohmann::json audit(std::size_t limit);  // an array, newest first
  nlohmann::json create_token(const TokenWanted& wanted);
  // A token for who brings an identity provider's, of a trust that lets it in.
  nlohmann::json exchange_token(const std::string& trust, const std::string& token);
  nlohmann::json trusts();  // an array
  nlohmann::json set_trust(const std::string& name, const nlohmann::json& document);
  void remove_trust(const std::string& name);

 private:
  // The members of `items` of all pages of a list, at most `limit`.
  std::vector<nlohmann::json> all_items(const std::string& target, std::size_t limit, std::string_view doing);

  Session session_;
};

}  // namespace assay::client
