#include "raw_preview.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "boxes.hpp"
#include "tiff.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxDirectories = 64, kMaxSubDirectories = 16, kMaxTracks = 16;

/// Keeps the best of what it is shown.
class Candidates {
 public:
  explicit Candidates(Source& source) : source_(source) {}

  void add(std::uint64_t offset, std::uint64_t size) {
    const ByteView mark = size < 4 ? ByteView{} : source_.view(offset, 3);
    if (mark.empty() || mark[0] != 0xff || mark[1] != 0xd8 || mark[2] != 0xff) return;
    size = std::min(size, source_.size() - offset);
    const auto frame = jpeg_frame(source_, offset, offset + size);
    // Raw data too may be a JPEG, of the lossless kind or of more than 8 bits.
    if (!frame || frame->process > 2 || frame->depth != 8) return;
    const auto pixels = [](const PictureSize& one) { return std::uint64_t{one.width} * one.height; };
    if (best_ && pixels(best_->size) >= pixels(frame->size)) return;
    best_ = RawPreview{{offset, static_cast<std::size_t>(size)}, frame->size};
  }
  std::optional<RawPreview> best() const { return best_; }

 private:
  Source& source_;
  std::optional<RawPreview> best_;
};

/// Goes through all directories of a structure.
class PreviewWalk {
 public:
  PreviewWalk(Source& source, TiffReader reader, Candidates& found)
      : source_(source), reader_(reader), found_(found) {}

  void run() {
    for (auto next = visit(reader_, reader_.first_directory()); next; next = visit(reader_, next->next)) {
      look(reader_, *next);
      below(*next, 0x014a, kMaxSubDirectories);
      if (const auto photo = visit(reader_, number(reader_, *next, 0x8769))) note(*photo);
    }
  }

 private:
  std::optional<TiffDirectory> visit(TiffReader& reader, std::optional<std::uint32_t> offset) {
    if (!offset || *offset == 0 || visited_.size() >= kMaxDirectories) return std::nullopt;
    const std::uint64_t place = reader.base() + *offset;
    if (std::find(visited_.begin(), visited_.end(), place) != visited_.end()) return std::nullopt;
    visited_.push_back(place);
    return reader.directory(*offset);
  }

  static std::optional<std::uint32_t> number(TiffReader& reader, const TiffDirectory& directory,
                                             std::uint16_t tag) {
    const auto* entry = directory.find(tag);
    return entry == nullptr ? std::nullopt : reader.number(*entry);
  }

  void look(TiffReader& reader, const TiffDirectory& directory) {
    constexpr std::array kPlaces = {
        std::pair<std::uint16_t, std::uint16_t>{0x0201, 0x0202},  // JPEGInterchangeFormat, its length
        std::pair<std::uint16_t, std::uint16_t>{0x0111, 0x0117},  // StripOffsets, StripByteCounts
        std::pair<std::uint16_t, std::uint16_t>{0x0101, 0x0102},  // PreviewImageStart of Olympus's settings
    };
    for (const auto& [from, length] : kPlaces) {
      const auto* place = directory.find(from);
      const auto offset = place == nullptr || place->count != 1 ? std::nullopt : reader.number(*place);
      const auto size = number(reader, directory, length);
      if (offset && size) found_.add(reader.base() + *offset, *size);
    }
    constexpr std::uint16_t kPanasonic[] = {0x002e, 0x0127};  // JpgFromRaw: the picture is the value
    for (const std::uint16_t tag : kPanasonic)
      if (const auto* entry = directory.find(tag)) found_.add(reader.base() + entry->data, entry->size);
  }

  void below(const TiffDirectory& directory, std::uint16_t tag, std::size_t most) {
    const auto* entry = directory.find(tag);
    for (std::size_t i = 0; entry != nullptr && i < most; ++i) {
      const auto offset = reader_.number(*entry, i);
      if (!offset) return;
      if (const auto inner = visit(reader_, *offset)) look(reader_, *inner);
    }
  }

  /// Maker notes that count from their own begin.
  void note(const TiffDirectory& photo) {
    constexpr std::uint16_t kNikonPreview = 0x0011, kOlympusSettings = 0x2020;
    const auto* entry = photo.find(0x927c);
    if (entry == nullptr || entry->size < 32) return;
    const std::uint64_t begin = reader_.base() + entry->data;
    const std::string head(as_chars(reader_.bytes(*entry, 16)));
    if (head.starts_with("Nikon")) {
      follow(TiffReader::open(source_, begin + 10, source_.size()), std::nullopt, kNikonPreview);
    } else if (head.starts_with("OLYMPUS")) {
      follow(TiffReader::headless(source_, begin, source_.size(), order_in(head, 8)), 12, kOlympusSettings);
    } else if (head.starts_with("OM SYSTEM")) {
      follow(TiffReader::headless(source_, begin, source_.size(), order_in(head, 12)), 16, kOlympusSettings);
    }
  }

  static ByteOrder order_in(const std::string& head, std::size_t at) {
    return head.compare(at, 2, "MM") == 0 ? ByteOrder::big : ByteOrder::little;
  }

  /// A directory of the note, by default the one that it begins with, and the one that a tag of it leads to.
  void follow(std::optional<TiffReader> inner, std::optional<std::uint32_t> directory, std::uint16_t tag) {
    if (!inner) return;
    const auto first = visit(*inner, directory ? *directory : inner->first_directory());
    if (!first) return;
    if (const auto preview = visit(*inner, number(*inner, *first, tag))) look(*inner, *preview);
  }

  Source& source_;
  TiffReader reader_;
  Candidates& found_;
  std::vector<std::uint64_t> visited_;
};

void look_in_tiff(Source& source, Candidates& found) {
  if (auto reader = TiffReader::open(source, 0, source.size())) PreviewWalk(source, *reader, found).run();
}

void look_in_raf(Source& source, Candidates& found) {
  const ByteView head = source.view(84, 8);
  if (!head.empty()) found.add(load_u32(head, 0), load_u32(head, 4));
}

/// The first sample of a track.
void look_in_track(Source& source, const Box& track, Candidates& found) {
  Box at = track;
  for (const std::uint32_t type : {fourcc("mdia"), fourcc("minf"), fourcc("stbl")}) {
    const auto inner = find_box(source, at.body, at.end, type);
    if (!inner) return;
    at = *inner;
  }
  const auto sizes = find_box(source, at.body, at.end, fourcc("stsz"));
  const auto places = find_box(source, at.body, at.end, fourcc("co64"));
  if (!sizes || !places) return;
  const ByteView size_table = source.view(sizes->body, 16);
  if (size_table.empty()) return;
  const std::uint32_t common = load_u32(size_table, 4),
                      size = common != 0 ? common : load_u32(size_table, 12);
  const ByteView place_table = source.view(places->body, 16);
  if (!place_table.empty()) found.add(load_u64(place_table.data() + 8), size);
}

/// PRVW: version and flags, a number, width, height, a number, size, and the JPEG.
void look_in_prvw(Source& source, const Box& box, Candidates& found) {
  const ByteView head = source.view(box.body, 16);
  if (!head.empty())
    found.add(box.body + 16, std::min<std::uint64_t>(load_u32(head, 12), box.end - box.body));
}

void look_in_cr3(Source& source, Candidates& found) {
  BoxWalk top(source, 0, source.size());
  while (const auto box = top.next()) {
    if (box->type == fourcc("uuid") && box->size() > 24) {  // of 16 bytes, then a count
      if (const auto preview = find_box(source, box->body + 24, box->end, fourcc("PRVW")))
        look_in_prvw(source, *preview, found);
    }
    if (box->type != fourcc("moov")) continue;
    BoxWalk inner(source, box->body, box->end);
    std::size_t tracks = 0;
    while (const auto track = inner.next())
      if (track->type == fourcc("trak") && ++tracks <= kMaxTracks) look_in_track(source, *track, found);
  }
}

struct Row {
  std::string_view format;
  void (*look)(Source&, Candidates&);
};
constexpr Row kFormats[] = {
    {"cr2", look_in_tiff}, {"nef", look_in_tiff},  {"arw", look_in_tiff}, {"pef", look_in_tiff},
    {"dng", look_in_tiff}, {"orf", look_in_tiff},  {"rw2", look_in_tiff}, {"raf", look_in_raf},
    {"cr3", look_in_cr3},  {"tiff", look_in_tiff},  // raw formats that are not told apart
};

const Row* row_of(std::string_view format) {
  const auto* row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [&](const Row& one) { return one.format == format; });
  return row == std::end(kFormats) ? nullptr : row;
}

}  // namespace

bool has_raw_preview(std::string_view format) {
  return row_of(format) != nullptr;
}

std::optional<RawPreview> find_raw_preview(Source& source, std::string_view format) {
  const Row* row = row_of(format);
  if (row == nullptr) return std::nullopt;
  Candidates found(source);
  row->look(source, found);
  return found.best();
}

}  // namespace dalil::media
