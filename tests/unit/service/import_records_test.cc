// SPDX-License-Identifier: Apache-2.0
#include "registry/service/import_records.h"

#include <nlohmann/json.hpp>

#include "registry/service/delete_version.h"
#include "registry/service/record_evidence.h"
#include "registry/service/resolve.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;
using Catch::Matchers::Contains;

namespace {

struct Receiver : Registry {
  Principal keeper = caller("keeper", Role::admin, "acme");

  // A version of another registry, whose bytes this one is given too.
  json version(const std::string& name, std::int64_t number, const std::string& bytes) {
    const Digest blob = upload(keeper, bytes);
    const std::vector<VersionFile> files = {{FilePath::parse("w.bin"), blob, bytes.size(), {}}};
    return {{"kind", "model"},
            {"namespace", "acme"},
            {"name", name},
            {"number", number},
            {"digest", Manifest::build(Kind::model, files).digest().text()},
            {"created_at", "2026-01-02T03:04:05.000Z"},
            {"created_by", "somebody elsewhere"},
            {"files", {{{"path", "w.bin"}, {"digest", blob.text()}, {"size", bytes.size()}}}},
            {"labels", {{"team", "risk"}}},
            {"profile", nullptr},
            {"run_id", nullptr}};
  }
  ImportResult import(const std::vector<json>& versions, const json& evidence = json::array(), bool dry_run = false) {
    const json body = {{"versions", versions}, {"runs", json::array()}, {"evidence", evidence}, {"dry_run", dry_run}};
    return import_records(services, keeper, parse_import_request(body.dump()));
  }
  Version here(const std::string& name, std::int64_t number) {
    return resolve(services, keeper, Kind::model, Name::parse("acme/" + name), Selector(number));
  }
};

json evidence_on(const std::string& model, const std::string& dataset, double value) {
  return {{"id", "01kb0000000000000000000000"},
          {"kind", "evaluation"},
          {"level", "attested"},
          {"model_digest", model},
          {"dataset_digest", dataset},
          {"plugin",
           {{"name", "classification"}, {"version", "1"}, {"digest", Digest::of("c.so").text()}, {"component", "c"}}},
          {"config", json::object()},
          {"seed", 0},
          {"rows",
           {{{"name", "auc"}, {"value", value}, {"ci_low", nullptr}, {"ci_high", nullptr}, {"slice", ""}, {"n", 10},
             {"higher_is_better", true}}}},
          {"created_at", "2026-01-02T03:04:06.000Z"},
          {"created_by", "somebody elsewhere"}};
}

}  // namespace

TEST_CASE("Import: a version keeps number, digest, time, author and labels, and the next one comes after it") {
  Receiver receiver;
  const json churn = receiver.version("churn", 4, "weights");
  const ImportResult result = receiver.import({churn});
  CHECK(result.imported == std::vector<std::string>{"acme/churn@4"});
  const Version version = receiver.here("churn", 4);
  CHECK(version.digest.text() == churn["digest"]);
  CHECK(format_time(version.created_at) == churn["created_at"]);
  CHECK(version.created_by == "somebody elsewhere");
  CHECK(version.labels.at("team") == "risk");
  CHECK(receiver.push(receiver.ann, "acme/churn", "more").version.number == 5);
  CHECK(receiver.import({receiver.version("churn", 2, "older")}).imported.size() == 1);
  CHECK(receiver.push(receiver.ann, "acme/churn", "most").version.number == 6);
}

TEST_CASE("Import: again is a no-op, and a dry run changes nothing") {
  Receiver receiver;
  const json churn = receiver.version("churn", 4, "weights");
  CHECK(receiver.import({churn}, json::array(), true).imported.size() == 1);
  CHECK(code_of([&] { receiver.here("churn", 4); }) == Code::not_found);
  receiver.import({churn});
  const ImportResult again = receiver.import({churn});
  CHECK(again.imported.empty());
  CHECK(again.unchanged == std::vector<std::string>{"acme/churn@4"});
}

TEST_CASE("Import: what is here with another content, or was deleted, is named, and nothing is renumbered or moved") {
  Receiver receiver;
  receiver.import({receiver.version("churn", 4, "weights"), receiver.version("churn", 5, "deleted soon")});
  delete_version(receiver.services, receiver.keeper, Kind::model, Name::parse("acme/churn"), Selector(5));
  const auto conflict = [&] {
    receiver.import({receiver.version("fresh", 1, "new"), receiver.version("churn", 4, "others"),
                     receiver.version("churn", 5, "deleted soon")});
  };
  CHECK(code_of(conflict) == Code::conflict);
  CHECK_THAT(message_of(conflict), Contains("2 things") && Contains("acme/churn@4 is sha256:") &&
                                       Contains("acme/churn@5 was deleted here"));
  CHECK(code_of([&] { receiver.here("fresh", 1); }) == Code::not_found);
}

TEST_CASE("Import: evidence counts as reported here, goes where its subject is, and never changes") {
  Receiver receiver;
  const json churn = receiver.version("churn", 4, "weights");
  const std::string model = churn["digest"];
  CHECK(receiver.import({churn}, json::array({evidence_on(model, Digest::of("no such data").text(), 0.8)})).left_out == 1);
  const std::string data = receiver.push(receiver.ann, "acme/other", "data").version.digest.text();
  CHECK(receiver.import({churn}, json::array({evidence_on(model, data, 0.8)})).evidence == 1);
  const Evidence here =
      describe_evidence(receiver.services, receiver.ann, Id::parse("01kb0000000000000000000000"));
  CHECK(here.level == Level::reported);
  CHECK(format_time(here.created_at) == "2026-01-02T03:04:06.000Z");
  CHECK(receiver.import({churn}, json::array({evidence_on(model, data, 0.8)})).evidence == 0);
  CHECK_THAT(message_of([&] { receiver.import({churn}, json::array({evidence_on(model, data, 0.9)})); }),
             Contains("evidence 01kb0000000000000000000000 has another content"));
}

TEST_CASE("Import: only an admin of every namespace, only whole versions, only bytes that were sent") {
  Receiver receiver;
  json churn = receiver.version("churn", 4, "weights");
  const auto body = [](const json& version) {
    return json{{"versions", {version}}, {"runs", json::array()}, {"evidence", json::array()}}.dump();
  };
  CHECK(code_of([&] { import_records(receiver.services, receiver.ann, parse_import_request(body(churn))); }) == Code::denied);
  json foreign = churn;
  foreign["namespace"] = "rival";
  CHECK(code_of([&] { receiver.import({churn, foreign}); }) == Code::denied);
  json wrong = churn;
  wrong["digest"] = Digest::of("wrong").text();
  CHECK_THAT(message_of([&] { receiver.import({wrong}); }), Contains("its files give"));
  json absent = churn;
  absent["files"][0]["digest"] = Digest::of("never sent").text();
  CHECK(code_of([&] { receiver.import({absent}); }) == Code::invalid_argument);
  CHECK(code_of([&] { receiver.import({churn, churn}); }) == Code::invalid_argument);
  for (const char* member : {"number", "digest", "created_at", "files"}) {
    json part = churn;
    part.erase(member);
    CHECK(code_of([&] { receiver.import({part}); }) == Code::invalid_argument);
  }
  churn["number"] = 4'000'000'000'000;
  CHECK(code_of([&] { receiver.import({churn}); }) == Code::invalid_argument);
  CHECK(code_of([&] { receiver.import({}); }) == Code::invalid_argument);
}
