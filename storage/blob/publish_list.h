// SPDX-License-Identifier: Apache-2.0
// Gives a store a small file that is there whole or not at all: a list of the dead, of the damaged.
#pragma once

#include <span>
#include <string_view>

#include "storage/env/durable_publisher.h"
#include "storage/env/entropy.h"

namespace assay {

// Under a new name in the directory `folder`, durable on return. Throws as DurablePublisher and Files do; then nothing is
// left of it but, at worst, a temporary.
void publish_list(Files& files, Entropy& entropy, DurablePublisher& publisher, std::string_view folder,
                  std::span<const std::byte> bytes);

}  // namespace assay
