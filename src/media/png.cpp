#include <algorithm>

#include "bounds.hpp"
#include "civil.hpp"
#include "exif.hpp"
#include "pictures.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kMaxChunks = 50'000;
constexpr std::size_t kMaxTexts = 64;
constexpr std::size_t kMaxExif = 1 << 20;
constexpr std::string_view kXmpKeyword = "XML:com.adobe.xmp\0"sv;

/// "Creation Time" and its kin are RFC 1123 or anything else by the standard; only the ISO-like forms are
/// claims.
void text_chunk(std::string_view keyword, std::string_view value, MediaFacts& facts) {
  if (keyword == "Software" && facts.software.empty()) facts.software = clean_text(value);
  if (const auto reading = parse_reading(value); reading && value.size() >= 10) {
    TimeClaim claim;
    claim.field = "png.tEXt." + clean_text(keyword, 79);
    claim.raw = value;
    claim.ms = reading->wall_ms - reading->offset_minutes.value_or(0) * kMinuteMs;
    claim.basis = reading->offset_minutes ? ZoneBasis::offset_recorded : ZoneBasis::unknown_zone;
    claim.offset_minutes = reading->offset_minutes.value_or(0);
    claim.precision_ms = reading->precision_ms;
    facts.times.push_back(std::move(claim));
    return;
  }
  facts.fields.push_back({"png.tEXt." + clean_text(keyword, 79), std::string(value)});
}

/// tIME: of the last modification, UTC by the standard.
void time_chunk(ByteView body, MediaFacts& facts) {
  const Civil civil{.year = load_u16(body, 0),
                    .month = body[2],
                    .day = body[3],
                    .hour = body[4],
                    .minute = body[5],
                    .second = body[6]};
  const auto ms = wall_ms(civil);
  if (!ms) return;
  TimeClaim claim;
  claim.field = "png.tIME";
  claim.raw = std::to_string(civil.year) + "-" + std::to_string(civil.month) + "-" +
              std::to_string(civil.day) + " " + std::to_string(civil.hour) + ":" +
              std::to_string(civil.minute) + ":" + std::to_string(civil.second);
  claim.ms = *ms;
  claim.basis = ZoneBasis::utc_by_format;
  facts.times.push_back(std::move(claim));
}

class PngWalk {
 public:
  PngWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  void run() {
    std::uint64_t at = 8;
    for (std::size_t i = 0; i < kMaxChunks; ++i) {
      const ByteView head = source_.view(at, 8);
      if (head.empty()) break;
      const std::uint64_t length = load_u32(head, 0);
      const std::string type(as_chars(head.subspan(4, 4)));
      if (type == "IEND") return note_trailer(source_, at + 12 + length, facts_);
      chunk(type, at + 8, length);
      at += 12 + length;
    }
    facts_.problem = "the PNG's chunks break off";
  }

 private:
  void chunk(std::string_view type, std::uint64_t offset, std::uint64_t length) {
    if (type == "IHDR") {
      if (const ByteView body = source_.view(offset, 8); !body.empty()) {
        facts_.width = load_u32(body, 0);
        facts_.height = load_u32(body, 4);
      }
    } else if (type == "eXIf") {
      read_tiff(source_, offset, std::min<std::uint64_t>(length, kMaxExif), facts_, packets_);
      if (packets_.exif)
        packets_.exif = {offset, static_cast<std::size_t>(std::min<std::uint64_t>(length, kMaxExif))};
    } else if (type == "tIME" && length == 7) {
      if (const ByteView body = source_.view(offset, 7); !body.empty()) time_chunk(body, facts_);
    } else if (type == "tEXt" && texts_++ < kMaxTexts) {
      const ByteView body =
          source_.view(offset, static_cast<std::size_t>(std::min<std::uint64_t>(length, kMaxText)));
      const auto text = as_chars(body);
      const auto end = text.find('\0');
      if (text.starts_with("Raw profile type "))
        packets_.compressed = true;  // in hexadecimal, by ImageMagick
      else if (end != std::string_view::npos)
        text_chunk(text.substr(0, end), text.substr(end + 1), facts_);
    } else if (type == "zTXt" && texts_++ < kMaxTexts) {
      packets_.compressed = true;
    } else if (type == "iTXt" && texts_++ < kMaxTexts) {
      international_text(offset, length);
    } else if (type == "caBX") {
      facts_.fields.push_back({"c2pa", "manifest present, not verified"});
    }
  }

  void international_text(std::uint64_t offset, std::uint64_t length) {
    const ByteView body =
        source_.view(offset, static_cast<std::size_t>(std::min<std::uint64_t>(length, kMaxText)));
    const auto text = as_chars(body);
    const auto keyword_end = text.find('\0');
    if (keyword_end == std::string_view::npos || text.size() < keyword_end + 3) return;
    const bool compressed = text[keyword_end + 1] != 0;
    const auto language_end = text.find('\0', keyword_end + 3);
    const auto translated_end =
        language_end == std::string_view::npos ? language_end : text.find('\0', language_end + 1);
    if (compressed) packets_.compressed = true;
    if (translated_end == std::string_view::npos || compressed) return;
    const std::size_t begin = translated_end + 1;
    if (text.starts_with(kXmpKeyword)) {
      packets_.xmp = {offset + begin,
                      static_cast<std::size_t>(std::min<std::uint64_t>(length - begin, kMaxExif))};
    } else {
      text_chunk(text.substr(0, keyword_end), text.substr(begin), facts_);
    }
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  std::size_t texts_ = 0;
};

}  // namespace

void read_png(Source& source, MediaFacts& facts, Packets& packets) {
  PngWalk(source, facts, packets).run();
}

}  // namespace dalil::media
