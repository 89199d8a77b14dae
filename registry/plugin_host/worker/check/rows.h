// SPDX-License-Identifier: Apache-2.0
// The rows that plugins are tried on: small, seeded, learnable; and the ways in which Arrow lets a host lay
// the same rows out in memory.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "registry/plugin_host/worker/check/subject.h"

namespace assay::worker::check {

// Columns of every type, a 0/1 label that follows from them, and one column for each role. Rules change cells
// before they make a table of it.
struct Sample {
  template <class T>
  using Cells = fake::FakeData::Cells<T>;
  Cells<double> amount, ratio;
  Cells<std::int64_t> count;
  Cells<bool> member;
  Cells<std::string> colour;
  Cells<std::int64_t> label;
  Cells<double> score, reference_score, weight;
  Cells<std::string> group;
  Cells<std::int64_t> timestamp;

  // `shift` moves the numbers, so that drift has something to find.
  static Sample of(std::uint64_t seed, std::size_t rows, double shift = 0);
  // The features, and a column for each role that the component takes.
  fake::FakeData with_roles(const Component& component) const;
  fake::FakeData features() const;
  void add_roles(const Component& component, fake::FakeData& out) const;
  // Of three classes, which follow from the two and the group: a score a class adds up to 1.
  Cells<std::int64_t> class_labels() const;
  Cells<double> class_scores(std::size_t class_index) const;
  // The features in another order.
  fake::FakeData reordered() const;
};

inline constexpr std::size_t kTrainRows = 60, kScoreRows = 37;

// How a host lays out an array. Each is as valid as the others.
struct Shape {
  std::int64_t parent_offset = 0, child_offset = 0;
  std::size_t spare_bytes = 0;     // behind each buffer
  bool only_8_aligned = false;     // each buffer starts 8 bytes past a multiple of 64
  bool count_nulls = true;         // else null_count is -1
  bool always_bitmap = false;      // also for columns without nulls
  unsigned char in_nulls = 0x11;   // fills what stands in null cells and outside of the rows
};

// Counts what plugins do with the arrays that were given to them. Outlives the arrays' memory, not they it.
class Ledger {
 public:
  struct Node {
    std::vector<std::unique_ptr<Node>> children;
    std::vector<ArrowArray> arrays;
    std::vector<ArrowArray*> pointers;
    std::vector<const void*> buffers;
    std::vector<std::pair<void*, std::size_t>> memory;
    std::atomic<int> released = 0;
    ~Node();
    void forget();  // frees the memory
  };

  // Every array given was released exactly once; else a text that says what happened.
  std::string wrong() const;
  Node& add();

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

// Rows [first, first + count) in that shape.
ArrowArray lay_out(const sdk::Table& table, std::int64_t first, std::int64_t count, const Shape& shape,
                   Ledger& ledger);

// A table as text, a line a row, numbers by their bits: equal texts are equal results.
std::string print_schema(const ArrowSchema& schema);
std::string print_rows(const ArrowSchema& schema, const ArrowArray& rows);
// The first line in which they differ, for messages; empty when they are equal.
std::string difference(const std::string& expected, const std::string& found);

}  // namespace assay::worker::check
