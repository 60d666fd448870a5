#pragma once

#include <optional>
#include <string>
#include <vector>

#include "source.hpp"

namespace dalil::media {

/// One entry of a directory; `data` lies in the source, relative to the structure's begin.
struct TiffEntry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  std::uint64_t data = 0;
  std::size_t size = 0;  ///< bytes; 0 if they lie outside
};

struct TiffDirectory {
  std::vector<TiffEntry> entries;
  std::uint32_t next = 0;
  const TiffEntry* find(std::uint16_t tag) const;
};

struct Rational {
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;
  /// Absent for a denominator of zero, which stands for "unknown".
  std::optional<double> value() const;
};

/// Access to a TIFF structure within [base, base + length) of a source. Every read is checked against both.
class TiffReader {
 public:
  /// Absent unless there is a TIFF header (also those of ORF and RW2).
  static std::optional<TiffReader> open(Source& source, std::uint64_t base, std::uint64_t length);

  /// A structure without a header of its own, as some maker notes are: its first directory is not known.
  static TiffReader headless(Source& source, std::uint64_t base, std::uint64_t length, ByteOrder order);

  std::uint32_t first_directory() const { return first_; }
  std::uint64_t base() const { return base_; }
  ByteOrder order() const { return order_; }
  /// Absent if it lies outside or has no or too many entries.
  std::optional<TiffDirectory> directory(std::uint32_t offset);

  /// Raw bytes, at most `limit` of them; valid until the next read.
  ByteView bytes(const TiffEntry& entry, std::size_t limit);
  /// Up to the first NUL, without trailing blanks, cleaned (see clean_text); UTF-16 if a byte order mark says
  /// so.
  std::string text(const TiffEntry& entry);
  std::optional<std::uint32_t> number(const TiffEntry& entry, std::size_t index = 0);
  std::optional<Rational> rational(const TiffEntry& entry, std::size_t index = 0);
  /// Of an entry of floating-point numbers; they may be infinite or not a number.
  std::optional<double> floating(const TiffEntry& entry, std::size_t index = 0);

 private:
  TiffReader(Source& source, std::uint64_t base, std::uint64_t length)
      : source_(&source), base_(base), length_(length) {}
  ByteView view(std::uint64_t offset, std::size_t size);

  Source* source_;
  std::uint64_t base_;
  std::uint64_t length_;
  ByteOrder order_ = ByteOrder::little;
  std::uint32_t first_ = 0;
};

}  // namespace dalil::media
