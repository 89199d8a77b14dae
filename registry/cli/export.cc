// SPDX-License-Identifier: Apache-2.0
// `assay export`: versions with what is known of them, as one file for a registry that this one cannot reach.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/cli/archive_file.h"
#include "registry/cli/archive_records.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/progress.h"
#include "registry/cli/remote_artifacts.h"
#include "registry/cli/table.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/manifest.h"
#include "registry/signing/keys.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxEvidence = 10'000;  // what an import takes

struct Options {
  std::vector<std::string> references;
  std::string output;
  std::string since;
  std::string key;
  std::string kind;
  bool with_inputs = false;
};

// What goes into an archive: each version, run and record once, in the order found.
class Export {
 public:
  explicit Export(client::ApiClient& api) : api_(api) {}

  void add(const Version& version, bool with_inputs) {
    if (!seen_.insert(version.reference() + std::string(singular(version.kind))).second) return;
    versions_.push_back(version);
    if (version.run_id) add_run(*version.run_id);
    if (version.kind == Kind::model) add_evidence({.kind = {}, .model = version.digest, .dataset = {}});
    if (version.kind == Kind::dataset)
      add_evidence({.kind = EvidenceKind::validation, .model = {}, .dataset = version.digest});
    if (with_inputs) add_inputs(version);
  }

  const std::vector<Version>& versions() const { return versions_; }
  std::size_t evidence() const { return evidence_.size(); }

  Json records() const {
    Json out = {{"format", "assay-archive/1"}, {"versions", Json::array()}, {"runs", runs_}, {"evidence", evidence_}};
    for (const Version& version : versions_) out["versions"].push_back(record_of(version));
    return out;
  }

 private:
  // As the API shows it, without what is this registry's own affair.
  static Json record_of(const Version& version) {
    Json out = version;
    for (const char* key : {"stages", "reference", "size"}) out.erase(key);
    for (Json& file : out["files"]) file.erase("media_type");
    return out;
  }

  void add_run(const Id& id) {
    if (seen_.insert(id.text()).second) runs_.push_back(api_.run(id));
  }
  void add_evidence(const EvidenceQuery& query) {
    for (const Evidence& record : api_.evidence(query, kMaxEvidence)) {
      if (!seen_.insert(record.id.text()).second) continue;
      evidence_.push_back(record);
      if (record.run) add_run(*record.run);
    }
  }
  void add_inputs(const Version& version) {
    const Json lineage = api_.lineage(version.kind, {version.name, Selector(version.number)});
    for (const Json& kin : lineage.value("ancestors", Json::array()))
      if (kin["reference"].is_string())
        add(api_.version(kind_from_singular(kin["kind"].get<std::string>()),
                         Reference::parse(kin["reference"].get<std::string>())),
            false);
  }

  client::ApiClient& api_;
  std::set<std::string> seen_;
  std::vector<Version> versions_;
  Json runs_ = Json::array(), evidence_ = Json::array();
};

// The blobs that an earlier archive's versions have: the index and the records of that archive say which.
std::set<Digest> blobs_of(const std::string& archive) {
  std::set<Digest> out;
  if (archive.empty()) return out;
  const ArchiveReader reader(archive);
  for (const RecordedFile& file : recorded_files(reader.records(), archive)) out.insert(file.digest);
  return out;
}

Json index_of(const Export& wanted, const std::string& records) {
  Json manifests = Json::array({descriptor(kRecordsMediaType, records)});
  for (const Version& version : wanted.versions()) {
    const Manifest manifest = Manifest::build(version.kind, version.files);
    Json one = descriptor(kManifestMediaType, manifest.bytes());
    one["annotations"] = {{"org.opencontainers.image.ref.name",
                           fmt::format("{}/{}:{}", plural(version.kind), version.name.text(), version.number)}};
    manifests.push_back(std::move(one));
  }
  return {{"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.index.v1+json"}, {"manifests", manifests}};
}

// Manifests and configs, then files, each once.
std::uint64_t write_blobs(Context& context, const Export& wanted, std::set<Digest> left_out, ArchiveWriter& out) {
  std::map<Digest, std::uint64_t> files;
  for (const Version& version : wanted.versions()) {
    const Manifest manifest = Manifest::build(version.kind, version.files);
    if (manifest.digest() != version.digest)
      throw Error(Code::unsupported, version.reference() + " was pushed by another client, in a form that export does not know yet");
    for (const std::string* bytes : {&manifest.bytes(), &manifest.config()})
      if (left_out.insert(Digest::of(*bytes)).second) out.add_blob(*bytes);
    for (const VersionFile& file : version.files)
      if (!left_out.contains(file.digest)) files.emplace(file.digest, file.size);
  }
  const ScratchDirectory scratch;
  std::uint64_t total = 0;
  for (const auto& [digest, size] : files) {
    const auto path = scratch.path() / digest.hex();
    ProgressLine line(digest.short_text());
    client::download(context.api().session(), {digest, size}, path, {}, [&](auto done, auto all) { line.bytes(done, all); });
    out.add_blob(digest, size, path);
    std::filesystem::remove(path);
    total += size;
  }
  return total;
}

int run_export(Context& context, const Options& options) {
  Export wanted(context.api());
  for (const std::string& reference : options.references)
    wanted.add(find_version(context.api(), reference, options.kind), options.with_inputs);
  const std::string records = canonical(wanted.records());
  const Json index = index_of(wanted, records);
  const std::string signature =
      options.key.empty() ? "" : PrivateKey::parse(read_pem(options.key), options.key).sign(index.dump());
  ArchiveWriter out(options.output);
  out.add_index(index, signature);
  out.add_blob(records);
  const std::uint64_t bytes = write_blobs(context, wanted, blobs_of(options.since), out);
  out.finish();
  Json references = Json::array();
  for (const Version& version : wanted.versions()) references.push_back(version.reference());
  if (context.json())
    context.print_json({{"file", options.output}, {"versions", references}, {"evidence", wanted.evidence()}, {"bytes", bytes}});
  else
    std::cout << fmt::format("{}: {} version{}, {} of files, {} piece{} of evidence\n", options.output, references.size(),
                             references.size() == 1 ? "" : "s", human_size(bytes), wanted.evidence(),
                             wanted.evidence() == 1 ? "" : "s");
  return 0;
}

}  // namespace

void add_export(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup,
      {"export", "Write versions, with their runs and evidence, into one file for another registry",
       "assay export churn@4 churn-holdout@1 --output monday.tar\n"
       "assay export churn@production --with-inputs --output all.tar      # and what it was made from\n"
       "assay export churn@5 --since monday.tar --output tuesday.tar      # without bytes that monday.tar has\n"
       "openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out trusted.pem\n"
       "assay export churn@4 --key key.pem --output signed.tar            # assay import signed.tar --trusted trusted.pem",
       "0 written"});
  command.add_option("references", options->references, kReferenceHelp)->required();
  command.add_option("--output", options->output, "the file to write")->required();
  command.add_flag("--with-inputs", options->with_inputs, "also what the versions were made from, however far back");
  command.add_option("--since", options->since, "an archive whose bytes the other registry has already");
  command.add_option("--key", options->key, "sign the file with this private key, PEM without a pass phrase");
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return run_export(context, *options); });
}

}  // namespace assay::cli
