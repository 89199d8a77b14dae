// SPDX-License-Identifier: Apache-2.0
#include "registry/signing/model_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"
#include "storage/base/base64.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "https://model_signing/signature/v1.0";
constexpr std::size_t kMaxIgnored = 1024;

// What the format's tools leave out unless told otherwise, as far as it is single files that no model's reader opens.
constexpr std::string_view kLeftOut[] = {".gitattributes", ".gitignore", "model.sig"};

bool is_left_out(std::string_view path) {
  return std::find(std::begin(kLeftOut), std::end(kLeftOut), path) != std::end(kLeftOut);
}

// Paths are in order part by part, so that "/" comes before every letter.
bool comes_before(std::string_view left, std::string_view right) {
  const auto rank = [](char letter) { return letter == '/' ? 0 : int{static_cast<unsigned char>(letter)}; };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [&](char a, char b) { return rank(a) < rank(b); });
}

// DSSE's pre-authentication encoding: what is signed.
std::string encode(std::string_view type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

Error malformed(std::string_view why) {
  return Error(Code::invalid_argument, fmt::format("The signature is no bundle of OpenSSF Model Signing: {}", why));
}

Error unsupported(std::string_view why) {
  return Error(Code::unsupported, fmt::format("The signature cannot be judged here: {}; sign with a key, as `assay sign` "
                                              "or `model_signing sign key` does",
                                              why));
}

// Members beside those that are asked for are other tools' business.
const json& member(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) throw malformed(fmt::format("\"{}\" is missing", key));
  return object[key];
}

std::string text_of(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_string()) throw malformed(fmt::format("\"{}\" is no text", key));
  return value.get<std::string>();
}

const json& list_of(const json& object, const char* key, std::size_t most) {
  const json& value = member(object, key);
  if (!value.is_array() || value.size() > most) throw malformed(fmt::format("\"{}\" is no list of up to {}", key, most));
  return value;
}

std::string decoded(const json& object, const char* key) {
  auto bytes = from_base64(text_of(object, key));
  if (!bytes) throw malformed(fmt::format("\"{}\" is no base64", key));
  return *std::move(bytes);
}

void expect(const json& object, const char* key, std::string_view value) {
  if (const std::string found = text_of(object, key); found != value)
    throw unsupported(fmt::format("its \"{}\" is \"{}\", not \"{}\"", key, found.substr(0, 128), value));
}

json statement_of(const std::string& name, const std::vector<VersionFile>& signed_files) {
  json resources = json::array();
  std::string digests;
  for (const VersionFile& file : signed_files) {
    resources.push_back({{"name", file.path.text()}, {"algorithm", "sha256"}, {"digest", file.digest.hex()}});
    digests.append(file.digest.bytes().begin(), file.digest.bytes().end());
  }
  return {{"_type", kStatementType},
          {"subject", {{{"name", name}, {"digest", {{"sha256", Digest::of(digests).hex()}}}}}},
          {"predicateType", kPredicateType},
          {"predicate",
           {{"serialization",
             {{"method", "files"}, {"hash_type", "sha256"}, {"allow_symlinks", false}, {"ignore_paths", kLeftOut}}},
            {"resources", std::move(resources)}}}};
}

}  // namespace

std::string sign_model(const std::string& name, const std::vector<VersionFile>& files, const PrivateKey& key) {
  std::vector<VersionFile> chosen;
  for (const VersionFile& file : files)
    if (!is_left_out(file.path.text())) chosen.push_back(file);
  std::sort(chosen.begin(), chosen.end(), [](const VersionFile& left, const VersionFile& right) {
    return comes_before(left.path.text(), right.path.text());
  });
  const std::string payload = statement_of(name, chosen).dump();
  const json signature = {{"sig", to_base64(key.sign(encode(kPayloadType, payload)))}, {"keyid", ""}};
  const json bundle = {{"mediaType", kBundleType},
                       {"verificationMaterial",
                        {{"publicKey", {{"hint", key.public_key().hint()}}}, {"tlogEntries", json::array()}}},
                       {"dsseEnvelope",
                        {{"payload", to_base64(payload)},
                         {"payloadType", kPayloadType},
                         {"signatures", json::array({signature})}}}};
  return bundle.dump();
}

ModelSignature ModelSignature::parse(std::string_view bundle) {
  const json document = parse_json(bundle, "the signature", {.max_bytes = kMaxSignatureBytes});
  ModelSignature out;
  expect(document, "mediaType", kBundleType);
  const json& material = member(document, "verificationMaterial");
  if (!material.is_object() || !material.contains("publicKey")) throw unsupported("it was made with a certificate");
  out.hint_ = text_of(material["publicKey"], "hint");
  const json& envelope = member(document, "dsseEnvelope");
  expect(envelope, "payloadType", kPayloadType);
  const std::string payload = decoded(envelope, "payload");
  const json& signatures = list_of(envelope, "signatures", 1);
  if (signatures.empty()) throw malformed("it holds no signature");
  out.signature_ = decoded(signatures[0], "sig");
  out.message_ = encode(kPayloadType, payload);
  out.read_statement(payload);
  return out;
}

void ModelSignature::read_statement(std::string_view text) {
  const json statement = parse_json(text, "the signed statement", {.max_bytes = kMaxSignatureBytes});
  expect(statement, "_type", kStatementType);
  expect(statement, "predicateType", kPredicateType);
  const json& predicate = member(statement, "predicate");
  const json& form = member(predicate, "serialization");
  expect(form, "method", "files");
  expect(form, "hash_type", "sha256");
  if (form.contains("ignore_paths"))
    for (const json& path : list_of(form, "ignore_paths", kMaxIgnored))
      ignored_.push_back(path.is_string() ? path.get<std::string>() : "");
  std::string digests;
  for (const json& resource : list_of(predicate, "resources", kMaxFiles)) {
    expect(resource, "algorithm", "sha256");
    resources_.push_back({text_of(resource, "name"), Digest::parse("sha256:" + text_of(resource, "digest"))});
    const Digest::Bytes& bytes = resources_.back().digest.bytes();
    digests.append(bytes.begin(), bytes.end());
  }
  const json& subject = list_of(statement, "subject", 1);
  if (subject.empty()) throw malformed("its statement has no subject");
  name_ = text_of(subject[0], "name");
  if (text_of(member(subject[0], "digest"), "sha256") != Digest::of(digests).hex())
    throw malformed("its subject is not the files that it lists");
}

bool ModelSignature::made_by(const PublicKey& key) const {
  return hint_ == key.hint() && key.made(signature_, message_);
}

std::string ModelSignature::difference(const std::vector<VersionFile>& files) const {
  std::map<std::string_view, const Digest*> open;
  for (const Resource& resource : resources_)
    if (!open.emplace(resource.name, &resource.digest).second) return fmt::format("{} was signed twice", resource.name);
  for (const VersionFile& file : files) {
    const std::string& path = file.path.text();
    const auto signed_one = open.find(path);
    if (signed_one == open.end()) {
      if (is_left_out(path) && std::find(ignored_.begin(), ignored_.end(), path) != ignored_.end()) continue;
      return fmt::format("{} was not signed", path);
    }
    if (*signed_one->second != file.digest)
      return fmt::format("{} is {}, and {} was signed", path, file.digest.text(), signed_one->second->text());
    open.erase(signed_one);
  }
  return open.empty() ? "" : fmt::format("{} was signed and is not there", open.begin()->first);
}

}  // namespace assay
