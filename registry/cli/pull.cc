// SPDX-License-Identifier: Apache-2.0
// `assay pull`: a version's files, each verified against its digest before it gets its name.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/parallel.h"
#include "registry/cli/progress.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string directory;
  std::string kind;
};

struct Totals {
  std::size_t here = 0;         // files that were there already
  std::uint64_t travelled = 0;  // bytes

  void add(const client::Fetched& fetched) {
    here += fetched.was_there ? 1 : 0;
    travelled += fetched.travelled;
  }
};

// Small files several at a time, large ones one after the other with what the cache has of them.
Totals fetch_files(Context& context, const Version& version, const std::filesystem::path& directory) {
  // Files of equal bytes go one after the other: in one folder they would have one `.part`.
  std::map<Digest, std::vector<const VersionFile*>> small;
  std::vector<const VersionFile*> large;
  std::uint64_t small_bytes = 0;
  for (const VersionFile& file : version.files) {
    if (file.size >= client::kSentWhole) {
      large.push_back(&file);
    } else {
      small[file.digest].push_back(&file);
      small_bytes += file.size;
    }
  }
  Totals totals;
  std::mutex mutex;  // guards totals and the line
  client::Session& session = context.api().session();
  {
    ProgressLine line("small files");
    std::uint64_t done = 0;
    std::vector<std::vector<const VersionFile*>> groups;
    for (const auto& [digest, files] : small) groups.push_back(files);
    in_parallel(session, groups, [&](client::Session& own, const std::vector<const VersionFile*>& files) {
      for (const VersionFile* file : files) {
        const auto fetched =
            client::download(own, {file->digest, file->size}, directory / file->path.text(), {}, {});
        const std::lock_guard lock(mutex);
        totals.add(fetched);
        line.bytes(done += file->size, small_bytes);
      }
    });
  }
  BlobCache* const cache = context.cache();
  for (const VersionFile* file : large) {
    ProgressLine line(file->path.text());
    const std::string origin = cache_origin(version.kind, version.name, file->path.text());
    const std::filesystem::path path = directory / file->path.text();
    const auto fetched = client::download(session, {file->digest, file->size}, path,
                                          cache ? cache->nearby(origin) : client::Nearby(),
                                          [&](auto done, auto total) { line.bytes(done, total); });
    if (cache && !fetched.was_there) cache->keep(origin, file->digest, file->size, path);
    totals.add(fetched);
  }
  return totals;
}

int pull(Context& context, const Options& options) {
  const Version version = find_version(context.api(), options.reference, options.kind);
  const Totals totals = fetch_files(context, version, options.directory);
  if (context.json()) {
    context.print_json({{"reference", version.reference()},
                        {"digest", version.digest.text()},
                        {"directory", options.directory},
                        {"downloaded", version.files.size() - totals.here},
                        {"already_there", totals.here},
                        {"received_bytes", totals.travelled}});
    return 0;
  }
  std::cout << fmt::format("{} {}\n{} files, {} in {}, every byte verified; {} received",
                           show_reference(version.name, version.number), version.digest.text(),
                           version.files.size(), human_size(version.size()), options.directory,
                           human_size(totals.travelled));
  if (totals.here > 0) std::cout << fmt::format("; {} were there already", totals.here);
  std::cout << '\n';
  return 0;
}

}  // namespace

void add_pull(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup,
      {"pull", "Fetch a version's files, verified; run it again to resume",
       "assay pull churn@production ./churn-model\nassay pull churn-train@1 ./data", "0 complete"});
  command.add_option("reference", options->reference, kReferenceHelp)->required();
  command.add_option("directory", options->directory, "where to; made when missing")->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return pull(context, *options); });
}

}  // namespace assay::cli
