#include "exiv.hpp"

#include <sys/mman.h>
#include <exiv2/exiv2.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "bounds.hpp"
#include "civil.hpp"
#include "exif_text.hpp"
#include "maker_note.hpp"
#include "utf16.hpp"

namespace dalil::parser {
namespace {

using media::MediaFacts;

constexpr std::size_t kMostFields = 200;
constexpr std::size_t kLongestValue = 500;
constexpr std::uint64_t kLargestRaw = 512 << 20;

void set_once(std::string& target, const std::string& value) {
  if (target.empty()) target = media::clean_text(value);
}

void add_time(const std::string& field, const std::string& raw, MediaFacts& facts) {
  if (auto claim = media::exif_time(field, raw, {}, {}, std::nullopt)) {
    facts.times.push_back(std::move(*claim));
  } else if (raw.find_first_of("123456789") != std::string::npos) {
    facts.fields.push_back({field, raw});
  }
}

constexpr std::array kXmpTimes = {"Xmp.exif.DateTimeOriginal", "Xmp.exif.DateTimeDigitized",
                                  "Xmp.xmp.CreateDate",        "Xmp.xmp.ModifyDate",
                                  "Xmp.xmp.MetadataDate",      "Xmp.photoshop.DateCreated"};

bool is_xmp_time(const std::string& key) {
  return std::any_of(kXmpTimes.begin(), kXmpTimes.end(), [&](const char* time) { return key == time; });
}

/// "36,12.126N" or "36,12,7.5N": degrees and minutes with a hemisphere.
std::optional<double> xmp_coordinate(const std::string& text) {
  if (text.size() < 4) return std::nullopt;
  const char side = text.back();
  double parts[3] = {0, 0, 0};
  const char* at = text.c_str();
  for (double& part : parts) {
    char* end = nullptr;
    part = std::strtod(at, &end);
    if (end == at || !std::isfinite(part)) return std::nullopt;
    at = end;
    if (*at != ',') break;
    ++at;
  }
  if (at != text.c_str() + text.size() - 1) return std::nullopt;
  const double degrees = parts[0] + parts[1] / 60 + parts[2] / 3600;
  if (side == 'N' || side == 'E') return degrees;
  if (side == 'S' || side == 'W') return -degrees;
  return std::nullopt;
}

/// "136169/100", or a plain number.
std::optional<double> xmp_number(const Exiv2::XmpData& data, const char* key) {
  const auto found = data.findKey(Exiv2::XmpKey(key));
  if (found == data.end()) return std::nullopt;
  const std::string text = found->toString();
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return std::nullopt;
  if (*end == '/') value /= std::strtod(end + 1, nullptr);
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

void add_xmp_place(const Exiv2::XmpData& data, MediaFacts& facts) {
  const auto north = data.findKey(Exiv2::XmpKey("Xmp.exif.GPSLatitude"));
  const auto east = data.findKey(Exiv2::XmpKey("Xmp.exif.GPSLongitude"));
  if (north == data.end() || east == data.end()) return;
  const auto latitude = xmp_coordinate(north->toString()), longitude = xmp_coordinate(east->toString());
  if (!latitude || !longitude) return;
  media::PlaceClaim claim;
  claim.field = "Xmp.exif.GPSLatitude";
  claim.raw = north->toString() + " " + east->toString();
  claim.latitude = *latitude;
  claim.longitude = *longitude;
  claim.altitude_m = xmp_number(data, "Xmp.exif.GPSAltitude");
  if (claim.altitude_m && xmp_number(data, "Xmp.exif.GPSAltitudeRef") == 1.0)
    claim.altitude_m = -*claim.altitude_m;
  claim.direction_deg = xmp_number(data, "Xmp.exif.GPSImgDirection");
  facts.places.push_back(std::move(claim));
}

void take_xmp(const Exiv2::XmpData& data, MediaFacts& facts) {
  std::size_t fields = 0, steps = 0;
  for (const auto& datum : data) {
    const std::string key = datum.key();
    if (key.starts_with("Xmp.xmpMM.History[") && key.ends_with("stEvt:action")) ++steps;
    const std::string value = datum.toString();
    if (value.empty() || value.starts_with("type=\"")) continue;  // a structure, whose parts follow
    if (is_xmp_time(key)) {
      add_time(key, value, facts);
    } else if (key == "Xmp.tiff.Make") {
      set_once(facts.make, value);
    } else if (key == "Xmp.tiff.Model") {
      set_once(facts.model, value);
    } else if (key == "Xmp.aux.SerialNumber" || key == "Xmp.exifEX.BodySerialNumber") {
      set_once(facts.serial, value);
    } else if (key == "Xmp.xmp.CreatorTool") {
      set_once(facts.software, value);
      facts.fields.push_back({key, value});
    } else if (fields++ < kMostFields) {
      facts.fields.push_back({key, value});
    }
    if (key == "Xmp.xmpMM.DerivedFrom")
      facts.signs.emplace_back("XMP names a file that this one was derived from");
  }
  if (steps > 0)
    facts.signs.push_back("XMP keeps a history of " + std::to_string(steps) + " steps of editing");
  add_xmp_place(data, facts);
}

void take_iptc(const Exiv2::IptcData& data, MediaFacts& facts) {
  const auto date = data.findKey(Exiv2::IptcKey("Iptc.Application2.DateCreated"));
  const auto time = data.findKey(Exiv2::IptcKey("Iptc.Application2.TimeCreated"));
  if (date != data.end()) {
    const std::string raw = date->toString() + (time != data.end() ? "T" + time->toString() : std::string());
    add_time("Iptc.Application2.DateCreated", raw, facts);
  }
  std::size_t fields = 0;
  for (const auto& datum : data) {
    if (fields >= kMostFields) break;
    const std::string key = datum.key(), value = datum.toString();
    if (value.empty() || key == "Iptc.Application2.DateCreated" || key == "Iptc.Application2.TimeCreated")
      continue;
    facts.fields.push_back({key, value});
    ++fields;
  }
}

void take_serial(const Exiv2::ExifData& data, MediaFacts& facts) {
  if (!facts.serial.empty()) return;
  auto serial = Exiv2::serialNumber(data);
  if (serial == data.end())  // tags of makers' notes that its list does not have
    serial = std::find_if(data.begin(), data.end(), [](const Exiv2::Exifdatum& datum) {
      return datum.tagName().starts_with("SerialNumber") && datum.typeId() == Exiv2::asciiString;
    });
  if (serial == data.end() || serial->size() >= 100) return;
  // Exiv2 prints Canon's number in a form that no camera shows.
  const bool canon = serial->key() == "Exif.Canon.SerialNumber" && serial->count() > 0;
  std::string text = canon ? media::canon_serial(static_cast<std::uint32_t>(serial->toLong()), facts.model)
                           : serial->print(&data);
  while (text.ends_with(' ') || text.ends_with('\0')) text.pop_back();
  set_once(facts.serial, text);
}

/// What Exiv2 tells by a number instead of throwing.
struct Unreadable : std::exception {};

/// Exiv2 throws for malformed input, and asserts; the latter ends this process, which is what it is for.
template <typename Function>
void guarded(const char* what, MediaFacts& facts, Function function) {
  try {
    function();
  } catch (const std::exception&) {
    const std::string problem = std::string("the ") + what + " cannot be read";
    if (facts.problem.find(problem) == std::string::npos)
      facts.problem += (facts.problem.empty() ? "" : "; ") + problem;
  }
}

/// A private, read-only view of the whole file. Pages are read as they are touched.
class Mapping {
 public:
  Mapping(int fd, std::size_t size) : size_(size), at_(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0)) {}
  ~Mapping() {
    if (at_ != MAP_FAILED) munmap(at_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  const Exiv2::byte* data() const {
    return at_ == MAP_FAILED ? nullptr : static_cast<const Exiv2::byte*>(at_);
  }

 private:
  std::size_t size_;
  void* at_;
};

std::unique_ptr<Exiv2::Image> raw_image(const std::string& format, Exiv2::BasicIo::AutoPtr io) {
  if (format == "crw") return std::make_unique<Exiv2::CrwImage>(io, false);
  if (format == "mrw") return std::make_unique<Exiv2::MrwImage>(io, false);
  if (format == "orf") return std::make_unique<Exiv2::OrfImage>(io, false);
  if (format == "rw2") return std::make_unique<Exiv2::Rw2Image>(io);
  if (format == "cr2") return std::make_unique<Exiv2::Cr2Image>(io, false);
  if (format == "nef" || format == "arw" || format == "pef")
    return std::make_unique<Exiv2::TiffImage>(io, false);
  return nullptr;
}

void take_exif(const Exiv2::ExifData& data, MediaFacts& facts) {
  const auto text = [&](const char* key) {
    const auto found = data.findKey(Exiv2::ExifKey(key));
    return found == data.end() || static_cast<std::size_t>(found->size()) > kLongestValue ? std::string()
                                                                                          : found->toString();
  };
  set_once(facts.make, text("Exif.Image.Make"));
  set_once(facts.model, text("Exif.Image.Model"));
  if (facts.times.empty()) {
    for (const char* key :
         {"Exif.Photo.DateTimeOriginal", "Exif.Photo.DateTimeDigitized", "Exif.Image.DateTime"}) {
      if (const std::string raw = text(key); !raw.empty()) add_time(key, raw, facts);
    }
  }
  const auto orientation = data.findKey(Exiv2::ExifKey("Exif.Image.Orientation"));
  if (facts.orientation == 0 && orientation != data.end() && orientation->count() > 0) {
    const auto value = orientation->toLong();
    if (value >= 1 && value <= 8) facts.orientation = static_cast<std::uint8_t>(value);
  }
}

/// For formats of which no reader of ours lists the fields.
void list_exif(const Exiv2::ExifData& data, MediaFacts& facts) {
  std::size_t fields = 0;
  for (const auto& datum : data) {
    const std::string group = datum.groupName();
    if (group != "Image" && group != "Photo" && group != "GPSInfo" && group != "Iop") continue;
    if (static_cast<std::size_t>(datum.size()) > kLongestValue || ++fields > kMostFields) continue;
    facts.fields.push_back({datum.key(), datum.toString()});
  }
}

/// Makers that write the body's serial number into a note that only Exiv2 reads; Canon's and Nikon's we read.
bool hides_serial(const std::string& make) {
  constexpr std::array kMakers = {"OLYMPUS",  "OM Digital", "PENTAX", "Panasonic",
                                  "FUJIFILM", "Leica",      "SIGMA"};
  return std::any_of(kMakers.begin(), kMakers.end(),
                     [&](const char* maker) { return make.starts_with(maker); });
}

}  // namespace

void initialise_exiv() {
  Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
  Exiv2::XmpParser::initialize();
}

/// Texts of a PNG that are compressed or in hexadecimal: XMP, and ImageMagick's profiles of EXIF and IPTC.
void read_compressed(FileSource& source, const media::Packets& packets, MediaFacts& facts) {
  if (source.size() == 0 || source.size() > kLargestRaw || facts.format != "png") return;
  guarded("compressed text", facts, [&] {
    const auto size = static_cast<std::size_t>(source.size());
    const Mapping file(source.fd(), size);
    if (file.data() == nullptr) return;
    Exiv2::PngImage image(Exiv2::BasicIo::AutoPtr(new Exiv2::MemIo(file.data(), static_cast<long>(size))),
                          false);
    image.readMetadata();
    take_exif(image.exifData(), facts);
    if (!packets.exif) list_exif(image.exifData(), facts);
    if (!packets.iptc) take_iptc(image.iptcData(), facts);
    if (!packets.xmp) take_xmp(image.xmpData(), facts);
  });
}

void read_packets(FileSource& source, const media::Packets& packets, MediaFacts& facts) {
  if (packets.compressed) read_compressed(source, packets, facts);
  if (packets.xmp) {
    guarded("XMP packet", facts, [&] {
      const ByteView raw = source.view(packets.xmp.offset, packets.xmp.size);
      const std::string text = media::xml_in_utf8(raw);
      if (text.empty() && !raw.empty()) return;  // room for XMP that nobody used
      Exiv2::XmpData data;
      if (raw.empty() || Exiv2::XmpParser::decode(data, text) != 0) throw Unreadable();
      take_xmp(data, facts);
    });
  }
  if (packets.iptc) {
    guarded("IPTC block", facts, [&] {
      const ByteView raw = source.view(packets.iptc.offset, packets.iptc.size);
      Exiv2::IptcData data;
      if (Exiv2::IptcParser::decode(data, raw.data(), static_cast<std::uint32_t>(raw.size())) != 0)
        throw Unreadable();
      take_iptc(data, facts);
    });
  }
  if (packets.exif && facts.serial.empty() && hides_serial(facts.make)) {
    guarded("maker's note", facts, [&] {
      const ByteView raw = source.view(packets.exif.offset, packets.exif.size);
      Exiv2::ExifData data;
      Exiv2::ExifParser::decode(data, raw.data(), static_cast<std::uint32_t>(raw.size()));
      take_serial(data, facts);
    });
  }
}

void read_raw(FileSource& source, MediaFacts& facts) {
  if (source.size() == 0 || source.size() > kLargestRaw) return;
  guarded("raw file", facts, [&] {
    const auto size = static_cast<std::size_t>(source.size());
    const Mapping file(source.fd(), size);
    if (file.data() == nullptr) return;
    const auto image = raw_image(
        facts.format, Exiv2::BasicIo::AutoPtr(new Exiv2::MemIo(file.data(), static_cast<long>(size))));
    if (!image) return;
    image->readMetadata();
    take_exif(image->exifData(), facts);
    take_serial(image->exifData(), facts);
    if (facts.fields.empty()) list_exif(image->exifData(), facts);
    if (facts.width == 0 && image->pixelWidth() > 0 && image->pixelHeight() > 0) {
      facts.width = static_cast<std::uint32_t>(image->pixelWidth());
      facts.height = static_cast<std::uint32_t>(image->pixelHeight());
    }
  });
}

}  // namespace dalil::parser
