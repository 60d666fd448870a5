#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "dalil/base/bytes.hpp"
#include "dalil/ledger/entry.hpp"
#include "dalil/ledger/schema.hpp"

/// Where everything lies in the database: docs/formats/archive.md. Names and numbers are persistent.
namespace dalil::ledger::layout {

inline constexpr std::string_view kFormat = "dalil archive 1";
inline constexpr unsigned kTableCount = 7;
inline constexpr const char* kMeta = "meta";
inline constexpr const char* kEntries = "entries";
inline constexpr const char* kTiles = "tiles";
inline constexpr const char* kCheckpoints = "checkpoints";
inline constexpr const char* kBlocks = "blocks";
inline constexpr const char* kRecords = "records";
inline constexpr const char* kLookups = "lookups";

// Keys in the meta table
inline constexpr std::string_view kMetaFormat = "format";
inline constexpr std::string_view kMetaArchiveId = "archive-id";
inline constexpr std::string_view kMetaCheckpoint = "checkpoint";
inline constexpr std::string_view kMetaState = "state";
inline constexpr std::string_view kMetaSigners = "signers";

/// What a seal belongs to; part of the associated data and of the key derivation.
enum class Place : std::uint8_t { entry = 1, block = 2, record = 3, meta = 4 };

inline std::array<std::uint8_t, 8> seq_key(std::uint64_t value) {
  std::array<std::uint8_t, 8> key;
  for (int i = 0; i < 8; ++i) key[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return key;
}

inline std::array<std::uint8_t, 9> tile_key(unsigned level, std::uint64_t index) {
  std::array<std::uint8_t, 9> key;
  key[0] = static_cast<std::uint8_t>(level);
  const auto rest = seq_key(index);
  std::copy(rest.begin(), rest.end(), key.begin() + 1);
  return key;
}

inline std::array<std::uint8_t, 6> block_key(const Column& column, std::uint32_t block) {
  return {column.table,
          column.id,
          static_cast<std::uint8_t>(block >> 24),
          static_cast<std::uint8_t>(block >> 16),
          static_cast<std::uint8_t>(block >> 8),
          static_cast<std::uint8_t>(block)};
}

inline constexpr std::size_t kTokenKeySize = 16;
template <typename Token>
std::array<std::uint8_t, 1 + kTokenKeySize> record_key(std::uint8_t table, const Token& token) {
  std::array<std::uint8_t, 1 + kTokenKeySize> key;
  key[0] = table;
  std::copy_n(token.begin(), kTokenKeySize, key.begin() + 1);
  return key;
}

/// Entry value: version || class || time ms || actor[8] || commitment[32] || sealed part (empty when
/// redacted). What is sealed: salt[32] || content.
inline constexpr std::uint8_t kEntryVersion = 1;
inline constexpr std::size_t kEntryPublicSize = 1 + 1 + 8 + 8 + 32;
void append_public(Bytes& out, const PublicLine& line);
/// Error(corrupt) if it is not an entry's value.
PublicLine parse_public(Seq seq, ByteView value);

/// What an entry's content is padded to a multiple of. Lengths tell little: multiples of 64 bytes, and of an
/// eighth of the power of two above for longer contents (the tags of a large file would otherwise betray its
/// size to a few MiB).
std::size_t entry_padding(std::size_t size);

/// The text of the public line with its parts prepared, for the hot path.
void append_line(std::string& out, Seq seq, std::string_view time, std::string_view actor_hex,
                 SealClass seal_class, const Digest& commitment);

/// How derived tables are made: raised when an older program's would be misread. Persistent, never reuse.
/// 1: tokens of every kind under the inventory key. 2: those of incidents, cameras and links under the
/// evidence key. 3: what searches need (paths, live copies, words, summaries of incidents, chains of links),
/// reviews, tags and fingerprints.
inline constexpr std::uint32_t kDerivedGeneration = 4;

/// Sizes that everything else is checked against, sealed in the meta table.
struct State {
  std::uint32_t generation = kDerivedGeneration;  ///< of the derived tables
  std::uint64_t seals = 0;                        ///< made under the present epoch's keys
  std::uint64_t tree_size = 0;
  std::map<std::uint8_t, Row> rows;               ///< by table
  std::map<std::uint8_t, std::uint64_t> records;  ///< by record table
  std::uint64_t lookups = 0;
  std::map<unsigned, std::uint64_t> counters;
  Bytes encode() const;
  static State decode(ByteView bytes);
  bool operator==(const State&) const = default;
};

}  // namespace dalil::ledger::layout
