// SPDX-License-Identifier: Apache-2.0
// The OpenAPI 3.1 description of the routes, as it stood in openapi.yaml when this was built.
#pragma once

#include <string_view>

namespace assay::http {

std::string_view openapi_text();

}  // namespace assay::http
