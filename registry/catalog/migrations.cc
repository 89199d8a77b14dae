// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/migrations.h"

#include <array>

namespace assay {

std::span<const Migration* const> migrations() {
  static constexpr std::array kAll = {&kArtifactMigration, &kEvidenceMigration, &kKeepingMigration,
                                      &kRevocationMigration, &kPromotionMigration, &kStandingMigration,
                                      &kWorkloadMigration, &kSigningMigration, &kWebhookMigration,
                                      &kSearchMigration, &kAuditTreeMigration};
  return kAll;
}

}  // namespace assay
