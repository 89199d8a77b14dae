// SPDX-License-Identifier: Apache-2.0
// What all handlers of v1 do alike: read names and bodies from a request, and write JSON answers and pages.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/domain/decision.h"
#include "registry/domain/kind.h"
#include "registry/domain/name.h"
#include "registry/domain/page.h"
#include "registry/domain/reference.h"
#include "registry/http/message.h"
#include "registry/service/request_key.h"
#include "storage/blob/blob_store.h"

namespace assay::http::v1 {

// From the path parameters {kind}, {namespace} and {name}, {version}, {stage}. Throw invalid_argument.
Kind kind_of(const Request& request);
Name name_of(const Request& request);
Selector selector_of(const Request& request);
StageName stage_of(const Request& request);

// The bytes of a JSON body, empty when there is none. Throws unsupported unless Content-Type says that it is
// JSON, so that a page of another site cannot post a form here.
std::string json_body(Request& request);

// The field's value.
std::optional<std::string_view> if_match(const Request& request);

// What `work` answers, given the request's Idempotency-Key or null; says so when it is an earlier answer.
// Throws invalid_argument.
Response with_key(const Request& request, std::string_view body,
                  const std::function<Response(RequestKey*)>& work);

// From `cursor` and `limit`. Throws invalid_argument.
PageRequest page_of(const Request& request);

Response json_response(int status, const nlohmann::json& json);
// The same, with where the thing that came of the request is from now on.
Response json_response(int status, const nlohmann::json& json, const std::string& location);
// A refusal is an answer too, so that a client always gets the reasons: 200 with the verdict, 202 while it waits for
// approvals.
Response decision_response(const Decision& decision);
// {"items","next_cursor"}, and a Link to the next page if there is one.
Response page_response(const Request& request, nlohmann::json items,
                       const std::optional<std::string>& next_cursor);

// `text` as part of a URL.
std::string percent_encode(std::string_view text);

// 201 for an upload that is complete. How much it added to the store is not told: that would say whether
// somebody else has the bytes.
Response created_blob(const BlobInfo& blob);

// A body that comes from the store.
std::unique_ptr<BodySource> source_of(std::unique_ptr<BlobReader> reader);

}  // namespace assay::http::v1
