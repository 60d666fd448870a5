#include "dalil/media/facts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "movie_times.hpp"

namespace dalil::media {
namespace {

struct KindName {
  MediaKind kind;
  const char* name;
};
constexpr std::array kKindNames = {
    KindName{MediaKind::other, "other"},       KindName{MediaKind::photo, "photo"},
    KindName{MediaKind::video, "video"},       KindName{MediaKind::audio, "audio"},
    KindName{MediaKind::document, "document"},
};

/// One line of the order in docs/metadata.md: fields that begin so, on that basis, stand here.
struct Preference {
  std::string_view field;
  ZoneBasis basis;
};
constexpr std::array kPreferred = {
    Preference{"com.apple.quicktime.creationdate", ZoneBasis::offset_recorded},
    Preference{"Exif.Photo.DateTimeOriginal", ZoneBasis::offset_recorded},
    Preference{"Exif.Photo.DateTimeDigitized", ZoneBasis::offset_recorded},
    Preference{"moov/udta/", ZoneBasis::offset_recorded},
    Preference{"Xmp.exif.DateTimeOriginal", ZoneBasis::offset_recorded},
    Preference{"Exif.GPSInfo.GPSDateStamp", ZoneBasis::utc_by_format},
    Preference{"Exif.Photo.DateTimeOriginal", ZoneBasis::unknown_zone},
    Preference{"Exif.Photo.DateTimeDigitized", ZoneBasis::unknown_zone},
    Preference{"com.apple.quicktime.creationdate", ZoneBasis::unknown_zone},
    Preference{"Xmp.exif.DateTimeOriginal", ZoneBasis::unknown_zone},
    Preference{"Xmp.xmp.CreateDate", ZoneBasis::offset_recorded},
    Preference{"Xmp.xmp.CreateDate", ZoneBasis::unknown_zone},
    Preference{"Iptc.Application2.DateCreated", ZoneBasis::offset_recorded},
    Preference{"Iptc.Application2.DateCreated", ZoneBasis::unknown_zone},
    Preference{"moov/mvhd", ZoneBasis::utc_claimed},
    Preference{"container", ZoneBasis::utc_by_format},
    Preference{"container", ZoneBasis::utc_claimed},
    Preference{"container", ZoneBasis::unknown_zone},
};

/// A movie's header that counts from before there were such files: its clock was not set, or it counts from
/// 1970. Or from beyond the years that names of files may have, too.
bool is_impossible(const TimeClaim& claim) {
  return claim.basis == ZoneBasis::utc_claimed && claim.field.starts_with("moov/") &&
         (claim.ms < kFirstMovieMs || claim.ms >= kAfterMoviesMs);
}

/// Lower is better.
std::size_t rank_of(const TimeClaim& claim) {
  constexpr std::size_t kOtherEmbedded = kPreferred.size();
  if (claim.origin == TimeOrigin::file_name) return kOtherEmbedded + 1;
  if (claim.origin == TimeOrigin::file_system) return kOtherEmbedded + 2;
  const auto found = std::find_if(kPreferred.begin(), kPreferred.end(), [&](const Preference& row) {
    return claim.basis == row.basis && std::string_view(claim.field).starts_with(row.field);
  });
  return static_cast<std::size_t>(found - kPreferred.begin());
}

}  // namespace

const char* name_of(MediaKind kind) {
  for (const auto& row : kKindNames) {
    if (row.kind == kind) return row.name;
  }
  return "other";
}

std::optional<MediaKind> media_kind_from(std::string_view name) {
  for (const auto& row : kKindNames) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::optional<TimeClaim> best_time(const MediaFacts& facts) {
  const auto best =
      std::min_element(facts.times.begin(), facts.times.end(), [](const auto& a, const auto& b) {
        if (is_impossible(a) != is_impossible(b)) return is_impossible(b);
        const auto ra = rank_of(a), rb = rank_of(b);
        return ra != rb ? ra < rb : a.precision_ms < b.precision_ms;
      });
  if (best == facts.times.end() || is_impossible(*best)) return std::nullopt;
  return *best;
}

std::optional<PlaceClaim> best_place(const MediaFacts& facts) {
  if (facts.places.empty()) return std::nullopt;
  // (0, 0) is what a receiver without a fix writes far more often than a place in the Gulf of Guinea.
  const auto fix = std::find_if(facts.places.begin(), facts.places.end(), [](const PlaceClaim& claim) {
    return claim.latitude != 0 || claim.longitude != 0;
  });
  return fix == facts.places.end() ? facts.places.front() : *fix;
}

}  // namespace dalil::media
