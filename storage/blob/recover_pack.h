// SPDX-License-Identifier: Apache-2.0
// Closes a pack that was open when the process ended, keeping everything in it that is whole.
#pragma once

#include "storage/blob/pack_loader.h"
#include "storage/blob/store_parts.h"

namespace assay {

// `open` is in the index, and so are all other packs. Its records are durable in a pack of their own and its
// file is gone when this returns; if it is interrupted both may exist. Where the disk has no room for that, the pack
// stays as it is, for the next time, and is read like others. Throws as DurablePublisher and Files do.
void recover_pack(StoreParts& parts, const LoadedPack& open);

}  // namespace assay
