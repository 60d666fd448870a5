#include "tiff.hpp"

#include <algorithm>
#include <bit>

#include "bounds.hpp"
#include "utf16.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxEntries = 1024;
constexpr std::size_t kEntrySize = 12;

enum Type : std::uint16_t {
  u8 = 1,
  ascii = 2,
  u16 = 3,
  u32 = 4,
  urational = 5,
  s8 = 6,
  undefined = 7,
  s16 = 8,
  s32 = 9,
  srational = 10,
  f32 = 11,
  f64 = 12,
  ifd = 13,
  utf8 = 129
};

std::size_t unit_size(std::uint16_t type) {
  switch (type) {
    case u8:
    case ascii:
    case s8:
    case undefined:
    case utf8:
      return 1;
    case u16:
    case s16:
      return 2;
    case u32:
    case s32:
    case f32:
    case ifd:
      return 4;
    case urational:
    case srational:
    case f64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

const TiffEntry* TiffDirectory::find(std::uint16_t tag) const {
  for (const auto& entry : entries) {
    if (entry.tag == tag) return &entry;
  }
  return nullptr;
}

std::optional<double> Rational::value() const {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::optional<TiffReader> TiffReader::open(Source& source, std::uint64_t base, std::uint64_t length) {
  if (base > source.size()) return std::nullopt;
  TiffReader reader(source, base, std::min(length, source.size() - base));
  const ByteView head = reader.view(0, 8);
  if (head.empty()) return std::nullopt;
  const auto mark = as_chars(head.first(2));
  if (mark != "II" && mark != "MM") return std::nullopt;
  reader.order_ = mark == "II" ? ByteOrder::little : ByteOrder::big;
  // 42; "RO", "RS" and "OR" (Olympus), "U\0" (Panasonic).
  const auto magic = load_u16(head, 2, reader.order_);
  if (magic != 42 && magic != 0x4f52 && magic != 0x5352 && magic != 0x55) return std::nullopt;
  reader.first_ = load_u32(head, 4, reader.order_);
  return reader;
}

TiffReader TiffReader::headless(Source& source, std::uint64_t base, std::uint64_t length, ByteOrder order) {
  base = std::min(base, source.size());
  TiffReader reader(source, base, std::min(length, source.size() - base));
  reader.order_ = order;
  return reader;
}

ByteView TiffReader::view(std::uint64_t offset, std::size_t size) {
  if (offset > length_ || length_ - offset < size) return {};
  return source_->view(base_ + offset, size);
}

std::optional<TiffDirectory> TiffReader::directory(std::uint32_t offset) {
  const ByteView head = view(offset, 2);
  if (head.empty()) return std::nullopt;
  std::size_t count = load_u16(head, 0, order_);
  if (count == 0 || count > kMaxEntries) return std::nullopt;
  // A directory that the file cuts short still has its first entries.
  const std::uint64_t room = (length_ - offset - 2) / kEntrySize;
  const bool whole = room >= count;
  if (!whole) count = static_cast<std::size_t>(room);
  const ByteView table = view(std::uint64_t{offset} + 2, count * kEntrySize);
  if (table.empty()) return std::nullopt;
  TiffDirectory found;
  found.entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView row = table.subspan(i * kEntrySize, kEntrySize);
    TiffEntry entry{load_u16(row, 0, order_), load_u16(row, 2, order_), load_u32(row, 4, order_), 0, 0};
    const std::uint64_t size = std::uint64_t{entry.count} * unit_size(entry.type);
    entry.data = size <= 4 ? std::uint64_t{offset} + 2 + i * kEntrySize + 8 : load_u32(row, 8, order_);
    if (entry.data <= length_ && size <= length_ - entry.data) entry.size = static_cast<std::size_t>(size);
    found.entries.push_back(entry);
  }
  const ByteView next = whole ? view(std::uint64_t{offset} + 2 + count * kEntrySize, 4) : ByteView{};
  if (!next.empty()) found.next = load_u32(next, 0, order_);
  return found;
}

ByteView TiffReader::bytes(const TiffEntry& entry, std::size_t limit) {
  return view(entry.data, std::min(entry.size, limit));
}

std::string TiffReader::text(const TiffEntry& entry) {
  if (unit_size(entry.type) != 1) return {};
  std::string_view raw = as_chars(bytes(entry, kMaxText));
  // No text in ASCII or UTF-8 begins so.
  if (raw.starts_with("\xff\xfe") || raw.starts_with("\xfe\xff"))
    return utf16_text_of_any_order(as_bytes(raw), order_);
  raw = raw.substr(0, raw.find('\0'));
  while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n' || raw.back() == '\r'))
    raw.remove_suffix(1);
  while (raw.starts_with(' ')) raw.remove_prefix(1);
  return clean_text(raw);
}

std::optional<std::uint32_t> TiffReader::number(const TiffEntry& entry, std::size_t index) {
  const std::size_t unit = unit_size(entry.type);
  if (unit == 0 || unit > 4 || index >= entry.size / unit) return std::nullopt;
  const ByteView raw = view(entry.data + index * unit, unit);
  if (raw.empty()) return std::nullopt;
  switch (entry.type) {
    case u8:
    case undefined:
      return raw[0];
    case s8:
      return static_cast<std::uint32_t>(static_cast<std::int8_t>(raw[0]));
    case u16:
      return load_u16(raw, 0, order_);
    case s16:
      return static_cast<std::uint32_t>(static_cast<std::int16_t>(load_u16(raw, 0, order_)));
    case u32:
    case s32:
    case ifd:
      return load_u32(raw, 0, order_);
    default:
      return std::nullopt;
  }
}

std::optional<Rational> TiffReader::rational(const TiffEntry& entry, std::size_t index) {
  if (entry.type != urational && entry.type != srational) return std::nullopt;
  if (index >= entry.size / 8) return std::nullopt;
  const ByteView raw = view(entry.data + index * 8, 8);
  if (raw.empty()) return std::nullopt;
  const std::uint32_t numerator = load_u32(raw, 0, order_), denominator = load_u32(raw, 4, order_);
  if (entry.type == urational) return Rational{numerator, denominator};
  return Rational{static_cast<std::int32_t>(numerator), static_cast<std::int32_t>(denominator)};
}

std::optional<double> TiffReader::floating(const TiffEntry& entry, std::size_t index) {
  if (entry.type != f32 && entry.type != f64) return std::nullopt;
  const std::size_t unit = unit_size(entry.type);
  if (index >= entry.size / unit) return std::nullopt;
  const ByteView raw = view(entry.data + index * unit, unit);
  if (raw.empty()) return std::nullopt;
  const std::uint32_t first = load_u32(raw, 0, order_);
  if (entry.type == f32) return std::bit_cast<float>(first);
  const std::uint32_t second = load_u32(raw, 4, order_);
  const bool little = order_ == ByteOrder::little;
  return std::bit_cast<double>(little ? std::uint64_t{second} << 32 | first
                                      : std::uint64_t{first} << 32 | second);
}

}  // namespace dalil::media
