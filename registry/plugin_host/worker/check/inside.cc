// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/check/inside.h"

#include <dlfcn.h>
#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include "registry/plugin_host/worker/loaded_plugin.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASSAY_OWN_MALLOC 0
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#else
#define ASSAY_OWN_MALLOC 1
#endif

namespace assay::worker::check {
namespace {

// Plain types: malloc reads them, also before any constructor has run.
thread_local bool in_plugin = false;
thread_local bool counting = false;
thread_local std::int64_t asked = 0, spared_ones = 0;
void* plugin_base = nullptr;

std::atomic<bool> weighing = false;
std::atomic<std::int64_t> weight = 0;

#if ASSAY_OWN_MALLOC
// Is this a call of the plugin's own code, or of `new`, which all C++ can recover from? C libraries that end the
// process when memory is gone (OpenMP's runtime does) are left alone: no author of a plugin can mend them.
bool can_recover(const void* caller) {
  Dl_info info{};
  if (::dladdr(caller, &info) == 0) return false;
  return info.dli_fbase == plugin_base || std::strstr(info.dli_fname, "libstdc++") != nullptr ||
         std::strstr(info.dli_fname, "libc++") != nullptr;
}
// Asking the loader takes longer than most allocations, and few places allocate.
struct Place {
  const void* caller;
  bool recovers;
};
thread_local Place places[61];
bool is_known_to_recover(const void* caller) {
  Place& place = places[reinterpret_cast<std::uintptr_t>(caller) % std::size(places)];
  if (place.caller != caller) place = {caller, can_recover(caller)};
  return place.recovers;
}
bool refused(const void* caller) {
  if (!counting || !in_plugin || !is_known_to_recover(caller)) return false;
  return asked++ == spared_ones;
}
#define ASSAY_REFUSED() refused(__builtin_return_address(0))
void* none() {
  errno = ENOMEM;
  return nullptr;
}
std::int64_t size_of(void* block) {
  return weighing && block != nullptr ? static_cast<std::int64_t>(::malloc_usable_size(block)) : 0;
}
void* taken(void* block) {
  if (weighing) weight += size_of(block);
  return block;
}
void given_back(std::int64_t bytes) {
  if (weighing) weight -= bytes;
}
#endif

}  // namespace

Inside::Inside() : before_(std::exchange(in_plugin, true)) {}
Inside::~Inside() { in_plugin = before_; }
Outside::Outside() : before_(std::exchange(in_plugin, false)) {}
Outside::~Outside() { in_plugin = before_; }

bool allocations_can_fail() { return ASSAY_OWN_MALLOC == 1; }

void fail_allocation_after(std::int64_t spared) {
  asked = 0;
  spared_ones = spared;
  Dl_info info{};
  ::dladdr(reinterpret_cast<void*>(load_plugin()), &info);
  plugin_base = info.dli_fbase;
  counting = true;
}

Allocations end_of_failing() {
  counting = false;
  return {asked, asked > spared_ones};
}

void weigh_memory() {
#if !ASSAY_OWN_MALLOC
  weight = static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes());
#else
  weight = 0;
#endif
  weighing = true;
}

std::int64_t memory_grown() {
  weighing = false;
#if !ASSAY_OWN_MALLOC
  return static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes()) - weight;
#else
  return weight;
#endif
}

}  // namespace assay::worker::check

#if ASSAY_OWN_MALLOC
using namespace assay::worker::check;

// The worker's own malloc stands before the C library's, for the plugin and all that it links; outside of the rules
// that use it, it costs a test of two flags.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);

void* malloc(std::size_t size) {
  return ASSAY_REFUSED() ? none() : taken(__libc_malloc(size));
}
void* calloc(std::size_t count, std::size_t size) {
  return ASSAY_REFUSED() ? none() : taken(__libc_calloc(count, size));
}
void* realloc(void* old, std::size_t size) {
  if (ASSAY_REFUSED()) return none();
  const std::int64_t before = size_of(old);
  void* block = __libc_realloc(old, size);
  if (block != nullptr || size == 0) given_back(before);
  return taken(block);
}
void* memalign(std::size_t alignment, std::size_t size) {
  return ASSAY_REFUSED() ? none() : taken(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return ASSAY_REFUSED() ? none() : taken(__libc_memalign(alignment, size));
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* block = ASSAY_REFUSED() ? none() : taken(__libc_memalign(alignment, size));
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}
void free(void* block) {
  given_back(size_of(block));
  __libc_free(block);
}
}
#endif
