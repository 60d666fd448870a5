#pragma once

#include <optional>
#include <string>

#include "dalil/media/facts.hpp"
#include "source.hpp"

namespace dalil::media {

constexpr std::uint32_t fourcc(const char (&code)[5]) {
  return std::uint32_t{static_cast<unsigned char>(code[0])} << 24 |
         std::uint32_t{static_cast<unsigned char>(code[1])} << 16 |
         std::uint32_t{static_cast<unsigned char>(code[2])} << 8 |
         std::uint32_t{static_cast<unsigned char>(code[3])};
}

/// One box (QuickTime: atom) of ISO/IEC 14496-12; its content is [body, end).
struct Box {
  std::uint32_t type = 0;
  std::uint64_t body = 0;
  std::uint64_t end = 0;
  std::uint64_t size() const { return end - body; }
};

/// The boxes within [begin, end), at most 10,000 of them. A box that claims more than there is ends at the
/// end.
class BoxWalk {
 public:
  static constexpr unsigned kMaxBoxes = 10'000;
  BoxWalk(Source& source, std::uint64_t begin, std::uint64_t end);
  std::optional<Box> next();
  /// A box was longer than its surroundings.
  bool cut_short() const { return cut_short_; }
  /// It ended at the limit of boxes, not at the end.
  bool gave_up() const { return count_ > kMaxBoxes; }

 private:
  Source& source_;
  std::uint64_t at_;
  std::uint64_t end_;
  unsigned count_ = 0;
  bool cut_short_ = false;
};

/// The first box of that type within [begin, end).
std::optional<Box> find_box(Source& source, std::uint64_t begin, std::uint64_t end, std::uint32_t type);

/// A type as text: "moov", "©xyz".
std::string box_name(std::uint32_t type);

/// Which boxes lie at the top, in their order, what signs the samples, and whether something lies behind the
/// last box.
void note_layout(Source& source, MediaFacts& facts);

/// MP4, QuickTime, 3GP: times, places, make and model, what wrote it; size and orientation of the first video
/// track.
void read_movie(Source& source, MediaFacts& facts, Packets& packets);
/// HEIC and AVIF: size of the primary item, EXIF, XMP.
void read_heif(Source& source, MediaFacts& facts, Packets& packets);
/// Canon's CR3: boxes around TIFF structures.
void read_cr3(Source& source, MediaFacts& facts, Packets& packets);

}  // namespace dalil::media
