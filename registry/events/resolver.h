// SPDX-License-Identifier: Apache-2.0
// What addresses a name has, as a seam: a test hands over one whose mind changes.
#pragma once

#include <string>
#include <vector>

#include "registry/events/ip_address.h"

namespace assay {

// Any thread may call at any time.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // At least one, the best first. Throws unavailable. Blocks.
  virtual std::vector<IpAddress> resolve(const std::string& host) = 0;
};

// As this machine is set up: files, DNS.
class SystemResolver final : public Resolver {
 public:
  std::vector<IpAddress> resolve(const std::string& host) override;
};

}  // namespace assay
