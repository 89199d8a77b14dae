// SPDX-License-Identifier: Apache-2.0
// What anybody may send as an identity token, and what an administrator may paste as a provider's keys: read or refused,
// and never accepted, for no key here signed anything.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "registry/access/json_web_token.h"
#include "storage/base/error.h"
#include "tests/fuzz/harness.h"

using namespace assay;

namespace {

// RFC 7515, A.3: a key whose private half is not used here.
const JsonWebKeys& keys() {
  static const JsonWebKeys pinned = JsonWebKeys::parse(nlohmann::json::parse(
      R"({"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})"));
  return pinned;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    proven_claims(text, keys(), Time());
    std::abort();
  } catch (const Error&) {
  }
  try {
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_discarded()) JsonWebKeys::parse(document);
  } catch (const Error&) {
  }
  return 0;
}
