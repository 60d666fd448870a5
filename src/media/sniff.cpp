#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "dalil/media/facts.hpp"

namespace dalil::media {
namespace {

using std::string_view_literals::operator""sv;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  MediaKind kind;
  const char* format;
};

/// First match wins, so a longer signature stands before its own prefix.
constexpr std::array kMagics = {
    Magic{0, "\xff\xd8\xff"sv, MediaKind::photo, "jpeg"},
    Magic{0, "\x89PNG\r\n\x1a\n"sv, MediaKind::photo, "png"},
    Magic{0, "GIF87a"sv, MediaKind::photo, "gif"},
    Magic{0, "GIF89a"sv, MediaKind::photo, "gif"},
    Magic{8, "CR\x02"sv, MediaKind::photo, "cr2"},
    Magic{0, "IIRO\x08"sv, MediaKind::photo, "orf"},
    Magic{0, "IIRS\x08"sv, MediaKind::photo, "orf"},
    Magic{0, "MMOR"sv, MediaKind::photo, "orf"},
    Magic{0, "IIU\0"sv, MediaKind::photo, "rw2"},
    Magic{6, "HEAPCCDR"sv, MediaKind::photo, "crw"},
    Magic{0, "FUJIFILMCCD-RAW"sv, MediaKind::photo, "raf"},
    Magic{0, "FOVb"sv, MediaKind::photo, "x3f"},
    Magic{0, "\0MRM"sv, MediaKind::photo, "mrw"},
    Magic{0, "8BPS\0\x01"sv, MediaKind::photo, "psd"},
    Magic{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, MediaKind::photo, "jp2"},
    Magic{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, MediaKind::photo, "jxl"},
    Magic{0, "\xff\x0a"sv, MediaKind::photo, "jxl"},
    Magic{0, "\x1a\x45\xdf\xa3"sv, MediaKind::video, "matroska"},
    Magic{0, "FLV\x01"sv, MediaKind::video, "flv"},
    Magic{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"sv, MediaKind::video, "asf"},
    Magic{0, "\0\0\x01\xba"sv, MediaKind::video, "mpegps"},
    Magic{0, "\0\0\x01\xb3"sv, MediaKind::video, "mpegvideo"},
    Magic{0, "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01"sv, MediaKind::video, "mxf"},
    Magic{0, "\x1f\x07\0"sv, MediaKind::video, "dv"},
    Magic{0, "fLaC"sv, MediaKind::audio, "flac"},
    Magic{0, "#!AMR"sv, MediaKind::audio, "amr"},
    Magic{0, "ID3"sv, MediaKind::audio, "mp3"},
    Magic{0, "caff\0\x01"sv, MediaKind::audio, "caf"},
    Magic{0, "%PDF-"sv, MediaKind::document, "pdf"},
    Magic{0, "{\\rtf"sv, MediaKind::document, "rtf"},
    Magic{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, MediaKind::document, "ole"},
};

struct Brand {
  std::string_view brand;
  MediaKind kind;
  const char* format;
};
/// Major brands of ISO base media files; what is not here is taken for mp4.
constexpr std::array kBrands = {
    Brand{"heic", MediaKind::photo, "heic"}, Brand{"heix", MediaKind::photo, "heic"},
    Brand{"heim", MediaKind::photo, "heic"}, Brand{"heis", MediaKind::photo, "heic"},
    Brand{"hevc", MediaKind::photo, "heic"}, Brand{"hevx", MediaKind::photo, "heic"},
    Brand{"mif1", MediaKind::photo, "heic"}, Brand{"msf1", MediaKind::photo, "heic"},
    Brand{"avif", MediaKind::photo, "avif"}, Brand{"avis", MediaKind::photo, "avif"},
    Brand{"crx ", MediaKind::photo, "cr3"},  Brand{"qt  ", MediaKind::video, "mov"},
    Brand{"M4A ", MediaKind::audio, "m4a"},  Brand{"M4B ", MediaKind::audio, "m4a"},
};

bool has(ByteView head, std::size_t offset, std::string_view bytes) {
  return head.size() >= offset + bytes.size() && as_chars(head.subspan(offset, bytes.size())) == bytes;
}

std::uint32_t load_u32(ByteView head, std::size_t at, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{head[at + i]} << (little ? 8 * i : 24 - 8 * i);
  return value;
}

std::uint16_t load_u16(ByteView head, std::size_t at, bool little) {
  return static_cast<std::uint16_t>(little ? head[at] | head[at + 1] << 8 : head[at] << 8 | head[at + 1]);
}

Sniffed sniff_ftyp(ByteView head) {
  const auto major = as_chars(head.subspan(8, 4));
  for (const auto& row : kBrands) {
    if (row.brand != major) continue;
    // "mif1" says only "a picture": the compatible brands tell AVIF from HEIC.
    if (major == "mif1" || major == "msf1") {
      const auto size =
          std::min<std::size_t>(load_u32(head, 0, false), std::min<std::size_t>(head.size(), 256));
      for (std::size_t at = 16; at + 4 <= size; at += 4) {
        if (has(head, at, "avif") || has(head, at, "avis")) return {MediaKind::photo, "avif"};
      }
    }
    return {row.kind, row.format};
  }
  if (major.starts_with("3gp") || major.starts_with("3g2")) return {MediaKind::video, "3gp"};
  return {MediaKind::video, "mp4"};
}

/// QuickTime files older than `ftyp` begin with one of these boxes.
bool is_old_quicktime(ByteView head) {
  if (head.size() < 8) return false;
  const auto type = as_chars(head.subspan(4, 4));
  if (type == "moov" || type == "mdat" || type == "wide" || type == "pnot") return true;
  return (type == "free" || type == "skip") && head.size() >= 16 && load_u32(head, 0, false) >= 8;
}

Sniffed sniff_riff(ByteView head) {
  const auto form = as_chars(head.subspan(8, 4));
  if (form == "WEBP") return {MediaKind::photo, "webp"};
  if (form == "AVI ") return {MediaKind::video, "avi"};
  if (form == "WAVE") return {MediaKind::audio, "wav"};
  return {};
}

const char* raw_format(std::string_view make, bool reduced_first) {
  if (!reduced_first) return "tiff";
  if (make.starts_with("NIKON")) return "nef";
  if (make.starts_with("SONY")) return "arw";
  if (make.starts_with("PENTAX") || make.starts_with("RICOH")) return "pef";
  return "tiff";
}

/// Raw formats are TIFF files: the first directory tells a DNG, and a camera whose first picture is a
/// preview.
Sniffed sniff_tiff(ByteView head, bool little) {
  constexpr std::uint16_t kSubfileType = 0xfe, kMake = 0x10f, kDngVersion = 0xc612;
  Sniffed tiff{MediaKind::photo, "tiff"};
  const std::size_t ifd = load_u32(head, 4, little);
  if (ifd < 8 || ifd + 2 > head.size()) return tiff;
  std::string_view make;
  bool reduced_first = false;
  const std::size_t count = load_u16(head, ifd, little);
  for (std::size_t i = 0, at = ifd + 2; i < count && at + 12 <= head.size(); ++i, at += 12) {
    const auto tag = load_u16(head, at, little);
    const std::size_t value = load_u32(head, at + 8, little);
    if (tag == kDngVersion) return {MediaKind::photo, "dng"};
    if (tag == kSubfileType) reduced_first = value == 1;
    if (tag == kMake && value < head.size())
      make = as_chars(head.subspan(value, std::min<std::size_t>(8, head.size() - value)));
  }
  tiff.format = raw_format(make, reduced_first);
  return tiff;
}

/// MPEG audio without a tag: two frame headers in a row would be proof, one with sane fields must do for
/// short heads.
Sniffed sniff_mpeg_audio(ByteView head) {
  if (head.size() < 4 || head[0] != 0xff || (head[1] & 0xe0) != 0xe0) return {};
  if ((head[1] & 0xf6) == 0xf0) return {MediaKind::audio, "aac"};
  const unsigned version = head[1] >> 3 & 3u, layer = head[1] >> 1 & 3u, rate = head[2] >> 4u,
                 frequency = head[2] >> 2 & 3u;
  if (version == 1 || layer == 0 || rate == 0 || rate == 15 || frequency == 3) return {};
  return {MediaKind::audio, "mp3"};
}

/// Transport streams have a sync byte every 188 bytes (192 with the time code of camcorders).
Sniffed sniff_transport_stream(ByteView head) {
  for (const auto& [first, step] : {std::pair<std::size_t, std::size_t>{0, 188}, {4, 192}}) {
    std::size_t seen = 0;
    for (std::size_t at = first; at < head.size() && head[at] == 0x47; at += step) ++seen;
    if (seen >= 4 && (seen >= 10 || first + seen * step >= head.size())) return {MediaKind::video, "mpegts"};
  }
  return {};
}

Sniffed sniff_ogg(ByteView head) {
  if (has(head, 28, "\x80theora")) return {MediaKind::video, "ogg"};
  return {MediaKind::audio, "ogg"};
}

Sniffed sniff_zip(ByteView head) {
  const auto text = as_chars(head);
  if (has(head, 30, "mimetypeapplication/vnd.oasis")) return {MediaKind::document, "odf"};
  if (has(head, 30, "mimetypeapplication/epub")) return {MediaKind::document, "epub"};
  if (has(head, 30, "[Content_Types].xml") || text.find("word/") < 2000 || text.find("xl/") < 2000) {
    return {MediaKind::document, "ooxml"};
  }
  return {MediaKind::other, "zip"};
}

bool is_bmp(ByteView head) {
  if (head.size() < 26 || !has(head, 0, "BM")) return false;
  const auto header = load_u32(head, 14, true);
  return header == 12 || header == 40 || header == 56 || header == 64 || header == 108 || header == 124;
}

}  // namespace

Sniffed sniff(ByteView head) {
  for (const auto& magic : kMagics) {
    if (has(head, magic.offset, magic.bytes)) return {magic.kind, magic.format};
  }
  if (has(head, 4, "ftyp") && head.size() >= 12) return sniff_ftyp(head);
  if (head.size() >= 12 && (has(head, 0, "RIFF") || has(head, 0, "RF64"))) return sniff_riff(head);
  if (head.size() >= 8 && has(head, 0, "II*\0"sv)) return sniff_tiff(head, true);
  if (head.size() >= 8 && has(head, 0, "MM\0*"sv)) return sniff_tiff(head, false);
  if (has(head, 0, "OggS")) return sniff_ogg(head);
  if (has(head, 0, "FORM") && has(head, 8, "AIF")) return {MediaKind::audio, "aiff"};
  if (has(head, 0, "PK\x03\x04")) return sniff_zip(head);
  if (is_old_quicktime(head)) return {MediaKind::video, "mov"};
  if (is_bmp(head)) return {MediaKind::photo, "bmp"};
  if (const auto stream = sniff_transport_stream(head); *stream.format != 0) return stream;
  return sniff_mpeg_audio(head);
}

}  // namespace dalil::media
