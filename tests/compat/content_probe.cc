// SPDX-License-Identifier: Apache-2.0
// Says what files are, for content_test.py: a line of JSON for each path on standard input.
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "registry/content/check.h"

int main() {
  for (std::string path; std::getline(std::cin, path);) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    assay::SpanSource source(std::as_bytes(std::span(bytes)));
    std::cout << nlohmann::json(assay::check_content(source)).dump() << '\n';
  }
}
