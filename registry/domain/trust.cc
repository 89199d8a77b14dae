// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxKept = 512;  // bytes of a claim that records keep

const std::set<std::string>& telling_claims() {
  static const std::set<std::string> names = {
      "repository", "repository_id", "ref", "sha", "workflow", "workflow_ref", "job_workflow_ref", "run_id",
      "run_attempt", "environment", "actor", "event_name",                                                   // GitHub
      "project_path", "project_id", "pipeline_id", "pipeline_source", "job_id", "ref_protected", "user_login"};  // GitLab
  return names;
}

Error wrong(const std::string& why) {
  return Error(Code::invalid_argument, "trust: " + why);
}

void check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!fits) throw wrong(fmt::format("its name has 1 to {} letters, digits and characters of -_.", kMaxName));
}

std::string text_of(JsonObject& object, const char* key) {
  std::string text = object.text(key);
  if (text.empty() || text.size() > Trust::kMaxText)
    throw wrong(fmt::format("{} has 1 to {} bytes", key, Trust::kMaxText));
  return text;
}

std::vector<std::string> values_of(const std::string& claim, const json& listed) {
  if (claim.empty() || claim.size() > Trust::kMaxText || !listed.is_array() || listed.empty() ||
      listed.size() > Trust::kMaxValues)
    throw wrong(fmt::format("claims.{} is a list of 1 to {} texts", beginning(claim), Trust::kMaxValues));
  std::vector<std::string> out;
  for (const json& value : listed) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty() ||
        value.get_ref<const std::string&>().size() > Trust::kMaxText)
      throw wrong(fmt::format("claims.{} is a list of texts of 1 to {} bytes", claim, Trust::kMaxText));
    out.push_back(value.get<std::string>());
  }
  return out;
}

std::map<std::string, std::vector<std::string>> claims_of(const json& document) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [claim, listed] : document.items()) {
    if (claim == "iss" || claim == "aud" || claim == "exp" || claim == "nbf")
      throw wrong(fmt::format("\"{}\" is not among the claims: give issuer and audience by themselves", claim));
    out.emplace(claim, values_of(claim, listed));
  }
  if (out.empty() || out.size() > Trust::kMaxClaims)
    throw wrong(fmt::format("1 to {} claims say whom it lets in, such as repository_id: without any, whoever the "
                            "provider serves would come in",
                            Trust::kMaxClaims));
  return out;
}

// Texts, numbers and truth values are claims that can be told apart; nothing else is compared.
std::optional<std::string> text_of_claim(const json& claims, const std::string& name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer() || found->is_boolean()) return found->dump();
  return std::nullopt;
}

bool is_for(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (!found->is_array()) return *found == audience;
  return std::find(found->begin(), found->end(), audience) != found->end();
}

}  // namespace

Trust Trust::parse(const std::string& name, const json& document) {
  check_name(name);
  JsonObject object(document, "trust");
  Trust trust{.name = name,
              .issuer = text_of(object, "issuer"),
              .audience = text_of(object, "audience"),
              .claims = claims_of(object.object("claims")),
              .grant = {parse_role(object.text("role")), Namespace::parse(object.text("namespace"))},
              .keys = object.object("keys")};
  object.finish();
  if (trust.grant.role == Role::admin) throw wrong("a workload may be reader, writer or promoter, not admin");
  if (trust.keys.dump().size() > kMaxKeyBytes)
    throw Error(Code::too_large, fmt::format("trust: the keys have more than {} bytes", kMaxKeyBytes));
  return trust;
}

json trust_document(const Trust& trust) {
  return {{"issuer", trust.issuer},
          {"audience", trust.audience},
          {"claims", trust.claims},
          {"role", text(trust.grant.role)},
          {"namespace", trust.grant.scope()},
          {"keys", trust.keys}};
}

void to_json(json& out, const Trust& trust) {
  out = trust_document(trust);
  out.erase("keys");
  out["name"] = trust.name;
  out["key_ids"] = json::array();
  for (const json& key : trust.keys.at("keys"))
    if (key.is_object()) out["key_ids"].push_back(key.value("kid", json()));
}

std::string unlike(const Trust& trust, const json& claims) {
  if (text_of_claim(claims, "iss") != trust.issuer) return fmt::format("is not of the issuer {}", trust.issuer);
  if (!is_for(claims, trust.audience)) return fmt::format("is not for the audience {}", trust.audience);
  for (const auto& [name, values] : trust.claims) {
    const auto value = text_of_claim(claims, name);
    if (!value) return fmt::format("has no claim \"{}\"", name);
    if (std::find(values.begin(), values.end(), *value) == values.end())
      return fmt::format("has the claim \"{}\" with another value than the trust asks for", name);
  }
  return {};
}

json workload_of(const Trust& trust, const json& claims) {
  std::set<std::string> wanted = telling_claims();
  for (const auto& [name, ignored] : trust.claims) wanted.insert(name);
  json kept = json::object();
  for (const std::string& name : wanted)
    if (const auto value = text_of_claim(claims, name)) kept[name] = value->substr(0, kMaxKept);
  return {{"issuer", trust.issuer},
          {"subject", text_of_claim(claims, "sub").value_or("").substr(0, kMaxKept)},
          {"claims", std::move(kept)}};
}

std::string workload_text(const std::string& workload) {
  const json document = json::parse(workload);
  std::string out;
  for (const auto& [name, value] : document.at("claims").items())
    out += (out.empty() ? "" : ", ") + name + " " + value.get<std::string>();
  return document.at("subject").get<std::string>() + " (" + out + ")";
}

}  // namespace assay
