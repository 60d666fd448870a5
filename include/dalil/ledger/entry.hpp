#pragma once

#include <array>
#include <optional>
#include <string>

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"
#include "dalil/base/time.hpp"
#include "dalil/ledger/keyring.hpp"

namespace dalil::ledger {

/// Position in the ledger, from 0; also the entry's leaf index in the Merkle tree.
using Seq = std::uint64_t;
using Salt = std::array<std::uint8_t, 32>;

/// What everybody may see of an entry, and what the tree is made of (docs/formats/entry.md).
struct PublicLine {
  Seq seq = 0;
  UtcTime time;  ///< wall clock of the machine that wrote it
  ActorId actor{};
  SealClass seal_class = SealClass::inventory;
  Digest commitment;
  /// "dalil1 <seq> <RFC 3339 ms> <actor hex> <class> <commitment base64>", without a line feed.
  std::string text() const;
  static std::optional<PublicLine> parse(std::string_view text);
  bool operator==(const PublicLine&) const = default;
};

/// SHA-256("dalil1 commitment\n" || salt || content): binds a content without telling it.
Digest commit(const Salt& salt, ByteView content);

/// An entry as one role sees it.
struct Entry {
  PublicLine line;
  enum class State : std::uint8_t { open, not_visible, redacted } state = State::not_visible;
  Salt salt{};    ///< when open
  Bytes content;  ///< when open
};

/// What is to be appended.
struct Draft {
  SealClass seal_class;
  Bytes content;
};

}  // namespace dalil::ledger
