// SPDX-License-Identifier: Apache-2.0
// Models and states that somebody changed: what a plugin may find stored.
#pragma once

#include "registry/plugin_host/worker/check/draw.h"
#include "registry/plugin_host/worker/check/subject.h"

namespace assay::worker::check {

struct Mutated {
  fake::FakeBundle bundle;
  std::string what;  // was done to it
};

// One entry changed, or the entries among themselves. An entry in the SDK's sealed form is mostly changed under its
// seal, whose checksum would hide the reader behind it.
Mutated mutate(const fake::FakeBundle& whole, Draw& draw);

}  // namespace assay::worker::check
