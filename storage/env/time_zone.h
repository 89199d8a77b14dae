// SPDX-License-Identifier: Apache-2.0
// What clocks on the wall show somewhere, from the system's time zone database. A separate library: few need it.
#pragma once

#include <chrono>
#include <string>

namespace date {
class time_zone;
}

namespace assay {

using WallTime = std::chrono::local_time<std::chrono::milliseconds>;

class TimeZone {
 public:
  // By its name in the database, such as Europe/Berlin. Throws invalid_argument when there is none.
  static TimeZone find(const std::string& name);

  WallTime wall(std::chrono::sys_time<std::chrono::milliseconds> time) const;
  // The instant at which clocks show that. When they are set back they show it twice: `first` and `last` are those two.
  // When they are set forward and skip it, both are the instant of the change.
  std::chrono::sys_time<std::chrono::milliseconds> first(WallTime wall) const;
  std::chrono::sys_time<std::chrono::milliseconds> last(WallTime wall) const;

 private:
  explicit TimeZone(const date::time_zone& zone) : zone_(&zone) {}

  const date::time_zone* zone_;  // of the database, which stays loaded
};

}  // namespace assay
