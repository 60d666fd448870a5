#include "extract.hpp"

#include <array>
#include <chrono>

#include "av.hpp"
#include "boxes.hpp"
#include "color.hpp"
#include "exiv.hpp"
#include "file_source.hpp"
#include "frames.hpp"
#include "picture.hpp"
#include "pictures.hpp"
#include "signs.hpp"

namespace dalil::parser {
namespace {

using namespace media;

/// How a format is read: by a reader of ours, by Exiv2's raw classes, by a demuxer of libavformat; first to
/// last.
struct Row {
  std::string_view format;
  void (*read)(Source&, MediaFacts&, Packets&);
  bool raw;
  const char* demuxer;
};
constexpr std::array kFormats = {
    Row{"jpeg", read_jpeg, false, nullptr},
    Row{"png", read_png, false, nullptr},
    Row{"webp", read_webp, false, nullptr},
    Row{"gif", read_gif, false, nullptr},
    Row{"bmp", read_bmp, false, nullptr},
    Row{"tiff", read_tiff_file, false, nullptr},
    Row{"heic", read_heif, false, nullptr},
    Row{"avif", read_heif, false, nullptr},
    Row{"psd", read_psd, false, nullptr},
    Row{"jp2", read_jp2, false, nullptr},
    Row{"jxl", read_jp2, false, nullptr},
    Row{"dng", read_tiff_file, false, nullptr},
    Row{"nef", read_tiff_file, true, nullptr},
    Row{"arw", read_tiff_file, true, nullptr},
    Row{"pef", read_tiff_file, true, nullptr},
    Row{"cr2", read_tiff_file, true, nullptr},
    Row{"orf", read_tiff_file, true, nullptr},
    Row{"rw2", read_tiff_file, true, nullptr},
    Row{"raf", read_raf, false, nullptr},
    Row{"cr3", read_cr3, false, nullptr},
    Row{"crw", nullptr, true, nullptr},
    Row{"mrw", nullptr, true, nullptr},
    Row{"mp4", read_movie, false, "mov"},
    Row{"mov", read_movie, false, "mov"},
    Row{"3gp", read_movie, false, "mov"},
    Row{"m4a", read_movie, false, "mov"},
    Row{"matroska", nullptr, false, "matroska"},
    Row{"avi", nullptr, false, "avi"},
    Row{"flv", nullptr, false, "flv"},
    Row{"asf", nullptr, false, "asf"},
    Row{"mpegts", nullptr, false, "mpegts"},
    Row{"mpegps", nullptr, false, "mpeg"},
    Row{"mpegvideo", nullptr, false, "mpegvideo"},
    Row{"mxf", nullptr, false, "mxf"},
    Row{"dv", nullptr, false, "dv"},
    Row{"ogg", nullptr, false, "ogg"},
    Row{"flac", nullptr, false, "flac"},
    Row{"mp3", nullptr, false, "mp3"},
    Row{"aac", nullptr, false, "aac"},
    Row{"amr", nullptr, false, "amr"},
    Row{"wav", nullptr, false, "wav"},
    Row{"aiff", nullptr, false, "aiff"},
    Row{"caf", nullptr, false, "caf"},
};

constexpr std::chrono::seconds kPictureTime{8};

const Row* row_of(std::string_view format) {
  for (const auto& row : kFormats)
    if (row.format == format) return &row;
  return nullptr;
}

/// EXIF's, as our own readers of headers find it.
std::uint8_t orientation_of(int fd, std::uint64_t size, std::string_view format) {
  const Row* row = row_of(format);
  if (row == nullptr || row->read == nullptr) return 0;
  MediaFacts facts;
  Packets packets;
  FileSource source(fd, size);
  row->read(source, facts, packets);
  return facts.orientation;
}

bool wants_prints(ParserWork work) {
  return work != ParserWork::thumbnails;
}
bool wants_thumbnails(ParserWork work) {
  return work == ParserWork::thumbnails || work == ParserWork::looks;
}

Thumbnails thumbnails_of(Pixels pixels, std::uint8_t orientation, std::string problem) {
  Thumbnails out;
  out.problem = std::move(problem);
  Bytes jpeg = jpeg_of(upright(std::move(pixels), orientation));
  if (size_of_plain_jpeg(jpeg)) out.pictures.push_back({0, std::move(jpeg)});
  return out;
}

Looks look_at_picture(int fd, std::uint64_t size, std::string_view format, ParserWork work) {
  const Purpose purpose{wants_prints(work), wants_thumbnails(work)};
  Decoded decoded = format == "jpeg"
                        ? decode_jpeg(fd, size, std::chrono::steady_clock::now() + kPictureTime, purpose)
                        : decode_picture(fd, size, format, purpose);
  const std::uint8_t orientation = orientation_of(fd, size, format);
  Looks looks;
  if (purpose.thumbnail)
    looks.thumbnails = thumbnails_of(std::move(decoded.pixels), orientation, decoded.problem);
  if (!purpose.luma) return looks;
  Fingerprints& prints = looks.fingerprints;
  prints = fingerprints_of(upright(std::move(decoded.luma), orientation), work == ParserWork::question);
  prints.width = orientation >= 5 ? decoded.height : decoded.width;
  prints.height = orientation >= 5 ? decoded.width : decoded.height;
  prints.problem = std::move(decoded.problem);
  return looks;
}

/// Of a container: one frame alone, or all of them.
Looks look_into(int fd, std::uint64_t size, const char* demuxer, bool moving, ParserWork work) {
  const bool for_question = work == ParserWork::question;
  Looks looks;
  if (wants_prints(work))
    looks.fingerprints = moving ? look_at_frames(fd, size, demuxer, for_question)
                                : look_at_first_frame(fd, size, demuxer, for_question);
  if (wants_thumbnails(work))
    looks.thumbnails = moving ? contact_sheet(fd, size, demuxer) : first_frame(fd, size, demuxer);
  return looks;
}

}  // namespace

Looks look_at(int fd, std::uint64_t size, MediaKind kind, std::string_view format, ParserWork work) {
  if (format == "jpeg" || is_decodable(format)) return look_at_picture(fd, size, format, work);
  if (format == "avif") return look_into(fd, size, "mov", false, work);
  const Row* row = row_of(format);
  if (kind == MediaKind::video && row != nullptr && row->demuxer != nullptr)
    return look_into(fd, size, row->demuxer, true, work);
  Looks none;
  none.fingerprints.problem = none.thumbnails.problem = "pictures of this format are not decoded";
  return none;
}

Pixels pixels_in(int fd, std::uint64_t size) {
  return decode_jpeg(fd, size, std::chrono::steady_clock::now() + kPictureTime, {.thumbnail = true}).pixels;
}

MediaFacts extract(int fd, std::uint64_t size, MediaKind kind, std::string_view format) {
  MediaFacts facts;
  facts.kind = kind;
  facts.format = format;
  FileSource source(fd, size);
  for (const auto& row : kFormats) {
    if (row.format != format) continue;
    Packets packets;
    if (row.read != nullptr) row.read(source, facts, packets);
    if (row.raw) {
      read_raw(source, facts);
      packets.exif = {};
    }
    read_packets(source, packets, facts);
    if (row.demuxer != nullptr) read_av(source, row.demuxer, facts);
  }
  add_signs(facts);
  return facts;
}

}  // namespace dalil::parser
