#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "boxes.hpp"

namespace dalil::media {

/// One item of a HEIF file: a coded picture, a derived one, or metadata.
struct HeifItem {
  std::uint32_t type = 0;  ///< 0: nothing is known but its place
  bool is_xmp = false;
  /// Its bytes, in their order, within the file. Empty if they cannot be told.
  std::vector<Extent> bytes;
  /// Indices into HeifItems::properties, as they are to be applied.
  std::vector<std::size_t> properties;
  std::vector<std::uint32_t> derived_from;  ///< `dimg`: of a grid its tiles, row by row
  std::uint32_t thumbnail_of = 0;           ///< `thmb`
  std::uint64_t size() const;
};

/// The directory of a HEIF file's items (ISO/IEC 23008-12, and `meta` of 14496-12). Wherever the standard
/// allows one box of a type, the first counts. Bounded: 4,096 items with 16,384 places and 65,536 links in
/// all.
struct HeifItems {
  std::uint32_t primary = 0;
  std::map<std::uint32_t, HeifItem> items;
  std::vector<Box> properties;

  const HeifItem* find(std::uint32_t id) const;
  /// The item's first property of that type.
  const Box* property(const HeifItem& item, std::uint32_t type) const;
};

/// Absent if the file has none.
std::optional<HeifItems> read_heif_items(Source& source);

/// Reads big-endian numbers of any width up to eight off a box, and zero once it is exhausted.
class BoxReader {
 public:
  BoxReader(Source& source, const Box& box) : source_(source), at_(box.body), end_(box.end) {}
  std::uint64_t number(std::size_t width);
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t at() const { return at_; }
  bool failed() const { return failed_; }

 private:
  Source& source_;
  std::uint64_t at_;
  std::uint64_t end_;
  bool failed_ = false;
};

}  // namespace dalil::media
