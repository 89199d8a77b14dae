// SPDX-License-Identifier: Apache-2.0
// When a stage is frozen: spans of wall-clock time in which nothing is promoted to it, every week or once. Which
// instants those are depends on a time zone's rules, so the answer is resolved to UTC once and recorded.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "registry/domain/time.h"

namespace assay {

using WallTime = std::chrono::local_time<std::chrono::milliseconds>;

// `Fri 16:00/Mon 08:00 Europe/Berlin` is every weekend, `2026-12-19 00:00/2027-01-04 08:00 Europe/Berlin` once. The
// first minute belongs to it, the last does not.
class FreezeWindow {
 public:
  // Throws invalid_argument, also for one that is empty. Whether the zone exists is not looked up.
  static FreezeWindow parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& zone() const { return zone_; }

  struct Span {
    WallTime from;
    WallTime until;
  };
  // The span that holds the moment; none when it is open then.
  std::optional<Span> around(WallTime now) const;

  bool operator==(const FreezeWindow& other) const { return text_ == other.text_; }

 private:
  struct Weekly {
    std::chrono::minutes from;    // since Monday 00:00
    std::chrono::minutes length;  // less than a week
  };

  std::string text_;
  std::string zone_;
  std::variant<Weekly, Span> when_;
};

// A window that is closed, as instants.
struct Frozen {
  std::string window{};
  Time from{};
  Time until{};

  bool operator==(const Frozen&) const = default;
};

// {"window","from","until"}
void to_json(nlohmann::json& json, const Frozen& frozen);
Frozen frozen_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
