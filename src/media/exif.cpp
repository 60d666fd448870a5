#include "exif.hpp"

#include <algorithm>
#include <array>

#include "exif_text.hpp"
#include "gps.hpp"
#include "maker_note.hpp"
#include "tiff.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxDirectories = 64;

// Tags of directories and packets.
constexpr std::uint16_t kSubDirectories = 0x14a, kPhotoDirectory = 0x8769, kGpsDirectory = 0x8825;
constexpr std::uint16_t kXmpPacket = 0x2bc, kIptcPacket = 0x83bb, kMakerNote = 0x927c;

/// How a value is written down.
enum class Form : std::uint8_t { text, number, rational, comment, wide_text };

struct FieldRow {
  std::uint16_t tag;
  Form form;
  const char* name;
};
constexpr std::array kImageFields = {
    FieldRow{0x000b, Form::text, "Exif.Image.ProcessingSoftware"},
    FieldRow{0x010e, Form::text, "Exif.Image.ImageDescription"},
    FieldRow{0x013b, Form::text, "Exif.Image.Artist"},
    FieldRow{0x013c, Form::text, "Exif.Image.HostComputer"},
    FieldRow{0x8298, Form::text, "Exif.Image.Copyright"},
    FieldRow{0x9c9b, Form::wide_text, "Exif.Image.XPTitle"},
    FieldRow{0x9c9c, Form::wide_text, "Exif.Image.XPComment"},
    FieldRow{0x9c9d, Form::wide_text, "Exif.Image.XPAuthor"},
    FieldRow{0x9c9e, Form::wide_text, "Exif.Image.XPKeywords"},
    FieldRow{0x9c9f, Form::wide_text, "Exif.Image.XPSubject"},
    FieldRow{0xc614, Form::text, "Exif.Image.UniqueCameraModel"},
    FieldRow{0xc68b, Form::text, "Exif.Image.OriginalRawFileName"},
};
constexpr std::array kPhotoFields = {
    FieldRow{0x829a, Form::rational, "Exif.Photo.ExposureTime"},
    FieldRow{0x829d, Form::rational, "Exif.Photo.FNumber"},
    FieldRow{0x8827, Form::number, "Exif.Photo.ISOSpeedRatings"},
    FieldRow{0x9209, Form::number, "Exif.Photo.Flash"},
    FieldRow{0x920a, Form::rational, "Exif.Photo.FocalLength"},
    FieldRow{0x9286, Form::comment, "Exif.Photo.UserComment"},
    FieldRow{0xa002, Form::number, "Exif.Photo.PixelXDimension"},
    FieldRow{0xa003, Form::number, "Exif.Photo.PixelYDimension"},
    FieldRow{0xa420, Form::text, "Exif.Photo.ImageUniqueID"},
    FieldRow{0xa430, Form::text, "Exif.Photo.CameraOwnerName"},
    FieldRow{0xa433, Form::text, "Exif.Photo.LensMake"},
    FieldRow{0xa434, Form::text, "Exif.Photo.LensModel"},
    FieldRow{0xa435, Form::text, "Exif.Photo.LensSerialNumber"},
};

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
    set_text(directory, 0x010f, facts_.make);
    set_text(directory, 0x0110, facts_.model);
    set_text(directory, 0x0131, facts_.software);
    set_text(directory, 0xc62f, facts_.serial);
    if (const auto value = number(directory, 0x0112);
        value && *value >= 1 && *value <= 8 && facts_.orientation == 0) {
      facts_.orientation = static_cast<std::uint8_t>(*value);
    }
    for (const auto& row : kImageFields) add_field(directory, row);
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
    for (const auto& row : kPhotoFields) add_field(directory, row);
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
    constexpr std::uint16_t kThumbnailLength = 0x202;
    const auto length = number(directory, kThumbnailLength);
    if (length)
      facts_.fields.push_back({"Exif.Thumbnail.JPEGInterchangeFormatLength", std::to_string(*length)});
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

  void set_text(const TiffDirectory& directory, std::uint16_t tag, std::string& target) {
    if (target.empty()) target = text(directory, tag);
  }

  void add_time(const TiffDirectory& directory, const TimeRow& row, const TiffDirectory& details) {
    const std::string raw = text(directory, row.tag);
    if (raw.empty()) return;
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
    } else if (raw.find_first_of("123456789") != std::string::npos) {
      facts_.fields.push_back({row.name, raw});  // not a time, yet something is written there
    }
  }

  void add_field(const TiffDirectory& directory, const FieldRow& row) {
    const auto* entry = directory.find(row.tag);
    if (entry == nullptr) return;
    std::string value = written(*entry, row.form);
    if (!value.empty()) facts_.fields.push_back({row.name, std::move(value)});
  }

  std::string written(const TiffEntry& entry, Form form) {
    switch (form) {
      case Form::text:
        return reader_.text(entry);
      case Form::comment:
        return exif_comment(reader_.bytes(entry, 4096), reader_.order());
      case Form::wide_text:
        return utf16_text(reader_.bytes(entry, 4096), ByteOrder::little);
      case Form::number: {
        const auto value = reader_.number(entry);
        return value ? std::to_string(*value) : std::string();
      }
      case Form::rational: {
        const auto value = reader_.rational(entry);
        if (!value || value->denominator == 0) return {};
        return std::to_string(value->numerator) + "/" + std::to_string(value->denominator);
      }
    }
    return {};
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
