// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "registry/cli/table.h"

namespace assay::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenDrawings{80};
constexpr int kBarCells = 24;

std::string bar(double fraction) {
  const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarCells);
  return "[" + std::string(full, '#') + std::string(kBarCells - full, '.') + "]";
}

}  // namespace

ProgressLine::ProgressLine(std::string what) : what_(plain(what)), shown_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (width_ > 0) fmt::print(stderr, "\r{}\r", std::string(width_, ' '));
}

bool ProgressLine::due() {
  if (!shown_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kBetweenDrawings) return false;
  last_ = now;
  return true;
}

void ProgressLine::bytes(std::uint64_t done, std::uint64_t total) {
  if (!due()) return;
  const double fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  draw(fmt::format("{} {} {} of {}", what_, bar(fraction), human_size(done), human_size(total)));
}

void ProgressLine::fraction(double done, const std::string& step) {
  if (!due()) return;
  draw(fmt::format("{} {} {:.0f} % {}", what_, bar(done), std::clamp(done, 0.0, 1.0) * 100, plain(step)));
}

void ProgressLine::draw(const std::string& text) {
  const std::size_t padding = width_ > text.size() ? width_ - text.size() : 0;
  fmt::print(stderr, "\r{}{}", text, std::string(padding, ' '));
  std::fflush(stderr);
  width_ = text.size();
}

}  // namespace assay::cli
