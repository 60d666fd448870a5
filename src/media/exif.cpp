#include "exif.hpp"

#include <algorithm>
#include <array>

#include "exif_text.hpp"
#include "exif_value.hpp"
#include "gps.hpp"
#include "maker_note.hpp"
#include "tiff.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxDirectories = 64;

// Tags of directories and packets.
constexpr std::uint16_t kSubDirectories = 0x14a, kPhotoDirectory = 0x8769, kGpsDirectory = 0x8825;
constexpr std::uint16_t kInteroperabilityDirectory = 0xa005;
constexpr std::uint16_t kXmpPacket = 0x2bc, kIptcPacket = 0x83bb, kMakerNote = 0x927c;
constexpr std::uint16_t kMake = 0x10f, kModel = 0x110, kSoftware = 0x131, kOrientation = 0x112;

/// What stands in the facts at a place of its own, or leads to it: not listed once more.
constexpr std::array kToldElsewhere = {kMake,
                                       kModel,
                                       kSoftware,
                                       kOrientation,
                                       kSubDirectories,
                                       kPhotoDirectory,
                                       kGpsDirectory,
                                       kInteroperabilityDirectory,
                                       kXmpPacket,
                                       kIptcPacket,
                                       std::uint16_t{0x0132},
                                       std::uint16_t{0x9003},
                                       std::uint16_t{0x9004}};
constexpr std::size_t kMostFields = 200;  // of one directory

/// A time with the tags of its fraction and zone, which lie in the photo directory.
struct TimeRow {
  std::uint16_t tag, fraction_tag, offset_tag;
  const char* name;
};
constexpr TimeRow kModified{0x0132, 0x9290, 0x9010, "Exif.Image.DateTime"};
constexpr std::array kPhotoTimes = {
    TimeRow{0x9003, 0x9291, 0x9011, "Exif.Photo.DateTimeOriginal"},
    TimeRow{0x9004, 0x9292, 0x9012, "Exif.Photo.DateTimeDigitized"},
};

class ExifWalk {
 public:
  ExifWalk(TiffReader reader, Source& source, MediaFacts& facts, Packets& packets, TiffOptions options)
      : reader_(reader), source_(source), facts_(facts), packets_(packets), options_(options) {}

  void run() {
    const auto first = visit(reader_.first_directory());
    if (!first) return;
    switch (options_.first) {
      case FirstDirectory::photo:
        return photo_directory(*first);
      case FirstDirectory::gps:
        return read_gps(reader_, *first, facts_);
      case FirstDirectory::image:
        image_directory(*first);
    }
    follow_chain(first->next);
  }

 private:
  /// Each directory once: links in a circle end here.
  std::optional<TiffDirectory> visit(std::uint32_t offset) {
    if (offset == 0 || visited_.size() >= kMaxDirectories) return std::nullopt;
    if (std::find(visited_.begin(), visited_.end(), offset) != visited_.end()) return std::nullopt;
    visited_.push_back(offset);
    return reader_.directory(offset);
  }

  void image_directory(const TiffDirectory& directory) {
    set_text(directory, kMake, facts_.make);
    set_text(directory, kModel, facts_.model);
    set_text(directory, kSoftware, facts_.software);
    set_text(directory, 0xc62f, facts_.serial);
    if (const auto value = number(directory, kOrientation);
        value && *value >= 1 && *value <= 8 && facts_.orientation == 0) {
      facts_.orientation = static_cast<std::uint8_t>(*value);
    }
    add_fields(directory, ExifGroup::image);
    note_packets(directory);
    if (options_.is_picture) note_pixels(directory);
    std::optional<TiffDirectory> photo;
    if (const auto offset = number(directory, kPhotoDirectory)) photo = visit(*offset);
    add_time(directory, kModified, photo ? *photo : TiffDirectory{});
    if (photo) photo_directory(*photo);
    if (const auto offset = number(directory, kGpsDirectory)) {
      if (const auto gps = visit(*offset)) read_gps(reader_, *gps, facts_);
    }
    if (options_.is_picture) sub_directories(directory);
  }

  void photo_directory(const TiffDirectory& directory) {
    for (const auto& row : kPhotoTimes) add_time(directory, row, directory);
    set_text(directory, 0xa431, facts_.serial);
    add_fields(directory, ExifGroup::photo);
    if (const auto offset = number(directory, kInteroperabilityDirectory)) {
      if (const auto inner = visit(*offset)) add_fields(*inner, ExifGroup::interoperability);
    }
    if (const auto* note = directory.find(kMakerNote); note != nullptr && note->size > 0) {
      if (facts_.serial.empty())
        facts_.serial = serial_in_note(reader_, source_, *note, facts_.make, facts_.model);
      packets_.exif = {reader_.base(), 1};  // the caller knows the structure's length
    }
  }

  void sub_directories(const TiffDirectory& parent) {
    const auto* entry = parent.find(kSubDirectories);
    if (entry == nullptr) return;
    for (std::size_t i = 0; i < 16; ++i) {
      const auto offset = reader_.number(*entry, i);
      if (!offset) return;
      if (const auto directory = visit(*offset)) note_pixels(*directory);
    }
  }

  /// Behind the first directory come further pages, or a thumbnail.
  void follow_chain(std::uint32_t offset) {
    while (const auto directory = visit(offset)) {
      if (options_.is_picture && facts_.width == 0) note_pixels(*directory);
      if (!options_.is_picture) thumbnail(*directory);
      offset = directory->next;
    }
  }

  void thumbnail(const TiffDirectory& directory) {
    constexpr std::uint16_t kThumbnailOffset = 0x201, kThumbnailLength = 0x202;
    if (const auto turned = number(directory, kOrientation))
      facts_.fields.push_back({"Exif.Thumbnail.Orientation", std::to_string(*turned)});
    const auto offset = number(directory, kThumbnailOffset), length = number(directory, kThumbnailLength);
    if (!length) return;
    facts_.fields.push_back({"Exif.Thumbnail.JPEGInterchangeFormatLength", std::to_string(*length)});
    const auto size = offset
                          ? jpeg_size(source_, reader_.base() + *offset, reader_.base() + *offset + *length)
                          : std::nullopt;
    if (size)
      facts_.fields.push_back(
          {"Exif.Thumbnail.Size", std::to_string(size->width) + "x" + std::to_string(size->height)});
  }

  /// The largest full-size picture counts; a preview does only while there is nothing else.
  void note_pixels(const TiffDirectory& directory) {
    const auto width = number(directory, 0x100), height = number(directory, 0x101);
    if (!width || !height) return;
    const bool reduced = (number(directory, 0xfe).value_or(0) & 1) != 0;
    const bool larger = std::uint64_t{*width} * *height > std::uint64_t{facts_.width} * facts_.height;
    const bool better =
        facts_.width == 0 || (!reduced && pixels_are_preview_) || (reduced == pixels_are_preview_ && larger);
    if (!better) return;
    facts_.width = *width;
    facts_.height = *height;
    pixels_are_preview_ = reduced;
  }

  void note_packets(const TiffDirectory& directory) {
    if (const auto* xmp = directory.find(kXmpPacket)) packets_.xmp = {reader_.base() + xmp->data, xmp->size};
    if (const auto* iptc = directory.find(kIptcPacket))
      packets_.iptc = {reader_.base() + iptc->data, iptc->size};
  }

  std::optional<std::uint32_t> number(const TiffDirectory& directory, std::uint16_t tag) {
    const auto* entry = directory.find(tag);
    return entry == nullptr ? std::nullopt : reader_.number(*entry);
  }

  std::string text(const TiffDirectory& directory, std::uint16_t tag) {
    const auto* entry = directory.find(tag);
    return entry == nullptr ? std::string() : reader_.text(*entry);
  }

  static bool is_text(const TiffEntry& entry) { return entry.size == entry.count; }

  void set_text(const TiffDirectory& directory, std::uint16_t tag, std::string& target) {
    if (target.empty()) target = text(directory, tag);
  }

  void add_time(const TiffDirectory& directory, const TimeRow& row, const TiffDirectory& details) {
    const TiffEntry* entry = directory.find(row.tag);
    if (entry == nullptr) return;
    // Of a type that is no text: not a time, but not nothing.
    const std::string raw =
        is_text(*entry) ? reader_.text(*entry) : written_value(reader_, *entry, ExifGroup::photo);
    std::optional<int> fallback_minutes;
    // TIFF/EP's TimeZoneOffset: hours of DateTimeOriginal, then of DateTime.
    if (const auto* zone = details.find(0x882a)) {
      const auto hours = reader_.number(*zone, row.tag == kModified.tag ? 1 : 0);
      if (hours) fallback_minutes = static_cast<std::int32_t>(*hours) * 60;
    }
    auto claim = exif_time(row.name, raw, text(details, row.fraction_tag), text(details, row.offset_tag),
                           fallback_minutes);
    if (claim) {
      facts_.times.push_back(std::move(*claim));
    } else if (raw.find_first_not_of("0 :-/.") != std::string::npos) {
      facts_.fields.push_back({row.name, raw});  // not a time, yet something is written there
    }
  }

  void add_fields(const TiffDirectory& directory, ExifGroup group) {
    std::size_t count = 0;
    for (const TiffEntry& entry : directory.entries) {
      if (std::find(kToldElsewhere.begin(), kToldElsewhere.end(), entry.tag) != kToldElsewhere.end())
        continue;
      if (++count > kMostFields) return;
      std::string value = written_value(reader_, entry, group);
      if (!value.empty()) facts_.fields.push_back({exif_name(group, entry.tag), std::move(value)});
    }
  }

  TiffReader reader_;
  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  TiffOptions options_;
  std::vector<std::uint32_t> visited_;
  bool pixels_are_preview_ = false;
};

}  // namespace

bool read_tiff(Source& source, std::uint64_t base, std::uint64_t length, MediaFacts& facts, Packets& packets,
               TiffOptions options) {
  auto reader = TiffReader::open(source, base, length);
  if (!reader) return false;
  ExifWalk(*reader, source, facts, packets, options).run();
  return true;
}

}  // namespace dalil::media
