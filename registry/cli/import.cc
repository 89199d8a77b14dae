// SPDX-License-Identifier: Apache-2.0
// `assay import`: what `assay export` wrote, with the numbers, digests and times that it had there.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "registry/cli/archive_file.h"
#include "registry/cli/archive_records.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/progress.h"
#include "registry/cli/remote_artifacts.h"
#include "registry/cli/table.h"
#include "registry/signing/keys.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string file;
  std::string trusted;
  bool dry_run = false;
};

struct Missing {
  std::string needed_by;  // the first version that does
  std::uint64_t size = 0;
};

void require_signature(const ArchiveReader& archive, const Options& options) {
  for (const PublicKey& key : PublicKey::parse_all(read_pem(options.trusted), options.trusted))
    if (key.made(archive.signature(), archive.index())) return;
  throw Error(Code::denied, archive.signature().empty()
                                ? options.file + " is not signed: have it exported with --key"
                                : options.file + " was not signed by a key in " + options.trusted);
}

// The request that takes the records in. Its members are checked by the server.
Json request_of(const Json& records) {
  Json out = records;
  out.erase("format");
  return out;
}

std::map<Digest, Missing> missing_blobs(client::Session& session, const std::vector<RecordedFile>& files) {
  std::map<Digest, Missing> out;
  std::map<Digest, bool> asked;
  for (const RecordedFile& file : files) {
    const auto [known, first] = asked.emplace(file.digest, false);
    if (first) known->second = client::has_blob(session, file.digest);
    if (!known->second) out.emplace(file.digest, Missing{file.version, file.size});
  }
  return out;
}

// Sends what is missing, as it comes by. Returns how many bytes.
std::uint64_t send_blobs(client::Session& session, ArchiveReader& archive, std::map<Digest, Missing> missing) {
  const ScratchDirectory scratch;
  std::uint64_t sent = 0;
  while (const auto blob = archive.next()) {
    if (missing.erase(blob->digest) == 0) continue;
    const auto path = scratch.path() / blob->digest.hex();
    archive.extract(path);
    ProgressLine line(blob->digest.short_text());
    client::upload(session, {path, blob->digest, blob->size}, {}, [&](auto done, auto all) { line.bytes(done, all); });
    std::filesystem::remove(path);
    sent += blob->size;
  }
  if (missing.empty()) return sent;
  throw Error(Code::not_found,
              fmt::format("{} blob{} neither in the archive nor here, {} of {} among them: import the archive first that "
                          "this one was made --since",
                          missing.size(), missing.size() == 1 ? " is" : "s are", missing.begin()->first.text(),
                          missing.begin()->second.needed_by));
}

void print_result(const Json& result, std::uint64_t sent, bool dry_run) {
  for (const Json& reference : result.at("imported")) std::cout << plain(reference.get<std::string>()) << '\n';
  std::cout << fmt::format("{}{} imported, {} here already; {} new runs, {} new pieces of evidence, {} sent\n",
                           dry_run ? "dry run, nothing was changed: " : "", result.at("imported").size(),
                           result.at("unchanged").size(), result.at("runs").get<int>(), result.at("evidence").get<int>(),
                           human_size(sent));
  if (const int left = result.at("left_out").get<int>(); left > 0)
    std::cout << fmt::format("{} pieces of evidence were left out: what they are about is not here\n", left);
}

int run_import(Context& context, const Options& options) {
  ArchiveReader archive(options.file);
  if (!options.trusted.empty()) require_signature(archive, options);
  const std::vector<RecordedFile> files = recorded_files(archive.records(), options.file);
  Json request = request_of(archive.records());
  client::ApiClient& api = context.api();
  request["dry_run"] = true;
  Json result = api.import_records(request);  // conflicts, before a byte travels
  std::uint64_t sent = 0;
  if (!options.dry_run) {
    sent = send_blobs(api.session(), archive, missing_blobs(api.session(), files));
    request["dry_run"] = false;
    result = api.import_records(request);
  }
  if (context.json())
    context.print_json(result);
  else
    print_result(result, sent, options.dry_run);
  return 0;
}

}  // namespace

void add_import(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup, {"import", "Take in what another registry exported, with its numbers and digests (admins only)",
                      "assay import monday.tar --dry-run\nassay import monday.tar      # again is a no-op",
                      "0 imported or here already, 30 something here differs and nothing was imported, 40 the archive is damaged, "
                 "50 it is not signed by whom it must"});
  command.add_option("file", options->file, "what assay export wrote")->required();
  command.add_option("--trusted", options->trusted,
                     "a PEM file of public keys: only take what one of them signed");
  command.add_flag("--dry-run", options->dry_run, "say what would be imported, send nothing");
  commands.on(command, [options](Context& context) { return run_import(context, *options); });
}

}  // namespace assay::cli
