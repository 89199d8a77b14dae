// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/server.h"

#include "registry/plugin_host/wire/batch.h"
#include "registry/plugin_host/worker/check/rules.h"
#include "registry/plugin_host/worker/loaded_plugin.h"
#include "registry/plugin_host/worker/sandbox.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

using nlohmann::json;
using wire::FrameKind;

assay_status status_of(Code code) {
  return info(code).abi_status;
}

template <typename Json>
const json& member(const Json& request, const char* key) {
  return request.at(key);
}

}  // namespace

void Server::run() {
  while (!quit_) serve(channel_.next_request());
}

void Server::serve(Frame request) {
  channel_.clear_cancel();
  CallContext context(channel_, request.json);
  Reply reply;
  try {
    reply = dispatch(context, request);
  } catch (const Error& error) {
    context.explain(error.message());
    reply = {status_of(error.code()), json::object(), {}};
  } catch (const std::exception& error) {
    context.explain(std::string("it let a C++ exception out of its C functions: ") + error.what());
    reply = {ASSAY_E_INTERNAL, json::object(), {}};
  } catch (...) {
    context.explain("it let an exception out of its C functions");
    reply = {ASSAY_E_INTERNAL, json::object(), {}};
  }
  json done = context.outcome(reply.status);
  if (reply.status == ASSAY_OK) done.update(reply.json);
  channel_.send(FrameKind::done, done,
                reply.status == ASSAY_OK ? reply.payload.bytes() : std::span<const std::byte>());
}

Server::Reply Server::dispatch(CallContext& context, Frame& request) {
  switch (request.kind) {
    case FrameKind::open:
      return open(context, request.json);
    case FrameKind::fit:
      return fit(context, request.json);
    case FrameKind::load:
      return load(context, request.json);
    case FrameKind::bind:
      return bind(context, request.json);
    case FrameKind::score:
      return score(context, request);
    case FrameKind::begin:
      return begin(context, request.json, false);
    case FrameKind::restore:
      return begin(context, request.json, true);
    case FrameKind::update:
      return update(context, request);
    case FrameKind::merge:
      return merge(context, request.json);
    case FrameKind::save:
      return save(context, request.json);
    case FrameKind::finish:
      return finish(context, request.json);
    case FrameKind::end:
      return end(request.json);
    case FrameKind::quit:
      return quit();
    case FrameKind::check:
      return {ASSAY_OK, check_rule(context, request.json), {}};
    case FrameKind::layers:
      return layers();
    default:
      throw Error(Code::internal, "the host sent a request that this worker does not know");
  }
}

Server::Reply Server::open(CallContext& context, const json& request) {
  const OpenPlugin open_plugin = load_plugin();
  plugin_ = {};
  plugin_.struct_size = sizeof plugin_;
  if (const assay_status status = open_plugin(this_host(), context.get(), &plugin_); status != ASSAY_OK)
    return {status, {}, {}};
  if (!ASSAY_HAS(&plugin_, close) || plugin_.create == nullptr)
    throw Error(Code::unsupported, "it opened, but filled less of assay_plugin than the first version has");
  config_ = std::make_unique<LentConfig>(member(request, "config").get<std::string>());
  const auto component = member(request, "component").get<std::string>();
  component_ = {};
  component_.struct_size = sizeof component_;
  const assay_status status =
      plugin_.create(plugin_.self, context.get(), str(component), config_->get(), &component_);
  if (status != ASSAY_OK) return {status, {}, {}};
  capability_id_ = member(request, "capability").get<std::string>();
  capability_ = component_.get_capability == nullptr
                    ? nullptr
                    : component_.get_capability(component_.self, capability_id_.c_str());
  if (capability_ == nullptr)
    throw Error(Code::unsupported, "component " + component + " does not offer " + capability_id_ +
                                       ", although its descriptor says so");
  return {
      ASSAY_OK, {{"manifest", std::string(view(plugin_.manifest))}, {"abi_minor", plugin_.abi_minor}}, {}};
}

// The vtable of an opened component. Its struct_size must reach the last function of the first version.
template <typename Table>
const Table& Server::capability(const char* what) const {
  const auto* table = static_cast<const Table*>(capability_);
  if (table == nullptr || table->struct_size < sizeof(Table))
    throw Error(Code::internal, std::string("no ") + what + " is open, or its table is too short");
  return *table;
}

Server::Reply Server::fit(CallContext& context, const json& request) {
  const auto& trainer = capability<assay_trainer_v1>("trainer");
  const json& datasets = member(request, "datasets");
  const LentDataset train(context, 0, datasets.at(0));
  std::optional<LentDataset> valid;
  if (datasets.size() > 1) valid.emplace(context, 1, datasets.at(1));
  const LentSource warm_start(context, member(request, "source"));
  const LentSink sink(context);
  const assay_status status = trainer.fit(component_.self, context.get(), train.get(),
                                          valid ? valid->get() : nullptr, warm_start.get(), sink.get());
  return {status, json::object(), {}};
}

Server::Reply Server::load(CallContext& context, const json& request) {
  const auto& scorer = capability<assay_scorer_v1>("scorer");
  if (model_ != nullptr) scorer.unload(component_.self, std::exchange(model_, nullptr));
  const LentSource source(context, member(request, "source"));
  return {scorer.load(component_.self, context.get(), source.get(), &model_), json::object(), {}};
}

Server::Reply Server::bind(CallContext& context, const json& request) {
  const auto& scorer = capability<assay_scorer_v1>("scorer");
  input_ = wire::schema_from_json(member(request, "schema"));
  output_.reset();
  const assay_status status =
      scorer.bind(component_.self, context.get(), model_, input_.get(), output_.get());
  if (status != ASSAY_OK) return {status, {}, {}};
  return {ASSAY_OK, {{"schema", wire::schema_to_json(*output_)}}, {}};
}

// The batch of a request. From here on only the plugin holds its memory.
ArrowArray Server::batch(const ArrowSchema& schema, Frame& request) {
  ArrayOwner decoded = wire::decode_batch(schema, request.payload, request.arenas);
  request.arenas.clear();
  return decoded.take();
}

Server::Reply Server::score(CallContext& context, Frame& request) {
  const auto& scorer = capability<assay_scorer_v1>("scorer");
  if (!input_ || !output_) throw Error(Code::internal, "score before bind");
  ArrowArray input = batch(*input_, request);
  ArrayOwner output;
  const assay_status status = scorer.score(component_.self, context.get(), model_, &input, output.get());
  if (input.release != nullptr) input.release(&input);  // a scorer that failed may have left it
  if (status != ASSAY_OK) return {status, {}, {}};
  return {ASSAY_OK, json::object(), wire::encode_batch(*output_, *output, channel_.room_for_answer())};
}

Server::State& Server::state(const json& request, const char* key) {
  const auto found = states_.find(member(request, key).get<std::uint64_t>());
  if (found == states_.end()) throw Error(Code::internal, "the host named a state that is not there");
  return found->second;
}

Server::Reply Server::begin(CallContext& context, const json& request, bool restore) {
  const auto& fold = capability<assay_fold_v1>("fold");
  State made{nullptr, wire::schema_from_json(member(request, "schema")),
             std::make_unique<LentRoles>(member(request, "roles"))};
  const LentSource source(context, member(request, "source"));
  const auto make = restore ? fold.restore : fold.begin;
  const assay_status status =
      make(component_.self, context.get(), made.schema.get(), made.roles->get(), source.get(), &made.state);
  if (status != ASSAY_OK) return {status, {}, {}};
  states_.emplace(next_state_, std::move(made));
  return {ASSAY_OK, {{"state", next_state_++}}, {}};
}

Server::Reply Server::update(CallContext& context, Frame& request) {
  const auto& fold = capability<assay_fold_v1>("fold");
  State& into = state(request.json, "state");
  ArrowArray rows = batch(*into.schema, request);
  const assay_status status = fold.update(component_.self, context.get(), into.state, &rows);
  if (rows.release != nullptr) rows.release(&rows);
  return {status, json::object(), {}};
}

Server::Reply Server::merge(CallContext& context, const json& request) {
  const auto& fold = capability<assay_fold_v1>("fold");
  void* const into = state(request, "into").state;
  return {fold.merge(component_.self, context.get(), into, state(request, "from").state), json::object(), {}};
}

Server::Reply Server::save(CallContext& context, const json& request) {
  const auto& fold = capability<assay_fold_v1>("fold");
  const LentSink sink(context);
  return {fold.save(component_.self, context.get(), state(request, "state").state, sink.get()),
          json::object(),
          {}};
}

Server::Reply Server::finish(CallContext& context, const json& request) {
  const auto& fold = capability<assay_fold_v1>("fold");
  const LentSink sink(context);
  const bool wants_extras = member(request, "extras").get<bool>();
  SchemaOwner schema;
  ArrayOwner table;
  const assay_status status = fold.finish(component_.self, context.get(), state(request, "state").state,
                                          wants_extras ? sink.get() : nullptr, schema.get(), table.get());
  if (status != ASSAY_OK) return {status, {}, {}};
  json answer = {{"schema", wire::schema_to_json(*schema)}};
  return {ASSAY_OK, std::move(answer), wire::encode_batch(*schema, *table, channel_.room_for_answer())};
}

Server::Reply Server::end(const json& request) {
  const auto& fold = capability<assay_fold_v1>("fold");
  fold.end(component_.self, state(request, "state").state);
  states_.erase(member(request, "state").get<std::uint64_t>());
  return {};
}

Server::Reply Server::layers() {
  seal_sandbox();
  json list = json::array();
  for (const Layer& layer : sandbox_layers())
    list.push_back({{"name", layer.name}, {"active", layer.active}, {"what", layer.what}});
  return {ASSAY_OK, {{"layers", std::move(list)}}, {}};
}

Server::Reply Server::quit() {
  quit_ = true;
  if (model_ != nullptr) capability<assay_scorer_v1>("scorer").unload(component_.self, model_);
  for (auto& [id, each] : states_) capability<assay_fold_v1>("fold").end(component_.self, each.state);
  states_.clear();
  if (component_.destroy != nullptr) component_.destroy(component_.self);
  if (plugin_.close != nullptr) plugin_.close(plugin_.self);
  return {};
}

}  // namespace assay::worker
