// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/job.h"

#include <nlohmann/json.hpp>

#include "registry/cli/polling.h"
#include "registry/cli/progress.h"
#include "registry/cli/table.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

void show(ProgressLine& line, const Json& job) {
  const auto done = job.value("done", std::uint64_t{0});
  const auto total = job.value("total", std::uint64_t{0});
  if (job.value("status", "") == "waiting")
    line.fraction(0, "waiting its turn");
  else if (job.value("unit", "") == "percent")
    line.fraction(static_cast<double>(done) / 100, job.value("step", ""));
  else if (total > 0)
    line.bytes(done, total);
  else
    line.fraction(0, job.value("step", "") + (done > 0 ? " " + std::to_string(done) : ""));
}

[[noreturn]] void fail(const Json& error) {
  const Code code = code_from_name(error.value("code", "")).value_or(Code::internal);
  throw Error(code, error.value("message", ""));
}

}  // namespace

Json run_job(Context& context, const std::string& kind, const Json& wish) {
  client::ApiClient& api = context.api();
  Json job = api.start_job(kind, wish);
  const std::string id = job.value("id", "");
  ProgressLine line(kind);
  const auto ended = [&job] { return job.contains("finished_at") && !job["finished_at"].is_null(); };
  for (Polling polling; !ended();) {
    polling.wait();
    job = api.job(id);
    show(line, job);
  }
  if (job.contains("error") && job["error"].is_object()) fail(job["error"]);
  if (!job.contains("result") || !job["result"].is_object())
    throw Error(Code::cancelled, "the " + kind + " was stopped before it had done anything");
  return job;
}

}  // namespace assay::cli
