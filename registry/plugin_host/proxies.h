// SPDX-License-Identifier: Apache-2.0
// Trainer, Scorer and Fold as a worker offers them. Each owns its worker, which stays warm between calls and
// dies with it.
#pragma once

#include <memory>
#include <string_view>

#include "registry/plugin_host/plugin_session.h"

namespace assay {

std::unique_ptr<Trainer> make_trainer(std::unique_ptr<PluginSession> session);
std::unique_ptr<Scorer> make_scorer(std::unique_ptr<PluginSession> session);
// `capability` is kEvaluator, kDrift or kValidator, and says which result table is due.
std::unique_ptr<Fold> make_fold(std::unique_ptr<PluginSession> session, std::string_view capability);

}  // namespace assay
