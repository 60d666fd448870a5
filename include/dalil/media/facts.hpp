#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/base/time.hpp"

namespace dalil::media {

// Enumerators in this file are persistent: never renumber.

/// What the content is, told by the content and never by the name.
enum class MediaKind : std::uint8_t { other = 0, photo = 1, video = 2, audio = 3, document = 4 };
const char* name_of(MediaKind kind);
std::optional<MediaKind> media_kind_from(std::string_view name);

/// On what a time stands. `unknown_zone` is a local time whose zone nobody recorded: never printed with a Z.
enum class ZoneBasis : std::uint8_t {
  unknown_zone = 0,
  offset_recorded = 1,
  utc_by_format = 2,
  utc_claimed = 3
};
/// Who says so: the file's own metadata, its name, or the file system.
enum class TimeOrigin : std::uint8_t { embedded = 1, file_name = 2, file_system = 3 };

/// One statement about when. Several may contradict each other; all are kept.
struct TimeClaim {
  std::string field;  ///< place in the file: "Exif.Photo.DateTimeOriginal", "moov/mvhd", "file name" ...
  std::string raw;    ///< as written there
  std::int64_t ms =
      0;  ///< UTC ms if the basis is not unknown_zone; else the wall clock's reading as if it were UTC
  ZoneBasis basis = ZoneBasis::unknown_zone;
  std::int32_t offset_minutes = 0;  ///< east of UTC; meaningful for offset_recorded
  TimeOrigin origin = TimeOrigin::embedded;
  std::int64_t precision_ms = 1000;  ///< 86,400,000 for a bare date
  bool operator==(const TimeClaim&) const = default;
};

/// One statement about where it was made. WGS 84 unless the file says otherwise.
struct PlaceClaim {
  std::string field;
  std::string raw;
  double latitude = 0;   ///< degrees north
  double longitude = 0;  ///< degrees east
  std::optional<double> altitude_m;
  std::optional<double> direction_deg;
  bool operator==(const PlaceClaim&) const = default;
};

struct Stream {
  MediaKind kind = MediaKind::other;  ///< photo stands for an attached picture
  std::string codec;
  std::uint32_t width = 0, height = 0;
  std::uint32_t sample_rate = 0, channels = 0;
  std::int64_t duration_ms = 0;
  bool operator==(const Stream&) const = default;
};

/// One further field, as text, for whoever looks closer.
struct Field {
  std::string name;
  std::string value;
  bool operator==(const Field&) const = default;
};

/// What a file says of itself. None of it is proof: metadata can be wrong, and can be forged.
struct MediaFacts {
  MediaKind kind = MediaKind::other;
  std::string format;                   ///< "jpeg", "png", "mp4", "matroska" ...
  std::uint32_t width = 0, height = 0;  ///< pixels, as stored (before orientation)
  std::uint8_t orientation = 0;         ///< EXIF 1 to 8; 0 unknown
  std::int64_t duration_ms = 0;
  std::string make, model, serial, software;
  std::vector<TimeClaim> times;
  std::vector<PlaceClaim> places;
  std::vector<Stream> streams;
  std::vector<Field> fields;
  std::vector<std::string> signs;  ///< of editing or re-encoding: facts, never verdicts
  std::string problem;             ///< why facts are missing or partial; empty if all went well
  bool operator==(const MediaFacts&) const = default;
};

/// The time to sort and filter by: the first in the order documented in docs/metadata.md. Absent without
/// claims.
std::optional<TimeClaim> best_time(const MediaFacts& facts);
std::optional<PlaceClaim> best_place(const MediaFacts& facts);

/// Persistent encoding (docs/formats/media-facts.md). Bounded: at most 1 MiB, 512 claims, fields or streams
/// of each.
Bytes encode(const MediaFacts& facts);
/// Error(corrupt) for anything `encode` would not write.
MediaFacts decode(ByteView bytes);

/// What the first bytes say: enough to choose a parser, or to need none.
/// 4,096 bytes suffice; fewer are taken for the whole file.
struct Sniffed {
  MediaKind kind = MediaKind::other;
  const char* format = "";  ///< empty: unknown, no parser
};
Sniffed sniff(ByteView head);

/// Times that a file name claims: WhatsApp (IMG-20170911-WA0003.jpg: day of sending), Android, iOS, Telegram,
/// screen shots, VID_, Signal ... Never throws; names are raw bytes.
std::vector<TimeClaim> times_in_name(std::string_view file_name);

}  // namespace dalil::media
