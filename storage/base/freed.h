// SPDX-License-Identifier: Apache-2.0
// For std::unique_ptr over the objects of a C library, each of which has its own function to free it.
#pragma once

namespace assay {

// std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

}  // namespace assay
