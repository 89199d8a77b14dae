// SPDX-License-Identifier: Apache-2.0
// The two kinds of route that most nouns have: one that shows something and one that takes a small JSON document.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "registry/http/api.h"
#include "registry/http/limits.h"
#include "registry/http/routes.h"

namespace assay::http::v1 {

using Call = Response (*)(const Context&, Request&);

// Needs `read`. `query` are the parameters that it knows.
inline void add_reading(RouteTable& table, const Context& context, std::string pattern, std::vector<std::string> query,
                        Call call) {
  table.add({.method = Method::get,
             .pattern = std::move(pattern),
             .permission = Permission::read,
             .query = std::move(query),
             .handler = [context, call](Request& request) { return call(context, request); }});
}

inline void add_changing(RouteTable& table, const Context& context, Method method, std::string pattern,
                         Permission permission, Call call) {
  table.add({.method = method,
             .pattern = std::move(pattern),
             .permission = permission,
             .body = BodyKind::whole,
             .body_limit = kSmallJsonBytes,
             .handler = [context, call](Request& request) { return call(context, request); }});
}

}  // namespace assay::http::v1
