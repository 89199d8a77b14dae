// SPDX-License-Identifier: Apache-2.0
// Ed25519 signatures (RFC 8032) over OpenSSL, with keys as bare bytes.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::size_t kEd25519SignatureSize = 64;

using Ed25519Seed = std::array<unsigned char, 32>;  // the private key; never printed
using Ed25519PublicKey = std::array<unsigned char, 32>;

Ed25519PublicKey ed25519_public_key(const Ed25519Seed& seed);
// 64 bytes, the same each time.
std::string ed25519_sign(const Ed25519Seed& seed, std::string_view message);
// Whether the holder of `key`'s seed signed `message`. False for a signature of another length or a key that is none.
bool ed25519_verify(const Ed25519PublicKey& key, std::string_view signature, std::string_view message);

}  // namespace assay
