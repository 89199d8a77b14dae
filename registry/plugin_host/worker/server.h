// SPDX-License-Identifier: Apache-2.0
// Serves the host's requests, one after the other, with one component of the plugin. Whatever goes wrong in a
// request becomes its answer; only a crash ends the worker.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "assay/abi.h"
#include "registry/compute/arrow.h"
#include "registry/plugin_host/worker/call_context.h"
#include "registry/plugin_host/worker/lending.h"

namespace assay::worker {

class Server {
 public:
  explicit Server(Channel& channel) : channel_(channel) {}

  // Until the host quits or is gone.
  void run();

 private:
  struct Reply {
    assay_status status = ASSAY_OK;
    nlohmann::json json = nlohmann::json::object();
    wire::Payload payload;
  };
  void serve(Frame request);
  Reply dispatch(CallContext& context, Frame& request);

  Reply open(CallContext& context, const nlohmann::json& request);
  Reply fit(CallContext& context, const nlohmann::json& request);
  Reply load(CallContext& context, const nlohmann::json& request);
  Reply bind(CallContext& context, const nlohmann::json& request);
  ArrowArray batch(const ArrowSchema& schema, Frame& request);
  Reply score(CallContext& context, Frame& request);
  Reply begin(CallContext& context, const nlohmann::json& request, bool restore);
  Reply update(CallContext& context, Frame& request);
  Reply merge(CallContext& context, const nlohmann::json& request);
  Reply save(CallContext& context, const nlohmann::json& request);
  Reply finish(CallContext& context, const nlohmann::json& request);
  Reply end(const nlohmann::json& request);
  Reply layers();
  Reply quit();

  struct State {
    void* state = nullptr;
    SchemaOwner schema;
    std::unique_ptr<LentRoles> roles;
  };
  template <typename Table>
  const Table& capability(const char* what) const;
  State& state(const nlohmann::json& request, const char* key);

  Channel& channel_;
  assay_plugin plugin_{};
  assay_component component_{};
  std::string capability_id_;
  const void* capability_ = nullptr;
  std::unique_ptr<LentConfig> config_;
  void* model_ = nullptr;
  SchemaOwner input_, output_;
  std::map<std::uint64_t, State> states_;
  std::uint64_t next_state_ = 1;
  bool quit_ = false;
};

}  // namespace assay::worker
