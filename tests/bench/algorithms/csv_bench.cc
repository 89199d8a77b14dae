// SPDX-License-Identifier: Apache-2.0
// Reads a CSV as the registry does, from memory and from the file, and leaves the columns for bench_csv.py to compare.
//   csv_bench FILE REPEATS FOLDER   prints one JSON object: CPU seconds of each read, and the columns' types
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>

#include "registry/compute/csv.h"

namespace {

using namespace assay;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename Work>
double seconds_of(Work work) {
  const double start = cpu_seconds();
  const TablePtr table = work();
  return cpu_seconds() - start;
}

void write(const std::string& path, const void* bytes, std::size_t size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

// COLUMN.values as Arrow lays them out, .offsets of texts, and .valid with a byte for each row.
void leave(const Table& table, const std::string& folder) {
  for (const Column& column : table.columns()) {
    const auto rows = static_cast<std::size_t>(column.size());
    const std::string path = folder + "/" + column.name();
    std::size_t size = rows * 8;
    if (column.type() == ColumnType::boolean) size = (rows + 7) / 8;
    if (column.type() == ColumnType::utf8) {
      size = static_cast<std::size_t>(column.offsets()[rows]);
      write(path + ".offsets", column.offsets(), (rows + 1) * sizeof(std::int32_t));
    }
    write(path + ".values", column.values(), size);
    std::string valid(rows, '\1');
    for (std::size_t i = 0; i < rows; ++i)
      if (column.is_null(static_cast<std::int64_t>(i))) valid[i] = '\0';
    write(path + ".valid", valid.data(), rows);
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 4) throw std::runtime_error("see the head of csv_bench.cc");
    std::ifstream in(arguments[1], std::ios::binary);
    if (!in) throw std::runtime_error(std::string("cannot open ") + arguments[1]);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    leave(*read_csv(bytes), arguments[3]);
    std::string memory, file, types;
    for (int i = 0; i < std::stoi(arguments[2]); ++i) {
      const char* comma = i == 0 ? "" : ",";
      memory += comma + std::to_string(seconds_of([&] { return read_csv(bytes); }));
      file += comma + std::to_string(seconds_of([&] { return read_csv_file(arguments[1]); }));
    }
    for (const ColumnSpec& column : read_csv(bytes)->schema())
      types += std::string(types.empty() ? "" : ",") + "\"" + column.name + "\":\"" + std::string(name_of(column.type)) + "\"";
    std::printf("{\"memory\":[%s],\"file\":[%s],\"types\":{%s}}\n", memory.c_str(), file.c_str(), types.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "csv_bench: " << error.what() << "\n";
    return 1;
  }
}
