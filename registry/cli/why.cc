// SPDX-License-Identifier: Apache-2.0
// `assay why`: what the bytes with a digest are, what holds them, where they lie and what they take.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

std::string joined(const Json& list) {
  std::string out;
  for (const Json& item : list) out += (out.empty() ? "" : ", ") + item.get<std::string>();
  return out;
}

void print_holders(const Json& holders) {
  if (holders.empty()) {
    std::cout << "no version holds it\n";
    return;
  }
  Table table({"held by", "as", "stages"});
  for (const Json& holder : holders)
    table.add({holder.value("kind", "") + " " + show_reference(holder.value("reference", "")),
               holder["path"].is_string() ? holder["path"].get<std::string>() : holder.value("part", ""),
               joined(holder["stages"])});
  table.print(std::cout);
}

void print_store(const Json& store) {
  if (!store.is_object()) return;
  Table places({"pack", "offset", "stored", "codec", "parents"});
  for (const Json& place : store["places"])
    places.add({place.value("pack", ""), place["offset"].dump(),
                human_size(place.value("stored_bytes", 0ULL)), place.value("codec", ""),
                std::to_string(place["parents"].size())});
  if (!places.empty()) std::cout << '\n', places.print(std::cout);
  if (store.value("chunks", 0) > 0) std::cout << "in " << store["chunks"] << " chunks\n";
  for (const Json& blob : store["needed_by"])
    std::cout << "needed by " << plain(blob.get<std::string>()) << '\n';
}

int why(Context& context, const std::string& text) {
  const Json answer = context.api().why(Digest::parse(text));
  if (context.json()) {
    context.print_json(answer);
    return 0;
  }
  std::cout << plain(answer.value("digest", "")) << '\n'
            << "is         " << plain(joined(answer["is"])) << '\n';
  if (answer["size"].is_number()) {
    std::cout << "size       " << human_size(answer["size"].get<std::uint64_t>());
    if (answer["stored_size"].is_number())
      std::cout << ", storing it added " << human_size(answer["stored_size"].get<std::uint64_t>());
    std::cout << '\n';
  }
  for (const Json& upload : answer["uploads"])
    std::cout << fmt::format("uploaded   by {} at {}, kept at least until {}\n",
                             plain(upload.value("principal", "")), human_time(upload.value("time", "")),
                             human_time(upload.value("keeps_until", "")));
  print_holders(answer["held_by"]);
  print_store(answer["store"]);
  return 0;
}

}  // namespace

void add_why(CommandSet& commands) {
  auto digest = make_options<std::string>();
  CLI::App& command =
      commands.add(kServerGroup, {"why", "Say why bytes are there: what holds them and what they take",
                                  "assay why sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822"
                                  "cd15d6c15b0f00a08",
                                  "0 known, 60 unknown"});
  command.add_option("digest", *digest, "sha256:… of a file, a chunk, a manifest or a config")->required();
  commands.on(command, [digest](Context& context) { return why(context, *digest); });
}

}  // namespace assay::cli
