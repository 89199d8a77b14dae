// SPDX-License-Identifier: Apache-2.0
// What a log was at one moment, signed by its key, in the text form of C2SP's tlog-checkpoint and signed-note, so that it
// can be kept, mailed and printed elsewhere, and checked by other programs:
//
//   assay/01k…                 the log's name
//   1234                       how many entries
//   base64(root hash)
//
//   — assay/01k… base64(key id, signature)
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/domain/merkle.h"
#include "storage/base/ed25519.h"

namespace assay {

class Clock;
class Entropy;

// Who signs a log's checkpoints. As text `NAME+KEYID+base64(0x01, key)`, signed-note's verifier key.
class LogKey {
 public:
  // `text` may end in a line end. Throws invalid_argument.
  static LogKey parse(std::string_view text);

  const std::string& name() const { return name_; }  // of the log
  std::string text() const;
  // Whether this key made the 64 bytes of `signature`.
  bool made(std::string_view signature, std::string_view message) const;
  // Four bytes that tell keys of one name apart, and prove nothing.
  std::string id() const;

  bool operator==(const LogKey&) const = default;

 private:
  friend class LogSecret;
  LogKey(std::string name, const Ed25519PublicKey& key) : name_(std::move(name)), key_(key) {}

  std::string name_;
  Ed25519PublicKey key_;
};

// The private half. As text `PRIVATE+KEY+NAME+KEYID+base64(0x01, seed)`, signed-note's signer key.
class LogSecret {
 public:
  // For a new log, with a name that no other has: `assay/` and an id.
  static LogSecret make(const Clock& clock, Entropy& entropy);
  // As LogKey::parse; the message does not repeat the text.
  static LogSecret parse(std::string_view text);

  const LogKey& key() const { return key_; }
  std::string text() const;
  // The checkpoint that says so.
  std::string sign(const TreeHead& head) const;

 private:
  LogSecret(std::string name, const Ed25519Seed& seed);

  Ed25519Seed seed_;
  LogKey key_;
};

// What a checkpoint says, once its signature has been checked. Signatures of others (witnesses) may stand beside the
// log's, and further lines below the hash; they count for nothing here. Throws invalid_argument when `note` is no
// checkpoint, saying what is wrong with it; corrupt when it is of another log, not signed by `key`, or is not what that
// key signed. `what` names it in messages: "the server's checkpoint".
TreeHead open_checkpoint(std::string_view note, const LogKey& key, const std::string& what);

}  // namespace assay
