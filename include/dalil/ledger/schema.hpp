#pragma once

#include <cstdint>
#include <span>

#include "dalil/ledger/keyring.hpp"

namespace dalil::ledger {

/// A column of a derived table: blocks of `rows_per_block` values, each block sealed on its own.
/// Numbers are persistent; the tables themselves are derived and can be rebuilt.
struct Column {
  std::uint8_t table;
  std::uint8_t id;
  SealClass seal_class;
  std::uint32_t width;           ///< bytes a value; 0: of variable length
  std::uint32_t rows_per_block;  ///< thousands for what is scanned, few for long records that change singly
  const char* name;
};

/// All columns that exist: a constant table that outlives the ledger. Every row of a table has a value in
/// each of the table's columns; what nobody set is zeros, or empty.
using Schema = std::span<const Column>;

/// Sealed records found by a keyed token: which table, and how its values are sealed.
struct RecordTable {
  std::uint8_t id;
  SealClass seal_class;
  const char* name;
};

/// What a token stands for, and the class whose keys make it: who lacks them cannot even try guesses.
struct TokenKind {
  constexpr TokenKind(const char* kind, SealClass of_class = SealClass::inventory)
      : name(kind), seal_class(of_class) {}
  const char* name;
  SealClass seal_class;
};

using Row = std::uint32_t;
inline constexpr Row kNoRow = 0xFFFFFFFF;

}  // namespace dalil::ledger
