// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/batch_arenas.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/shared_table_memory.h"
#include "registry/plugin_host/worker_process.h"

namespace assay {

wire::Payload BatchArenas::put(const ArrowSchema& schema, const ArrowArray& batch, const Table& table) {
  return wire::encode_batch(
      schema, batch,
      {.take = [this](std::uint64_t size) { return place(size); }, .shared = shared_with(table)});
}

wire::Arenas BatchArenas::shared_with(const Table& table) {
  if (!tables_.empty()) forget_tables();
  wire::Arenas shared;
  const SharedTableMemory* last = nullptr;
  for (const Column& column : table.columns()) {
    const auto* memory = dynamic_cast<const SharedTableMemory*>(column.memory().get());
    if (memory == nullptr || memory == last) continue;
    last = memory;
    for (const std::shared_ptr<Arena>& arena : memory->arenas()) {
      const auto known = std::find_if(tables_.begin(), tables_.end(),
                                      [&](const SharedTable& each) { return each.arena.lock() == arena; });
      const std::uint64_t id = known == tables_.end() ? next_id_++ : known->id;
      if (known == tables_.end()) {
        tables_.push_back({arena, id});
        send(*arena, id, "table");
      }
      shared.push_back({id, arena->bytes(), nullptr});
    }
  }
  return shared;
}

void BatchArenas::forget_tables() {
  std::erase_if(tables_, [&](const SharedTable& table) {
    if (!table.arena.expired()) return false;
    process_.send(wire::FrameKind::forget, {{"id", table.id}});
    return true;
  });
}

void BatchArenas::send(const Arena& arena, std::uint64_t id, std::string_view use) {
  process_.send_with_file(wire::FrameKind::arena, {{"id", id}, {"size", arena.bytes().size()}, {"use", use}},
                          arena.fd());
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
  send(*shared.arena, shared.id, writer == ArenaWriter::host ? "input" : "output");
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
