// SPDX-License-Identifier: Apache-2.0
#include "tests/support/siege.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>

#include "registry/client/session.h"
#include "registry/client/targets.h"
#include "storage/base/digest.h"
#include "tests/support/watched_process.h"
#include "tests/unit/http/raw_client.h"

namespace assay::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kBetweenProbes{5};
constexpr std::size_t kLargeBytes = 16u << 20;  // far more than the sockets of both sides hold
constexpr std::chrono::seconds kPatience{120};  // the server's longest timeout is 75 s

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Another process can only be asked again and again.
template <class Condition>
void await(const std::string& what, const Condition& condition) {
  for (const auto deadline = Clock::now() + kPatience; !condition(); std::this_thread::sleep_for(milliseconds(20)))
    if (Clock::now() > deadline) throw std::runtime_error("waited in vain until " + what);
}

// What is uploaded, made anew each time: all of it at once would fill the machine's memory.
std::string noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = dice();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, size - at));
  }
  return bytes;
}

client::Session session_to(const Besieged& registry) {
  return client::Session({client::Endpoint::parse(registry.url), registry.token, {}, {}});
}

SlowRequests requests_of(const Besieged& registry, const Digest& large) {
  const std::string by = "Host: localhost\r\nAuthorization: Bearer " + registry.token + "\r\n";
  const std::string never = Digest::of("never sent whole").text();
  return {.heads_with_body = {"POST /api/v1/uploads HTTP/1.1\r\n" + by +
                                  "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
                              "PUT /api/v1/blobs/" + never + " HTTP/1.1\r\n" + by + "Content-Length: 100000000\r\n\r\nx"},
          .large = "GET " + client::blob_target(large) + " HTTP/1.1\r\n" + by + "\r\n",
          .small = "GET /api/v1/whoami HTTP/1.1\r\n" + by + "\r\n"};
}

Digest upload(const Besieged& registry, std::string bytes) {
  const Digest digest = Digest::of(bytes);
  client::Session session = session_to(registry);
  client::Call call;
  call.method = "PUT";
  call.target = client::blob_target(digest);
  call.content_type = "application/octet-stream";
  call.body = std::move(bytes);
  session.call(call, "uploading under siege");
  return digest;
}

std::vector<Digest> upload_all(const Besieged& registry, const SiegePlan& plan) {
  std::vector<std::future<Digest>> uploads;
  for (std::size_t i = 1; i <= plan.uploads; ++i)
    uploads.push_back(std::async(std::launch::async, [&registry, &plan, i] {
      return upload(registry, noise(plan.upload_bytes, plan.seed + i));
    }));
  std::vector<Digest> out;
  for (auto& upload : uploads) out.push_back(upload.get());
  return out;
}

// Ranged reads of all of it, which fill the server's cache of chunks: it is no larger with slow readers than with others.
void warm(const Besieged& registry, const Digest& digest, std::size_t size) {
  constexpr std::size_t kStep = 64 * 1024;
  client::Session session = session_to(registry);
  for (std::size_t at = 0; at < size; at += kStep) {
    client::Call call;
    call.method = "GET";
    call.target = client::blob_target(digest);
    call.fields["range"] = fmt::format("bytes={}-{}", at, at + kStep - 1);
    session.call(call, "reading a part");
  }
}

bool reads_back(const Besieged& registry, const Digest& digest) {
  client::Session session = session_to(registry);
  client::Call call;
  call.method = "GET";
  call.target = client::blob_target(digest);
  return Digest::of(session.call(call, "reading back").body) == digest;
}

}  // namespace

struct HealthProbe::Asking {
  void run(std::uint16_t port) {
    while (!stopping) {
      const auto start = Clock::now();
      try {
        if (RawClient(port).ask(get("/healthz")).status != 200) ++unanswered;
      } catch (const std::exception&) {
        ++unanswered;
      }
      ms.push_back(seconds_since(start) * 1e3);
      ++asked;
      std::this_thread::sleep_for(kBetweenProbes);
    }
  }

  std::vector<double> ms{};
  std::size_t unanswered = 0;
  std::atomic<std::size_t> asked = 0;
  std::atomic<bool> stopping = false;
  std::jthread thread{};
};

HealthProbe::HealthProbe(std::uint16_t port) : asking_(std::make_unique<Asking>()) {
  asking_->thread = std::jthread([asking = asking_.get(), port] { asking->run(port); });
}

HealthProbe::~HealthProbe() {
  asking_->stopping = true;
}

std::size_t HealthProbe::asked() const {
  return asking_->asked;
}

HealthProbe::Times HealthProbe::finish() {
  asking_->stopping = true;
  asking_->thread.join();
  std::vector<double>& ms = asking_->ms;
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double part) {
    return ms.empty() ? 0 : ms[static_cast<std::size_t>(part * static_cast<double>(ms.size() - 1))];
  };
  return {ms.size(), asking_->unanswered, at(0.5), at(0.99), at(1)};
}

SiegeReport besiege(const Besieged& registry, const SiegePlan& plan) {
  const WatchedProcess server(registry.server);
  SiegeReport report;
  report.sockets_before = server.sockets();
  // The server has done each thing once before its memory is called its baseline.
  const Digest large = upload(registry, noise(kLargeBytes, plan.seed));
  warm(registry, large, kLargeBytes);
  if (!reads_back(registry, large)) throw std::runtime_error("the server does not even answer without a siege");

  await("the server has closed what was asked before", [&] { return server.sockets() <= report.sockets_before; });
  report.descriptors_before = server.descriptors();
  server.forget_peak();
  report.memory_before = server.resident();

  const auto port = static_cast<std::uint16_t>(std::stoi(registry.url.substr(registry.url.rfind(':') + 1)));
  HealthProbe health(port);
  SlowClients slow(port, plan.slow, requests_of(registry, large));
  await("the server holds the slow clients", [&] { return server.sockets() >= report.sockets_before + plan.slow; });
  report.sockets_held = server.sockets();
  const auto start = Clock::now();
  const std::vector<Digest> uploaded = upload_all(registry, plan);
  report.uploads_s = seconds_since(start);

  slow.release();
  const auto released = Clock::now();
  // One more is the probe's.
  await("the server has ended the slow clients", [&] { return server.sockets() <= report.sockets_before + 1; });
  report.all_ended_s = seconds_since(released);
  report.endings = slow.finish();
  report.health = health.finish();
  for (const Digest& digest : uploaded) report.uploads_right += reads_back(registry, digest) ? 1 : 0;
  report.memory_peak = server.peak();
  await("the server's connections are those of before", [&] {
    report.sockets_after = server.sockets();
    return report.sockets_after <= report.sockets_before;
  });
  report.descriptors_after = server.descriptors();
  return report;
}

std::string describe(const SiegePlan& plan, const SiegeReport& report) {
  const auto mb = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  std::string out = fmt::format(
      "{} slow connections, {} uploads of {:.0f} MiB at once (seed {})\n"
      "  /healthz: asked {} times, {} unanswered; p50 {:.2f} ms, p99 {:.2f} ms, at most {:.2f} ms\n"
      "  memory: {:.1f} MiB before, {:.1f} MiB at most\n"
      "  connections: {} before, {} under siege, {} after; descriptors {} before, {} after\n"
      "  uploads: {} right after {:.1f} s; the last slow one was ended {:.1f} s later\n",
      plan.slow, plan.uploads, mb(plan.upload_bytes), plan.seed, report.health.asked, report.health.unanswered,
      report.health.p50_ms, report.health.p99_ms, report.health.most_ms, mb(report.memory_before), mb(report.memory_peak),
      report.sockets_before, report.sockets_held, report.sockets_after, report.descriptors_before, report.descriptors_after,
      report.uploads_right, report.uploads_s, report.all_ended_s);
  for (const auto& [slowness, statuses] : report.endings) {
    out += fmt::format("  {}:", name_of(slowness));
    for (const auto& [status, times] : statuses) out += fmt::format(" {} × {}", times, status == 0 ? "cut" : fmt::to_string(status));
    out += '\n';
  }
  return out;
}

}  // namespace assay::test
