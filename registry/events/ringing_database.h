// SPDX-License-Identifier: Apache-2.0
// A database that rings after each write that is durable: whoever delivers events looks then, and no use case can forget
// to say that it wrote one.
#pragma once

#include <functional>

#include "registry/catalog/database.h"
#include "registry/events/bell.h"

namespace assay {

// As `inner`; both outlive it.
class RingingDatabase final : public Database {
 public:
  RingingDatabase(Database& inner, Bell& bell) : inner_(inner), bell_(bell) {}

  void migrate() override { inner_.migrate(); }
  std::uint64_t commits() const override { return inner_.commits(); }

 protected:
  void run_read(const std::function<void(Snapshot&)>& fn) override { inner_.read(fn); }
  void run_write(const std::function<void(Transaction&)>& fn) override {
    inner_.write(fn);
    bell_.ring();
  }

 private:
  Database& inner_;
  Bell& bell_;
};

}  // namespace assay
