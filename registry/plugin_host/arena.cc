// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "storage/base/error.h"

namespace assay {
namespace {

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // newer than the C library of some build machines
#endif

}  // namespace

Arena::Arena(std::uint64_t size, ArenaWriter writer)
    : memory_(::memfd_create("assay:arena", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  constexpr const char* kDoing = "share memory with a plugin worker";
  if (!memory_.valid() || ::ftruncate(memory_.get(), static_cast<off_t>(size)) != 0)
    throw system_error(kDoing, errno);
  const bool ours = writer == ArenaWriter::host;
  void* mapped = ::mmap(nullptr, size, ours ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, memory_.get(), 0);
  if (mapped == MAP_FAILED) throw system_error(kDoing, errno);
  bytes_ = {static_cast<std::byte*>(mapped), size};
  // After our own mapping, which stays writable: no other will be.
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | (ours ? F_SEAL_FUTURE_WRITE : 0);
  if (::fcntl(memory_.get(), F_ADD_SEALS, seals) == 0) return;
  const int error = errno;
  ::munmap(mapped, size);
  throw system_error(kDoing, error);
}

Arena::~Arena() {
  ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace assay
