// SPDX-License-Identifier: Apache-2.0
#include "storage/env/time_zone.h"

#include <date/tz.h>

#include "storage/base/error.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

std::chrono::sys_time<milliseconds> instant(const date::time_zone& zone, WallTime wall, date::choose which) {
  const date::local_time<milliseconds> local(wall.time_since_epoch());
  return std::chrono::sys_time<milliseconds>(zone.to_sys(local, which).time_since_epoch());
}

}  // namespace

TimeZone TimeZone::find(const std::string& name) {
  try {
    return TimeZone(*date::locate_zone(name));
  } catch (const std::runtime_error&) {
    throw Error(Code::invalid_argument,
                "There is no time zone \"" + name.substr(0, 64) + "\": write one as in Europe/Berlin, or UTC");
  }
}

WallTime TimeZone::wall(std::chrono::sys_time<milliseconds> time) const {
  return WallTime(zone_->to_local(date::sys_time<milliseconds>(time.time_since_epoch())).time_since_epoch());
}

std::chrono::sys_time<milliseconds> TimeZone::first(WallTime wall) const {
  return instant(*zone_, wall, date::choose::earliest);
}

std::chrono::sys_time<milliseconds> TimeZone::last(WallTime wall) const {
  return instant(*zone_, wall, date::choose::latest);
}

}  // namespace assay
