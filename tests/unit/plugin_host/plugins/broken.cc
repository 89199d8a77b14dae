// SPDX-License-Identifier: Apache-2.0
// The binary edge of the plugin in broken.h, and the promises that break there: the C++ layer of the SDK keeps
// most of them by itself, so they are broken around it.
#include "broken.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace assay::broken {
namespace {

using detail::str;
using detail::view;

constexpr char kManifest[] =
    R"({"manifest_version":1,"id":"broken","version":"1.0.0","license":"Apache-2.0","abi":{"major":1,"min_minor":0},"components":[)"
    R"({"id":"weigher","capabilities":["assay.trainer/1","assay.scorer/1"],"determinism":"bitwise","thread_model":"concurrent",)"
    R"("config_schema":{"type":"object","additionalProperties":false,"properties":{)"
    R"("offset":{"type":"number","default":1,"minimum":0,"maximum":10},"reads_text":{"type":"boolean","default":true}}}},)"
    R"({"id":"tally","capabilities":["assay.evaluator/1"],"determinism":"bitwise",)"
    R"("input_roles":{"required":["label","score"],"optional":["weight"]},"config_schema":{"type":"object"}}]})";

__attribute__((section(".assay.manifest"), used)) ASSAY_NO_REDZONE constexpr detail::ManifestBytes<sizeof kManifest>
    kSection(kManifest);

__attribute__((constructor)) void early() {
  if (broken("opens_early")) static_cast<void>(::dup(STDERR_FILENO));
  if (broken("prints_early")) std::puts("here I am"), std::fflush(stdout);
}

// ---- The end of a call ----

assay_status ended(assay_status status) {
  if (broken("hides_the_stop") && status == ASSAY_E_CANCELLED) return ASSAY_E_INTERNAL;
  if (broken("mistakes_the_deadline") && status == ASSAY_E_DEADLINE) return ASSAY_E_CANCELLED;
  if (broken("hides_lack_of_memory") && status == ASSAY_E_OUT_OF_MEMORY) return ASSAY_E_INTERNAL;
  return status;
}

// ---- Trainer ----

using Trainer = detail::TrainerEdge<Weigher>;

// A sink that takes each entry in one write and does not look at how much of it was taken.
struct Hasty {
  const assay_sink* to;
  assay_writer inner{};

  static assay_status open(const assay_sink* sink, const assay_call* call, assay_str name, assay_str type,
                           assay_writer* out) {
    auto& self = *static_cast<Hasty*>(sink->host_data);
    self.inner = {};
    self.inner.struct_size = sizeof self.inner;
    out->host_data = &self;
    out->write = [](const assay_writer* writer, const assay_call* its_call, const void* data, std::uint64_t size,
                    std::uint64_t* taken) {
      const assay_writer& to = static_cast<Hasty*>(writer->host_data)->inner;
      const assay_status status = to.write(&to, its_call, data, size, taken);
      *taken = size;
      return status;
    };
    out->finish = [](const assay_writer* writer, const assay_call* its_call) {
      const assay_writer& to = static_cast<Hasty*>(writer->host_data)->inner;
      return to.finish(&to, its_call);
    };
    out->abort = [](const assay_writer* writer) {
      const assay_writer& to = static_cast<Hasty*>(writer->host_data)->inner;
      to.abort(&to);
    };
    return self.to->open(self.to, call, name, type, &self.inner);
  }
};

// An entry of a bundle, as far as it can be written.
struct Entry {
  Entry(const assay_call* call, const assay_sink* sink, std::string_view name) : call_(call) {
    writer_.struct_size = sizeof writer_;
    status = sink->open(sink, call, str(name), str("text/plain"), &writer_);
    std::uint64_t taken = 0;
    if (status != ASSAY_OK) return;
    status = writer_.write(&writer_, call, "x", 1, &taken);
    if (status != ASSAY_OK) writer_.abort(&writer_);
  }
  assay_status finish() { return status == ASSAY_OK ? writer_.finish(&writer_, call_) : status; }

  assay_status status;

 private:
  const assay_call* call_;
  assay_writer writer_{};
};

// Entries beside the model's own.
assay_status write_more(const assay_call* call, const assay_sink* sink) {
  assay_status status = ASSAY_OK;
  if (broken("opens_two_entries")) {
    Entry one(call, sink, "one"), other(call, sink, "other");
    const assay_status of_one = one.finish(), of_other = other.finish();
    status = of_one != ASSAY_OK ? of_one : of_other;
  }
  if (broken("names_badly")) status = Entry(call, sink, "../model").finish();
  if (broken("finishes_nothing")) status = Entry(call, sink, "more").status;
  return status == ASSAY_OK ? status : call->fail(call, status, str("an entry could not be written"), {});
}

assay_status fit(void* self, const assay_call* call, const assay_dataset* train, const assay_dataset* valid,
                 const assay_source* warm_start, const assay_sink* model) {
  if (broken("stays_on_a_thread")) {
    static const std::thread::id first = std::this_thread::get_id();
    if (std::this_thread::get_id() != first)
      return call->fail(call, ASSAY_E_INTERNAL, str("it works on the thread that it knows"), {});
  }
  if (broken("writes_once")) {
    Hasty hasty{model};
    assay_sink sink = *model;
    sink.host_data = &hasty;
    sink.open = &Hasty::open;
    return Trainer::fit(self, call, train, valid, warm_start, &sink);
  }
  const assay_status status = ended(Trainer::fit(self, call, train, valid, warm_start, model));
  return status == ASSAY_OK ? write_more(call, model) : status;
}

// ---- Scorer ----

using Scorer = detail::ScorerEdge<Weigher>;

assay_status load(void* self, const assay_call* call, const assay_source* source, void** out) {
  assay_call mute = *call;
  mute.fail = [](const assay_call*, assay_status status, assay_str, assay_str) { return status; };
  const bool says_it = !broken("explains_nothing") && !broken("explains_in_latin1");
  const assay_status status = ended(Scorer::load(self, says_it ? call : &mute, source, out));
  if (status == ASSAY_OK) return status;
  if (broken("explains_twice")) call->fail(call, status, str("as was said before"), {});
  if (broken("explains_in_latin1")) call->fail(call, status, str("no mod\xE8le"), {});
  if (broken("answers_a_failure")) *out = self;
  return status;
}

// The answer's release, kept until its host asks for it.
struct Tied {
  ArrowArray answer;
  std::thread::id thread;
};
void tie_to_thread(ArrowArray* answer) {
  auto* tied = new (std::nothrow) Tied{*answer, std::this_thread::get_id()};
  if (tied == nullptr) return;
  answer->private_data = tied;
  answer->release = [](ArrowArray* it) {
    auto* of = static_cast<Tied*>(it->private_data);
    if (of->thread != std::this_thread::get_id()) std::abort();
    of->answer.release(&of->answer);
    delete of;
    it->release = nullptr;
  };
}

assay_status score(void* self, const assay_call* call, void* model, ArrowArray* input, ArrowArray* output) {
  for (std::int64_t i = 0; i < input->n_children; ++i) {
    ArrowArray& child = *input->children[i];
    if (broken("forgets_column_offsets")) child.offset = 0;
    if (broken("believes_null_counts") && child.null_count < 0) child.null_count = 0;
  }
  if (broken("forgets_batch_offsets")) input->offset = 0;
  ArrowArray kept = *input;
  if (broken("keeps_batches") || broken("releases_twice")) {
    input->release = nullptr;
    ArrowArray lent = kept;
    lent.release = [](ArrowArray* it) { it->release = nullptr; };
    const assay_status status = Scorer::score(self, call, model, &lent, output);
    for (int i = 0; broken("releases_twice") && i < 2; ++i) {
      ArrowArray again = kept;
      again.release(&again);
    }
    return status;
  }
  const assay_status status = ended(Scorer::score(self, call, model, input, output));
  if (status == ASSAY_OK && broken("ties_results")) tie_to_thread(output);
  return status;
}

// ---- Fold ----

using Fold = detail::FoldEdge<Tally>;

assay_status update(void* self, const assay_call* call, void* state, ArrowArray* batch) {
  return ended(Fold::update(self, call, state, batch));
}

// ---- Components and the plugin ----

constexpr assay_trainer_v1 kTrainer{sizeof kTrainer, 0, &fit};
constexpr assay_scorer_v1 kScorer{sizeof kScorer, ASSAY_SCORER_CONCURRENT, &load, &Scorer::bind, &score,
                                  &Scorer::unload};
constexpr assay_fold_v1 kFold{sizeof kFold,   0,           &Fold::begin,   &update,       &Fold::merge,
                              &Fold::save, &Fold::restore, &Fold::finish, &Fold::end};

const void* capability(void*, const char* id) {
  if (view(str(id)) == ASSAY_CAP_TRAINER_V1) return &kTrainer;
  if (view(str(id)) == ASSAY_CAP_SCORER_V1) return &kScorer;
  if (view(str(id)) == ASSAY_CAP_DRIFT_V1 && broken("offers_more")) return &kFold;
  return nullptr;
}
const void* fold_capability(void*, const char* id) {
  return view(str(id)) == ASSAY_CAP_EVALUATOR_V1 ? &kFold : nullptr;
}

using Plugin = detail::PluginEdge<Weigher, Tally>;

assay_status create(void* self, const assay_call* call, assay_str id, const assay_config* config,
                    assay_component* out) {
  if (broken("counts_on_metrics")) call->metric(call, str("created"), 0, 1);
  const std::uint32_t size = out->struct_size;
  assay_component made{};
  made.struct_size = sizeof made;
  const std::string_view wanted =
      broken("takes_any_suffix") && view(id).starts_with(Tally::id) ? Tally::id : view(id);
  const assay_status status = Plugin::create(self, call, str(wanted), config, &made);
  if (status != ASSAY_OK) return status;
  made.get_capability = wanted == Weigher::id ? &capability : &fold_capability;
  const std::uint32_t room = broken("fills_whole_structs") ? sizeof made : std::min<std::uint32_t>(size, sizeof made);
  made.struct_size = room;
  std::memcpy(static_cast<void*>(out), &made, room);
  return ASSAY_OK;
}

}  // namespace

void misbehave() {
  if (broken("leaks_memory")) {
    void* lost = std::malloc(1 << 18);
    if (lost != nullptr) std::memset(lost, 1, 1 << 18);
  }
  if (broken("leaks_files")) static_cast<void>(::dup(STDERR_FILENO));
  static std::atomic<int> threads = 0;  // more would be refused, which is another promise
  if (broken("leaks_threads") && threads++ < 24) std::thread([] { ::pause(); }).detach();
  if (broken("sets_the_environment")) ::setenv("ASSAY_BROKEN", "1", 1);
  if (broken("handles_signals")) std::signal(SIGUSR2, SIG_IGN);
  if (broken("prints")) std::puts("still <training> & \"learning\""), std::fflush(stdout);
  while (broken("never_ends")) ::sched_yield();
  if (broken("connects")) {
    if (const int made = ::socket(AF_INET, SOCK_STREAM, 0); made >= 0) ::close(made);
  }
  if (broken("writes_files")) {
    if (const int made = ::open("/tmp/assay-broken", O_WRONLY | O_CREAT, 0600); made >= 0) ::close(made);
  }
  if (broken("trusts_malloc")) {
    auto* room = static_cast<volatile char*>(std::malloc(4096));
    room[0] = 1;
    std::free(const_cast<char*>(room));
  }
}

}  // namespace assay::broken

extern "C" ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call,
                                                          assay_plugin* out) {
  using namespace assay::broken;
  static std::atomic<int> opens = 0;
  assay_plugin made{};
  made.struct_size = sizeof made;
  // What follows a descriptor by mistake: the zero that ends the text.
  const std::string_view whole(kManifest, sizeof kManifest);
  const bool first = opens++ == 0;
  const std::string_view manifest =
      broken("adds_to_its_descriptor") || (broken("changes_its_descriptor") && !first) ? whole : kSection.view();
  const assay_status status = Plugin::open(host, call, manifest, &made);
  if (status != ASSAY_OK) return status;
  made.create = &create;
  const std::uint32_t room = std::min<std::uint32_t>(out->struct_size, sizeof made);
  made.struct_size = room;
  std::memcpy(static_cast<void*>(out), &made, room);
  return ASSAY_OK;
}
