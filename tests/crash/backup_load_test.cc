// SPDX-License-Identifier: Apache-2.0
// A backup taken under load is one moment of the registry, whole. Each client works alone in a namespace of its own, so
// what the server answers it is a function of how many changes it has made; after each change it asks everything that can
// be asked there, and keeps the answers. A restored server has some number of each client's changes, which the audit trail
// tells, and must give byte by byte the answers that the original gave after just as many. The trail itself must be the
// beginning of the original's, with the same proofs. And of a backup taken when nobody writes, every list and search over
// everything must be the original's.
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "registry/client/verify_audit.h"
#include "tests/crash/campaign.h"
#include "tests/crash/clients.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

namespace assay::test {
namespace {

using nlohmann::json;
using client::ApiClient;

using Answers = std::map<std::string, std::string>;  // by target: status, ETag and body

std::string ask(client::Session& session, const std::string& target, std::string* body = nullptr) {
  client::Call call;
  call.method = "GET";
  call.target = target;
  client::Answer answer;
  if (session.attempt(call, answer) != client::Outcome::answered) throw std::runtime_error("no answer to " + target);
  if (answer.status == 400) throw std::runtime_error(target + " asks nothing: " + answer.body);
  if (body != nullptr) *body = answer.body;
  const auto tag = answer.fields.find("etag");
  // A refusal names its request.
  return fmt::format("{} {} {}", answer.status, tag == answer.fields.end() ? "" : tag->second,
                     answer.status == 200 ? answer.body : "");
}

// What leads from a list's page to the one after it; empty when it is the last.
std::string rest_of(const json& page) {
  if (!page.is_object()) return "";
  if (const auto cursor = page.find("next_cursor"); cursor != page.end() && cursor->is_string())
    return "cursor=" + client::encode_segment(cursor->get<std::string>());
  if (const auto after = page.find("next_after"); after != page.end() && after->is_number())
    return fmt::format("after={}", after->get<std::int64_t>());
  return "";
}

// The target's answer and, of a list, those of all pages after it.
void ask_all_pages(client::Session& session, const std::string& first, Answers& into) {
  for (std::string target = first; !target.empty();) {
    std::string body;
    into[target] = ask(session, target, &body);
    const std::string rest = rest_of(json::parse(body, nullptr, false));
    target = rest.empty() ? "" : first + (first.find('?') == std::string::npos ? "?" : "&") + rest;
  }
}

// The first target that `session` answers otherwise; empty when there is none.
std::string unlike(client::Session& session, const Answers& expected) {
  for (const auto& [target, answer] : expected)
    if (const std::string other = ask(session, target); other != answer)
      return fmt::format("{} is answered\n{}\nand was\n{}", target, other, answer);
  return "";
}

std::string search(const std::string& query, const std::string& order = "") {
  return "/api/v1/search?limit=2" + (query.empty() ? "" : "&q=" + client::encode_segment(query)) +
         (order.empty() ? "" : "&order=" + client::encode_segment(order));
}

const char* const kSearches[] = {"metrics.auc > 0.3", "labels.turn = '2' OR stage = 'production'", "params.max_depth >= 3",
                                 "NOT stage IS NULL"};

// Works in the namespace of its name, one change after another.
class Writer {
 public:
  Writer(const Registry& registry, const std::string& name, const std::string& token)
      : name_(name), api_(one_try(registry.url(), token)), token_(token) {
    remember();
  }

  const std::string& name() const { return name_; }
  const std::string& token() const { return token_; }
  // By how many changes had been made. Only while it does not work.
  const std::vector<Answers>& answers() const { return answers_; }

  void work_until(const std::atomic<bool>& stop, const std::function<void()>& changed) {
    while (!stop) {
      change();
      remember();
      changed();
    }
  }

 private:
  // Each makes exactly one entry in the audit trail.
  void change() {
    const std::size_t turn = changes_++ / 9;
    const std::string bytes = random_bytes(3000, std::hash<std::string>()(name_) + changes_);
    switch (changes_ % 9) {
      case 1: return publish(Kind::dataset, "data", bytes);
      case 2: return start_run();
      case 3: return publish(Kind::model, "churn", bytes);
      case 4: return finish_run();
      case 5: return measure(static_cast<double>(turn % 10) / 10);
      case 6:
        if (turn % 3 == 0) return set_policy();
        return promote("production", models_.back());
      case 7: return promote("open", models_.back());
      case 8: return publish(Kind::model, "churn", bytes + "x");
      default: return erase();
    }
  }

  void publish(Kind kind, const std::string& name, const std::string& bytes) {
    client::PublishDetails details{.labels = {{"turn", std::to_string(changes_ / 9)}}, .profile = {}, .run_id = {}};
    if (kind == Kind::model) details.run_id = runs_.back();
    const Version version = push(api_, kind, name_ + "/" + name, bytes, details);
    (kind == Kind::model ? models_ : datasets_).push_back(version);
    const std::string place = fmt::format("/api/v1/{}/{}/{}/versions/{}", plural(kind), name_, name, version.number);
    for (const char* what : {"", "/manifest", "/files/data.bin", "/lineage"}) targets_.insert(place + what);
    if (kind == Kind::model) targets_.insert(place + "/signatures");
  }

  void start_run() {
    const Version& data = datasets_.back();
    const json draft = {
        {"kind", "train"},
        {"plugin", plugin()},
        {"inputs", json::array({{{"role", "train"}, {"kind", "dataset"}, {"reference", data.reference()},
                                 {"digest", data.digest.text()}}})},
        {"config", {{"max_depth", changes_ % 7}}},
        {"seed", 7},
        {"max_threads", 1},
        {"environment", json::object()}};
    runs_.push_back(api_.session().record("/api/v1/runs", draft, "starting a run").at("id"));
    targets_.insert("/api/v1/runs/" + runs_.back());
  }

  void finish_run() {
    const json outcome = {{"status", "finished"},
                          {"outputs", json::array({{{"role", "model"}, {"kind", "model"},
                                                    {"digest", models_.back().digest.text()}}})}};
    api_.session().record("/api/v1/runs/" + runs_.back() + ":finish", outcome, "finishing a run");
  }

  void measure(double auc) {
    const json document = evaluation(models_.back().digest, datasets_.back().digest, {metric("auc", auc)});
    const json kept = api_.session().record("/api/v1/evidence", document, "recording evidence");
    targets_.insert("/api/v1/evidence/" + kept.at("id").get<std::string>());
  }

  void set_policy() {
    const json rule = {{"metric", {{"name", "auc"}, {"dataset", datasets_.back().reference()}, {"at_least", 0.3}}}};
    api_.set_policy(churn(), "production", {{"stage", "production"}, {"rules", json::array({rule})}});
  }

  void promote(const std::string& stage, const Version& version) {
    const Decision decision = api_.promote(churn(), stage, {.version = std::to_string(version.number)});
    for (const char* what : {"", "/bundle"}) targets_.insert("/api/v1/decisions/" + decision.id->text() + what);
  }

  // The newest, to which nothing points.
  void erase() {
    api_.delete_version(Kind::model, Reference::parse(models_.back().reference()));
    models_.pop_back();
  }

  Name churn() const { return Name::parse(name_ + "/churn"); }
  static json plugin() {
    return {{"name", "gbt"}, {"version", "1.0.0"}, {"digest", Digest::of("gbt").text()}, {"component", "gbt"}};
  }

  void remember() {
    Answers now;
    const std::string model = fmt::format("/api/v1/models/{}/churn", name_);
    for (const std::string& target :
         {std::string("/api/v1/models?limit=2"), std::string("/api/v1/datasets?limit=2"), model, model + "/versions?limit=2",
          fmt::format("/api/v1/datasets/{}/data/versions?limit=2", name_), model + "/stages", model + "/stages/production",
          model + "/stages/production/history?limit=2", model + "/stages/open/history?limit=2",
          model + "/stages/production/policy", std::string("/api/v1/runs?limit=2"), std::string("/api/v1/evidence?limit=2"),
          std::string("/api/v1/events?limit=20"), std::string("/api/v1/quotas"), search("", "name, number DESC")})
      ask_all_pages(api_.session(), target, now);
    for (const char* query : kSearches) ask_all_pages(api_.session(), search(query), now);
    for (const std::string& target : targets_) now[target] = ask(api_.session(), target);
    answers_.push_back(std::move(now));
  }

  const std::string name_;
  ApiClient api_;
  const std::string token_;
  std::size_t changes_ = 0;
  std::vector<Version> models_, datasets_;
  std::vector<std::string> runs_;
  std::set<std::string> targets_;  // of what was made so far
  std::vector<Answers> answers_;
};

// Four writers, at work from start to end.
class Load {
 public:
  explicit Load(const Registry& registry) {
    ApiClient admin(one_try(registry.url(), registry.admin_token()));
    for (int i = 0; i < 4; ++i) {
      const std::string name = fmt::format("w{}", i);
      const auto token = admin.create_token({name, "admin", name, std::nullopt}).at("token").get<std::string>();
      writers_.push_back(std::make_unique<Writer>(registry, name, token));
    }
  }
  ~Load() { stop(); }

  void start() {
    for (auto& writer : writers_) threads_.emplace_back([this, &writer] { work(*writer); });
  }
  // Returns when so many more changes have been made.
  void wait_for(std::size_t changes) {
    std::unique_lock lock(mutex_);
    const std::size_t enough = changes_ + changes;
    changed_.wait(lock, [&] { return changes_ >= enough || !failure_.empty(); });
  }
  std::size_t changes() {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  const std::string& failure() const { return failure_; }  // once stopped
  const std::vector<std::unique_ptr<Writer>>& writers() const { return writers_; }

 private:
  void work(Writer& writer) {
    try {
      writer.work_until(stop_, [this] { note(1, ""); });
    } catch (const std::exception& error) {
      note(0, writer.name() + ": " + error.what());
    }
  }
  void note(std::size_t changes, const std::string& failure) {
    {
      const std::lock_guard lock(mutex_);
      changes_ += changes;
      if (failure_.empty()) failure_ = failure;
    }
    changed_.notify_all();
  }

  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t changes_ = 0;
  std::string failure_;
};

std::vector<std::string> trail_of(client::Session& session) {
  std::vector<std::string> out;
  for (;;) {
    client::Call call;
    call.method = "GET";
    call.target = fmt::format("/api/v1/audit/texts?after={}", out.size());
    std::istringstream lines(session.call(call, "reading the trail").body);
    const std::size_t before = out.size();
    for (std::string line; std::getline(lines, line);) out.push_back(line);
    if (out.size() == before) return out;
  }
}

// That the restored trail is the beginning of the original's, up to the entry by which restoring made a token, with the
// same proofs; how long that beginning is.
std::size_t check_trail(client::Session& original, client::Session& restored,
                        const client::AuditCheckpoint& pinned) {
  const std::vector<std::string> whole = trail_of(original), copy = trail_of(restored);
  REQUIRE(copy.size() >= 2);
  const std::size_t size = copy.size() - 1;
  REQUIRE(whole.size() >= size);
  CHECK(std::equal(copy.begin(), copy.end() - 1, whole.begin()));
  CHECK(json::parse(copy.back()).at("actor") == "serve");
  Answers proofs;
  for (std::size_t entry = 1; entry <= size; ++entry) {
    proofs[fmt::format("/api/v1/audit/proof?entry={}&size={}", entry, size)];
    proofs[fmt::format("/api/v1/audit/consistency?from={}&to={}", entry, size)];
  }
  for (auto& [target, answer] : proofs) answer = ask(original, target);
  CHECK(unlike(restored, proofs) == "");
  const auto verified = client::verify_audit(restored, {.pinned = pinned.checkpoint, .key = pinned.key}, {});
  CHECK(verified.problems.empty());
  return size;
}

struct Checked {
  std::size_t backups = 0, entries = 0, answers = 0;
};

// Restores the backup, serves it beside the original and compares.
void check_backup(const Registry& original, const std::string& backup, const std::string& to, const Load& load,
                  const client::AuditCheckpoint& pinned, Checked& checked) {
  original.expect(0, {"restore", backup, "--data", to});
  const Registry restored(to);
  client::Session here(one_try(original.url(), original.admin_token()));
  client::Session there(one_try(restored.url(), restored.admin_token()));
  const std::size_t size = check_trail(here, there, pinned);
  std::map<std::string, std::size_t> changes;
  std::vector<std::string> trail = trail_of(there);
  trail.resize(size);
  for (const std::string& entry : trail) ++changes[json::parse(entry).at("actor").get<std::string>()];
  for (const auto& writer : load.writers()) {
    client::Session session(one_try(restored.url(), writer->token()));
    const std::size_t made = changes[writer->name()];
    INFO(writer->name() << " after " << made << " changes");
    REQUIRE(made < writer->answers().size());
    CHECK(unlike(session, writer->answers()[made]) == "");
    // The comparison tells one change.
    if (made > 0) CHECK(writer->answers()[made] != writer->answers()[made - 1]);
    checked.answers += writer->answers()[made].size();
  }
  const auto fsck = original.json({"fsck", "--data", to});
  CHECK(fsck["problems"].empty());
  ++checked.backups;
  checked.entries += size;
}

// What an administrator of everything may ask that is over everything.
Answers everything(client::Session& session) {
  Answers out;
  for (const char* target : {"/api/v1/models?limit=3", "/api/v1/datasets?limit=3", "/api/v1/runs?limit=5",
                             "/api/v1/evidence?limit=5", "/api/v1/events?limit=20", "/api/v1/quotas", "/api/v1/decisions?verdict=waiting",
                             "/api/v1/trusts", "/api/v1/webhooks"})
    ask_all_pages(session, target, out);
  for (const char* order : {"", "created_at DESC", "metrics.auc DESC, name", "name, number"})
    ask_all_pages(session, search("", order), out);
  for (const char* query : kSearches) ask_all_pages(session, search(query, "created_at, name"), out);
  return out;
}

Checked back_up_under_load(std::size_t rounds) {
  Registry registry;
  const std::string data = registry.data().string();
  Load load(registry);
  load.start();
  load.wait_for(40);
  std::vector<client::AuditCheckpoint> pinned;
  for (std::size_t round = 0; round < rounds; ++round) {
    client::Session session(one_try(registry.url(), registry.admin_token()));
    pinned.push_back(client::audit_checkpoint(session));
    const std::string backup = registry.file(fmt::format("backup-{}", round)).string();
    // Until one was taken while something changed.
    for (std::size_t before = load.changes(); before == load.changes();)
      registry.expect(0, {"backup", backup, "--data", data});
    load.wait_for(5);
  }
  load.stop();
  CHECK(load.failure() == "");
  Checked out;
  for (std::size_t round = 0; round < rounds; ++round)
    check_backup(registry, registry.file(fmt::format("backup-{}", round)).string(),
                 registry.file(fmt::format("restored-{}", round)).string(), load, pinned[round], out);

  registry.expect(0, {"backup", registry.file("quiet").string(), "--data", data});
  registry.expect(0, {"restore", registry.file("quiet").string(), "--data", registry.file("restored").string()});
  const Registry restored(registry.file("restored"));
  client::Session here(one_try(registry.url(), registry.admin_token()));
  client::Session there(one_try(restored.url(), registry.admin_token()));
  const Answers all = everything(here);
  CHECK(unlike(there, all) == "");
  out.answers += all.size();
  return out;
}

TEST_CASE("Backup: taken while four clients write, it restores to a server that answers as the original did at that moment") {
  const Checked checked = back_up_under_load(1);
  CHECK(checked.answers > 100);
}

TEST_CASE("Campaign: backups under load", "[.campaign]") {
  const std::size_t wanted = std::max<std::size_t>(1, cycles(1000) / 50);
  Checked all;
  while (all.backups < wanted) {
    const Checked one = back_up_under_load(std::min<std::size_t>(5, wanted - all.backups));
    all.backups += one.backups;
    all.entries += one.entries;
    all.answers += one.answers;
  }
  std::cout << "backups under load that were restored: " << all.backups << ", audit entries with their proofs: "
            << all.entries << ", answers compared: " << all.answers << "; differences are listed above, if any\n";
}

}  // namespace
}  // namespace assay::test
