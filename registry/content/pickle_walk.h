// SPDX-License-Identifier: Apache-2.0
// Follows a Python pickle (protocols 0 to 5), instruction by instruction, as far as it takes to know what it imports;
// nothing is built and nothing run. Whatever cannot be followed counts against it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "registry/content/byte_stream.h"

namespace assay {

struct PickleWalk {
  static constexpr std::size_t kMaxImports = 64;      // that are kept by name
  static constexpr std::size_t kMaxStack = 1 << 22;   // objects of one tuple; 16 MiB
  static constexpr std::size_t kMaxMemo = 1 << 20;    // strings and imports that it may come back to
  static constexpr std::size_t kMaxTexts = 1 << 16;   // different strings that may name something

  enum class End {
    stop,       // its last instruction
    broken,     // the bytes end before it, or an interpreter would give up here
    exhausted,  // the budget of bytes
  };
  End end = End::broken;
  std::uint64_t length = 0;   // bytes up to there
  std::uint64_t instructions = 0;
  int protocol = 0;
  std::set<std::string> imports{};  // "posix.system", the first kMaxImports that are not plain
  std::set<std::string> plain{};    // likewise of those that are
  std::string doubt{};              // why it is not known what it does; empty: it is
  bool called = false;              // an import, or something made by one, was called before the end

  bool imports_anything() const { return !imports.empty() || !plain.empty() || !doubt.empty(); }
};

// One pickle from where the cursor stands. Memory is bounded by the limits above.
PickleWalk walk_pickle(ByteCursor& cursor);

}  // namespace assay
