// SPDX-License-Identifier: Apache-2.0
// The audit trail held against what was signed: hashes every entry that the server shows, and believes the server nothing
// else but its signature.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/client/session.h"
#include "registry/domain/checkpoint.h"

namespace assay::client {

struct AuditCheckpoint {
  LogKey key;
  std::string checkpoint;  // as it was signed; not looked at yet
};
AuditCheckpoint audit_checkpoint(Session& session);

struct AuditExpected {
  std::optional<std::string> pinned{};  // a checkpoint that was kept elsewhere
  std::optional<LogKey> key{};          // who must have signed; as the server says when empty
};

struct AuditVerification {
  std::string log;
  std::uint64_t entries = 0;
  std::optional<Digest> root{};           // that was signed
  std::optional<std::uint64_t> pinned{};  // how many entries the pinned checkpoint covers
  std::vector<std::string> problems{};    // a sentence each; empty: all is as it was signed
};

// `progress` is told how many of how many entries have been hashed; may be empty. Throws invalid_argument or corrupt when
// a checkpoint does not read, or is not signed by the key; corrupt when the server itself finds its trail changed; else as
// Session::call.
AuditVerification verify_audit(Session& session, const AuditExpected& expected,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace assay::client
