// SPDX-License-Identifier: Apache-2.0
// `assay score`: predictions for the rows of a CSV file, by the very plugin that trained the model. The work
// is compute/score.h's, as in the server, so the answers have the same bits.
#include "registry/compute/score.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/whole_number.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  ComputeOptions compute;
  std::string model;
  std::string input;
  std::string output;
};

std::string read_all(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) throw system_error("reading " + path, errno);
  text << in.rdbuf();
  if (in.bad()) throw system_error("reading " + path, errno);
  return text.str();
}

// Whole or not at all: nobody should find half the rows after a full disk.
void write_whole(const fs::path& path, const std::string& bytes) {
  const fs::path part = path.string() + ".part";
  errno = 0;
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) {
    const int why = errno == 0 ? EIO : errno;
    std::error_code ignored;
    fs::remove(part, ignored);
    throw system_error("writing " + path.string(), why);
  }
  std::error_code failed;
  fs::rename(part, path, failed);
  if (failed) throw system_error("writing " + path.string(), failed.value());
}

int run_score(Context& context, const Options& options) {
  const std::string input = read_all(options.input);
  Bench bench(context);
  const ArtifactVersion version = bench.artifacts().resolve(Kind::model, options.model);
  const std::string scored = [&] {
    TerminalProgress progress(version.reference);
    const CallOptions call = call_options(options.compute);
    const auto model = ScoredModel::load(version, bench.plugins(), bench.artifacts(), call, progress);
    return model->score_csv(input, options.input == "-" ? "stdin" : options.input, call, progress);
  }();
  if (options.output.empty() || options.output == "-") {
    std::cout << scored;
    return 0;
  }
  write_whole(options.output, scored);
  if (context.json())
    context.print_json(
        {{"reference", version.reference}, {"digest", version.digest.text()}, {"output", options.output}});
  else
    std::cout << fmt::format("{} scored by {} {}\n", options.output, show_reference(version.reference),
                             version.digest.short_text());
  return 0;
}

}  // namespace

void add_score(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kComputeGroup, {"score", "Predict the rows of a CSV file",
                      "assay score churn@production --input new.csv --output scored.csv", "0 scored"});
  command.add_option("model", options->model, "the model: NAME@VERSION or NAME@STAGE")->required();
  command.add_option("--input", options->input, "a CSV file with the model's columns; - is stdin")
      ->required();
  command.add_option("--output", options->output,
                     "where the rows with their predictions go; - or nothing is stdout");
  command.add_option("--threads", options->compute.threads, "how many threads the plugin may use; 0 is all")
      ->check(whole_number(0, 4096));
  command
      .add_option("--timeout", options->compute.timeout_s,
                  "seconds after which the plugin is stopped; 0 is never")
      ->check(whole_number(0, 10'000'000));
  commands.on(command, [options](Context& context) { return run_score(context, *options); });
}

}  // namespace assay::cli
