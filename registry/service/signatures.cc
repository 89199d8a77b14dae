// SPDX-License-Identifier: Apache-2.0
#include "registry/service/signatures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/audit.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/nearest.h"
#include "registry/service/resolve.h"
#include "registry/signing/model_signature.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

// A key of a name, ready to verify.
struct ReadyKey {
  KeyName name;
  PublicKey key;
};

std::vector<ReadyKey> ready(const std::vector<TrustedKey>& keys) {
  std::vector<ReadyKey> out;
  for (const TrustedKey& key : keys)
    out.push_back({key.name, PublicKey::parse_for_models(key.pem, "the key " + key.name.text())});
  return out;
}

// The keys that made the signature of these files. Costly: a signature of many files is megabytes.
std::vector<const ReadyKey*> makers(const StoredSignature& stored, const std::vector<VersionFile>& files,
                                    const std::vector<ReadyKey>& keys) {
  std::vector<const ReadyKey*> named, out;
  for (const ReadyKey& key : keys)
    if (key.key.hint() == stored.hint) named.push_back(&key);
  if (named.empty()) return out;
  const ModelSignature signature = ModelSignature::parse(stored.bundle);
  if (!signature.difference(files).empty()) return out;
  for (const ReadyKey* key : named)
    if (signature.made_by(key->key)) out.push_back(key);
  return out;
}

std::vector<std::string> names_of(const std::vector<TrustedKey>& keys) {
  std::vector<std::string> out;
  for (const TrustedKey& key : keys) out.push_back(key.name.text());
  return out;
}

Error no_key(const Namespace& space, const KeyName& name, const std::vector<std::string>& known) {
  return Error(Code::not_found,
               fmt::format("Namespace {} trusts no key \"{}\"{}; an admin names one with assay key set {} FILE", space.text(),
                           name.text(), did_you_mean(name.text(), known), name.text()));
}

void audit(Transaction& transaction, const Principal& caller, const char* action, const std::string& subject, Time at,
           nlohmann::json details) {
  details["token"] = caller.id.text();
  append_audit(transaction, {.time = at,
                             .actor = caller.name,
                             .action = action,
                             .subject = subject,
                             .details = canonical(details)});
}

void keep_signature(Transaction& transaction, const Principal& caller, const Version& version,
                    const StoredSignature& signature) {
  const Namespace& space = version.name.space();
  if (signatures_of(transaction, space, version.digest).size() >= kMaxSignatures)
    throw Error(Code::too_large,
                fmt::format("{} has {} signatures already, and no more are kept", version.reference(), kMaxSignatures));
  append_signature(transaction, space, version.digest, signature);
  audit(transaction, caller, "sign", "models/" + version.reference(), signature.at,
        {{"digest", version.digest.text()}, {"signature", signature.id.text()}, {"hint", signature.hint}});
}

ShownSignature shown(const StoredSignature& signature, const std::vector<VersionFile>& files,
                     const std::vector<ReadyKey>& keys) {
  ShownSignature out{signature, {}};
  for (const ReadyKey* key : makers(signature, files, keys)) out.keys.push_back(key->name.text());
  return out;
}

std::string key_subject(const Namespace& space, const KeyName& name) {
  return fmt::format("namespaces/{}/keys/{}", space.text(), name.text());
}

}  // namespace

ShownSignature add_signature(const Services& services, const Principal& caller, const Name& model,
                             const Selector& version, std::string_view bundle, RequestKey* key) {
  require(caller, Permission::register_, model.space());
  const ModelSignature signature = ModelSignature::parse(bundle);
  const StoredSignature draft{.id = new_id(services.clock, services.entropy),
                              .hint = signature.hint(),
                              .bundle = std::string(bundle),
                              .at = services.clock.now(),
                              .by = caller.name};
  return services.database.write([&](Transaction& transaction) {
    find_recorded(transaction, caller, key, draft.at);  // the bundle itself tells what was kept before
    const Version version_now = resolve(transaction, Kind::model, model, version);
    if (const std::string difference = signature.difference(version_now.files); !difference.empty())
      throw Error(Code::invalid_argument,
                  fmt::format("The signature is not one of {}: {}; sign the version as it is", version_now.reference(),
                              difference));
    const auto kept = find_signature(transaction, model.space(), version_now.digest, bundle);
    if (!kept) keep_signature(transaction, caller, version_now, draft);
    remember(transaction, caller, key, draft.id.text(), draft.at);
    return shown(kept.value_or(draft), version_now.files, ready(trusted_keys(transaction, model.space())));
  });
}

std::vector<ShownSignature> list_signatures(const Services& services, const Principal& caller, const Name& model,
                                            const Selector& version) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) {
    const Version signed_one = resolve(snapshot, Kind::model, model, version);
    const auto keys = ready(trusted_keys(snapshot, model.space()));
    std::vector<ShownSignature> out;
    for (const StoredSignature& stored : signatures_of(snapshot, model.space(), signed_one.digest))
      out.push_back(shown(stored, signed_one.files, keys));
    return out;
  });
}

std::vector<ArtifactFacts::Signer> signers_of(Snapshot& snapshot, const Namespace& space, const Version& version,
                                              const std::vector<KeyName>& wanted, const std::optional<Time>& as_of) {
  std::vector<TrustedKey> trusted = trusted_keys(snapshot, space, as_of);
  std::erase_if(trusted, [&](const TrustedKey& key) {
    return std::find(wanted.begin(), wanted.end(), key.name) == wanted.end();
  });
  const auto keys = ready(trusted);
  std::vector<ArtifactFacts::Signer> out;
  for (const StoredSignature& stored : signatures_of(snapshot, space, version.digest, as_of))
    for (const ReadyKey* key : makers(stored, version.files, keys)) {
      const ArtifactFacts::Signer signer{.key = key->name.text(), .hint = stored.hint};
      if (std::find(out.begin(), out.end(), signer) == out.end()) out.push_back(signer);
    }
  return out;
}

TrustedKey set_trusted_key(const Services& services, const Principal& caller, const Namespace& space,
                           const KeyName& name, std::string_view body) {
  require(caller, Permission::admin, space);
  const nlohmann::json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  const PublicKey key = PublicKey::parse_for_models(object.text("pem"), "\"pem\"");
  object.finish();
  const TrustedKey trusted{name, key.pem(), services.clock.now(), caller.name};
  services.database.write([&](Transaction& transaction) {
    const bool known = find_trusted_key(transaction, space, name).has_value();
    if (!known && trusted_keys(transaction, space).size() >= kMaxTrustedKeys)
      throw Error(Code::too_large, fmt::format("Namespace {} trusts {} keys already: remove one first", space.text(),
                                               kMaxTrustedKeys));
    append_trusted_key(transaction, space, name, trusted.pem, caller.name, trusted.at);
    audit(transaction, caller, "set_key", key_subject(space, name), trusted.at, {{"hint", key.hint()}});
  });
  return trusted;
}

TrustedKey remove_trusted_key(const Services& services, const Principal& caller, const Namespace& space,
                              const KeyName& name) {
  require(caller, Permission::admin, space);
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    require_trusted_keys(transaction, space, {name});
    TrustedKey was = find_trusted_key(transaction, space, name).value();
    append_trusted_key(transaction, space, name, std::nullopt, caller.name, now);
    audit(transaction, caller, "remove_key", key_subject(space, name), now, nlohmann::json::object());
    return was;
  });
}

std::vector<TrustedKey> list_trusted_keys(const Services& services, const Principal& caller, const Namespace& space) {
  require(caller, Permission::read, space);
  return services.database.read([&](Snapshot& snapshot) { return trusted_keys(snapshot, space); });
}

void require_trusted_keys(Snapshot& snapshot, const Namespace& space, const std::vector<KeyName>& names) {
  if (names.empty()) return;
  const auto known = trusted_keys(snapshot, space);
  for (const KeyName& name : names)
    if (std::none_of(known.begin(), known.end(), [&](const TrustedKey& key) { return key.name == name; }))
      throw no_key(space, name, names_of(known));
}

nlohmann::json trusted_key_answer(const TrustedKey& key) {
  return {{"name", key.name.text()},
          {"hint", PublicKey::parse_for_models(key.pem, key.name.text()).hint()},
          {"pem", key.pem},
          {"at", format_time(key.at)},
          {"by", key.by}};
}

nlohmann::json signature_answer(const ShownSignature& shown) {
  const StoredSignature& signature = shown.signature;
  return {{"id", signature.id.text()},     {"hint", signature.hint}, {"keys", shown.keys},
          {"at", format_time(signature.at)}, {"by", signature.by},     {"bundle", nlohmann::json::parse(signature.bundle)}};
}

}  // namespace assay
