// SPDX-License-Identifier: Apache-2.0
// A trainer that writes down what the services of its host answer, for tests to compare hosts by.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "assay/plugin.hpp"
#include "assay/services.hpp"

namespace {

using namespace assay::sdk;

struct Served {
  static constexpr std::string_view id = "served";
  explicit Served(const Config& config) : host(config.host()), sorted(config.i64("/sorted", 1, 1 << 30)) {}

  void fit(Call call, const Dataset&, const Sink& model) {
    model.put("known", "application/octet-stream", known_answers(call));
    model.put("drawn", "text/plain", drawn(call));
    model.put("sorted", "text/plain", sort_much(call));
    model.put("refused", "text/plain", refusals(call));
    model.put("kept", "text/plain", kept_from_before(call));
  }

  // The blocks of Random123's kat_vectors, whatever the seed is.
  std::vector<std::uint32_t> known_answers(Call call) const {
    std::vector<std::uint32_t> out(12, 0);
    if (const auto* service = host.service<assay_rng_v1>(ASSAY_HOST_RNG_V1)) {
      service->fill(service, call.raw(), 0, 0, 1, out.data());
      service->fill(service, call.raw(), ~std::uint64_t{0}, ~std::uint64_t{0}, 1, out.data() + 4);
      service->fill(service, call.raw(), 0x0370734413198a2e, 0x85a308d3243f6a88, 1, out.data() + 8);
    }
    return out;
  }

  std::string drawn(Call call) const {
    const Random random(host, call, 3);
    std::string out;
    for (const std::uint64_t n : {0ull, 1ull, 127ull, 128ull, 1ull << 40, ~0ull, 0ull})
      out += std::to_string(random.u64(n)) + ' ' + std::to_string(random.uniform(n)) + ' ' +
             std::to_string(random.below(n, 1000)) + '\n';
    return out;
  }

  // More numbers than there may be memory for, in order.
  std::string sort_much(Call call) const {
    const auto count = static_cast<std::size_t>(sorted);
    const Scratch<std::uint64_t> scratch(host, call, count);
    const auto numbers = scratch.get();
    const bool zeros = std::all_of(numbers.begin(), numbers.end(), [](std::uint64_t each) { return each == 0; });
    const Random random(host, call);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = random.u64(i);
    std::sort(numbers.begin(), numbers.end());
    return std::to_string(numbers[0]) + ' ' + std::to_string(numbers[count / 2]) + ' ' +
           std::to_string(numbers[count - 1]) + (zeros ? " from zeros" : "") +
           (scratch.on_disk() ? " on disk\n" : " in memory\n");
  }

  // The statuses for nothing, for too much, and for the whole quota in two parts, the first of them given back.
  std::string refusals(Call call) const {
    const auto* service = host.service<assay_scratch_v1>(ASSAY_HOST_SCRATCH_V1);
    if (service == nullptr) return "no service\n";
    std::string out;
    void* memory = nullptr;
    for (const std::uint64_t bytes : {std::uint64_t{0}, service->quota + 1, std::uint64_t{1}})
      out += std::to_string(service->take(service, call.raw(), bytes, &memory)) + ' ';
    void* other = nullptr;
    out += std::to_string(service->take(service, call.raw(), service->quota, &other)) + ' ';
    service->give_back(service, call.raw(), memory);
    service->give_back(service, call.raw(), memory);  // which is nothing of this call any more
    return out + std::to_string(service->take(service, call.raw(), 1, &memory)) + '\n';
  }

  // What the last call took and did not give back: it is there no more.
  std::string kept_from_before(Call call) {
    unsigned char there = 0;
    const bool gone = kept == nullptr || (::mincore(kept, 1, &there) != 0 && errno == ENOMEM);
    std::string out = kept == nullptr ? "nothing\n" : gone ? "gone\n" : "still there\n";
    kept = nullptr;
    if (const auto* service = host.service<assay_scratch_v1>(ASSAY_HOST_SCRATCH_V1))
      service->take(service, call.raw(), std::uint64_t{64} << 20, &kept);
    return out;
  }

  Host host;
  std::int64_t sorted;
  void* kept = nullptr;
};

}  // namespace

ASSAY_PLUGIN(R"({"manifest_version":1,"id":"served","version":"1.0.0","license":"Apache-2.0",)"
             R"("abi":{"major":1,"min_minor":0},"components":[{"id":"served","capabilities":["assay.trainer/1"],)"
             R"("config_schema":{"type":"object","properties":{)"
             R"("sorted":{"type":"integer","default":1000,"minimum":1,"maximum":1073741824}}}}]})",
             Served)
