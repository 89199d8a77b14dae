// SPDX-License-Identifier: Apache-2.0
#include "registry/http/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace assay::http {
namespace {

std::string_view type_text(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    default:
      return "histogram";
  }
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

// `name="value",…`, without braces, so that a histogram can add its bound.
std::string label_text(const MetricSample& sample) {
  std::string out;
  for (const auto& [name, value] : sample.labels)
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value));
  return out;
}

void write_line(std::string& out, std::string_view name, std::string_view labels, double value) {
  const auto put = std::back_inserter(out);
  if (labels.empty())
    fmt::format_to(put, "{} {}\n", name, value);
  else
    fmt::format_to(put, "{}{{{}}} {}\n", name, labels, value);
}

void write_histogram(std::string& out, std::string_view name, const std::string& labels, const HistogramCounts& counts) {
  const std::string bucket = fmt::format("{}_bucket", name);
  const std::string before = labels.empty() ? "" : labels + ",";
  for (std::size_t i = 0; i < counts.bounds.size(); ++i)
    write_line(out, bucket, fmt::format("{}le=\"{}\"", before, counts.bounds[i]), static_cast<double>(counts.up_to[i]));
  write_line(out, bucket, before + "le=\"+Inf\"", static_cast<double>(counts.count));
  write_line(out, fmt::format("{}_sum", name), labels, counts.sum);
  write_line(out, fmt::format("{}_count", name), labels, static_cast<double>(counts.count));
}

}  // namespace

std::string exposition(std::span<const MetricFamily> families) {
  std::string out;
  for (const MetricFamily& family : families) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", family.name, family.help,
                   type_text(family.type));
    for (const MetricSample& sample : family.samples) {
      if (const auto* counts = std::get_if<HistogramCounts>(&sample.value))
        write_histogram(out, family.name, label_text(sample), *counts);
      else
        write_line(out, family.name, label_text(sample), std::get<double>(sample.value));
    }
  }
  return out;
}

}  // namespace assay::http
