// SPDX-License-Identifier: Apache-2.0
// liblinear does not look at what malloc answers. The linker leads its calls here, where memory that is not there
// becomes an exception; what liblinear held at that moment is lost, which a trainer short of memory can bear.
#include <cstddef>
#include <new>

extern "C" {
void* __real_malloc(std::size_t size);
void* __real_realloc(void* old, std::size_t size);

void* __wrap_malloc(std::size_t size) {
  void* block = __real_malloc(size);
  if (block == nullptr && size > 0) throw std::bad_alloc();
  return block;
}
void* __wrap_realloc(void* old, std::size_t size) {
  void* block = __real_realloc(old, size);
  if (block == nullptr && size > 0) throw std::bad_alloc();
  return block;
}
}
