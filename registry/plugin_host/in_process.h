// SPDX-License-Identifier: Apache-2.0
// A plugin's components in this very process, for plugins that an operator named as trusted: no sandbox, no limits,
// and a crash is ours. The same library gives the same results as in a worker, without the crossing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "assay/abi.h"
#include "registry/plugin_host/library.h"

namespace assay {

// A library in this process. It is never unloaded; see worker/loaded_plugin.h.
class TrustedLibrary {
 public:
  // Loads it and runs its constructors. Throws unsupported with what the loader says.
  explicit TrustedLibrary(std::shared_ptr<const PluginLibrary> library);

  const PluginInfo& info() const { return library_->info(); }
  using Open = assay_status (*)(const assay_host*, const assay_call*, assay_plugin*);
  Open open() const { return open_; }

 private:
  std::shared_ptr<const PluginLibrary> library_;
  Open open_ = nullptr;
};

// As make_trainer and its like in proxies.h.
std::unique_ptr<Trainer> trainer_in_process(std::shared_ptr<const TrustedLibrary> library,
                                            const std::string& component, const Config& config);
std::unique_ptr<Scorer> scorer_in_process(std::shared_ptr<const TrustedLibrary> library,
                                          const std::string& component, const Config& config);
std::unique_ptr<Fold> fold_in_process(std::shared_ptr<const TrustedLibrary> library, const std::string& component,
                                      std::string_view capability, const Config& config);

}  // namespace assay
