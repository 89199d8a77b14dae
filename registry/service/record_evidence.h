// SPDX-License-Identifier: Apache-2.0
// Takes evidence in and gives it out. What a client sends is `reported`, whoever the client is.
#pragma once

#include <string_view>

#include "registry/access/principal.h"
#include "registry/domain/evidence.h"
#include "registry/domain/page.h"
#include "registry/domain/readable_spaces.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

// `body` as evidence_draft_from_json reads it. Every digest in it must be that of a version that the caller
// may read (not_found otherwise; the window of a drift report may be a local file's instead), and the caller
// needs `evaluate` on a namespace that holds one of them: the record counts there and nowhere else. The run,
// if named, must be one that the caller may read. Durable on return.
Evidence record_evidence(const Services& services, const Principal& caller, std::string_view body,
                         RequestKey* key = nullptr);
// The same, of a level that only the server can say: see service/attest.h.
Evidence record_evidence(const Services& services, const Principal& caller, EvidenceDraft draft, Level level,
                         RequestKey* key = nullptr);

// Need `read` somewhere and show what counts in namespaces that the caller may read. Throws not_found.
Evidence describe_evidence(const Services& services, const Principal& caller, const Id& id);
// Newest first.
Page<Evidence> list_evidence(const Services& services, const Principal& caller, const EvidenceQuery& query,
                             const PageRequest& page);

// The namespaces that the caller may read.
ReadableSpaces readable_spaces(const Principal& caller);

}  // namespace assay
