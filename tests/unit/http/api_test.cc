// SPDX-License-Identifier: Apache-2.0
// The registry's own API on a real server and catalogue: each route asks for its permission, openapi.yaml
// describes exactly the routes there are, and bytes go in and come out as the headers say.
#include "registry/http/api.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "registry/access/admin_token.h"
#include "registry/access/authenticator.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/domain/canonical_json.h"
#include "registry/events/delivery_queue.h"
#include "registry/http/openapi.h"
#include "registry/http/server.h"
#include "registry/service/checkpoint_keeper.h"
#include "registry/service/jobs.h"
#include "registry/service/score.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/catch.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/memory_maintenance.h"
#include "registry/signing/model_signature.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/test_site.h"
#include "tests/unit/signing/openssl.h"

using namespace assay;
using nlohmann::json;
using test::Answer;
using test::Body;
using test::RawClient;

namespace {

class EchoScores final : public ScoreService {
 public:
  std::string score(const ScoreRequest& request) override {
    return std::string(request.label) + (request.format == TableFormat::csv ? " csv " : " json ") +
           std::string(request.body);
  }
};

// A registry in memory, with a server and the token of its administrator.
class Registry {
 public:
  Registry() : database_(open_sqlite_database(dir_ / "catalog.db")), authenticator_(*database_, clock_) {
    database_->migrate();
    ensure_admin_token(*database_, clock_, entropy_, dir_ / "admin.token");
    std::getline(std::ifstream(dir_ / "admin.token"), token);
    checkpoints_ = std::make_unique<CheckpointKeeper>(dir_.path(), clock_, entropy_);
    const Services services{*database_, blobs_, clock_, entropy_, &maintenance_, nullptr, checkpoints_.get()};
    jobs_ = std::make_unique<Jobs>(services);
    site = http::make_site({.services = services,
                            .authenticator = authenticator_,
                            .score = &scores_,
                            .jobs = jobs_.get(),
                            .version = "1.2.3",
                            .ready = [this] {
                              if (!ready) throw Error(Code::unavailable, "the disk failed");
                            }});
    http::Options options;
    options.port = 0;
    server_ = std::make_unique<http::Server>(options, site);
    server_->start();
  }

  RawClient client() const { return RawClient(server_->port()); }

  // One request on a connection of its own, as the administrator. A body goes as JSON unless `fields` say
  // otherwise.
  Answer ask(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& fields = "Content-Type: application/json\r\n") const {
    return client().ask(method + " " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token +
                            "\r\n" +
                            (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                            fields + "\r\n" + body,
                        method == "HEAD" ? Body::absent : Body::present);
  }

  // Uploads `bytes` and publishes them as a version with one file.
  json publish(const std::string& artifact, const std::string& path, const std::string& bytes) const {
    const std::string digest = Digest::of(bytes).text();
    REQUIRE(ask("PUT", "/api/v1/blobs/" + digest, bytes).status == 201);
    const json draft = {{"files", {{{"path", path}, {"digest", digest}, {"size", bytes.size()}}}}};
    const Answer answer = ask("POST", "/api/v1/" + artifact + "/versions", draft.dump());
    INFO(answer.body);
    REQUIRE(answer.status == 201);
    return json::parse(answer.body);
  }

  // Settles the delivery that is due, as a receiver does that takes it.
  Id deliver_one() const {
    DeliveryQueue queue(*database_, clock_, entropy_);
    const auto assignment = queue.take();
    REQUIRE(assignment);
    queue.settle(*assignment, {.http_status = 200}, std::chrono::milliseconds(1));
    return assignment->delivery.id;
  }

  std::string token;
  std::shared_ptr<http::Site> site;
  std::atomic<bool> ready = true;

 private:
  test::TempDir dir_;
  SystemClock clock_;
  mutable SystemEntropy entropy_;
  test::MemoryBlobStore blobs_;
  test::MemoryMaintenance maintenance_{blobs_};
  std::unique_ptr<CheckpointKeeper> checkpoints_;
  EchoScores scores_;
  std::unique_ptr<Database> database_;
  Authenticator authenticator_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<http::Server> server_;
};

std::string openapi_path(std::string pattern) {
  for (std::size_t at = 0; (at = pattern.find('{', at)) != std::string::npos; ++at) {
    const std::size_t end = pattern.find('}', at);
    const std::size_t name_end = pattern.find_first_of("=.}", at);
    pattern.erase(name_end, end - name_end);
  }
  return pattern;
}

// A path that matches `pattern`.
std::string sample_path(std::string pattern) {
  for (std::size_t at = 0; (at = pattern.find('{', at)) != std::string::npos;) {
    const std::size_t end = pattern.find('}', at);
    const bool choice = pattern.substr(at, end - at).find('=') != std::string::npos;
    pattern.replace(at, end - at + 1, choice ? "models" : "x1");
  }
  return pattern;
}

std::string lower_method(http::Method method) {
  return lower_case(http::text(method));
}

}  // namespace

TEST_CASE("API: without a token every route but the public ones is refused, whatever the method") {
  const Registry registry;
  for (const http::Route& route : registry.site->routes().routes()) {
    INFO(http::text(route.method) << " " << route.pattern);
    const std::string path = sample_path(route.pattern);
    const auto status = [&](std::string_view method, const std::string& fields) {
      return registry.client()
          .ask(std::string(method) + " " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n",
               method == "HEAD" ? Body::absent : Body::present)
          .status;
    };
    // What is public answers; one that takes a body says what is wrong with none.
    const bool is_public = *route.permission == Permission::public_;
    const int expected = !is_public ? 401 : route.body == http::BodyKind::none ? 200 : 400;
    CHECK(status(http::text(route.method), "") == expected);
    CHECK(status(http::text(route.method), "Authorization: Bearer assay_wrong\r\n") == expected);
    if (route.method == http::Method::get) CHECK(status("HEAD", "") == (is_public ? 200 : 401));
    if (route.pattern.find("/uploads/") == std::string::npos) CHECK(status("PATCH", "") == 405);
    CHECK(status("OPTIONS", "") == 405);
    CHECK(registry.client().ask(test::get("/" + path)).status == 404);
    CHECK(registry.client().ask(test::get(path + "/")).status == 404);
  }
}

TEST_CASE("API: a role opens exactly the routes whose permission it has, in its own namespace") {
  const Registry registry;
  for (const http::Route& route : registry.site->routes().routes()) {
    if (*route.permission == Permission::public_) continue;
    for (const Role role : {Role::reader, Role::writer, Role::promoter, Role::admin}) {
      INFO(http::text(route.method) << " " << route.pattern << " as " << text(role));
      const bool in_namespace = route.pattern.find("{namespace}") != std::string::npos;
      const auto admits = [&](std::string_view space, const char* asked) {
        const http::Site site(
            http::RouteTable(), [&](std::string_view) { return test::somebody(role, space); },
            std::make_shared<http::Metrics>("0"));
        http::Request request;
        if (in_namespace) request.captured["namespace"] = asked;
        try {
          return site.admit(route, request).has_value();
        } catch (const Error& error) {
          CHECK(error.code() == Code::denied);
          return false;
        }
      };
      const bool permitted = permits(role, *route.permission);
      CHECK(admits("", "acme") == permitted);
      CHECK(admits("acme", "acme") == permitted);
      if (in_namespace) CHECK_FALSE(admits("acme", "other"));
    }
  }
}

TEST_CASE("API: openapi.yaml describes the routes there are, and no others") {
  const Registry registry;
  const YAML::Node document = YAML::Load(std::string(http::openapi_text()));
  std::set<std::string> described;
  for (const auto& path : document["paths"])
    for (const auto& operation : path.second)
      if (operation.first.as<std::string>() != "parameters")
        described.insert(operation.first.as<std::string>() + " " + path.first.as<std::string>());
  std::set<std::string> present;
  for (const http::Route& route : registry.site->routes().routes())
    present.insert(lower_method(route.method) + " " + openapi_path(route.pattern));
  CHECK(described == present);
}

TEST_CASE(
    "API: openapi.yaml agrees with each route on permission, query parameters, path parameters and body") {
  const Registry registry;
  const YAML::Node document = YAML::Load(std::string(http::openapi_text()));
  const auto resolve = [&](const YAML::Node& node) {
    if (!node["$ref"]) return node;
    YAML::Node found = YAML::Clone(document);
    std::istringstream parts(node["$ref"].as<std::string>().substr(2));
    for (std::string part; std::getline(parts, part, '/');) found.reset(found[part]);
    return found;
  };
  for (const http::Route& route : registry.site->routes().routes()) {
    INFO(http::text(route.method) << " " << route.pattern);
    const std::string path = openapi_path(route.pattern);
    const YAML::Node item = document["paths"][path];
    const YAML::Node operation = item[lower_method(route.method)];
    REQUIRE(operation);
    CHECK(operation["x-permission"].as<std::string>() == text(*route.permission));
    CHECK((operation["security"] && operation["security"].size() == 0) ==
          (*route.permission == Permission::public_));
    CHECK(operation["requestBody"].IsDefined() == (route.body != http::BodyKind::none));
    CHECK(operation["responses"]["default"].IsDefined());
    std::set<std::string> query, in_path;
    for (const YAML::Node& list : {item["parameters"], operation["parameters"]})
      for (const auto& entry : list) {
        const YAML::Node parameter = resolve(entry);
        if (parameter["in"].as<std::string>() == "query") query.insert(parameter["name"].as<std::string>());
        if (parameter["in"].as<std::string>() == "path")
          in_path.insert('{' + parameter["name"].as<std::string>() + '}');
      }
    CHECK(query == std::set<std::string>(route.query.begin(), route.query.end()));
    for (const std::string& name : in_path) CHECK(path.find(name) != std::string::npos);
    CHECK(in_path.size() == static_cast<std::size_t>(std::count(path.begin(), path.end(), '{')));
  }
}

TEST_CASE("API: a webhook is made, shown without its secret, tested and ended") {
  const Registry registry;
  const auto ask = [&](const char* method, const std::string& path, const std::string& body = "") {
    return registry.ask(method, "/api/v1/" + path, body, body.empty() ? "" : "Content-Type: application/json\r\n");
  };
  const Answer made = ask("POST", "webhooks", R"({"url":"https://hooks.example/","events":["io.assay.stage.*"]})");
  REQUIRE(made.status == 201);
  CHECK(made.fields.at("cache-control") == "no-store");
  const json webhook = json::parse(made.body);
  const std::string path = "webhooks/" + webhook.at("id").get<std::string>();
  CHECK(made.fields.at("location") == "/api/v1/" + path);
  CHECK(webhook.at("secret").get<std::string>().starts_with("whsec_"));
  CHECK(ask("GET", path).body.find("whsec_") == std::string::npos);
  CHECK(json::parse(ask("GET", "webhooks").body).at("items").at(0).at("id") == webhook.at("id"));
  const Answer test = ask("POST", path + ":test");
  REQUIRE(test.status == 202);
  const std::string delivery = test.fields.at("location").substr(std::string("/api/v1/").size());
  CHECK(json::parse(ask("GET", delivery).body).at("status") == "due");
  CHECK(json::parse(ask("GET", path + "/deliveries?limit=1").body).at("items").size() == 1);
  CHECK(ask("POST", delivery + ":redeliver").status == 412);
  CHECK(ask("DELETE", path).status == 204);
  CHECK(ask("GET", path).status == 404);
  CHECK(ask("GET", delivery).status == 404);
  CHECK(ask("POST", "webhooks", R"({"url":"http://hooks.example/"})").status == 400);
  CHECK(ask("POST", "webhooks", R"({"url":"https://[::ffff:10.0.0.1]/"})").status == 400);
  CHECK(ask("GET", "webhooks/x1").status == 400);
}

TEST_CASE("API: probes answer without a token, metrics with one") {
  Registry registry;
  CHECK(registry.client().ask(test::get("/healthz")).body == "ok\n");
  CHECK(registry.client().ask(test::get("/readyz")).body == "ok\n");
  registry.ready = false;
  const Answer failed = registry.client().ask(test::get("/readyz"));
  CHECK(failed.status == 503);
  CHECK_THAT(failed.body, Catch::Contains("the disk failed"));
  CHECK(registry.client().ask(test::get("/openapi.yaml")).body == http::openapi_text());
  const Answer metrics = registry.ask("GET", "/metrics");
  CHECK(metrics.fields.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(metrics.body.find("route=\"/readyz\",method=\"GET\",code=\"503\"} 1\n") != std::string::npos);
}

TEST_CASE("API: a version goes up file by file and comes down whole, in parts or not at all") {
  const Registry registry;
  const std::string bytes = "a,b\n1,2\n3,4\n";
  const std::string digest = Digest::of(bytes).text();
  const json version = registry.publish("datasets/acme/flights", "data/train.csv", bytes);
  CHECK(version.at("number") == 1);
  CHECK(version.at("created") == true);
  CHECK(version.at("reference") == "acme/flights@1");

  const std::string base = "/api/v1/datasets/acme/flights/versions/";
  const Answer file = registry.ask("GET", base + "1/files/data/train.csv");
  CHECK(file.body == bytes);
  CHECK(file.fields.at("etag") == '"' + digest + '"');
  CHECK(file.fields.at("content-disposition") == "attachment; filename=\"train.csv\"");
  CHECK(file.fields.at("cache-control").find("immutable") != std::string::npos);
  CHECK(registry.ask("GET", base + "latest/files/data/train.csv").fields.at("cache-control") ==
        "private, no-cache");
  CHECK(registry.ask("GET", base + "1/files/data%2Ftrain.csv").body == bytes);
  CHECK(registry.ask("GET", base + "1/files/data/../data/train.csv").status == 400);
  CHECK(registry.ask("GET", base + "1/files/data/other.csv").status == 404);
  CHECK(registry.ask("GET", base + "2/files/data/train.csv").status == 404);

  const Answer part = registry.ask("GET", "/api/v1/blobs/" + digest, "", "Range: bytes=4-6\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "1,2");
  CHECK(registry.ask("HEAD", "/api/v1/blobs/" + digest).fields.at("content-length") ==
        std::to_string(bytes.size()));
  CHECK(registry.ask("GET", "/api/v1/blobs/" + Digest::of("no").text()).status == 404);
  CHECK(registry.ask("GET", "/api/v1/blobs/sha256:no").status == 400);

  const Answer manifest = registry.ask("GET", base + "1/manifest");
  CHECK(Digest::of(manifest.body).text() == version.at("digest"));
  CHECK(manifest.fields.at("content-type") == "application/vnd.oci.image.manifest.v1+json");
  CHECK(registry.ask("GET", base + "1/manifest", "", "Range: bytes=0-0\r\n").body == "{");
  CHECK(json::parse(registry.ask("GET", base + version.at("digest").get<std::string>()).body).at("number") ==
        1);
  CHECK(json::parse(registry.ask("GET", base + "1/lineage").body).at("run").is_null());
}

TEST_CASE("API: a wrong digest or size publishes nothing") {
  const Registry registry;
  const std::string digest = Digest::of("right").text();
  const Answer wrong = registry.ask("PUT", "/api/v1/blobs/" + digest, "wrong");
  CHECK(wrong.status == 400);
  CHECK(json::parse(wrong.body).at("code") == "invalid_argument");
  CHECK(registry
            .ask("PUT", "/api/v1/blobs/" + digest, "right",
                 "Repr-Digest: sha-256=:" + std::string(43, 'A') + "=:\r\n")
            .status == 400);
  CHECK(registry.ask("GET", "/api/v1/blobs/" + digest).status == 404);
  CHECK(registry.ask("PUT", "/api/v1/blobs/" + digest, "right").status == 201);
}

TEST_CASE("API: lists page through to their end and link to the next page") {
  const Registry registry;
  for (int i = 0; i < 5; ++i) registry.publish("models/default/churn", "weights.bin", std::to_string(i));
  std::vector<int> numbers;
  std::string path = "/api/v1/models/default/churn/versions?limit=2";
  for (int pages = 0; !path.empty() && pages < 9; ++pages) {
    const Answer answer = registry.ask("GET", path);
    REQUIRE(answer.status == 200);
    const json page = json::parse(answer.body);
    for (const json& version : page.at("items")) numbers.push_back(version.at("number"));
    const auto link = answer.fields.find("link");
    CHECK(page.at("next_cursor").is_null() == (link == answer.fields.end()));
    path = link == answer.fields.end() ? "" : link->second.substr(1, link->second.find('>') - 1);
  }
  CHECK(numbers == std::vector<int>{5, 4, 3, 2, 1});
  CHECK(registry.ask("GET", "/api/v1/models?limit=0").status == 400);
  CHECK(registry.ask("GET", "/api/v1/models?limit=501").status == 400);
  CHECK(registry.ask("GET", "/api/v1/models?cursor=nonsense").status == 400);
  CHECK(registry.ask("GET", "/api/v1/models?limits=3").status == 400);
}

TEST_CASE("API: documents are JSON, whole, of known members, and nothing else") {
  const Registry registry;
  const auto post = [&](const std::string& body, const std::string& type) {
    return registry.ask("POST", "/api/v1/tokens", body, "Content-Type: " + type + "\r\n").status;
  };
  const std::string good = R"({"name":"ci","role":"reader"})";
  CHECK(post(good, "application/json") == 201);
  CHECK(post(good, "application/json; charset=utf-8") == 201);
  CHECK(post(good, "application/x-www-form-urlencoded") == 422);
  CHECK(post(good, "text/plain") == 422);
  CHECK(post(R"({"name":"ci","role":"reader","rôle":1})", "application/json") == 400);
  CHECK(post(R"({"name":"ci","role":"reader","name":"ci"})", "application/json") == 400);
  CHECK(post(R"({"name":"ci","role":)", "application/json") == 400);
  CHECK(post(std::string(100, '['), "application/json") == 400);
  CHECK(post("", "application/json") == 400);
}

TEST_CASE("API: a new token works until it is revoked, and does what its role permits") {
  const Registry registry;
  const Answer made = registry.ask("POST", "/api/v1/tokens", R"({"name":"ci","role":"reader"})");
  REQUIRE(made.status == 201);
  CHECK(made.fields.at("cache-control") == "no-store");
  const json token = json::parse(made.body);
  const std::string secret = token.at("token");
  const auto as = [&](const std::string& path) {
    return registry.client().ask(test::get(path, "Authorization: Bearer " + secret + "\r\n"));
  };
  CHECK(json::parse(as("/api/v1/whoami").body).at("principal") == "ci");
  CHECK(as("/api/v1/audit").status == 403);
  CHECK(registry.ask("DELETE", "/api/v1/tokens/" + token.at("id").get<std::string>()).status == 204);
  CHECK(as("/api/v1/whoami").status == 401);
}

TEST_CASE("API: scoring passes rows to the version that the path names") {
  const Registry registry;
  registry.publish("models/default/churn", "weights.bin", "w");
  const std::string path = "/api/v1/models/default/churn/versions/latest:score";
  const Answer csv = registry.ask("POST", path, "a\n1\n", "Content-Type: text/csv; header=present\r\n");
  CHECK(csv.body == "default/churn@1 csv a\n1\n");
  CHECK(csv.fields.at("assay-version") == "default/churn@1");
  CHECK(csv.fields.at("assay-digest").starts_with("sha256:"));
  CHECK(registry.ask("POST", path, R"({"rows":[]})").fields.at("content-type") == "application/json");
  CHECK(registry.ask("POST", path, "a", "").status == 422);
  CHECK(registry.ask("POST", "/api/v1/models/default/churn/versions/7:score", "a").status == 404);
  CHECK(registry.ask("POST", "/api/v1/datasets/default/churn/versions/1:score", "a").status == 405);
}

TEST_CASE("API: a stage moves by promotion, tells its revision and refuses a stale one") {
  const Registry registry;
  registry.publish("models/default/churn", "weights.bin", "one");
  registry.publish("models/default/churn", "weights.bin", "two");
  const std::string stage = "/api/v1/models/default/churn/stages/production";
  CHECK(registry.ask("GET", stage).status == 404);
  const Answer first = registry.ask("POST", stage + ":promote", R"({"version":"1"})");
  INFO(first.body);
  REQUIRE(first.status == 200);
  CHECK(json::parse(first.body).at("verdict") == "promoted");
  const std::string etag = registry.ask("GET", stage).fields.at("etag");
  CHECK(first.fields.at("etag") == etag);
  const std::string json_type = "Content-Type: application/json\r\n";
  CHECK(
      registry.ask("POST", stage + ":promote", R"({"version":"2"})", json_type + "If-Match: " + etag + "\r\n")
          .status == 200);
  const Answer stale = registry.ask("POST", stage + ":promote", R"({"version":"1"})",
                                    json_type + "If-Match: " + etag + "\r\n");
  CHECK(stale.status == 412);
  CHECK(json::parse(stale.body).at("code") == "conflict");
  CHECK(json::parse(registry.ask("POST", stage + ":rollback", "", "").body).at("verdict") == "rolled_back");
  CHECK(json::parse(registry.ask("GET", stage + "/history").body).at("items").size() == 3);
  const json now = json::parse(registry.ask("GET", stage).body);
  CHECK(now.at("version").at("number") == 1);
  const json then =
      json::parse(registry.ask("GET", stage + "?at=" + now.at("updated_at").get<std::string>()).body);
  CHECK(then.at("decision").at("id") == now.at("decision_id"));
  CHECK(registry.ask("GET", stage + "?at=yesterday").status == 400);
}

TEST_CASE("API: an audit entry hashes to a leaf that is proved to be under the root of a signed checkpoint") {
  const Registry registry;
  registry.publish("models/default/churn", "weights.bin", "one");
  const auto get = [&](const std::string& path) { return json::parse(registry.ask("GET", path).body); };
  const json then = get("/api/v1/audit/checkpoint");
  registry.publish("models/default/churn", "weights.bin", "two");
  const json now = get("/api/v1/audit/checkpoint");
  const LogKey key = LogKey::parse(now.at("key").get<std::string>());
  const TreeHead head = open_checkpoint(now.at("checkpoint").get<std::string>(), key, "it");
  CHECK(now.at("size") == head.size);
  CHECK(now.at("root") == head.root.text());
  CHECK(now.at("log") == key.name());
  const auto hashes_of = [](const json& proof) {
    std::vector<Digest> out;
    for (const json& hash : proof.at("hashes")) out.push_back(Digest::parse(hash.get<std::string>()));
    return out;
  };
  std::string texts;
  const json list = get("/api/v1/audit").at("items");
  REQUIRE(list.size() == 3);
  for (const json& entry : list) {
    const std::uint64_t seq = entry.at("seq");
    const json proof = get("/api/v1/audit/proof?entry=" + std::to_string(seq) + "&size=" + std::to_string(head.size));
    texts = canonical(entry) + "\n" + texts;
    CHECK(proof.at("leaf") == leaf_hash(canonical(entry)).text());
    CHECK(proves_inclusion(head, seq - 1, leaf_hash(canonical(entry)), hashes_of(proof)));
  }
  const Answer all = registry.ask("GET", "/api/v1/audit/texts");
  CHECK(all.body == texts);
  CHECK(all.fields.at("content-type") == "application/jsonl");
  CHECK(registry.ask("GET", "/api/v1/audit/texts?after=" + std::to_string(head.size)).body.empty());
  const json on = get("/api/v1/audit/consistency?from=" + then.at("size").dump());
  CHECK(on.at("to") == head.size);
  const TreeHead before = open_checkpoint(then.at("checkpoint").get<std::string>(), key, "it");
  CHECK(proves_consistency(before, head, hashes_of(on)));
}

TEST_CASE("API: proofs of entries that are not there are refused") {
  const Registry registry;
  for (const char* path : {"proof", "proof?entry=0", "proof?entry=2", "proof?entry=1&size=9", "proof?entry=x",
                           "proof?entry=-1", "proof?entry=1&from=1", "consistency", "consistency?from=0", "consistency?from=1&to=2",
                           "consistency?from=99999999999999999999", "texts?after=-1", "texts?after=1&limit=2"}) {
    INFO(path);
    CHECK(registry.ask("GET", std::string("/api/v1/audit/") + path).status == 400);
  }
  CHECK(registry.ask("GET", "/api/v1/audit/proof?entry=1&size=1").status == 200);
}

TEST_CASE("API: what is recorded under an Idempotency-Key is recorded once, and a repeat says so") {
  const Registry registry;
  const json churn = registry.publish("models/default/churn", "weights.bin", "one");
  const json holdout = registry.publish("datasets/default/holdout", "data.csv", "a\n1\n");
  int keys = 0;
  std::set<std::string> operations;  // as openapi.yaml calls them
  // The answer to what is asked twice under a fresh key, once it is known to be the same twice.
  const auto twice = [&](const std::string& operation, int status, const std::string& path,
                         const std::string& body, std::size_t changes = 1) {
    operations.insert(operation);
    const std::string fields =
        "Content-Type: application/json\r\nIdempotency-Key: key \"" + std::to_string(++keys) + "\"\r\n";
    const auto entries = [&] {
      return json::parse(registry.ask("GET", "/api/v1/audit?limit=500").body).at("items").size();
    };
    const std::size_t before = entries();
    const Answer first = registry.ask("POST", path, body, fields);
    const Answer second = registry.ask("POST", path, body, fields);
    INFO(operation << ": " << first.body << second.body);
    CHECK(first.status == status);
    CHECK(second.status == status);
    CHECK(second.body == first.body);
    for (const char* name : {"location", "etag"})
      CHECK(first.fields.contains(name) == second.fields.contains(name));
    if (first.fields.contains("location")) CHECK(first.fields.at("location") == second.fields.at("location"));
    CHECK_FALSE(first.fields.contains("idempotent-replayed"));
    CHECK(
        (second.fields.contains("idempotent-replayed") && second.fields.at("idempotent-replayed") == "true"));
    CHECK(entries() == before + changes);
    const Answer other = registry.ask("POST", path, R"({"version":"latest","to":"7"})", fields);
    CHECK(other.status / 100 == 4);
    return json::parse(first.body);
  };

  const json plugin = {{"name", "accuracy"},
                       {"version", "1.0.0"},
                       {"digest", Digest::of("accuracy").text()},
                       {"component", "accuracy"}};
  const std::string versions = "/api/v1/models/default/churn/versions";
  const json file = {{"path", "weights.bin"}, {"digest", Digest::of("one").text()}, {"size", 3}};
  CHECK(twice("createVersion", 201, versions, json{{"files", {file}}}.dump()).at("number") == 2);
  const json run = {{"kind", "evaluate"}, {"plugin", plugin}, {"config", json::object()}, {"seed", 0}};
  const std::string run_id = twice("startRun", 201, "/api/v1/runs", run.dump()).at("id");
  twice("finishRun", 200, "/api/v1/runs/" + run_id + ":finish", R"({"status":"finished"})");
  const json evidence = {
      {"kind", "evaluation"}, {"model_digest", churn.at("digest")}, {"dataset_digest", holdout.at("digest")},
      {"plugin", plugin},     {"config", json::object()},           {"seed", 0},
      {"rows", json::array()}};
  twice("recordEvidence", 201, "/api/v1/evidence", evidence.dump());
  const std::string stage = "/api/v1/models/default/churn/stages/production";
  twice("promote", 200, stage + ":promote", R"({"version":"1"})");
  CHECK(twice("promote", 200, stage + ":promote", R"({"version":"2"})").at("changed") == true);
  twice("rollback", 200, stage + ":rollback", R"({"reason":"pager"})");
  CHECK(json::parse(registry.ask("GET", stage + "/history").body).at("items").size() == 3);
  registry.ask("PUT", stage + "/policy", R"({"stage":"production","rules":[],"approvals":{"count":1}})");
  const std::string decisions = "/api/v1/decisions/";
  const auto waiting = [&] {
    return twice("promote", 202, stage + ":promote", R"({"version":"2"})").at("id").get<std::string>();
  };
  CHECK(twice("reject", 200, decisions + waiting() + ":reject", "{}", 2).at("verdict") == "refused");
  registry.ask("PUT", stage + "/policy", R"({"stage":"production","rules":[],"approvals":{"count":2}})");
  CHECK(twice("approve", 202, decisions + waiting() + ":approve", "{}", 2).at("verdict") == "waiting");
  registry.ask("PUT", stage + "/policy", R"({"stage":"production","rules":[]})");
  const json batch = twice("promoteBatch", 200, "/api/v1/promotions",
                           R"({"items":[{"model":"churn","stage":"production","version":"2"},)"
                           R"({"model":"churn","stage":"staging","version":"2"}]})",
                           2);
  CHECK(batch.at("moved") == true);
  CHECK(batch.at("items").size() == 2);
  const test::KeyPair pair;
  const std::vector<VersionFile> signed_files = {{FilePath::parse("weights.bin"), Digest::of("one"), 3, ""}};
  CHECK(twice("addSignature", 200, versions + "/1/signatures", sign_model("churn", signed_files, pair.private_key()))
            .at("hint") == pair.public_key().hint());
  const std::string library = "/api/v1/libraries/" + Digest::of("other").text();
  twice("revokeLibrary", 200, library + ":revoke", R"({"reason":"wrong"})");
  const std::string hook =
      json::parse(registry.ask("POST", "/api/v1/webhooks", R"({"url":"https://hooks.example/"})").body).at("id");
  twice("reinstateLibrary", 200, library + ":reinstate", R"({"reason":"right"})");
  twice("redeliver", 202, "/api/v1/deliveries/" + registry.deliver_one().text() + ":redeliver", "", 0);
  twice("testWebhook", 202, "/api/v1/webhooks/" + hook + ":test", "", 0);

  std::set<std::string> described;
  const YAML::Node document = YAML::Load(std::string(http::openapi_text()));
  for (const auto& path : document["paths"])
    for (const auto& operation : path.second)
      if (operation.second.IsMap())
        for (const auto& parameter : operation.second["parameters"])
          if (parameter["$ref"] &&
              parameter["$ref"].as<std::string>() == "#/components/parameters/idempotencyKey")
            described.insert(operation.second["operationId"].as<std::string>());
  CHECK(described == operations);
}

TEST_CASE("API: an Idempotency-Key belongs to one request, and is refused when it is none") {
  const Registry registry;
  registry.publish("models/default/churn", "weights.bin", "one");
  const std::string path = "/api/v1/models/default/churn/stages/production:promote";
  const auto ask = [&](const std::string& key, const std::string& body, const std::string& more = "") {
    return registry.ask("POST", path, body,
                        "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n" + more);
  };
  CHECK(ask("k", R"({"version":"1"})").status == 200);
  CHECK(ask("k", R"({ "version" : "1" })").fields.contains("idempotent-replayed"));
  for (const Answer& other :
       {ask("k", R"({"version":"latest"})"), ask("k", R"({"version":"1"})", "If-Match: \"1\"\r\n")}) {
    CHECK(other.status == 422);
    CHECK(json::parse(other.body).at("detail").get<std::string>().find("POST " + path) != std::string::npos);
  }
  CHECK(ask(std::string(129, 'k'), R"({"version":"1"})").status == 400);
  CHECK(ask("", R"({"version":"1"})").status == 400);
  // A token is told once; a key changes nothing about it.
  const std::string token = R"({"name":"ci","role":"promoter"})";
  const std::string fields = "Content-Type: application/json\r\nIdempotency-Key: t\r\n";
  CHECK(registry.ask("POST", "/api/v1/tokens", token, fields).body !=
        registry.ask("POST", "/api/v1/tokens", token, fields).body);
}

TEST_CASE("API: a version says what is in its files, and who signed it by a key that is trusted") {
  const Registry registry;
  const json version = registry.publish("models/acme/churn", "weights.bin", "cposix\nsystem\n(S'true'\ntR.");
  const std::string place = "/api/v1/models/acme/churn/versions/1", keys = "/api/v1/namespaces/acme/keys";
  const json content = json::parse(registry.ask("GET", place).body).at("content").at(0);
  CHECK(content.at("path") == "weights.bin");
  CHECK(content.at("format") == "pickle");
  CHECK(content.at("safe") == "no");
  CHECK(content.at("reasons").at(0).get<std::string>().find("posix.system") != std::string::npos);
  const test::KeyPair pair;
  const std::string pem = read_pem(pair.pub);
  CHECK(json::parse(registry.ask("PUT", keys + "/release-key", json{{"pem", pem}}.dump()).body).at("pem") == pem);
  const std::vector<VersionFile> files = {
      {FilePath::parse("weights.bin"), Digest::parse(version.at("files").at(0).at("digest").get<std::string>()), 0, ""}};
  const Answer kept = registry.ask("POST", place + "/signatures", sign_model("churn", files, pair.private_key()));
  CHECK(kept.status == 200);
  CHECK(json::parse(kept.body).at("keys") == json({"release-key"}));
  CHECK(json::parse(registry.ask("GET", place + "/signatures").body).at("items").at(0) == json::parse(kept.body));
  CHECK(registry.ask("POST", place + "/signatures", "{}").status == 400);
  const std::vector<VersionFile> others = {{FilePath::parse("weights.bin"), Digest::of("other"), 0, ""}};
  const Answer wrong = registry.ask("POST", place + "/signatures", sign_model("churn", others, pair.private_key()));
  CHECK(json::parse(wrong.body).at("detail").get<std::string>().find("weights.bin is sha256:") != std::string::npos);
  CHECK(json::parse(registry.ask("GET", keys).body).at("items").size() == 1);
  CHECK(registry.ask("DELETE", keys + "/release-key").status == 200);
  CHECK(registry.ask("DELETE", keys + "/release-key").status == 404);
  CHECK(json::parse(registry.ask("GET", place + "/signatures").body).at("items").at(0).at("keys") == json::array());
}

TEST_CASE("API: a version is deleted by its number, unless a stage points to it") {
  const Registry registry;
  registry.publish("models/acme/churn", "w.bin", "one");
  registry.publish("models/acme/churn", "w.bin", "two");
  const std::string versions = "/api/v1/models/acme/churn/versions/";
  REQUIRE(registry.ask("POST", "/api/v1/models/acme/churn/stages/production:promote", R"({"version": "1"})")
              .status == 200);
  const Answer refused = registry.ask("DELETE", versions + "1");
  CHECK(refused.status == 412);
  CHECK(json::parse(refused.body).at("detail").get<std::string>().find("production") != std::string::npos);
  CHECK(registry.ask("DELETE", versions + "latest").status == 400);
  const Answer gone = registry.ask("DELETE", versions + "2");
  CHECK(gone.status == 200);
  CHECK(json::parse(gone.body).at("reference") == "acme/churn@2");
  CHECK(registry.ask("GET", versions + "2").status == 404);
  CHECK(registry.ask("DELETE", versions + "2").status == 404);
  CHECK(registry.publish("models/acme/churn", "w.bin", "two").at("number") == 3);
}

TEST_CASE("API: a collection is a job that is started and asked about") {
  const Registry registry;
  registry.publish("models/acme/churn", "w.bin", "one");
  const Answer started = registry.ask("POST", "/api/v1/jobs/gc", R"({"dry_run": true})");
  REQUIRE(started.status == 202);
  json job;
  do job = json::parse(registry.ask("GET", started.fields.at("location")).body);
  while (job.at("status") == "running");
  CHECK(job.at("status") == "finished");
  CHECK(job.at("kind") == "gc");
  CHECK(job.at("result").at("dry_run") == true);
  CHECK(job.at("result").at("live_blobs") == 2);
  CHECK(json::parse(registry.ask("GET", "/api/v1/jobs").body).at("items").size() == 1);
  CHECK(registry.ask("POST", started.fields.at("location") + ":stop", "", "").status == 202);
  CHECK(registry.ask("POST", "/api/v1/jobs/gc", R"({"dry": true})").status == 400);
  CHECK(registry.ask("POST", "/api/v1/jobs/tidy", "{}").status == 405);  // it could be a job's id
}

TEST_CASE("API: a namespace that is full answers 507 and goes on when its limit is raised") {
  const Registry registry;
  CHECK(registry.ask("PUT", "/api/v1/quotas/acme", R"({"limit_bytes": 3})").status == 200);
  registry.publish("models/acme/churn", "w.bin", "one");
  const std::string digest = Digest::of("more").text();
  REQUIRE(registry.ask("PUT", "/api/v1/blobs/" + digest, "more").status == 201);
  const json draft = {{"files", {{{"path", "w.bin"}, {"digest", digest}, {"size", 4}}}}};
  const Answer full = registry.ask("POST", "/api/v1/models/acme/churn/versions", draft.dump());
  CHECK(full.status == 507);
  CHECK(json::parse(full.body).at("code") == "full");
  const json quota = json::parse(registry.ask("GET", "/api/v1/quotas").body).at("items").at(0);
  CHECK(quota == json({{"namespace", "acme"}, {"limit_bytes", 3}, {"used_bytes", 3}, {"versions", 1}}));
  CHECK(registry.ask("PUT", "/api/v1/quotas/acme", R"({"limit_bytes": null})").status == 200);
  CHECK(registry.ask("POST", "/api/v1/models/acme/churn/versions", draft.dump()).status == 201);
}

TEST_CASE("API: bytes can be asked why they are here, and artifacts what they take") {
  const Registry registry;
  registry.publish("models/acme/churn", "w.bin", "weights");
  const json why = json::parse(registry.ask("GET", "/api/v1/why/" + Digest::of("weights").text()).body);
  CHECK(why.at("held_by").at(0).at("reference") == "acme/churn@1");
  CHECK(registry.ask("GET", "/api/v1/why/" + Digest::of("other").text()).status == 404);
  CHECK(registry.ask("GET", "/api/v1/why/sha256:x").status == 400);
  const json all = json::parse(registry.ask("GET", "/api/v1/savings?limit=5").body);
  CHECK(all.at("total").at("raw_bytes") == 7);
  CHECK(json::parse(registry.ask("GET", "/api/v1/models/acme/churn/savings").body).at("artifacts").size() ==
        1);
  CHECK(registry.ask("GET", "/api/v1/models/acme/none/savings").status == 404);
}
