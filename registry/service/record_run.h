// SPDX-License-Identifier: Apache-2.0
// Records executions of plugins: started, then ended once, whether they worked or not.
#pragma once

#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/page.h"
#include "registry/domain/run.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

// `body` as run_draft_from_json reads it. Needs `evaluate` somewhere. An input whose reference is that of a
// version
// (`churn@3`) must be one that the caller may read (not_found otherwise); any other is a local file, kept by
// its digest.
Run start_run(const Services& services, const Principal& caller, std::string_view body,
              RequestKey* key = nullptr);
Run start_run(const Services& services, const Principal& caller, RunDraft draft, RequestKey* key = nullptr);
// `body` as run_outcome_from_json reads it. Only the token that started the run may end it, or an admin of
// everything (denied otherwise). Throws not_found, and conflict when it has ended already.
Run finish_run(const Services& services, const Principal& caller, const Id& id, std::string_view body,
               RequestKey* key = nullptr);
Run finish_run(const Services& services, const Principal& caller, const Id& id, const RunOutcome& outcome,
               RequestKey* key = nullptr);

// Show runs of namespaces that the caller may read. Throw not_found.
Run describe_run(const Services& services, const Principal& caller, const Id& id);
// Newest first; with `model` those that used or made one of its versions.
Page<Run> list_runs(const Services& services, const Principal& caller, const std::optional<Name>& model,
                    const PageRequest& page);

}  // namespace assay
