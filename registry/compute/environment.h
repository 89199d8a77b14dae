// SPDX-License-Identifier: Apache-2.0
// Where a run happens, for its record: what may explain that the same work gives other numbers elsewhere.
#pragma once

#include <string>
#include <string_view>

namespace assay {

// {"assay","cpu","machine","os","sdk_minor"} as canonical JSON; a machine that does not tell a thing leaves it out.
// `assay` is the version of the program.
std::string this_environment(std::string_view assay);

}  // namespace assay
