#include "dalil/media/contradictions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "civil.hpp"

namespace dalil::media {
namespace {

constexpr std::int64_t kHourMs = 60 * kMinuteMs, kQuarterMs = 15 * kMinuteMs;
/// Zones reach from 12 hours west to 14 east.
constexpr std::int64_t kFurthestEast = 14 * kHourMs, kFurthestWest = 12 * kHourMs;
constexpr std::size_t kMostTold = 32;

bool is_of_making(const TimeClaim& claim) {
  constexpr std::array<std::string_view, 5> kLater = {"Exif.Image.DateTime", "png.tIME", "Xmp.xmp.ModifyDate",
                                                      "Xmp.xmp.MetadataDate", "container/modification_date"};
  return claim.origin != TimeOrigin::file_system &&
         std::find(kLater.begin(), kLater.end(), claim.field) == kLater.end();
}

bool is_whole_day(const TimeClaim& claim) {
  return claim.precision_ms >= kDayMs;
}

/// Of the span that a claim names; no more than a year, whatever it says.
std::int64_t length_of(const TimeClaim& claim) {
  return std::clamp<std::int64_t>(claim.precision_ms, 0, 366 * kDayMs);
}

bool has_zone(const TimeClaim& claim) {
  return claim.basis != ZoneBasis::unknown_zone;
}

/// What a clock beside the camera showed; of a claim in UTC that is not known.
std::optional<std::int64_t> local_ms(const TimeClaim& claim) {
  if (claim.basis == ZoneBasis::unknown_zone) return claim.ms;
  if (claim.basis == ZoneBasis::offset_recorded) return claim.ms + claim.offset_minutes * kMinuteMs;
  return std::nullopt;
}

/// "3 h 30 min", "2 days", "45 s".
std::string span_text(std::int64_t ms) {
  ms = std::abs(ms);
  const auto part = [](std::int64_t count, const char* unit) { return std::to_string(count) + " " + unit; };
  if (ms < kMinuteMs) return part(ms / 1000, "s");
  if (ms < kHourMs)
    return part(ms / kMinuteMs, "min") + (ms % kMinuteMs < 1000 ? "" : " " + span_text(ms % kMinuteMs));
  if (ms < 2 * kDayMs)
    return part(ms / kHourMs, "h") +
           (ms % kHourMs < kMinuteMs ? "" : " " + part(ms % kHourMs / kMinuteMs, "min"));
  return part(ms / kDayMs, "days");
}

/// How far a difference is from a whole number of quarters of an hour, of which all zones consist.
std::int64_t from_quarter(std::int64_t ms) {
  const std::int64_t rest = ((ms % kQuarterMs) + kQuarterMs) % kQuarterMs;
  return std::min(rest, kQuarterMs - rest);
}

/// Milliseconds between two spans of time; 0 if they touch.
std::int64_t gap(std::int64_t a, std::int64_t a_length, std::int64_t b, std::int64_t b_length) {
  return std::max<std::int64_t>({0, b - (a + a_length), a - (b + b_length)});
}

/// A camera takes a moment to write, and a video's header may be of its end. What a header says of its length
/// counts no more than what its streams say.
std::int64_t slack_of(const MediaFacts& facts) {
  std::int64_t longest_stream = 0;
  for (const Stream& stream : facts.streams) longest_stream = std::max(longest_stream, stream.duration_ms);
  const std::int64_t length =
      longest_stream > 0 ? std::min(facts.duration_ms, longest_stream) : facts.duration_ms;
  return kMinuteMs + std::clamp<std::int64_t>(length, 0, kDayMs);
}

/// One of them knows its zone and the other does not: is there a zone that fits?
std::string without_zone(const TimeClaim& zoned, const TimeClaim& local, std::int64_t slack) {
  const std::int64_t east = local.ms - zoned.ms;
  const std::int64_t loose = slack + (is_whole_day(local) ? length_of(local) : 0);
  if (east > kFurthestEast + slack || east < -kFurthestWest - loose)
    return span_text(east) + " apart, more than any time zone explains";
  if (is_whole_day(local) || is_whole_day(zoned) || from_quarter(east) <= slack) return {};
  return span_text(east) + " apart, which no time zone explains";
}

/// Empty if both can be right.
std::string difference(const TimeClaim& best, const TimeClaim& other, std::int64_t slack) {
  if (has_zone(best) != has_zone(other))
    return has_zone(best) ? without_zone(best, other, slack) : without_zone(other, best, slack);
  // A recorded day is of the local calendar.
  const auto best_local = local_ms(best), other_local = local_ms(other);
  const bool both_local = best_local && other_local && (is_whole_day(best) || is_whole_day(other));
  const std::int64_t a = both_local ? *best_local : best.ms, b = both_local ? *other_local : other.ms;
  const std::int64_t apart = gap(a, length_of(best), b, length_of(other));
  if (apart <= slack) return {};
  std::string text = span_text(is_whole_day(best) || is_whole_day(other) ? apart : a - b) + " apart";
  const std::int64_t as_local = best_local ? *best_local - other.ms : 0;
  if (other.basis == ZoneBasis::utc_claimed && best_local && std::abs(as_local) <= slack)
    return text + ": it gives as UTC what is the local time there";
  if (has_zone(best) && apart <= kFurthestEast && from_quarter(a - b) <= slack)
    text += ", as if one of them were local time";
  return text;
}

bool is_day_of_sending(const TimeClaim& claim) {
  return claim.origin == TimeOrigin::file_name &&
         (claim.raw.find("-WA") != std::string::npos || claim.raw.starts_with("WhatsApp"));
}

bool in_movie_header(const TimeClaim& claim) {
  return claim.basis == ZoneBasis::utc_claimed && claim.field.starts_with("moov/");
}

void compare_times(const MediaFacts& facts, std::vector<Contradiction>& found) {
  MediaFacts made;
  std::copy_if(facts.times.begin(), facts.times.end(), std::back_inserter(made.times), is_of_making);
  const auto best = best_time(made);
  if (!best) return;
  const std::int64_t slack = slack_of(facts);
  for (const TimeClaim& other : made.times) {
    if (other == *best) continue;
    std::string text = difference(*best, other, slack);
    if (text.empty()) continue;
    if (is_day_of_sending(other)) text += "; such a name carries the day of sending";
    found.push_back({other.field, best->field, std::move(text)});
  }
}

/// Makers that are known to write local time where the format has UTC.
void note_habits(const MediaFacts& facts, std::vector<Contradiction>& found) {
  if (!facts.make.starts_with("NIKON") && !facts.make.starts_with("Nikon")) return;
  for (const TimeClaim& claim : facts.times) {
    if (!in_movie_header(claim)) continue;
    found.push_back({claim.field, "", "UTC by the format, yet cameras of this make write local time"});
    return;
  }
}

double kilometres(const PlaceClaim& a, const PlaceClaim& b) {
  constexpr double kRadius = 6371, kDegree = 0.017453292519943295;
  const double north = (b.latitude - a.latitude) * kDegree / 2,
               east = (b.longitude - a.longitude) * kDegree / 2;
  const double h = std::pow(std::sin(north), 2) + std::cos(a.latitude * kDegree) *
                                                      std::cos(b.latitude * kDegree) *
                                                      std::pow(std::sin(east), 2);
  return 2 * kRadius * std::asin(std::min(1.0, std::sqrt(h)));
}

void compare_places(const MediaFacts& facts, std::vector<Contradiction>& found) {
  const auto best = best_place(facts);
  if (!best) return;
  for (const PlaceClaim& other : facts.places) {
    const double apart = kilometres(*best, other);
    if (!(apart >= 1)) continue;
    const bool nowhere = other.latitude == 0 && other.longitude == 0;
    found.push_back({other.field, best->field,
                     nowhere ? "exactly (0, 0), as receivers write that have no fix"
                             : std::to_string(std::llround(apart)) + " km apart"});
  }
}

}  // namespace

std::vector<Contradiction> contradictions(const MediaFacts& facts) {
  std::vector<Contradiction> found;
  compare_times(facts, found);
  note_habits(facts, found);
  compare_places(facts, found);
  if (found.size() > kMostTold) found.resize(kMostTold);
  return found;
}

}  // namespace dalil::media
