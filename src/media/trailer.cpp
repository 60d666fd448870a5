#include "trailer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace dalil::media {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kPiece = 64 << 10;

/// First bytes of what is found behind pictures and movies.
struct MarkRow {
  std::size_t at;
  std::string_view mark;
  const char* what;
};
constexpr std::array kMarks = {
    MarkRow{0, "\xff\xd8\xff"sv, "a JPEG"},
    MarkRow{4, "ftyp"sv, "an MP4 or a relative of it"},
    MarkRow{0, "PK\x03\x04"sv, "a ZIP archive"},
    MarkRow{0, "Rar!"sv, "a RAR archive"},
    MarkRow{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    MarkRow{0, "%PDF"sv, "a PDF"},
    MarkRow{0, "\x7f\x45LF"sv, "a program"},
    MarkRow{0, "MZ"sv, "a program"},
    MarkRow{0, "\x89PNG"sv, "a PNG"},
    MarkRow{0, "RIFF"sv, "a RIFF file"},
    MarkRow{0, "<?php"sv, "a script"},
    MarkRow{0, "<html"sv, "a page"},
};

/// Last bytes of what devices append.
struct VendorRow {
  std::string_view mark;
  const char* what;
};
constexpr std::array kVendors = {
    VendorRow{"SEFT"sv, "Samsung's trailer"},
    VendorRow{"8db42d694ccc418790edff439fe026bf"sv, "Insta360's trailer"},
};

std::string with_size(std::uint64_t size, std::string_view what) {
  return std::to_string(size) + (size == 1 ? " byte: " : " bytes: ") + std::string(what);
}

std::string first_bytes(ByteView head) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "beginning with";
  for (const std::uint8_t byte : head.first(std::min<std::size_t>(head.size(), 8)))
    text += std::string(" ") + kDigits[byte >> 4] + kDigits[byte & 15];
  return text;
}

const char* vendor_of(Source& source, std::uint64_t begin) {
  for (const VendorRow& row : kVendors) {
    const std::size_t length = row.mark.size();
    if (source.size() - begin < length) continue;
    if (as_chars(source.view(source.size() - length, length)) == row.mark) return row.what;
  }
  return nullptr;
}

std::string nature_of(Source& source, std::uint64_t begin) {
  const ByteView head =
      source.view(begin, static_cast<std::size_t>(std::min<std::uint64_t>(source.size() - begin, 16)));
  for (const MarkRow& row : kMarks) {
    if (as_chars(head).substr(std::min(row.at, head.size())).starts_with(row.mark)) return row.what;
  }
  return first_bytes(head);
}

/// Looks at no more than the first megabytes.
bool only_zeros(Source& source, std::uint64_t begin) {
  constexpr std::uint64_t kMost = 4 << 20;
  const std::uint64_t end = std::min(source.size(), begin + kMost);
  for (std::uint64_t at = begin; at < end;) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, kPiece));
    const ByteView piece = source.view(at, length);
    if (piece.empty() || std::any_of(piece.begin(), piece.end(), [](std::uint8_t byte) { return byte != 0; }))
      return false;
    at += length;
  }
  return true;
}

bool is_standalone(std::uint8_t marker) {
  return marker == 0 || marker == 0x01 || marker == 0xff || (marker >= 0xd0 && marker <= 0xd7);
}

}  // namespace

void note_known_trailer(std::uint64_t size, std::string_view what, MediaFacts& facts) {
  facts.fields.push_back({"trailer", with_size(size, what)});
}

void note_trailer(Source& source, std::uint64_t begin, MediaFacts& facts) {
  if (begin >= source.size()) return;
  const std::uint64_t size = source.size() - begin;
  if (source.view(begin, 1).empty()) return;  // beyond what this source is willing to read
  if (const char* vendor = vendor_of(source, begin)) return note_known_trailer(size, vendor, facts);
  if (only_zeros(source, begin)) return note_known_trailer(size, "zeros", facts);
  facts.signs.push_back("behind its end lie " + with_size(size, nature_of(source, begin)));
}

std::optional<JpegFrame> jpeg_frame(Source& source, std::uint64_t begin, std::uint64_t end) {
  constexpr int kMostSegments = 100;
  std::uint64_t at = begin + 2;
  for (int i = 0; i < kMostSegments && at + 9 <= end; ++i) {
    const ByteView head = source.view(at, 9);
    if (head.empty() || head[0] != 0xff || head[1] == 0xda || head[1] == 0xd9) return std::nullopt;
    const std::uint8_t marker = head[1];
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
      return JpegFrame{marker - 0xc0U, head[4], {load_u16(head, 7), load_u16(head, 5)}};
    at += marker == 0xff ? 1 : is_standalone(marker) ? 2 : 2 + std::uint64_t{load_u16(head, 2)};
  }
  return std::nullopt;
}

std::optional<PictureSize> jpeg_size(Source& source, std::uint64_t begin, std::uint64_t end) {
  const auto frame = jpeg_frame(source, begin, end);
  return frame ? std::optional(frame->size) : std::nullopt;
}

std::optional<std::uint64_t> end_of_jpeg(Source& source, std::uint64_t at, std::uint64_t limit) {
  const std::uint64_t end = limit > source.size() - std::min(at, source.size()) ? source.size() : at + limit;
  while (at + 2 <= end) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, kPiece));
    const ByteView piece = source.view(at, length);
    if (piece.empty()) return std::nullopt;
    const auto* found = static_cast<const std::uint8_t*>(std::memchr(piece.data(), 0xff, piece.size()));
    std::size_t next = piece.size();
    while (found != nullptr) {
      const auto where = static_cast<std::size_t>(found - piece.data());
      next = where;
      if (where + 1 == piece.size()) break;  // its second byte is in the next piece
      const std::uint8_t marker = piece[where + 1];
      if (marker == 0xd9) return at + where + 2;
      if (!is_standalone(marker)) break;
      next = piece.size();
      found = static_cast<const std::uint8_t*>(std::memchr(found + 1, 0xff, piece.size() - where - 1));
    }
    const bool segment = next + 1 < piece.size();  // a marker: of a further scan, or a table
    at += next;
    if (next == 0 && !segment) return std::nullopt;
    if (!segment) continue;
    const ByteView head = source.view(at, 4);
    if (head.empty() || head[1] == 0xd8) return std::nullopt;
    at += 2 + std::uint64_t{load_u16(head, 2)};
  }
  return std::nullopt;
}

}  // namespace dalil::media
