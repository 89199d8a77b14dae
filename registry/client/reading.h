// SPDX-License-Identifier: Apache-2.0
// Blames the right party: an answer that does not read is the server's doing, not the user's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "storage/base/error.h"

namespace assay::client {

// What `read` answers. What it throws becomes internal, saying that the answer is not `what`.
template <class Read>
auto reading(const char* what, const Read& read) {
  const auto fail = [&](const std::string& why) {
    return Error(Code::internal, std::string("the server's answer is not ") + what +
                                     " as this client knows it (" + why + "): are both of one release?");
  };
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw fail(error.what());
  } catch (const Error& error) {
    throw fail(error.message());
  }
}

}  // namespace assay::client
