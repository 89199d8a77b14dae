// SPDX-License-Identifier: Apache-2.0
// Whose code a thread runs: the plugin's, or that of the host which it calls back. Allocations can be made to
// fail for the plugin's alone.
#pragma once

#include <cstdint>

namespace assay::worker::check {

// While it lives, this thread runs the plugin.
class Inside {
 public:
  Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside();

 private:
  bool before_;
};

// While it lives, this thread is back in the host.
class Outside {
 public:
  Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  ~Outside();

 private:
  bool before_;
};

template <class Call>
auto inside(Call&& call) {
  const Inside here;
  return call();
}

// Sanitizers bring allocators of their own, which this program does not stand before.
bool allocations_can_fail();
// The plugin's allocation on this thread that comes after `spared` others fails, once.
void fail_allocation_after(std::int64_t spared);
struct Allocations {
  std::int64_t asked = 0;
  bool failed = false;
};
// Since fail_allocation_after; ends what it began.
Allocations end_of_failing();

// Bytes that all threads have taken and not given back since weigh_memory; ends what it began.
void weigh_memory();
std::int64_t memory_grown();

}  // namespace assay::worker::check
