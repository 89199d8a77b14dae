// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/batch_arenas.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/worker_process.h"

namespace assay {

wire::Payload BatchArenas::put(const ArrowSchema& schema, const ArrowArray& batch) {
  return wire::encode_batch(schema, batch, {.take = [this](std::uint64_t size) { return place(size); }});
}

wire::Target::Place BatchArenas::place(std::uint64_t size) {
  // Behind what the plugin still holds, or else from the start again. An arena that is full of held rows is left to
  // the worker, which keeps it mapped as long as the plugin needs it.
  if (!held_) used_ = 0;
  if (!input_.arena || input_.arena->bytes().size() - used_ < size) {
    share(input_, size, ArenaWriter::host);
    used_ = 0;
  }
  const wire::Target::Place found{input_.id, used_, input_.arena->bytes().data() + used_};
  used_ += size;
  return found;
}

void BatchArenas::offer_room() {
  if (!output_.arena || wanted_ > output_.arena->bytes().size()) share(output_, wanted_, ArenaWriter::worker);
}

void BatchArenas::share(Shared& shared, std::uint64_t size, ArenaWriter writer) {
  shared.arena = std::make_unique<Arena>(std::max(kSmallest, std::bit_ceil(size)), writer);
  shared.id = next_id_++;
  process_.send_with_file(
      wire::FrameKind::arena,
      {{"id", shared.id}, {"size", shared.arena->bytes().size()}, {"output", writer == ArenaWriter::worker}},
      shared.arena->fd());
}

ArrayOwner BatchArenas::take(const ArrowSchema& schema, const wire::Payload& payload) const {
  const std::uint64_t used = output_.arena ? wire::extent_in(payload, output_.id) : 0;
  if (used == 0) return wire::decode_batch(schema, payload);
  if (used > output_.arena->bytes().size())
    throw Error(Code::internal, "a malformed batch: a buffer lies outside its memory");
  // The worker can still write there while we look; what is checked is a copy.
  wire::Payload copy(used);
  std::memcpy(copy.data(), output_.arena->bytes().data(), used);
  return wire::decode_batch(schema, payload, {{output_.id, copy.bytes(), std::make_shared<wire::Payload>(copy)}});
}

void BatchArenas::hear(const nlohmann::json& frame) {
  held_ = frame.contains("held");
  const auto wanted = frame.find("wanted");
  if (wanted != frame.end() && wanted->is_number_unsigned())
    wanted_ = std::min<std::uint64_t>(wanted->get<std::uint64_t>(), wire::kMaxPayloadBytes);
}

}  // namespace assay
