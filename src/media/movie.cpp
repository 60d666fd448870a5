#include <algorithm>
#include <array>

#include "bounds.hpp"
#include "boxes.hpp"
#include "gps.hpp"
#include "movie_text.hpp"
#include "movie_times.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMaxTracks = 64;
constexpr std::size_t kMaxKeys = 512;
constexpr std::uint64_t kMaxPacket = 1 << 20;

/// User data that is one text each: QuickTime's international strings and 3GPP's boxes.
struct TextRow {
  std::uint32_t type;
  const char* name;
};
constexpr std::array kUserTexts = {
    TextRow{fourcc("\xa9mak"), "make"},
    TextRow{fourcc("\xa9mod"), "model"},
    TextRow{fourcc("\xa9swr"), "software"},
    TextRow{fourcc("\xa9too"), "encoder"},
    TextRow{fourcc("\xa9"
                   "day"),
            "date"},
    TextRow{fourcc("\xa9xyz"), "location"},
    TextRow{fourcc("\xa9nam"), "title"},
    TextRow{fourcc("\xa9"
                   "cmt"),
            "comment"},
    TextRow{fourcc("\xa9"
                   "ART"),
            "artist"},
    TextRow{fourcc("\xa9"
                   "cpy"),
            "copyright"},
    TextRow{fourcc("\xa9inf"), "information"},
    TextRow{fourcc("\xa9"
                   "fmt"),
            "format"},
    TextRow{fourcc("\xa9"
                   "des"),
            "description"},
    TextRow{fourcc("\xa9"
                   "enc"),
            "encoded by"},
};
constexpr std::array k3gppTexts = {
    TextRow{fourcc("titl"), "title"},
    TextRow{fourcc("auth"), "author"},
    TextRow{fourcc("dscp"), "description"},
    TextRow{fourcc("cprt"), "copyright"},
};

/// Orientation as EXIF counts it, from the four entries of a track's matrix that turn, mirror and scale: by
/// their signs, where one pair outweighs the other. 0 if it is none of the eight.
std::uint8_t orientation_from(std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) {
  const auto size = [](std::int32_t x) { return x < 0 ? -std::int64_t{x} : std::int64_t{x}; };
  constexpr int kClearly = 8;
  if (a != 0 && d != 0 && std::min(size(a), size(d)) >= kClearly * std::max(size(b), size(c)))
    return a > 0 ? (d > 0 ? 1 : 4) : (d > 0 ? 2 : 3);
  if (b != 0 && c != 0 && std::min(size(b), size(c)) >= kClearly * std::max(size(a), size(d)))
    return b > 0 ? (c > 0 ? 5 : 6) : (c > 0 ? 8 : 7);
  return 0;
}

class MovieWalk {
 public:
  MovieWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  void run() {
    BoxWalk top(source_, 0, source_.size());
    bool found = false;
    while (const auto box = top.next()) {
      if (box->type == fourcc("ftyp")) brands(*box);
      if (box->type == fourcc("moov") && !found) {
        found = true;
        movie(*box);
      }
      if (box->type == fourcc("uuid")) uuid(*box);
      if (box->type == fourcc("moof")) fragmented_ = true;
    }
    if (!found)
      facts_.problem = "no 'moov' box: the recording was cut off, or its end is missing";
    else if (top.cut_short())
      facts_.problem = "the file ends before its last box does";
    if (fragmented_) facts_.fields.push_back({"mp4.fragmented", "yes"});
    note_layout(source_, facts_);
  }

 private:
  void brands(const Box& box) {
    const ByteView raw =
        source_.view(box.body, static_cast<std::size_t>(std::min<std::uint64_t>(box.size(), 64)));
    std::string text;
    for (std::size_t at = 0; at + 4 <= raw.size(); at += 4) {
      if (at == 4) continue;  // the version
      if (!text.empty()) text += ' ';
      text += clean_text(as_chars(raw.subspan(at, 4)));
    }
    facts_.fields.push_back({"mp4.brands", text});
  }

  void uuid(const Box& box) {
    const ByteView id = source_.view(box.body, 16);
    if (id.empty()) return;
    if (load_u32(id, 0) == 0xbe7acfcb) set_xmp(box.body + 16, box.end);
    if (load_u32(id, 0) == 0xd8fec3d6) facts_.fields.push_back({"c2pa", "manifest present, not verified"});
  }

  void set_xmp(std::uint64_t begin, std::uint64_t end) {
    packets_.xmp = {begin, static_cast<std::size_t>(std::min(end - begin, kMaxPacket))};
  }

  void movie(const Box& moov) {
    BoxWalk walk(source_, moov.body, moov.end);
    std::size_t tracks = 0;
    while (const auto box = walk.next()) {
      if (box->type == fourcc("mvhd")) header(*box);
      if (box->type == fourcc("trak") && tracks < kMaxTracks) track(*box, tracks++);
      if (box->type == fourcc("udta")) user_data(*box);
      if (box->type == fourcc("meta")) meta(*box, "moov/meta");
      if (box->type == fourcc("uuid")) uuid(*box);
    }
  }

  /// mvhd, tkhd and mdhd begin alike: version, then creation and modification in 32 or 64 bits since 1904.
  struct Header {
    bool valid = false;
    bool wide = false;
    std::uint64_t created = 0, modified = 0;
    std::uint64_t rest = 0;  ///< offset of what follows
  };
  Header read_header(const Box& box) {
    Header header;
    const ByteView version = box.size() < 4 ? ByteView{} : source_.view(box.body, 1);
    if (version.empty()) return header;
    header.wide = version[0] == 1;
    const std::size_t width = header.wide ? 8 : 4;
    const ByteView raw = box.size() < 4 + 2 * width ? ByteView{} : source_.view(box.body + 4, 2 * width);
    if (raw.empty()) return header;
    header.created = header.wide ? load_u64(raw.data()) : load_u32(raw, 0);
    header.modified = header.wide ? load_u64(raw.data() + 8) : load_u32(raw, 4);
    header.rest = box.body + 4 + 2 * width;
    header.valid = true;
    return header;
  }

  void header(const Box& box) {
    const Header header = read_header(box);
    if (!header.valid) return;
    movie_created_ = header.created;
    add_time("moov/mvhd", header.created);
    note_impossible(header.created);
    if (header.modified != header.created && header.modified != 0) {
      if (const auto claim = quicktime_time("moov/mvhd modified", header.modified)) {
        facts_.fields.push_back({"moov/mvhd modified", UtcTime{claim->ms}.rfc3339()});
      }
    }
    const ByteView raw = source_.view(header.rest, header.wide ? 12 : 8);
    if (raw.empty()) return;
    const std::uint32_t scale = load_u32(raw, 0);
    const std::uint64_t units = header.wide ? load_u64(raw.data() + 4) : load_u32(raw, 4);
    note_header("moov/mvhd", header, scale, units);
    const bool unknown = units == (header.wide ? UINT64_MAX : UINT32_MAX);
    if (scale != 0 && !unknown && units / scale < 10'000'000) {
      facts_.duration_ms = static_cast<std::int64_t>(units / scale * 1000 + units % scale * 1000 / scale);
    }
  }

  void note_impossible(std::uint64_t seconds) {
    const auto claim = quicktime_time("moov/mvhd", seconds);
    if (!claim || (claim->ms >= kFirstMovieMs && claim->ms < kAfterMoviesMs)) return;
    std::string sign = "the movie's header gives " + UtcTime{claim->ms}.rfc3339() +
                       (claim->ms < kFirstMovieMs ? ", when there were no such files" : "") +
                       ": its clock was not set";
    const std::int64_t since_1970 = static_cast<std::int64_t>(seconds) * 1000;
    if (since_1970 >= kFirstMovieMs && since_1970 < kAfterMoviesMs)
      sign += ", or it counts from 1970: " + UtcTime{since_1970}.rfc3339();
    facts_.signs.push_back(std::move(sign));
  }

  /// The numbers as they stand there, zeros included: seconds since 1904, and units of 1/scale s.
  void note_header(const std::string& name, const Header& header, std::uint32_t scale, std::uint64_t units) {
    std::string text =
        "created " + std::to_string(header.created) + " modified " + std::to_string(header.modified);
    if (scale != 0) text += " duration " + std::to_string(units) + "/" + std::to_string(scale);
    facts_.fields.push_back({name + " numbers", std::move(text)});
  }

  void add_time(const std::string& field, std::uint64_t seconds) {
    if (auto claim = quicktime_time(field, seconds)) facts_.times.push_back(std::move(*claim));
  }

  void track(const Box& trak, std::size_t index) {
    const std::string name = "moov/trak[" + std::to_string(index) + "]";
    std::uint32_t handler = 0;
    std::uint8_t orientation = 0;
    std::uint32_t width = 0, height = 0;
    BoxWalk walk(source_, trak.body, trak.end);
    while (const auto box = walk.next()) {
      if (box->type == fourcc("tkhd")) {
        const Header header = read_header(*box);
        if (header.valid && header.created != movie_created_) add_time(name + "/tkhd", header.created);
        if (header.valid) note_header(name + "/tkhd", header, 0, 0);
        // track id, reserved, duration, reserved[8], layer, group, volume, reserved, matrix[36], width,
        // height
        const std::uint64_t matrix = header.rest + (header.wide ? 16 : 12) + 16;
        const ByteView raw = header.valid && matrix + 44 <= box->end ? source_.view(matrix, 44) : ByteView{};
        if (!raw.empty()) {
          const auto entry = [&](std::size_t at) { return static_cast<std::int32_t>(load_u32(raw, at)); };
          orientation = orientation_from(entry(0), entry(4), entry(12), entry(16));
          width = load_u32(raw, 36) >> 16;
          height = load_u32(raw, 40) >> 16;
        }
      } else if (box->type == fourcc("mdia")) {
        handler = media(*box, name);
      } else if (box->type == fourcc("udta")) {
        user_data(*box);
      }
    }
    if (handler != fourcc("vide") || facts_.orientation != 0) return;
    facts_.orientation = orientation;
    if (facts_.width == 0) {  // as presented; the sample description, read before, says what is stored
      facts_.width = width;
      facts_.height = height;
    }
  }

  std::uint32_t media(const Box& mdia, const std::string& track_name) {
    std::uint32_t handler = 0;
    BoxWalk walk(source_, mdia.body, mdia.end);
    while (const auto box = walk.next()) {
      if (box->type == fourcc("mdhd")) {
        const Header header = read_header(*box);
        if (header.valid && header.created != movie_created_) add_time(track_name + "/mdhd", header.created);
        if (header.valid) note_media_header(track_name + "/mdhd", header);
      } else if (box->type == fourcc("hdlr")) {
        handler = read_handler(*box);
      } else if (box->type == fourcc("minf")) {
        sample_description(*box, handler, track_name);
      }
    }
    return handler;
  }

  void note_media_header(const std::string& name, const Header& header) {
    const ByteView raw = source_.view(header.rest, header.wide ? 14 : 10);
    if (raw.empty()) return;
    note_header(name, header, load_u32(raw, 0), header.wide ? load_u64(raw.data() + 4) : load_u32(raw, 4));
    // Three letters of five bits; below 0x400 it is one of QuickTime's own numbers.
    const std::uint16_t packed = load_u16(raw, header.wide ? 12 : 8);
    if (packed < 0x400 || packed == 0x7fff) return;
    std::string language;
    for (const int shift : {10, 5, 0}) language.push_back(static_cast<char>((packed >> shift & 31) + 0x60));
    if (language != "und") facts_.fields.push_back({name + " language", std::move(language)});
  }

  std::uint32_t read_handler(const Box& box) {
    const ByteView raw =
        source_.view(box.body, static_cast<std::size_t>(std::min<std::uint64_t>(box.size(), 280)));
    if (raw.size() < 24) return 0;
    const std::uint32_t type = load_u32(raw, 8);
    std::string_view name = as_chars(raw.subspan(24));
    // QuickTime writes a counted string, MPEG-4 one that ends in NUL.
    if (!name.empty() && static_cast<unsigned char>(name[0]) == name.size() - 1) name.remove_prefix(1);
    name = name.substr(0, name.find('\0'));
    if (!name.empty()) facts_.fields.push_back({"handler." + box_name(type), std::string(name)});
    return type;
  }

  void sample_description(const Box& minf, std::uint32_t handler, const std::string& track_name) {
    if (handler != fourcc("vide")) return;
    const auto table = find_box(source_, minf.body, minf.end, fourcc("stbl"));
    const auto description =
        table ? find_box(source_, table->body, table->end, fourcc("stsd")) : std::nullopt;
    if (!description || description->size() < 8 + 36) return;
    const std::uint64_t length = std::min<std::uint64_t>(description->size() - 8, 82);
    const ByteView entry = source_.view(description->body + 8, static_cast<std::size_t>(length));
    if (entry.empty()) return;
    // "compressorname": a counted string in 32 bytes.
    if (entry.size() == 82 && entry[50] > 0 && entry[50] < 32)
      facts_.fields.push_back({track_name + "/encoder", std::string(as_chars(entry.subspan(51, entry[50])))});
    if (facts_.width != 0) return;
    facts_.width = load_u16(entry, 32);
    facts_.height = load_u16(entry, 34);
  }

  // ---- user data and metadata

  std::string_view view_text(std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return {};
    return as_chars(
        source_.view(begin, static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, kMaxText))));
  }

  void user_data(const Box& udta) {
    BoxWalk walk(source_, udta.body, udta.end);
    while (const auto box = walk.next()) {
      if (box->type == fourcc("meta")) meta(*box, "moov/udta/meta");
      if (box->type == fourcc("loci")) location(*box);
      if (box->type == fourcc("XMP_")) set_xmp(box->body, box->end);
      if (box->type == fourcc("yrrc")) year(*box);
      if (box->type == fourcc("date")) add_text("moov/udta/date", "date", view_text(box->body, box->end));
      if (box->type >> 24 == 0xa9) user_text(*box, meaning_of(box->type));
      for (const auto& row : k3gppTexts) {
        if (box->type == row.type)
          add_text("moov/udta/" + box_name(row.type), row.name,
                   text_3gpp(view_text(box->body + 6, box->end)));
      }
    }
  }

  static std::string_view meaning_of(std::uint32_t type) {
    const auto row = std::ranges::find(kUserTexts, type, &TextRow::type);
    return row == kUserTexts.end() ? std::string_view() : row->name;
  }

  void user_text(const Box& box, std::string_view meaning) {
    const std::string name = "moov/udta/" + box_name(box.type);
    const std::string_view raw = view_text(box.body, box.end);
    if (raw.size() < 4) return;
    // Size and language; in iTunes' manner a 'data' box instead.
    if (raw.size() >= 16 && raw.substr(4, 4) == "data")
      return add_text(name, meaning, metadata_value(load_u32(as_bytes(raw), 8), as_bytes(raw.substr(16))));
    const std::size_t size = load_u16(as_bytes(raw), 0);
    add_text(name, meaning, text_3gpp(raw.substr(4, size)));
  }

  void location(const Box& box) {
    const std::string_view raw = view_text(box.body, box.end);
    if (auto claim = parse_loci("moov/udta/loci", as_bytes(raw))) facts_.places.push_back(std::move(*claim));
    if (raw.size() > 6) add_text("moov/udta/loci/name", {}, text_3gpp(raw.substr(6)));
  }

  void year(const Box& box) {
    const ByteView raw = box.size() < 6 ? ByteView{} : source_.view(box.body + 4, 2);
    if (!raw.empty()) facts_.fields.push_back({"moov/udta/yrrc", std::to_string(load_u16(raw, 0))});
  }

  void add_text(const std::string& field, std::string_view meaning, std::string_view value) {
    add_movie_text(field, meaning, std::string(value), facts_);
  }

  /// Apple's metadata: 'keys' name the entries of 'ilst'. iTunes': the entries' types are the names.
  void meta(const Box& box, const char* where) {
    // QuickTime's box has no version, MPEG-4's has.
    const ByteView head = source_.view(box.body, 8);
    const std::uint64_t begin =
        !head.empty() && load_u32(head, 4) == fourcc("hdlr") ? box.body : box.body + 4;
    const auto keys_box = find_box(source_, begin, box.end, fourcc("keys"));
    const auto list = find_box(source_, begin, box.end, fourcc("ilst"));
    if (!list) return;
    const auto keys = keys_box ? read_keys(*keys_box) : std::vector<std::string>();
    BoxWalk walk(source_, list->body, list->end);
    while (const auto entry = walk.next()) {
      const auto data = find_box(source_, entry->body, entry->end, fourcc("data"));
      if (!data || data->size() < 8 || ++entries_ > kMaxKeys) continue;
      const ByteView type = source_.view(data->body, 4);
      if (type.empty()) continue;
      const std::uint32_t kind = load_u32(type, 0);
      const std::uint64_t length = data->size() - 8;
      const std::string value = length > kMaxText && !is_metadata_text(kind)
                                    ? "(" + std::to_string(length) + " bytes)"
                                    : metadata_value(kind, as_bytes(view_text(data->body + 8, data->end)));
      if (entry->type >= 1 && entry->type <= keys.size()) {
        const std::string& key = keys[entry->type - 1];
        add_text(key, meaning_of_key(key), value);
      } else {
        add_text(where + ("/" + entry_name(*entry)), meaning_of(entry->type), value);
      }
    }
  }

  /// "©nam", or of a free-form entry "----:iTunNORM".
  std::string entry_name(const Box& entry) {
    std::string name = box_name(entry.type);
    if (entry.type != fourcc("----")) return name;
    const auto box = find_box(source_, entry.body, entry.end, fourcc("name"));
    if (box && box->size() > 4) name += ":" + clean_text(view_text(box->body + 4, box->end), 64);
    return name;
  }

  std::vector<std::string> read_keys(const Box& box) {
    std::vector<std::string> keys;
    BoxWalk walk(source_, box.body + 8, box.end);
    while (const auto key = walk.next()) {
      if (keys.size() >= kMaxKeys) break;
      keys.push_back(clean_text(view_text(key->body, key->end), kMaxName));
    }
    return keys;
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  std::uint64_t movie_created_ = 0;
  std::size_t entries_ = 0;  ///< of lists of metadata
  bool fragmented_ = false;
};

}  // namespace

void read_movie(Source& source, MediaFacts& facts, Packets& packets) {
  MovieWalk(source, facts, packets).run();
}

}  // namespace dalil::media
