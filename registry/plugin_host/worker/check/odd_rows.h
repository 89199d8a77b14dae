// SPDX-License-Identifier: Apache-2.0
// Rows and settings by chance: all that the contract allows, the rare more often than it is met.
#pragma once

#include "registry/plugin_host/worker/check/draw.h"
#include "registry/plugin_host/worker/check/rows.h"

namespace assay::worker::check {

// From none to a hundred rows, some of their cells odd.
Sample odd_sample(Draw& draw);
// Its features in any order, some left out, some beside them; then the columns of the component's roles, if wanted.
enum class WithRoles { no, yes };
fake::FakeData odd_table(const Sample& sample, const Component& component, WithRoles roles, Draw& draw);
Shape odd_shape(Draw& draw);
// Within the bounds of its config_schema, often at them; the defaults where it has none.
fake::Json::Object odd_settings(const Component& component, Draw& draw);

}  // namespace assay::worker::check
