// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/lent_scratch.h"

#include "registry/plugin_host/worker/call_context.h"

namespace assay::worker {
namespace {

using wire::FrameKind;

assay_status take(const assay_scratch_v1*, const assay_call* call, uint64_t bytes, void** out) {
  if (call == nullptr || out == nullptr) return ASSAY_E_INVALID_ARGUMENT;
  CallContext& context = CallContext::of(call);
  if (!context.lends()) return ASSAY_E_DENIED;
  Frame frame;
  const assay_status status = context.ask(FrameKind::scratch_take, {{"bytes", bytes}}, {}, frame);
  if (status == ASSAY_OK) *out = context.channel().scratch(frame.json.at("id").get<std::uint64_t>());
  return status;
}

void give_back(const assay_scratch_v1*, const assay_call* call, void* memory) {
  CallContext& context = CallContext::of(call);
  const std::uint64_t id = context.channel().forget_scratch(memory);
  Frame frame;
  if (id != 0) context.ask(FrameKind::scratch_end, {{"id", id}}, {}, frame);
}

}  // namespace

const assay_scratch_v1* lent_scratch() {
  static const assay_scratch_v1 service{sizeof service, 0, nullptr, wire::kScratchQuota, &take, &give_back};
  return &service;
}

}  // namespace assay::worker
