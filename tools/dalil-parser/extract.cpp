#include "extract.hpp"

#include <array>
#include <chrono>

#include "boxes.hpp"
#include "color.hpp"
#include "containers.hpp"
#include "exiv.hpp"
#include "ffmpeg.hpp"
#include "file_source.hpp"
#include "pictures.hpp"
#include "raw_preview.hpp"
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
    Row{"avi", read_riff, false, "avi"},
    Row{"flv", nullptr, false, "flv"},
    Row{"asf", read_asf, false, "asf"},
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
    Row{"wav", read_riff, false, "wav"},
    Row{"aiff", nullptr, false, "aiff"},
    Row{"caf", nullptr, false, "caf"},
};

constexpr std::chrono::seconds kPictureTime{8};
/// For all that is wanted of one file. The rest of the main process's limit is for what cannot be
/// interrupted: one frame, one look at a container's headers.
constexpr std::chrono::seconds kLooksTime{30}, kUninterrupted{8};
static_assert(kLooksTime + kUninterrupted < kDecodingLimit);

const Row* row_of(std::string_view format) {
  for (const auto& row : kFormats)
    if (row.format == format) return &row;
  return nullptr;
}

/// What our own readers of headers say of a picture.
MediaFacts headers_of(int fd, std::uint64_t size, std::string_view format) {
  MediaFacts facts;
  const Row* row = row_of(format);
  if (row == nullptr || row->read == nullptr) return facts;
  Packets packets;
  FileSource source(fd, size);
  row->read(source, facts, packets);
  return facts;
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

bool is_heif(std::string_view format) {
  return format == "heic" || format == "avif";
}

using Deadline = std::chrono::steady_clock::time_point;

std::string joined(std::string problem, const std::string& more) {
  if (!problem.empty() && !more.empty()) problem += "; ";
  return problem + more;
}

/// By the JPEG that the camera put beside its raw data. It stands for these, so the size is theirs.
Decoded decode_preview(int fd, std::uint64_t size, std::string_view format, const MediaFacts& headers,
                       Deadline deadline, Purpose purpose) {
  FileSource source(fd, size);
  const auto preview = find_raw_preview(source, format);
  Decoded out;
  if (!preview) {
    out.problem = "raw data are not decoded, and there is no preview beside them";
    return out;
  }
  out = decode_jpeg(fd, preview->jpeg, deadline, purpose);
  out.width = std::max(out.width, headers.width);
  out.height = std::max(out.height, headers.height);
  const std::string seen = "seen by the camera's preview of " + std::to_string(preview->size.width) + "x" +
                           std::to_string(preview->size.height) + ", not by its raw data";
  out.problem = joined(std::move(out.problem), seen);
  return out;
}

Decoded decode(int fd, std::uint64_t size, std::string_view format, const MediaFacts& headers,
               Purpose purpose) {
  const Deadline deadline = std::chrono::steady_clock::now() + kPictureTime;
  if (format == "jpeg") return decode_jpeg(fd, {0, size}, deadline, purpose);
  if (is_heif(format)) return ffmpeg().decode_heif(fd, size, deadline, purpose);
  if (!ffmpeg().is_decodable(format)) return decode_preview(fd, size, format, headers, deadline, purpose);
  Decoded out = ffmpeg().decode_picture(fd, size, format, purpose);
  if (format != "tiff" || !out.luma.empty() || !out.pixels.empty()) return out;
  Decoded preview = decode_preview(fd, size, format, headers, deadline, purpose);
  return preview.luma.empty() && preview.pixels.empty() ? out : preview;
}

Looks look_at_picture(int fd, std::uint64_t size, std::string_view format, ParserWork work) {
  const Purpose purpose{wants_prints(work), wants_thumbnails(work)};
  const MediaFacts headers = headers_of(fd, size, format);
  Decoded decoded = decode(fd, size, format, headers, purpose);
  const std::uint8_t orientation = decoded.orientation ? *decoded.orientation : headers.orientation;
  Looks looks;
  if (purpose.thumbnail)
    looks.thumbnails = thumbnails_of(std::move(decoded.pixels), orientation, decoded.problem);
  if (!purpose.luma) return looks;
  const Luma seen = upright(std::move(decoded.luma), orientation);
  const bool for_question = work == ParserWork::question;
  looks.fingerprints = fingerprints_of(seen, for_question);
  if (for_question) looks.other_guess = fingerprints_of(without_drawn_bars(seen), true);
  for (Fingerprints* prints : {&looks.fingerprints, &looks.other_guess}) {
    prints->width = orientation >= 5 ? decoded.height : decoded.width;
    prints->height = orientation >= 5 ? decoded.width : decoded.height;
  }
  looks.other_guess.borders = !looks.other_guess.prints.empty();
  looks.other_guess.problem.clear();
  looks.fingerprints.problem = joined(std::move(decoded.problem), looks.fingerprints.problem);
  return looks;
}

/// Of a container: one frame alone, or all of them, and the sound if it is wanted.
Looks look_into(const Footage& footage, bool moving, ParserWork work, bool sound) {
  const bool for_question = work == ParserWork::question;
  Looks looks;
  if (wants_prints(work)) {
    looks.fingerprints = moving ? ffmpeg().look_at_frames(footage, for_question)
                                : ffmpeg().look_at_first_frame(footage, for_question);
    if (sound) looks.fingerprints.sound = ffmpeg().listen_to(footage);
  }
  if (wants_thumbnails(work))
    looks.thumbnails = moving ? ffmpeg().contact_sheet(footage) : ffmpeg().first_frame(footage);
  return looks;
}

/// Of what should be nothing but sound.
Sound heard_in(const Footage& footage) {
  Sound sound = ffmpeg().listen_to(footage);
  if (sound.windows.empty() && sound.problem.empty()) sound.problem = "the recording holds no sound";
  return sound;
}

/// What viewers show of the file may be something else.
std::string with_remark(const std::string& problem) {
  return joined(problem, "seen by the first frame of its movie");
}

bool shows_something(const Looks& looks) {
  return !looks.fingerprints.prints.empty() || !looks.thumbnails.pictures.empty();
}

/// Decoded, but nothing to tell it by: another way to decode it would find no more.
bool is_uniform(const Looks& looks) {
  return looks.fingerprints.problem.ends_with(kTooUniform);
}

}  // namespace

Looks look_at(int fd, std::uint64_t size, MediaKind kind, std::string_view format, ParserWork work,
              bool sound) {
  const Deadline deadline = std::chrono::steady_clock::now() + kLooksTime;
  if (format == "jpeg" || ffmpeg().is_decodable(format) || has_raw_preview(format))
    return look_at_picture(fd, size, format, work);
  if (is_heif(format)) {
    Looks looks = look_at_picture(fd, size, format, work);
    if (shows_something(looks) || is_uniform(looks)) return looks;
    // Sequences of pictures need not have one that is an item: their movie has frames.
    Looks frame = look_into({fd, size, "mov", deadline}, false, work, false);
    if (!shows_something(frame)) return looks;
    frame.fingerprints.problem = with_remark(looks.fingerprints.problem);
    frame.thumbnails.problem = with_remark(looks.thumbnails.problem);
    return frame;
  }
  const Row* row = row_of(format);
  const bool contained = row != nullptr && row->demuxer != nullptr;
  if (kind == MediaKind::video && contained)
    return look_into({fd, size, row->demuxer, deadline}, true, work, sound);
  Looks none;
  none.thumbnails.problem = "pictures of this format are not decoded";
  if (kind != MediaKind::audio || !contained || !sound)
    none.fingerprints.problem = none.thumbnails.problem;
  else if (wants_prints(work))
    none.fingerprints.sound = heard_in({fd, size, row->demuxer, deadline});
  return none;
}

Pixels pixels_in(int fd, std::uint64_t size) {
  const Deadline deadline = std::chrono::steady_clock::now() + kPictureTime;
  return decode_jpeg(fd, {0, size}, deadline, {.thumbnail = true}).pixels;
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
    if (row.demuxer != nullptr) ffmpeg().read_av(source, row.demuxer, facts);
  }
  add_signs(facts);
  return facts;
}

}  // namespace dalil::parser
