// SPDX-License-Identifier: Apache-2.0
// C04, C30, C31, C33 and C34: what a plugin leaves behind in its process and asks of the system.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <clocale>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "registry/plugin_host/worker/check/run.h"
#include "registry/plugin_host/worker/loaded_plugin.h"
#include "registry/plugin_host/worker/sandbox.h"

extern "C" char** environ;

namespace assay::worker::check {
namespace {

using fake::FakeData;

bool lives(pid_t id) {
  return ::syscall(SYS_tgkill, ::getpid(), id, 0) == 0;
}

// The kernel gives thread ids in ascending order, so all that live lie between the process's own and a new one's,
// unless the ids have begun anew: then every id has to be asked for, which takes a second.
std::vector<pid_t> threads_that_live() {
  pid_t newest = 0;
  std::thread([&] { newest = static_cast<pid_t>(::syscall(SYS_gettid)); }).join();
  const pid_t self = ::getpid();
  constexpr pid_t kLast = 1 << 22;
  std::vector<pid_t> out;
  const auto look = [&](pid_t first, pid_t last) {
    for (pid_t id = first; id < last; ++id)
      if (lives(id)) out.push_back(id);
  };
  if (newest > self) {
    look(self, newest);
  } else {
    look(self, kLast);
    look(1, newest);
  }
  return out;
}

// What belongs to the whole process and a library must leave as it was.
struct Manners {
  struct sigaction signals[NSIG];
  std::string locale;
  int rounding = 0;
  unsigned modes = 0;  // of the floating point unit: flushing denormals to zero
  mode_t mask = 0;
  std::vector<std::string> environment;
  rlimit limits[RLIM_NLIMITS];

  static Manners now() {
    Manners out;
    std::memset(out.signals, 0, sizeof out.signals);
    for (int i = 1; i < NSIG; ++i) ::sigaction(i, nullptr, &out.signals[i]);
    out.locale = std::setlocale(LC_ALL, nullptr);
    out.rounding = std::fegetround();
#if defined(__x86_64__)
    out.modes = __builtin_ia32_stmxcsr() & 0xFFC0;  // without what was raised
#endif
    out.mask = ::umask(0);
    ::umask(out.mask);
    for (char** each = environ; *each != nullptr; ++each) out.environment.emplace_back(*each);
    std::memset(out.limits, 0, sizeof out.limits);
    for (int i = 0; i < static_cast<int>(RLIM_NLIMITS); ++i)
      if (i != RLIMIT_CPU)  // which the host raises while it waits
        ::getrlimit(static_cast<__rlimit_resource>(i), &out.limits[i]);
    return out;
  }

  // What differs, or nothing.
  std::string changed(const Manners& before) const {
    for (int i = 1; i < NSIG; ++i)
      if (signals[i].sa_sigaction != before.signals[i].sa_sigaction)
        return fmt::format("it has installed a handler of signal {} ({})", i, ::strsignal(i));
    if (locale != before.locale) return fmt::format("it has changed the locale from {} to {}", before.locale, locale);
    if (rounding != before.rounding) return "it has changed how numbers are rounded";
    if (modes != before.modes) return "it has changed the modes of the floating point unit";
    if (mask != before.mask) return "it has changed the umask";
    if (environment != before.environment) return "it has changed the environment";
    if (std::memcmp(limits, before.limits, sizeof limits) != 0) return "it has changed a resource limit";
    return {};
  }
};

// Runs `work(i)` on that many threads at once, and throws what the first of them threw.
template <class Work>
void at_once(int threads, Work work) {
  std::exception_ptr failure;
  std::mutex failing;
  std::atomic<int> waiting = threads;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(failing);
        failure = std::current_exception();
      }
    });
  for (std::thread& thread : all) thread.join();
  if (failure) std::rethrow_exception(failure);
}

// One model, scored by four threads.
bool share_a_model(const Component& component, const Trial& trial, const std::string& expected) {
  const Made made(component);
  const FakeData rows = trial.score.features();
  const fake::FakeBundle bundle = fit(made, trial.train.with_roles(component));
  Model model(made, bundle);
  if ((model.scorer().flags & ASSAY_SCORER_CONCURRENT) == 0) return false;
  model.bind(rows);
  at_once(4, [&](int) {
    for (int round = 0; round < 20; ++round) {
      HostCall call((Way()));
      Ledger ledger;
      ArrowArray batch = lay_out(rows.table(), 0, rows.rows(), {}, ledger), answer{};
      const assay_status status = model.scorer().score(made->raw.self, &call.raw, model.raw(), &batch, &answer);
      if (batch.release != nullptr) batch.release(&batch);
      call.check(status);
      const std::string text = difference(expected, print_schema(model.output()) + print_rows(model.output(), answer));
      answer.release(&answer);
      demand(text.empty(), fmt::format("component {} says ASSAY_SCORER_CONCURRENT, and scored by four threads {}", component.id, text));
    }
  });
  return true;
}

// Threads that live now. One that has been joined may still be ending: `expected` or fewer ends the waiting.
std::size_t threads_now(std::size_t expected) {
  std::vector<pid_t> alive = threads_that_live();
  for (int i = 0; i < 200 && alive.size() > expected; ++i) {
    ::sched_yield();
    std::erase_if(alive, [](pid_t id) { return !lives(id); });
  }
  return alive.size();
}

std::size_t files_now() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::size_t count = 0;
  for (int fd = 0; fd < static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65'536)); ++fd)
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

}  // namespace

std::string loads_quietly(Subject& subject) {
  const std::size_t threads = threads_now(1), files = files_now();
  load_plugin();
  demand(threads_now(threads) == threads, "loading it starts a thread");
  demand(files_now() == files, "loading it leaves a file open");
  if (!subject.components.empty()) const Made made(subject.components.front());
  demand(files_now() == files, "opening it leaves a file open");
  return "every symbol is resolved, and nothing else happens";
}

std::string leaks_nothing(Subject& subject) {
  constexpr int kRounds = 12;
  return each_runnable(subject, [&](const Component& component) {
    const auto cycle = [&] { ordinary(Made(component)); };
    for (int i = 0; i < 4; ++i) cycle();  // caches and thread pools of libraries fill once
    const std::size_t threads = threads_now(0), files = files_now();
    weigh_memory();
    for (int i = 0; i < kRounds; ++i) cycle();
    const std::int64_t grown = memory_grown();
    demand(grown < kRounds * 64, fmt::format("component {} keeps {} bytes more after each of {} rounds of all that it does",
                                             component.id, grown / kRounds, kRounds));
    demand(files_now() <= files, fmt::format("component {} leaves files open", component.id));
    demand(threads_now(threads) <= threads, fmt::format("component {} leaves threads running", component.id));
  }) + fmt::format(": memory, files and threads are as before after {} rounds", kRounds);
}

std::string works_on_many_threads(Subject& subject) {
  int shared = 0;
  const std::string names = each_runnable(subject, [&](const Component& component) {
    const Trial trial;
    const Outcome expected = ordinary(Made(component), trial);
    at_once(8, [&](int) {
      for (int round = 0; round < 3; ++round) {
        const std::string text = difference(expected, run(Made(component), trial));
        demand(text.empty(), fmt::format("component {}, eight objects on eight threads: {}", component.id, text));
      }
    });
    if (component.offers(ASSAY_CAP_TRAINER_V1) && component.offers(ASSAY_CAP_SCORER_V1))
      shared += share_a_model(component, trial, expected.scores) ? 1 : 0;
  });
  return fmt::format("{}: eight objects on eight threads; {} models shared by four", names, shared);
}

std::string leaves_the_process_alone(Subject& subject) {
  const Manners before = Manners::now();
  load_plugin();
  if (const std::string changed = Manners::now().changed(before); !changed.empty()) throw Broken{changed + " when it is loaded"};
  return each_runnable(subject, [&](const Component& component) {
    ordinary(Made(component));
    const std::string changed = Manners::now().changed(before);
    demand(changed.empty(), fmt::format("component {}: {}", component.id, changed));
  }) + ": signals, locale, rounding, environment, limits as before, and nothing printed";
}

std::string calls_only_what_it_may(Subject& subject) {
  const Layer watching = trap_outside_calls();
  if (!watching.active) throw Skipped{"system calls cannot be watched here: " + watching.what};
  return each_runnable(subject, [](const Component& component) { ordinary(Made(component)); }) +
         ": no network, no other programs, no files";
}

}  // namespace assay::worker::check
