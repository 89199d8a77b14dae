// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/catalogue_story.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/audit_tree.h"
#include "registry/events/delivery_queue.h"
#include "registry/service/approve.h"
#include "registry/service/collect_garbage.h"
#include "registry/service/delete_version.h"
#include "registry/service/import_records.h"
#include "registry/service/lease.h"
#include "registry/service/libraries.h"
#include "registry/service/policy.h"
#include "registry/service/problem.h"
#include "registry/service/promote.h"
#include "registry/service/promote_batch.h"
#include "registry/service/publish.h"
#include "registry/service/quota.h"
#include "registry/service/record_evidence.h"
#include "registry/service/record_run.h"
#include "registry/service/rollback.h"
#include "registry/service/scrub_blobs.h"
#include "registry/service/signatures.h"
#include "registry/service/tokens.h"
#include "registry/service/trusts.h"
#include "registry/service/upload.h"
#include "registry/service/webhooks.h"
#include "registry/signing/model_signature.h"
#include "tests/support/catch.h"
#include "tests/support/identity_provider.h"
#include "tests/unit/promotion/world.h"
#include "tests/unit/signing/openssl.h"

namespace assay::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const Name kChurn = Name::parse("churn");
const Namespace kSpace = Namespace::standard();

Digest rows_of(Snapshot& snapshot, const std::string& table) {
  std::string row;
  for (Rows columns = snapshot.query("SELECT name FROM pragma_table_info(?)", {table}); columns.next();)
    row += fmt::format("{}quote(\"{}\")", row.empty() ? "" : " || ',' || ", columns.get<std::string>(0));
  std::string text;
  for (Rows rows = snapshot.query_once(fmt::format("SELECT {} FROM \"{}\" ORDER BY 1", row, table), {}); rows.next();)
    text += rows.get<std::string>(0) + '\n';
  return Digest::of(text);
}

std::vector<std::string> tables_of(Snapshot& snapshot) {
  std::vector<std::string> out;
  Rows rows = snapshot.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  while (rows.next()) out.push_back(rows.get<std::string>(0));
  return out;
}

Digest schema_of(Snapshot& snapshot) {
  std::string text;
  Rows rows = snapshot.query("SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1");
  while (rows.next()) text += rows.get<std::string>(0) + '\n';
  return Digest::of(text);
}

json plugin(const std::string& name) {
  return {{"name", name}, {"version", "1.0.0"}, {"digest", Digest::of(name).text()}, {"component", name}};
}

RequestKey key_of(const std::string& text) {
  return {.text = text, .operation = "POST", .fingerprint = Digest::of(text)};
}

}  // namespace

CatalogueState state_of(Snapshot& snapshot) {
  CatalogueState out;
  for (const std::string& table : tables_of(snapshot)) out.tables.emplace(table, rows_of(snapshot, table));
  out.tables.emplace("sqlite_schema", schema_of(snapshot));
  if (out.tables.contains("audit_nodes")) out.trail = audit_head(snapshot);
  return out;
}

CatalogueState state_of(Database& database) {
  return database.read([](Snapshot& snapshot) { return state_of(snapshot); });
}

std::string difference(const CatalogueState& one, const CatalogueState& other) {
  std::string out;
  for (const auto& [table, rows] : one.tables) {
    const auto found = other.tables.find(table);
    if (found == other.tables.end() || found->second != rows) out += (out.empty() ? "" : ", ") + table;
  }
  return out;
}

void CatalogueStory::StoryEntropy::fill(std::span<std::byte> out) {
  const std::uint64_t draw = ++drawn;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i < 8 ? draw >> (8 * i) : i);
}

Principal CatalogueStory::principal(const std::string& name, Role role) {
  return {.id = new_id(clock_, entropy_), .name = name, .grants = {Grant{.role = role, .space = {}}}};
}

Services CatalogueStory::services(Database& database) {
  return {.database = database, .blobs = blobs_, .clock = clock_, .entropy = entropy_, .maintenance = &maintenance_};
}

void CatalogueStory::tell(const Chapter& chapter, Database& database) {
  clock_.set(chapter.at);
  entropy_.drawn = chapter.drawn;
  chapter.work(services(database));
}

Version CatalogueStory::push(const Services& services, Kind kind, const std::string& name,
                             const std::string& contents) const {
  Upload upload(services, admin_, {});
  upload.write(std::as_bytes(std::span(contents)));
  const BlobInfo blob = upload.finish();
  PublishRequest request{.kind = kind,
                         .name = Name::parse(name),
                         .files = {{FilePath::parse("data.csv"), blob.digest, blob.size, {}}},
                         .labels = {{"team", "risk"}, {"of", name}},
                         .profile = R"({"rows":2})",
                         .run_id = {}};
  RequestKey key = key_of("publish " + name + contents);
  return publish(services, admin_, request, &key).version;
}

Decision CatalogueStory::ask(const Services& services, const std::string& stage, const std::string& version) const {
  return promote(services, admin_,
                 {.model = kChurn, .stage = StageName::parse(stage), .version = Selector::parse(version), .expected_revision = {}});
}

void CatalogueStory::publishing() {
  chapter("publish a dataset", [this](const Services& on) {
    versions_.insert_or_assign("holdout", push(on, Kind::dataset, "holdout", "a,b\n1,2\n"));
  });
  chapter("publish the first version of a model", [this](const Services& on) {
    versions_.insert_or_assign("one", push(on, Kind::model, "churn", "first"));
  });
  chapter("start a run", [this](const Services& on) {
    const json draft = {{"kind", "train"},
                        {"plugin", plugin("gbt")},
                        {"inputs", json::array({{{"role", "train"}, {"kind", "dataset"}, {"reference", "holdout@1"},
                                                 {"digest", versions_.at("holdout").digest.text()}}})},
                        {"config", {{"max_depth", 6}, {"loss", "log"}, {"early", true}}},
                        {"seed", 7},
                        {"max_threads", 2},
                        {"environment", {{"host", "desk"}}}};
    ids_.insert_or_assign("run", start_run(on, admin_, draft.dump()).id);
  });
  chapter("publish what a run made", [this](const Services& on) {
    const std::string contents = "second";
    Upload upload(on, admin_, {});
    upload.write(std::as_bytes(std::span(contents)));
    const BlobInfo blob = upload.finish();
    versions_.insert_or_assign("two", publish(on, admin_,
                               {.kind = Kind::model,
                                .name = kChurn,
                                .files = {{FilePath::parse("w.bin"), blob.digest, blob.size, {}}},
                                .labels = {},
                                .profile = {},
                                .run_id = ids_.at("run")})
                           .version);
  });
  chapter("finish a run", [this](const Services& on) {
    const json outcome = {
        {"status", "finished"},
        {"metrics", json::array({{{"name", "loss"}, {"step", 1}, {"value", 0.5}}})},
        {"log", "one round"},
        {"outputs", json::array({{{"role", "model"}, {"kind", "model"}, {"digest", versions_.at("two").digest.text()}}})},
        {"error", json()}};
    finish_run(on, admin_, ids_.at("run"), outcome.dump());
  });
}

void CatalogueStory::measuring() {
  const auto measure = [this](const Services& on, const char* version, double auc) {
    const json document = evaluation(versions_.at(version).digest, versions_.at("holdout").digest,
                                     {metric("auc", auc), metric("loss", 1 - auc, false), metric("auc", 0.4, true, "sex=f")});
    record_evidence(on, admin_, document.dump());
  };
  chapter("record an evaluation", [measure](const Services& on) { measure(on, "one", 0.8); });
  chapter("record a newer evaluation", [measure](const Services& on) {
    measure(on, "one", 0.9);
    measure(on, "two", 0.1);
  });
  chapter("record a validation", [this](const Services& on) {
    record_evidence(on, admin_,
                    validation(versions_.at("holdout").digest,
                               {{{"severity", "warning"}, {"rule", "range"}, {"column", "a"}, {"row_count", 1},
                                 {"sample_rows", json::array({1})}, {"message", "out of range"}}})
                        .dump());
  });
}

void CatalogueStory::deciding() {
  chapter("set a problem and policies", [this](const Services& on) {
    set_problem(on, admin_, kChurn,
                R"({"target":"late","unit":"a flight","primary_metric":"auc","owner":"ada"})", {});
    const auto policy = [&](const char* stage, json document) {
      document["stage"] = stage;
      set_policy(on, admin_, kChurn, StageName::parse(stage), document.dump());
    };
    policy("gated", {{"rules", json::array({{{"metric", {{"name", "auc"}, {"dataset", "holdout@1"}, {"at_least", 0.5}}}}})}});
    policy("asked", {{"rules", json::array()}, {"approvals", {{"count", 1}}}});
  });
  chapter("promote, be refused, and promote what is there", [this](const Services& on) {
    ask(on, "open", "1");
    ask(on, "gated", "1");
    ask(on, "gated", "2");
    ask(on, "gated", "1");
  });
  chapter("wait for people, who refuse and agree", [this](const Services& on) {
    const Decision first = ask(on, "asked", "1");
    approve(on, promoter_, {.decision = *first.id, .agrees = false});
    const Decision second = ask(on, "asked", "2");
    approve(on, promoter_, {.decision = *second.id});
  });
  chapter("promote in a batch, which is withheld, and in one that is not", [this](const Services& on) {
    const auto item = [](const char* stage, int version) {
      return json{{"model", "churn"}, {"stage", stage}, {"version", std::to_string(version)}};
    };
    for (const int version : {2, 1})
      promote_batch(on, admin_,
                    parse_promotion_batch(
                        json{{"items", json::array({item("open", 2), item("gated", version)})}}.dump()));
  });
  chapter("roll back", [this](const Services& on) {
    rollback(on, admin_, {kChurn, StageName::parse("open"), {}, "it was worse", {}});
  });
  chapter("hold a stage and give it back", [this](const Services& on) {
    const StageName open = StageName::parse("open");
    take_lease(on, promoter_, kChurn, open, parse_lease_request(R"({"for":"2h","reason":"moving"})"));
    give_back_lease(on, promoter_, kChurn, open);
  });
}

void CatalogueStory::keeping() {
  chapter("set quotas and take one back", [this](const Services& on) {
    set_quota(on, admin_, kSpace, 1'000'000);
    set_quota(on, admin_, Namespace::parse("acme"), 1'000);
    set_quota(on, admin_, Namespace::parse("acme"), std::nullopt);
  });
  chapter("import a version and evidence", [this](const Services& on) {
    const std::string contents = "from elsewhere";
    Upload upload(on, admin_, {});
    upload.write(std::as_bytes(std::span(contents)));
    const BlobInfo blob = upload.finish();
    const std::vector<VersionFile> files = {{FilePath::parse("w.bin"), blob.digest, blob.size, {}}};
    const std::string digest = Manifest::build(Kind::model, files).digest().text();
    const json version = {{"kind", "model"},
                          {"namespace", "acme"},
                          {"name", "moved"},
                          {"number", 1},
                          {"digest", digest},
                          {"created_at", "2026-01-02T03:04:05.000Z"},
                          {"created_by", "somebody elsewhere"},
                          {"files", json::array({{{"path", "w.bin"}, {"digest", blob.digest.text()}, {"size", blob.size}}})},
                          {"labels", {{"team", "risk"}}},
                          {"profile", nullptr},
                          {"run_id", nullptr}};
    json evidence = evaluation(Digest::parse(digest), versions_.at("holdout").digest, {metric("auc", 0.7)});
    evidence.update({{"id", "01kb0000000000000000000000"},
                     {"level", "reported"},
                     {"created_at", "2026-01-02T03:04:06.000Z"},
                     {"created_by", "somebody elsewhere"}});
    const json body = {{"versions", json::array({version})}, {"runs", json::array()}, {"evidence", json::array({evidence})},
                       {"dry_run", false}};
    import_records(on, admin_, parse_import_request(body.dump()));
  });
}

void CatalogueStory::letting_in() {
  chapter("make tokens and revoke one", [this](const Services& on) {
    create_token(on, admin_, parse_token_request(R"({"name":"ci","role":"promoter"})"));
    ids_.insert_or_assign("token", create_token(on, admin_, parse_token_request(R"({"name":"ann","role":"writer","expires_in_s":60})")).id);
    revoke_token(on, admin_, ids_.at("token"));
  });
  const auto key = std::make_shared<IdentityKey>(IdentityKey::ec("2026"));
  chapter("trust a provider", [this, key](const Services& on) {
    const json document = {{"issuer", "https://idp"},
                           {"audience", "assay"},
                           {"claims", {{"repository_id", json::array({"42"})}}},
                           {"role", "promoter"},
                           {"namespace", "default"},
                           {"keys", {{"keys", json::array({key->jwk()})}}}};
    put_trust(on, admin_, "github", document.dump());
  });
  chapter("let a job in, then trust its provider no more", [this, key](const Services& on) {
    const auto now_s = std::chrono::floor<std::chrono::seconds>(on.clock.now()).time_since_epoch().count();
    const json claims = {{"iss", "https://idp"}, {"aud", "assay"}, {"sub", "repo:acme/churn"}, {"exp", now_s + 300},
                         {"repository_id", 42}};
    exchange_token(on, {"github", key->sign(claims)});
    remove_trust(on, admin_, "github");
  });
}

void CatalogueStory::telling_others() {
  chapter("make webhooks and delete one", [this](const Services& on) {
    const auto make = [&](const char* body) { return create_webhook(on, {}, admin_, parse_webhook_request(body)).id; };
    ids_.insert_or_assign("webhook", make(R"({"url":"https://a.example/"})"));
    delete_webhook(on, admin_, make(R"({"url":"https://b.example/","namespace":"default"})"));
  });
  chapter("something to tell of", [this](const Services& on) {
    push(on, Kind::model, "churn", "third");
    ask(on, "open", "3");
  });
  const auto settle = [this](const Services& on, const SendResult& result) {
    DeliveryQueue queue(on.database, on.clock, entropy_);
    const auto assignment = queue.take();
    REQUIRE(assignment);
    queue.settle(*assignment, result, 5ms);
    return assignment->delivery.id;
  };
  chapter("deliver an event", [settle, this](const Services& on) { ids_.insert_or_assign("delivery", settle(on, {.http_status = 200})); });
  chapter("fail to deliver the next", [settle](const Services& on) { settle(on, {.http_status = 500}); });
  chapter("deliver it at last", [settle](const Services& on) { settle(on, {.http_status = 200}); });
  chapter("try a webhook, and send again", [settle, this](const Services& on) {
    test_webhook(on, admin_, ids_.at("webhook"));
    settle(on, {.http_status = 200});
    RequestKey key = key_of("again");
    redeliver(on, admin_, ids_.at("delivery"), &key);
    settle(on, {.http_status = 410});  // which ends the webhook
  });
}

void CatalogueStory::signing() {
  const auto pair = std::make_shared<KeyPair>();
  const auto bundle = std::make_shared<std::string>();  // each signature is another
  chapter("trust a key", [this, pair](const Services& on) {
    set_trusted_key(on, admin_, kSpace, KeyName::parse("release"), json{{"pem", read_pem(pair->pub)}}.dump());
  });
  chapter("keep a signature", [this, pair, bundle](const Services& on) {
    if (bundle->empty()) *bundle = sign_model("churn", versions_.at("one").files, pair->private_key());
    add_signature(on, admin_, kChurn, Selector::parse("1"), *bundle);
  });
  chapter("trust a key no more", [this](const Services& on) {
    remove_trusted_key(on, admin_, kSpace, KeyName::parse("release"));
  });
  chapter("revoke a library and reinstate it", [this](const Services& on) {
    revoke_library(on, admin_, Digest::of("gbt"), R"({"reason":"wrong sums"})");
    RequestKey key = key_of("reinstate");
    reinstate_library(on, admin_, Digest::of("gbt"), R"({"reason":"it was another"})", &key);
  });
}

void CatalogueStory::removing() {
  chapter("publish what will not stay", [this](const Services& on) { push(on, Kind::model, "churn", "fourth"); });
  chapter("delete a version", [this](const Services& on) {
    delete_version(on, admin_, Kind::model, kChurn, Selector::parse("4"));
  });
  chapter("collect garbage a day later", [this](const Services& on) { collect_garbage(on, admin_, {}); });
  chapter("scrub, stopping in between", [this](const Services& on) {
    scrub_blobs(on, admin_, {.stop = [] { return true; }});
    scrub_blobs(on, admin_, {.go_on = true});
  });
}

void CatalogueStory::record(Chapter& chapter) {
  const auto catalogue = directory_ / "catalog.db";
  if (std::filesystem::exists(catalogue)) std::filesystem::copy_file(catalogue, chapter.before);
  chapter.drawn = entropy_.drawn;
  const auto database = open_sqlite_database(catalogue, kStoryOptions);
  database->migrate();
  ObservedDatabase observed(*database, [&] { chapter.states.push_back(state_of(*database)); });
  chapter.states.push_back(state_of(*database));
  tell(chapter, observed);
}

CatalogueStory::CatalogueStory() {
  publishing();
  measuring();
  deciding();
  keeping();
  letting_in();
  telling_others();
  signing();
  removing();
  const Time start = parse_time("2026-11-21T00:00:00Z");
  open_sqlite_database(directory_ / "catalog.db")->migrate();
  for (std::size_t i = 0; i < chapters_.size(); ++i) {
    Chapter& chapter = chapters_[i];
    chapter.at = start + i * 1min + (chapter.name.starts_with("collect") || chapter.name.starts_with("scrub") ? 25h : 0h);
    chapter.before = directory_ / fmt::format("before-{}.db", i);
    record(chapter);
  }
}

}  // namespace assay::test
