// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/loaded_plugin.h"

#include <boost/dll/shared_library.hpp>
#include <string>

#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/worker/lent_scratch.h"
#include "registry/plugin_host/worker/lent_services.h"
#include "registry/plugin_host/worker/sandbox.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

const void* service(const assay_host*, const char* id) {
  return lent_service(id, *lent_scratch());
}

OpenPlugin load() {
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  // By descriptor: these are the bytes that the host hashed, whatever stands at the path by now.
  const std::string path = "/proc/self/fd/" + std::to_string(kWorkerLibrary);
  boost::dll::fs::error_code error;
  auto* library = new boost::dll::shared_library;  // on purpose never deleted
  library->load(path, error, rtld_now | rtld_local);
  if (error || !library->is_loaded())
    throw Error(Code::unsupported, "it cannot be loaded: " + error.message() +
                                       "; a library that it links may be missing (ldd names it)");
  // From here on nothing is loaded any more.
  seal_sandbox();
  if (!library->has("assay_plugin_open_v1"))
    throw Error(Code::unsupported, "it does not export assay_plugin_open_v1");
  return &library->get<assay_status(const assay_host*, const assay_call*, assay_plugin*)>(
      "assay_plugin_open_v1");
}

}  // namespace

OpenPlugin load_plugin() {
  static const OpenPlugin open = load();
  return open;
}

const assay_host* this_host() {
  static constexpr std::string_view name = "assay-worker", version = "0.1.0";
  static const assay_host host{sizeof(assay_host),
                               ASSAY_ABI_MINOR,
                               nullptr,
                               {name.data(), name.size()},
                               {version.data(), version.size()},
                               &service};
  return &host;
}

}  // namespace assay::worker
