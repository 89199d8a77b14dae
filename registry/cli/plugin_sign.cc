// SPDX-License-Identifier: Apache-2.0
// `assay plugin sign`: the signature that a host may ask for before it uses a plugin.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"

namespace assay::cli {
namespace {

struct Options {
  std::string file;
  std::string key;
};

int sign(Context& context, const Options& options) {
  const auto signature = context.program().sign_plugin(options.file, options.key);
  if (context.json())
    context.print_json({{"library", options.file}, {"signature", signature.string()}});
  else
    std::cout << signature.string() << "; `assay plugin push " << options.file << "` publishes both\n";
  return 0;
}

}  // namespace

void add_plugin_sign(CommandSet& commands, CLI::App& family) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      family,
      {"sign", "Sign a library with an Ed25519 key, into FILE.sig",
       "openssl genpkey -algorithm ed25519 -out key.pem\n"
       "openssl pkey -in key.pem -pubout -out trusted.pem\n"
       "assay plugin sign ./mine.so --key key.pem\n"
       "ASSAY_PLUGIN_KEYS=trusted.pem assay train --plugin ./mine.so …   # uses nothing that is not signed",
       "0 signed"});
  command.add_option("file", options->file, "the .so file")->required();
  command.add_option("--key", options->key, "the private key, PEM without a pass phrase")->required();
  commands.on(command, [options](Context& context) { return sign(context, *options); });
}

}  // namespace assay::cli
