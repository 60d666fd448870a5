#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "item_set.hpp"

namespace dalil::archive {

/// One byte an item of a stretch (or an incident, or a word): whether it still matches.
using Matches = std::vector<std::uint8_t>;

/// Leaves what is not in the other.
inline void take_out(Matches& matches, const Matches& others) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] &= static_cast<std::uint8_t>(others[i] ^ 1);
}
inline void add(Matches& matches, const Matches& more) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] |= more[i];
}

/// So many items are judged at once: what is noted of each of them stays in the processor's cache.
/// A multiple of every column's `rows_per_block`.
inline constexpr Row kStretchItems = 32'768;

/// Items side by side that are judged by one thread, through a view of its own.
struct Stretch {
  View& view;
  ledger::Reader& reader;
  Row first;
};

/// Takes out of `matches` (the stretch's) what a test does not let pass. Called by two threads at once, each
/// with stretches of its own.
using Narrow = std::function<void(const Stretch& stretch, Matches& matches)>;

/// Whether any of these is still of interest.
inline bool any_in(const Matches& matches, std::size_t at, std::size_t count) {
  return at < matches.size() &&
         std::memchr(matches.data() + at, 1, std::min(count, matches.size() - at)) != nullptr;
}

/// What a test says of zero, which is how columns tell that there is nothing.
enum class Zero : std::uint8_t { is_asked, fails };

/// Scans the stretch's blocks of a fixed column and keeps what `passes(value, index in the stretch)`. Blocks
/// in which nothing matches any more are not opened.
template <typename Passes>
void filter(const Stretch& stretch, const ledger::Column& column, Matches& matches, Passes passes,
            Zero zero = Zero::is_asked) {
  for (std::size_t at = 0; at < matches.size(); at += column.rows_per_block) {
    if (!any_in(matches, at, column.rows_per_block)) continue;
    const std::uint32_t block = (stretch.first + static_cast<Row>(at)) / column.rows_per_block;
    if (zero == Zero::fails && stretch.reader.is_blank(column, block)) {
      std::fill_n(matches.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min<std::size_t>(column.rows_per_block, matches.size() - at), 0);
      continue;
    }
    stretch.reader.scan(
        column,
        [&](Row, Row count, ByteView values) {
          std::uint8_t* const match = matches.data() + at;
          for (std::size_t i = 0; i < std::min<std::size_t>(count, matches.size() - at); ++i)
            if (match[i] != 0)
              match[i] = static_cast<std::uint8_t>(passes(values.data() + i * column.width, at + i));
          return true;
        },
        block, block + 1);
  }
}

/// Leaves the items that have a value in this column of eight bytes, and returns the values, by index.
/// `without`, unless null, gets the others.
inline std::vector<std::uint64_t> take_values(const Stretch& stretch, const ledger::Column& column,
                                              Matches& matches, Matches* without) {
  std::vector<std::uint64_t> values(matches.size());
  Matches with = matches;
  filter(
      stretch, column, with,
      [&](const std::uint8_t* value, std::size_t i) {
        values[i] = load_u64(value);
        return values[i] != 0;
      },
      Zero::fails);
  if (without != nullptr) {
    *without = matches;
    take_out(*without, with);
  }
  matches = std::move(with);
  return values;
}

/// Leaves what is in the set.
inline void keep(const Stretch& stretch, const ItemSet& set, Matches& matches) {
  for (std::size_t i = 0; i < matches.size(); ++i)
    matches[i] &= static_cast<std::uint8_t>(set.contains(stretch.first + i));
}

}  // namespace dalil::archive
