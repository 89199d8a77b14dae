// SPDX-License-Identifier: Apache-2.0
// The schema's history: numbered steps, each in its own file, applied in order and never changed afterwards.
#pragma once

#include <span>
#include <string_view>

namespace assay {

class Transaction;

struct Migration {
  int number;  // 1, 2, 3 …: the schema number after it
  std::string_view name;
  std::string_view sql;
  void (*then)(Transaction&) = nullptr;  // what SQL cannot do, after it and in its transaction; may be null
};

extern const Migration kArtifactMigration;  // migration_0001_artifacts.cc
extern const Migration kEvidenceMigration;  // migration_0002_evidence.cc
extern const Migration kKeepingMigration;   // migration_0003_keeping.cc
extern const Migration kRevocationMigration;  // migration_0004_revocations.cc
extern const Migration kPromotionMigration;   // migration_0005_promotion.cc
extern const Migration kStandingMigration;    // migration_0006_standing.cc
extern const Migration kWorkloadMigration;    // migration_0007_workloads.cc
extern const Migration kSigningMigration;     // migration_0008_signing.cc
extern const Migration kWebhookMigration;     // migration_0009_webhooks.cc
extern const Migration kSearchMigration;      // migration_0010_search.cc
extern const Migration kAuditTreeMigration;   // migration_0011_audit_tree.cc

// All of them, in order.
std::span<const Migration* const> migrations();

}  // namespace assay
