// SPDX-License-Identifier: Apache-2.0
// `assay cache`: what earlier commands have left on this machine, and its removal.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/blob_cache.h"
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  bool clear = false;
};

int cache(Context& context, const Options& options) {
  const CacheSettings settings = cache_settings(context.program().environment);
  BlobCache* const cache = context.cache();
  if (cache == nullptr)
    throw Error(Code::unavailable,
                settings.limit == 0
                    ? "there is no cache: ASSAY_CACHE_SIZE is 0, or there is no home directory"
                    : "the cache in " + settings.directory.string() + " cannot be used: " + context.cache_note() +
                          ". It holds nothing that cannot be fetched again: if nobody is using it, remove it");
  const std::uint64_t freed = options.clear ? cache->clear() : 0;
  if (context.json()) {
    context.print_json({{"directory", settings.directory.string()},
                        {"limit", settings.limit},
                        {"blobs", cache->blobs()},
                        {"stored_bytes", cache->stored_bytes()},
                        {"freed_bytes", freed}});
    return 0;
  }
  if (options.clear) std::cout << human_size(freed) << " freed\n";
  std::cout << fmt::format("{}: {} files, {} of at most {}\n", settings.directory.string(), cache->blobs(),
                           human_size(cache->stored_bytes()), human_size(settings.limit));
  return 0;
}

}  // namespace

void add_cache(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kPublishGroup, {"cache", "Show or clear what is kept of earlier downloads",
                      "assay cache\nassay cache --clear\nASSAY_CACHE_SIZE=0 assay pull churn ./out", ""});
  command.add_flag("--clear", options->clear, "remove all of it");
  commands.on(command, [options](Context& context) { return cache(context, *options); });
}

}  // namespace assay::cli
