// SPDX-License-Identifier: Apache-2.0
// A registry without a server: a real catalogue, blobs in memory, callers by role.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "registry/service/publish.h"
#include "registry/service/upload.h"
#include "storage/base/error.h"
#include "storage/env/disk_space.h"
#include "tests/support/catch.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/memory_maintenance.h"
#include "tests/unit/catalog/fixture.h"

namespace assay::test {

// A disk that has what a test says it has.
class SetDisk final : public DiskGauge {
 public:
  DiskSpace look() const override { return space; }
  DiskSpace space{std::uint64_t{1} << 40, std::uint64_t{1} << 39};
};

struct Registry {
  Catalogue catalogue;
  SetClock clock;
  CountedEntropy entropy;
  MemoryBlobStore blobs;
  MemoryMaintenance maintenance{blobs};
  SetDisk disk;
  Services services{*catalogue.database, blobs, clock, entropy, &maintenance, &disk};
  Principal admin = caller("admin", Role::admin, "");
  Principal ann = caller("ann", Role::writer, "acme");
  Principal eve = caller("eve", Role::writer, "rival");

  // In all namespaces when `space` is empty.
  Principal caller(const std::string& name, Role role, const std::string& space) {
    std::optional<Namespace> scope;
    if (!space.empty()) scope = Namespace::parse(space);
    return {new_id(clock, entropy), name, {{role, scope}}};
  }

  Digest upload(const Principal& caller, const std::string& bytes) {
    Upload upload(services, caller, {});
    upload.write(std::as_bytes(std::span(bytes)));
    return upload.finish().digest;
  }

  static PublishRequest request(const std::string& name,
                                const std::vector<std::pair<std::string, std::string>>& files) {
    PublishRequest out{.kind = Kind::model,
                       .name = Name::parse(name),
                       .files = {},
                       .labels = {},
                       .profile = {},
                       .run_id = {}};
    for (const auto& [path, bytes] : files)
      out.files.push_back({FilePath::parse(path), Digest::of(bytes), bytes.size(), ""});
    return out;
  }

  // Uploads and publishes one file.
  Publication push(const Principal& caller, const std::string& name, const std::string& bytes) {
    upload(caller, bytes);
    return publish(services, caller, request(name, {{"w.bin", bytes}}));
  }
};

// The code that `fn` throws; fails the test when it does not throw.
template <class Fn>
Code code_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return Code::internal;
}

template <class Fn>
std::string message_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.message();
  }
  FAIL("nothing was thrown");
  return "";
}

}  // namespace assay::test
