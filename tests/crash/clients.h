// SPDX-License-Identifier: Apache-2.0
// Clients of a server that may be killed under them: they try once, so that what they were told is all there is to know.
#pragma once

#include <string>

#include "registry/client/api_client.h"
#include "storage/base/error.h"
#include "tests/e2e/registry.h"

namespace assay::test {

inline client::SessionOptions one_try(const std::string& url, const std::string& token) {
  client::SessionOptions out{client::Endpoint::parse(url), token, {}, {}};
  out.retry.attempts = 1;
  return out;
}

inline VersionFile upload(client::ApiClient& api, const std::string& path, const std::string& bytes) {
  const Digest digest = Digest::of(bytes);
  client::Call call;
  call.method = "PUT";
  call.target = "/api/v1/blobs/" + digest.text();
  call.content_type = "application/octet-stream";
  call.body = bytes;
  api.session().call(call, "uploading");
  return {FilePath::parse(path), digest, bytes.size(), {}};
}

inline Version push(client::ApiClient& api, Kind kind, const std::string& name, const std::string& bytes,
                    const client::PublishDetails& details = {}) {
  return api.publish(kind, Name::parse(name), {upload(api, "data.bin", bytes)}, details).version;
}

}  // namespace assay::test
