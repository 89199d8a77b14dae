// SPDX-License-Identifier: Apache-2.0
// What reports in several formats have in common: the text of others made safe for XML and Markdown, and where a
// report goes.
#pragma once

#include <string>
#include <string_view>

namespace assay::cli {

// For XML 1.0, elements and attributes. What it cannot hold becomes '?'.
std::string xml(std::string_view text);
// For a line or a table cell of GitHub's Markdown, where nothing in it is markup.
std::string markdown(std::string_view text);
// To standard output when `file` is empty. Throws unavailable when it cannot be written.
void write_report(std::string_view text, const std::string& file);

}  // namespace assay::cli
