#include "gps.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "civil.hpp"
#include "exif_value.hpp"

namespace dalil::media {
namespace {

// EXIF 2.32 table 66.
constexpr std::uint16_t kLatitudeRef = 1, kLatitude = 2, kLongitudeRef = 3, kLongitude = 4, kAltitudeRef = 5,
                        kAltitude = 6, kTime = 7, kStatus = 9, kDirection = 17, kDate = 29;

/// Told by the claims of place and time, in their raw text.
constexpr std::array kInClaims = {kLatitudeRef, kLatitude, kLongitudeRef, kLongitude, kTime, kDate};

/// Three numbers: degrees or hours, minutes, seconds, and how they are written.
struct Triple {
  std::array<std::optional<double>, 3> parts;
  std::string text;
  std::optional<double> value() const {
    if (!parts[0] || !parts[1] || !parts[2]) return std::nullopt;
    return *parts[0] + *parts[1] / 60 + *parts[2] / 3600;
  }
  /// A sign belongs to the hemisphere, and a minute has no 75 seconds; 60 of them come of rounding.
  bool is_regular() const {
    return value() && *parts[0] >= 0 && *parts[1] >= 0 && *parts[1] <= 60 && *parts[2] >= 0 &&
           *parts[2] <= 60;
  }
};

class GpsWalk {
 public:
  GpsWalk(TiffReader& reader, const TiffDirectory& directory, MediaFacts& facts)
      : reader_(reader), directory_(directory), facts_(facts) {}

  void run() {
    add_place();
    add_time();
    for (const TiffEntry& entry : directory_.entries) {
      if (std::find(kInClaims.begin(), kInClaims.end(), entry.tag) != kInClaims.end()) continue;
      if (std::string value = written_value(reader_, entry, ExifGroup::gps); !value.empty())
        facts_.fields.push_back({exif_name(ExifGroup::gps, entry.tag), std::move(value)});
    }
  }

 private:
  std::string text(std::uint16_t tag) {
    const auto* entry = directory_.find(tag);
    return entry == nullptr ? std::string() : reader_.text(*entry);
  }

  std::optional<Rational> rational(std::uint16_t tag) {
    const auto* entry = directory_.find(tag);
    return entry == nullptr ? std::nullopt : reader_.rational(*entry);
  }

  struct Part {
    std::optional<double> value;
    std::string text;
  };
  /// Fractions by the standard; some programs write floating-point numbers.
  std::optional<Part> part(const TiffEntry& entry, std::size_t index) {
    if (const auto value = reader_.rational(entry, index))
      return Part{value->value(),
                  std::to_string(value->numerator) + "/" + std::to_string(value->denominator)};
    const auto value = reader_.floating(entry, index);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    char text[32];
    std::snprintf(text, sizeof text, "%.12g", *value);
    return Part{*value, text};
  }

  std::optional<Triple> triple(std::uint16_t tag) {
    const auto* entry = directory_.find(tag);
    if (entry == nullptr) return std::nullopt;
    Triple triple;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto found = part(*entry, i);
      // Some writers stop after the degrees, or after decimal minutes.
      if (!found && i == 0) return std::nullopt;
      triple.parts[i] = found ? found->value : 0;
      triple.text += (i == 0 ? "" : " ") + (found ? found->text : "0/1");
    }
    return triple;
  }

  /// However it is written.
  std::string as_written(std::uint16_t tag, const std::optional<Triple>& triple) {
    if (triple) return triple->text;
    const auto* entry = directory_.find(tag);
    return entry == nullptr ? std::string() : written_value(reader_, *entry, ExifGroup::gps);
  }

  void add_place() {
    const auto latitude = triple(kLatitude), longitude = triple(kLongitude);
    const std::string north = text(kLatitudeRef), east = text(kLongitudeRef);
    const std::string written_north = as_written(kLatitude, latitude),
                      written_east = as_written(kLongitude, longitude);
    if (written_north.empty() && written_east.empty()) return;
    const std::string raw = written_north + " " + north + ", " + written_east + " " + east;
    const bool hemispheres = !north.empty() && !east.empty() && (north[0] == 'N' || north[0] == 'S') &&
                             (east[0] == 'E' || east[0] == 'W');
    const bool regular = latitude && longitude && latitude->is_regular() && longitude->is_regular();
    if (!hemispheres || !regular || *latitude->value() > 90 || *longitude->value() > 180) {
      facts_.fields.push_back({"Exif.GPSInfo.GPSLatitude", raw});
      return;
    }
    PlaceClaim claim;
    claim.field = "Exif.GPSInfo.GPSLatitude";
    claim.raw = raw;
    claim.latitude = north[0] == 'S' ? -*latitude->value() : *latitude->value();
    claim.longitude = east[0] == 'W' ? -*longitude->value() : *longitude->value();
    if (const auto altitude = rational(kAltitude)) claim.altitude_m = altitude->value();
    if (const auto* entry = directory_.find(kAltitudeRef); entry != nullptr && claim.altitude_m) {
      if (reader_.number(*entry) == 1u) claim.altitude_m = -*claim.altitude_m;
    }
    if (const auto direction = rational(kDirection)) claim.direction_deg = direction->value();
    if (text(kStatus).starts_with('V')) {
      claim.raw += " (status V: not a valid fix)";
      facts_.signs.emplace_back("GPS status V: the position is not a valid fix, perhaps an earlier one");
    }
    facts_.places.push_back(std::move(claim));
  }

  void add_time() {
    const std::string date = text(kDate);
    const auto clock = triple(kTime);
    const std::string clock_text = as_written(kTime, clock);
    const auto day = parse_reading(with_ascii_digits(date).substr(0, 10));
    const auto hours = clock && clock->is_regular() ? clock->value() : std::nullopt;
    const std::string raw = date + (date.empty() || clock_text.empty() ? "" : " ") + clock_text;
    TimeClaim claim;
    if (day && hours && *hours < 25) {
      claim.ms = day->wall_ms + static_cast<std::int64_t>(std::llround(*hours * 3'600'000));
    } else if (const auto reading = parse_reading(with_ascii_digits(date + " " + clock_text));
               reading && !clock && !reading->offset_minutes && reading->precision_ms <= kMinuteMs) {
      claim.ms = reading->wall_ms;  // the time of day as text
      claim.precision_ms = reading->precision_ms;
    } else {
      const bool dated = !date.empty();
      if (!raw.empty())
        facts_.fields.push_back({dated ? "Exif.GPSInfo.GPSDateStamp" : "Exif.GPSInfo.GPSTimeStamp", raw});
      return;
    }
    claim.field = "Exif.GPSInfo.GPSDateStamp";
    claim.raw = raw;
    claim.basis = ZoneBasis::utc_by_format;
    facts_.times.push_back(std::move(claim));
  }

  TiffReader& reader_;
  const TiffDirectory& directory_;
  MediaFacts& facts_;
};

/// One signed number of ISO 6709 from the front of `text`.
struct Coordinate {
  double value = 0;
  std::size_t whole_digits = 0;
};

std::optional<Coordinate> take_coordinate(std::string_view& text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::size_t end = 1;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  const std::string_view digits = text.substr(1, end - 1);
  Coordinate found;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found.value);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  found.whole_digits = std::min(digits.find('.'), digits.size());
  if (text[0] == '-') found.value = -found.value;
  text.remove_prefix(end);
  return found;
}

/// DD, DDMM or DDMMSS (a digit more for longitudes), told by the digits before the point.
double to_degrees(const Coordinate& coordinate, std::size_t degree_digits) {
  const double magnitude = std::abs(coordinate.value);
  double degrees = magnitude;
  if (coordinate.whole_digits == degree_digits + 2) {
    const double whole = std::floor(magnitude / 100);
    degrees = whole + (magnitude - whole * 100) / 60;
  } else if (coordinate.whole_digits == degree_digits + 4) {
    const double whole = std::floor(magnitude / 10'000),
                 minutes = std::floor((magnitude - whole * 10'000) / 100);
    degrees = whole + minutes / 60 + (magnitude - whole * 10'000 - minutes * 100) / 3600;
  }
  return coordinate.value < 0 ? -degrees : degrees;
}

}  // namespace

void read_gps(TiffReader& reader, const TiffDirectory& directory, MediaFacts& facts) {
  GpsWalk(reader, directory, facts).run();
}

std::optional<PlaceClaim> parse_iso6709(std::string_view field, std::string_view text) {
  PlaceClaim claim;
  claim.field = field;
  claim.raw = text;
  const auto latitude = take_coordinate(text);
  const auto longitude = latitude ? take_coordinate(text) : std::nullopt;
  if (!longitude) return std::nullopt;
  claim.latitude = to_degrees(*latitude, 2);
  claim.longitude = to_degrees(*longitude, 3);
  if (std::abs(claim.latitude) > 90 || std::abs(claim.longitude) > 180) return std::nullopt;
  if (const auto altitude = take_coordinate(text)) claim.altitude_m = altitude->value;
  return claim;
}

}  // namespace dalil::media
