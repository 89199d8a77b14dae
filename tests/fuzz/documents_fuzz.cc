// SPDX-License-Identifier: Apache-2.0
// Any bytes as each of the documents that clients, archives and stored models bring: refused by a promised error, or
// read; and what was read, written and read again, is the same.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "registry/compute/bundle.h"
#include "registry/domain/bundle.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/manifest.h"
#include "registry/domain/run.h"
#include "registry/domain/trust.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr auto kRefusals = {Code::invalid_argument, Code::too_large, Code::unsupported};

void require(bool promise) {
  if (!promise) std::abort();
}

// `read` makes of a document what json() writes.
template <class Read>
void same_again(const json& document, Read read) {
  std::optional<json> written;
  fuzz::taken(kRefusals, [&] { written = json(read(document)); });
  if (!written) return;
  // What was taken may not be refused later.
  require(json(read(*written)) == *written);
}

void check_policy(const json& document) {
  std::optional<Policy> policy;
  fuzz::taken(kRefusals, [&] { policy = Policy::parse(document); });
  if (!policy) return;
  const Policy again = Policy::parse(parse_json(policy->canonical(), "the policy"));
  require(again == *policy && again.digest() == policy->digest());
  policy->requirements();
}

void check_problem(const json& document) {
  std::optional<Problem> problem;
  fuzz::taken(kRefusals, [&] { problem = Problem::parse(document); });
  if (!problem) return;
  const Problem again = Problem::parse(parse_json(canonical(json(*problem)), "the problem"));
  require(again == *problem && again.digest() == problem->digest());
}

void check_bundle(const json& document) {
  std::optional<Bundle> bundle;
  fuzz::taken(kRefusals, [&] { bundle = bundle_from_json(document); });
  if (bundle) require(replay(*bundle) == replay(bundle_from_json(json(*bundle))));
}

void check_manifest(std::string_view text) {
  std::optional<Manifest> manifest;
  fuzz::taken(kRefusals, [&] { manifest = Manifest::parse(std::string(text)); });
  if (!manifest) return;
  require(manifest->bytes() == text && !manifest->files().empty());
  const Manifest built = Manifest::build(Kind::model, manifest->files());
  require(Manifest::parse(built.bytes()).files().size() == manifest->files().size());
}

void check_model_bundle(std::string_view text) {
  std::optional<BundleInfo> info;
  fuzz::taken({Code::corrupt, Code::unsupported}, [&] { info = parse_bundle(text, "it"); });
  if (!info) return;
  const std::string written = format_bundle(*info);
  require(format_bundle(parse_bundle(written, "it again")) == written);
}

void check_all(const json& document) {
  check_policy(document);
  check_problem(document);
  check_bundle(document);
  same_again(document, bundle_from_json);
  same_again(document, decision_from_json);
  same_again(document, evidence_from_json);
  same_again(document, run_from_json);
  same_again(document, stage_from_json);
  same_again(document, [](const json& it) { return approval_from_json(it, "it"); });
  same_again(document, [](const json& it) { return content_from_json(it, "it"); });
  same_again(document, [](const json& it) { return cost_matrix_from_json(it, "it"); });
  same_again(document, [](const json& it) { return frozen_from_json(it, "it"); });
  same_again(document, [](const json& it) { return lease_from_json(it, "it"); });
  same_again(document, [](const json& it) { return need_from_json(it, "it"); });
  same_again(document, [](const json& it) { return trust_document(Trust::parse("it", it)); });
  // These are only read.
  fuzz::taken(kRefusals, [&] { evidence_draft_from_json(document); });
  fuzz::taken(kRefusals, [&] { run_draft_from_json(document); });
  fuzz::taken(kRefusals, [&] { run_outcome_from_json(document); });
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_manifest(text);
  check_model_bundle(text);
  std::optional<json> document;
  fuzz::taken(kRefusals, [&] { document = parse_json(text, "the document"); });
  if (document) check_all(*document);
  return 0;
}
