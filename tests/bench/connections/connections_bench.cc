// SPDX-License-Identifier: Apache-2.0
// What a thousand slow clients do to a server that is a process of its own: Assay's, with uploads beside them and until it
// has ended all of them; and others', for as long as it takes to ask a thousand times how they are. See run.sh.
//   connections_bench assay BINARY DIRECTORY SLOW UPLOADS MIB   exit code 1 when a bound is missed
//   connections_bench peer NAME SLOW COMMAND...                 a server that prints its port first
//   connections_bench httplib                                   such a server: cpp-httplib's
#include <fmt/format.h>
#include <httplib.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/siege.h"
#include "tests/support/watched_process.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProbes = 1000;
// Who answers none of them in this time is not worth more of it.
constexpr std::chrono::seconds kPeerTime{30};

void print_row(const std::string& name, std::size_t held, const HealthProbe::Times& health, std::uint64_t grown) {
  fmt::print("| {} | {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.1f} |\n", name, held, health.asked, health.unanswered,
             health.p50_ms, health.p99_ms, health.most_ms, static_cast<double>(grown) / (1 << 20));
  std::fflush(stdout);
}

int bench_assay(const fs::path& binary, const fs::path& directory, const SiegePlan& plan) {
  const fs::path data = directory / "data";
  Process server({binary.string(), "serve", "--data", data.string(), "--listen", "127.0.0.1:0"}, directory / "server.log",
                 {.environment = {{"HOME", directory.string()}}, .directory = directory, .input = {}});
  const std::string line = server.read_line();
  std::string token;
  std::getline(std::ifstream(data / "admin.token"), token);
  const SiegeReport report =
      besiege({.url = line.substr(line.find("http")), .token = token, .server = server.pid()}, plan);
  server.signal(SIGTERM);
  const bool well = server.wait() == 0 && report.health.unanswered == 0 &&
                    report.health.p99_ms < static_cast<double>(kHealthBound.count()) &&
                    report.memory_peak <= report.memory_before + kMemoryBound && report.uploads_right == plan.uploads &&
                    report.sockets_after == report.sockets_before;
  print_row("assay", report.sockets_held, report.health,
            report.memory_peak - std::min(report.memory_peak, report.memory_before));
  fmt::print(stderr, "{}  bounds (p99 below {} ms, {} MiB more memory, uploads right, connections as before): {}\n",
             describe(plan, report), kHealthBound.count(), kMemoryBound >> 20, well ? "met" : "MISSED");
  return well ? 0 : 1;
}

int bench_peer(const std::string& name, std::size_t slow, const std::vector<std::string>& command) {
  Process peer(command, "/dev/null");
  const auto port = static_cast<std::uint16_t>(std::stoi(peer.read_line()));
  const WatchedProcess server(peer.pid());
  const std::uint64_t before = server.resident();
  SlowClients clients(port, slow,
                      {.heads_with_body = {"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nx"},
                       .large = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
                       .small = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"});
  HealthProbe health(port);
  std::size_t held = 0;
  for (const auto end = std::chrono::steady_clock::now() + kPeerTime;
       std::chrono::steady_clock::now() < end && health.asked() < kProbes;
       std::this_thread::sleep_for(std::chrono::milliseconds(100)))
    held = std::max(held, server.sockets());
  print_row(name, held, health.finish(), server.peak() - before);
  return 0;
}

int serve_httplib() {
  httplib::Server server;
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) { response.set_content("ok", "text/plain"); });
  server.Get("/large", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(16u << 20, 'x'), "application/octet-stream");
  });
  server.Post("/body", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(std::to_string(request.body.size()), "text/plain");
  });
  fmt::print("{}\n", server.bind_to_any_port("127.0.0.1"));
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
  const auto number = [&](std::size_t i) { return static_cast<std::size_t>(std::stoul(arguments.at(i))); };
  if (arguments.at(0) == "httplib") return serve_httplib();
  if (arguments.at(0) == "peer")
    return bench_peer(arguments.at(1), number(2), {arguments.begin() + 3, arguments.end()});
  return bench_assay(arguments.at(1), arguments.at(2),
                     {.slow = number(3), .uploads = number(4), .upload_bytes = number(5) << 20, .seed = std::random_device()()});
}

}  // namespace
}  // namespace assay::test

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  try {
    return assay::test::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "connections_bench: {}\n", error.what());
    return 1;
  }
}
