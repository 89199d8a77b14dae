// SPDX-License-Identifier: Apache-2.0
// Runs a harness without libFuzzer, for about a second: each file of a corpus as it is, then mutations of
// them and random bytes. DRIVER CORPUS-DIRECTORY [SEED]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/harness.h"

namespace {

using Random = std::mt19937_64;

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void run(const std::string& input) {
  // A copy without spare room, so that a read behind the end is seen.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string random_input(Random& random) {
  std::string input(random() % 2000, '\0');
  for (char& byte : input) byte = static_cast<char>(random());
  return input;
}

// One to four of: a flipped bit, a byte set, a cut, a piece repeated. Half of them near the front, where
// lengths are.
std::string mutated(std::string input, Random& random) {
  for (std::uint64_t changes = 1 + random() % 4; changes > 0 && !input.empty(); --changes) {
    const std::size_t at =
        random() % (random() % 2 == 0 ? std::min<std::size_t>(input.size(), 48) : input.size());
    const std::uint64_t kind = random() % 8;
    if (kind < 4)
      input[at] = static_cast<char>(input[at] ^ 1 << random() % 8);
    else if (kind < 6)
      input[at] = static_cast<char>(random() % 2 == 0 ? 0xFF : random());
    else if (kind == 6)
      input.resize(at);
    else
      input.insert(at, input.substr(at, random() % 64));
  }
  return input;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return std::fprintf(stderr, "usage: %s CORPUS-DIRECTORY [SEED]\n", arguments[0]), 2;
  const std::uint64_t seed =
      argument_count > 2 ? std::strtoull(arguments[2], nullptr, 10) : std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  Random random(seed);
  const auto corpus = read_corpus(arguments[1]);
  for (const std::string& input : corpus) run(input);
  std::size_t runs = corpus.size();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (; std::chrono::steady_clock::now() < end; ++runs)
    run(corpus.empty() || random() % 8 == 0 ? random_input(random)
                                            : mutated(corpus[random() % corpus.size()], random));
  std::printf("%zu inputs\n", runs);
  return 0;
}
