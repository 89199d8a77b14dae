// SPDX-License-Identifier: Apache-2.0
// `assay sign` and `assay verify`: who vouches for a model's files, in the form of OpenSSF Model Signing. No file is
// read: the version's manifest has their digests, and whoever pulls them checks those.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/report.h"
#include "registry/cli/table.h"
#include "registry/cli/yaml_file.h"
#include "registry/signing/model_signature.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

constexpr int kNotSigned = 10;
constexpr std::size_t kShownHint = 12;  // digits that tell a person's keys apart

struct Options {
  std::string reference;
  std::string key;
  std::string file;  // of the signature, instead of the registry
};

std::vector<std::string> bundles_of(Context& context, const Version& version, const std::string& file) {
  if (!file.empty()) return {read_document(file, kMaxSignatureBytes)};
  std::vector<std::string> bundles;
  for (const nlohmann::json& signature : context.api().signatures(version))
    bundles.push_back(signature.value("bundle", nlohmann::json()).dump());
  return bundles;
}

// ECDSA never gives the same signature twice, so that another one would be kept each time.
bool is_signed(Context& context, const Version& version, const PublicKey& key) {
  for (const std::string& bundle : bundles_of(context, version, "")) {
    const ModelSignature signature = ModelSignature::parse(bundle);
    if (signature.made_by(key) && signature.difference(version.files).empty()) return true;
  }
  return false;
}

int sign(Context& context, const Options& options) {
  const PrivateKey key = PrivateKey::parse_for_models(read_pem(options.key), options.key);
  const Version version = find_version(context.api(), options.reference, "model");
  const bool already = options.file.empty() && is_signed(context, version, key.public_key());
  const std::string bundle = already ? "" : sign_model(version.name.name(), version.files, key);
  if (!options.file.empty())
    write_report(bundle + '\n', options.file);
  else if (!already)
    context.api().add_signature(version, bundle);
  const std::string hint = key.public_key().hint();
  if (context.json())
    context.print_json({{"reference", version.reference()},
                        {"digest", version.digest.text()},
                        {"hint", hint},
                        {"created", !already}});
  else
    std::cout << fmt::format("{} {} {} with key {}\n", show_reference(version.name, version.number),
                             version.digest.short_text(), already ? "was signed already" : "signed",
                             hint.substr(0, kShownHint));
  return 0;
}

// A signature that the key made of other files, or that names the key and is none of its: somebody altered something.
int verify(Context& context, const Options& options) {
  const PublicKey key = PublicKey::parse_for_models(read_pem(options.key), options.key);
  const Version version = find_version(context.api(), options.reference, "model");
  const std::string reference = show_reference(version.name, version.number);
  std::string wrong;
  bool good = false;
  for (const std::string& bundle : bundles_of(context, version, options.file)) {
    const ModelSignature signature = ModelSignature::parse(bundle);
    if (signature.hint() != key.hint()) continue;
    const std::string difference = signature.made_by(key) ? signature.difference(version.files)
                                                          : "it names the key, which did not make it";
    good = good || difference.empty();
    if (!difference.empty()) wrong = difference;
  }
  if (context.json())
    context.print_json({{"reference", version.reference()}, {"digest", version.digest.text()}, {"hint", key.hint()},
                        {"signed", good}});
  if (!good && !wrong.empty())
    throw Error(Code::corrupt, fmt::format("A signature of {} does not hold: {}", reference, wrong));
  if (!context.json())
    std::cout << fmt::format("{} {} is {} by the key in {}\n", reference, version.digest.short_text(),
                             good ? "signed" : "not signed", plain(options.key));
  return good ? 0 : kNotSigned;
}

}  // namespace

void add_sign(CommandSet& commands) {
  auto signing = make_options<Options>();
  CLI::App& sign_command = commands.add(
      kPublishGroup, {"sign", "Vouch for a model version with a key of yours; the registry keeps the signature",
                      "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem\n"
                      "openssl pkey -in key.pem -pubout -out public.pem\n"
                      "assay sign churn@4 --key key.pem\n"
                      "assay sign churn@4 --key key.pem --output model.sig   # for model_signing verify key",
                      "0 signed"});
  sign_command.add_option("reference", signing->reference, kReferenceHelp)->required();
  sign_command.add_option("--key", signing->key, "the private key, PEM without a pass phrase")->required();
  sign_command.add_option("--output", signing->file, "write it to this file instead");
  commands.on(sign_command, [signing](Context& context) { return sign(context, *signing); });
  auto verifying = make_options<Options>();
  CLI::App& verify_command = commands.add(
      kPublishGroup, {"verify", "Check that a key vouches for a model version as it is",
                      "assay verify churn@4 --key public.pem\n"
                      "assay verify churn@4 --key public.pem --signature model.sig   # by model_signing sign key",
                      "0 signed by it, 10 not signed by it, 40 a signature does not match the files"});
  verify_command.add_option("reference", verifying->reference, kReferenceHelp)->required();
  verify_command.add_option("--key", verifying->key, "the public key, PEM")->required();
  verify_command.add_option("--signature", verifying->file, "a file, instead of what the registry keeps");
  commands.on(verify_command, [verifying](Context& context) { return verify(context, *verifying); });
}

}  // namespace assay::cli
