// SPDX-License-Identifier: Apache-2.0
#include "registry/service/scrub_blobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/audit.h"
#include "registry/catalog/blob_holders.h"
#include "registry/catalog/live_blobs.h"
#include "registry/catalog/scrub_progress.h"
#include "registry/domain/canonical_json.h"
#include "storage/base/error.h"
#include "storage/blob/blob_store.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr int kShownHolders = 5;

json problem_json(const ScrubProblem& problem) {
  json out = {{"pack", problem.pack},
              {"offset", problem.offset},
              {"repaired", problem.repaired},
              {"what", problem.what}};
  if (problem.digest) out["digest"] = problem.digest->text();
  return out;
}

ScrubProblem problem_of(const json& document) {
  ScrubProblem problem{document.at("pack").get<std::string>(), document.at("offset").get<std::uint64_t>(), std::nullopt,
                       document.at("repaired").get<bool>(), document.at("what").get<std::string>()};
  if (document.contains("digest")) problem.digest = Digest::parse(document["digest"].get<std::string>());
  return problem;
}

// What a scrub has found so far and where it goes on: the document that the catalogue keeps.
struct Standing {
  std::string cursor;  // empty: it has not begun, or has reached the end
  std::vector<Digest> damaged;
  ScrubResult result;
  LastScrub last;  // that reached the end

  std::string document() const {
    json digests = json::array();
    for (const Digest& digest : damaged) digests.push_back(digest.text());
    json problems = json::array();
    for (const ScrubProblem& problem : result.problems) problems.push_back(problem_json(problem));
    return canonical({{"cursor", cursor},
                      {"records", result.records},
                      {"stored_bytes", result.stored_bytes},
                      {"problems_found", result.problems_found},
                      {"problems_repaired", result.problems_repaired},
                      {"problems", std::move(problems)},
                      {"damaged", std::move(digests)},
                      {"last",
                       {{"finished_at", last.finished_at ? json(format_time(*last.finished_at)) : json()},
                        {"problems_found", last.problems_found},
                        {"damaged_blobs", last.damaged_blobs}}}});
  }

  static Standing parse(const std::string& text) {
    const json document = json::parse(text);
    Standing out;
    out.cursor = document.at("cursor").get<std::string>();
    out.result.records = document.at("records").get<std::uint64_t>();
    out.result.stored_bytes = document.at("stored_bytes").get<std::uint64_t>();
    out.result.problems_found = document.at("problems_found").get<std::uint64_t>();
    out.result.problems_repaired = document.at("problems_repaired").get<std::uint64_t>();
    for (const json& problem : document.at("problems")) out.result.problems.push_back(problem_of(problem));
    for (const json& digest : document.at("damaged"))
      out.damaged.push_back(Digest::parse(digest.get<std::string>()));
    if (document.contains("last")) out.last = last_of(document.at("last"));
    return out;
  }

  static LastScrub last_of(const json& document) {
    const json& finished = document.at("finished_at");
    return {finished.is_null() ? std::nullopt : std::optional(parse_time(finished.get<std::string>())),
            document.at("problems_found").get<std::uint64_t>(), document.at("damaged_blobs").get<std::uint64_t>()};
  }

  void finish(Time now) { last = {now, result.problems_found, damaged.size()}; }

  void add(const ScrubReport& slice) {
    cursor = slice.cursor;
    result.records += slice.records;
    result.stored_bytes += slice.stored_bytes;
    for (const ScrubProblem& problem : slice.problems) {
      ++result.problems_found;
      result.problems_repaired += problem.repaired ? 1 : 0;
      if (result.problems.size() < kMaxShownProblems) result.problems.push_back(problem);
    }
    add(slice.damaged_blobs);
  }

  void add(const std::vector<Digest>& blobs) {
    for (const Digest& digest : blobs)
      if (damaged.size() < kMaxShownProblems &&
          std::find(damaged.begin(), damaged.end(), digest) == damaged.end())
        damaged.push_back(digest);
  }
};

Standing begin(const Services& services, const ScrubWish& wish) {
  const auto kept = services.database.read([](Snapshot& snapshot) { return find_scrub_progress(snapshot); });
  if (!kept) return {};
  Standing standing = Standing::parse(*kept);
  if (wish.go_on && !standing.cursor.empty()) return standing;
  Standing fresh;
  fresh.last = standing.last;
  return fresh;
}

ScrubReport scrub_slice(const Services& services, const ScrubWish& wish, const Standing& standing) {
  const auto end = services.clock.steady_now() + kScrubSlice;
  const std::uint64_t before = standing.result.stored_bytes;
  ScrubRequest request;
  request.cursor = standing.cursor;
  request.bytes_per_second = wish.bytes_per_second;
  request.stop = [&] { return (wish.stop && wish.stop()) || services.clock.steady_now() >= end; };
  if (wish.progress)
    request.progress = [&](std::uint64_t done, std::uint64_t total) {
      wish.progress(before + done, before + total);
    };
  return services.maintenance->scrub(request);
}

std::string holder_text(const BlobHolder& holder) {
  const std::string version =
      fmt::format("{} {}", singular(holder.kind), reference_text(holder.name, holder.number));
  return holder.path.empty() ? version : fmt::format("{} ({})", version, holder.path);
}

// Blobs of live versions that the store does not know: what described them is gone.
std::vector<Digest> lost_blobs(const Services& services) {
  std::set<Digest> lost;
  for_each_live_blob(services.database, Time::max(), [&](const Digest& digest) {
    if (lost.size() < kMaxShownProblems && !services.blobs.stat(digest)) lost.insert(digest);
  });
  return {lost.begin(), lost.end()};
}

std::vector<DamagedBlob> explain_damage(Snapshot& snapshot, const std::vector<Digest>& damaged) {
  std::vector<DamagedBlob> out;
  for (const Digest& digest : damaged) {
    DamagedBlob blob{digest, {}};
    for (const BlobHolder& holder : holders_of(snapshot, digest, ReadableSpaces::everything(), kShownHolders))
      blob.needed_by.push_back(holder_text(holder));
    out.push_back(std::move(blob));
  }
  return out;
}

void write_audit(Transaction& transaction, const Principal& caller, const ScrubResult& result, Time now) {
  if (result.problems_found == 0 && result.damaged.empty()) return;
  append_audit(transaction, {.time = now,
                             .actor = caller.name,
                             .action = "scrub",
                             .subject = "blobs",
                             .details = canonical({{"problems_found", result.problems_found},
                                                   {"problems_repaired", result.problems_repaired},
                                                   {"damaged_blobs", result.damaged.size()},
                                                   {"complete", result.complete},
                                                   {"token", caller.id.text()}})});
}

}  // namespace

void to_json(json& out, const ScrubResult& result) {
  out = {{"complete", result.complete},
         {"records", result.records},
         {"stored_bytes", result.stored_bytes},
         {"problems_found", result.problems_found},
         {"problems_repaired", result.problems_repaired},
         {"problems", json::array()},
         {"damaged_blobs", json::array()}};
  for (const ScrubProblem& problem : result.problems) out["problems"].push_back(problem_json(problem));
  for (const DamagedBlob& blob : result.damaged)
    out["damaged_blobs"].push_back({{"digest", blob.digest.text()}, {"needed_by", blob.needed_by}});
}

LastScrub last_scrub(Snapshot& snapshot) {
  const auto kept = find_scrub_progress(snapshot);
  if (!kept) return {};
  const Standing standing = Standing::parse(*kept);
  LastScrub out = standing.last;
  out.problems_found = std::max(out.problems_found, standing.result.problems_found);
  out.damaged_blobs = std::max<std::uint64_t>(out.damaged_blobs, standing.damaged.size());
  return out;
}

ScrubResult scrub_blobs(const Services& services, const Principal& caller, const ScrubWish& wish) {
  require_everywhere(caller, Permission::admin);
  if (services.maintenance == nullptr)
    throw Error(Code::unavailable, "This registry's store cannot be scrubbed while it runs");
  Standing standing = begin(services, wish);
  for (bool more = true; more;) {
    standing.add(scrub_slice(services, wish, standing));
    standing.result.complete = standing.cursor.empty();
    if (standing.result.complete) standing.add(lost_blobs(services));
    more = !standing.result.complete && !(wish.stop && wish.stop());
    if (standing.result.complete) standing.finish(services.clock.now());
    services.database.write([&](Transaction& transaction) {
      put_scrub_progress(transaction, standing.document(), services.clock.now());
    });
  }
  ScrubResult& result = standing.result;
  result.damaged =
      services.database.read([&](Snapshot& snapshot) { return explain_damage(snapshot, standing.damaged); });
  services.database.write(
      [&](Transaction& transaction) { write_audit(transaction, caller, result, services.clock.now()); });
  return result;
}

}  // namespace assay
