// SPDX-License-Identifier: Apache-2.0
// Our own API, one function and one file a noun. Handlers parse, call a service, render; nothing is decided
// here.
#pragma once

#include "registry/http/api.h"
#include "registry/http/routes.h"

namespace assay::http::v1 {

// The context is copied; what it borrows must outlive the table.
void add_artifact_routes(RouteTable& table, const Context& context);
void add_version_routes(RouteTable& table, const Context& context);
void add_blob_routes(RouteTable& table, const Context& context);
void add_upload_routes(RouteTable& table, const Context& context);
void add_signing_routes(RouteTable& table, const Context& context);  // signatures and trusted keys
void add_stage_routes(RouteTable& table, const Context& context);
void add_decision_routes(RouteTable& table, const Context& context);  // and events
void add_run_routes(RouteTable& table, const Context& context);
void add_evidence_routes(RouteTable& table, const Context& context);
void add_search_routes(RouteTable& table, const Context& context);
void add_score_routes(RouteTable& table, const Context& context);
void add_administration_routes(RouteTable& table, const Context& context);  // who am I, tokens, totals
void add_audit_routes(RouteTable& table, const Context& context);
void add_keeping_routes(RouteTable& table, const Context& context);         // jobs, quotas, savings, why
void add_library_routes(RouteTable& table, const Context& context);         // plugins' libraries by digest
void add_webhook_routes(RouteTable& table, const Context& context);         // and their deliveries

}  // namespace assay::http::v1
