// SPDX-License-Identifier: Apache-2.0
// One line that says how far a transfer or a computation has come, on a terminal and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace assay::cli {

class ProgressLine {
 public:
  // Draws on stderr, and only when that is a terminal.
  explicit ProgressLine(std::string what);
  // Removes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void bytes(std::uint64_t done, std::uint64_t total);
  void fraction(double done, const std::string& step);

 private:
  bool due();
  void draw(const std::string& text);

  std::string what_;
  bool shown_;
  std::chrono::steady_clock::time_point last_{};
  std::size_t width_ = 0;
};

}  // namespace assay::cli
