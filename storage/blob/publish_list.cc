// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/publish_list.h"

#include <string>

#include "storage/base/error.h"
#include "storage/blob/local_layout.h"
#include "storage/blob/new_pack.h"

namespace assay {

void publish_list(Files& files, Entropy& entropy, DurablePublisher& publisher, std::string_view folder,
                  std::span<const std::byte> bytes) {
  const std::string name = PackId(entropy).text;
  const std::string temp = layout::temp(name);
  const auto file = files.create(temp);
  try {
    file->append(bytes);
    if (!publisher.publish(*file, temp, std::string(folder) + "/" + name))
      throw Error(Code::internal,
                  "There is a list " + name + " in " + std::string(folder) + " already, against all odds; try again");
  } catch (...) {
    try {
      files.remove(temp);
    } catch (const Error&) {
      // Opening the store sweeps it.
    }
    throw;
  }
}

}  // namespace assay
