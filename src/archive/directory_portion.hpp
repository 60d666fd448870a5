#pragma once

#include <string>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

/// A part of the copy index: up to kRowsPerPortion rows of one directory of one volume, sealed as one record
/// (docs/formats/archive.md). Grouping by directory makes a rescan one lookup a directory instead of one a
/// file; padding hides how many files a directory holds but for its order of magnitude.
struct DirectoryPortion {
  static constexpr std::size_t kRowsPerPortion = 1024;
  Row volume = ledger::kNoRow;
  std::string directory;
  std::uint32_t number = 0;
  std::uint32_t portions = 1;  ///< of the directory; right in portion 0 only
  std::vector<CopyRow> rows;

  Bytes encode() const;
  static DirectoryPortion decode(ByteView bytes);
};

/// Value that names a portion's token, together with the directory's path.
Bytes portion_name(Row volume, std::uint32_t number);
/// Sizes grow in steps of a quarter of their power of two, from 256 bytes.
std::size_t portion_padding(std::size_t size);

/// Error(corrupt) if there is none, or another one in its place.
DirectoryPortion read_portion(ledger::Reader& reader, Row volume, std::string_view directory,
                              std::uint32_t number);
/// Reads all portions of a directory, with whatever gives records (Reader or Writer).
template <typename Records>
std::vector<DirectoryPortion> read_directory(Records& records, Row volume, std::string_view directory);

}  // namespace dalil::archive
