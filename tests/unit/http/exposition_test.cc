// SPDX-License-Identifier: Apache-2.0
#include "registry/http/exposition.h"

#include <array>

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Exposition: a family has its help and type once, then a line a sample") {
  const std::array families = {
      metric("a_bytes", MetricType::gauge, "Bytes.", std::uint64_t{123456789012}),
      MetricFamily{"b_total", MetricType::counter, "Things.", {{{{"kind", "x"}, {"of", "y"}}, 2.0}, {{{"kind", "z"}}, 0.5}}}};
  CHECK(http::exposition(families) ==
        "# HELP a_bytes Bytes.\n# TYPE a_bytes gauge\na_bytes 123456789012\n"
        "# HELP b_total Things.\n# TYPE b_total counter\nb_total{kind=\"x\",of=\"y\"} 2\nb_total{kind=\"z\"} 0.5\n");
}

TEST_CASE("Exposition: a label's value may be anything") {
  const std::array families = {MetricFamily{"a", MetricType::gauge, "A.", {{{{"name", "x\"y\\z\n"}}, 1.0}}}};
  CHECK(http::exposition(families).ends_with("a{name=\"x\\\"y\\\\z\\n\"} 1\n"));
}

TEST_CASE("Exposition: a histogram's buckets add up, with the bound itself inside") {
  static constexpr std::array kBounds = {0.5, 1.0};
  Histogram histogram(kBounds);
  for (const double value : {0.5, 0.75, 1.0, 3.0}) histogram.add(value);
  const std::array families = {MetricFamily{
      "t_seconds", MetricType::histogram, "Time.", {{{{"route", "/"}}, histogram.counts()}}}};
  CHECK(http::exposition(families) ==
        "# HELP t_seconds Time.\n# TYPE t_seconds histogram\nt_seconds_bucket{route=\"/\",le=\"0.5\"} 1\n"
        "t_seconds_bucket{route=\"/\",le=\"1\"} 3\nt_seconds_bucket{route=\"/\",le=\"+Inf\"} 4\n"
        "t_seconds_sum{route=\"/\"} 5.25\nt_seconds_count{route=\"/\"} 4\n");
  const std::array bare = {metric("t_seconds", "Time.", histogram.counts())};
  CHECK(http::exposition(bare).find("t_seconds_bucket{le=\"0.5\"} 1\n") != std::string::npos);
  CHECK(http::exposition(bare).ends_with("t_seconds_count 4\n"));
}
