#include "suggest_score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dalil/archive/gazetteer.hpp"

namespace dalil::archive {

namespace {

constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;
constexpr std::int32_t kSyrianSummerMinutes = 180;

/// "40 minutes", "5 hours", "3 days"
std::string duration_words(std::int64_t ms) {
  const auto text = [](std::int64_t count, const char* unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
  };
  if (ms < 2 * kHourMs) return text(std::max<std::int64_t>((ms + kMinuteMs / 2) / kMinuteMs, 1), "minute");
  if (ms < 2 * kDayMs) return text((ms + kHourMs / 2) / kHourMs, "hour");
  return text((ms + kDayMs / 2) / kDayMs, "day");
}

int rounded(double points) {
  return static_cast<int>(std::lround(points));
}

/// The less either of them is known, the less it means that they fit.
double sharpness(std::int64_t width_ms) {
  if (width_ms <= 3 * kHourMs) return 1;
  if (width_ms <= 30 * kHourMs) return 0.85;
  if (width_ms <= 52 * kHourMs) return 0.7;
  return width_ms <= 8 * kDayMs ? 0.5 : 0.2;
}

double sharpness_of_radius(double radius_km) {
  if (radius_km <= 5) return 1;
  if (radius_km <= 20) return 0.7;
  return radius_km <= 80 ? 0.35 : 0.2;
}

std::string same_time_text(const ItemClue& item, const IncidentClue& incident) {
  const bool within =
      incident.time->from_ms <= item.time->from_ms && item.time->to_ms <= incident.time->to_ms;
  const bool to_the_hour = incident.time->to_ms - incident.time->from_ms < kHourMs;
  const char* when = to_the_hour                                                  ? "at its time"
                     : incident.time->to_ms - incident.time->from_ms < 2 * kDayMs ? "on its day"
                                                                                  : "in its time";
  if (!item.zone_known) return fmt::format("may have been made {} (zone unknown)", when);
  return fmt::format("{} {}{}", within ? "made" : "may have been made", when,
                     item.time_basis == Basis::verified ? " (verified)" : "");
}

std::optional<std::int32_t> offset_from(const std::string& text) {
  const auto zoned = UtcTime::from_rfc3339("2000-01-02T00:00:00" + text);
  if (!zoned) return std::nullopt;
  constexpr std::int64_t kPlainMs = 946'771'200'000;  // 2000-01-02T00:00:00Z
  return static_cast<std::int32_t>((kPlainMs - zoned->ms) / kMinuteMs);
}

/// "08:30" or "08:30:15" of a day.
std::optional<Interval> clock_of(const std::string& text) {
  const bool seconds = text.size() == 8;
  const auto at = UtcTime::from_rfc3339("1970-01-01T" + text + (seconds ? "Z" : ":00Z"));
  if (!at || (!seconds && text.size() != 5)) return std::nullopt;
  return Interval{at->ms, at->ms + (seconds ? 1000 : kMinuteMs) - 1};
}

}  // namespace

const char* name_of(Ground ground) {
  constexpr const char* kNames[] = {"time", "place", "path", "folder", "camera", "source", "likeness"};
  const auto at = static_cast<std::size_t>(ground);
  return at < std::size(kNames) ? kNames[at] : "unknown";
}

Interval of_unknown_zone(std::int64_t local_first_ms, std::int64_t local_last_ms) {
  return {local_first_ms - 14 * kHourMs, local_last_ms + 12 * kHourMs};
}

IncidentClue clue_of(const Incident& incident) {
  IncidentClue clue;
  if (const auto days = incident.days()) {
    const std::int64_t zone_ms =
        std::int64_t{offset_from(incident.utc_offset).value_or(kSyrianSummerMinutes)} * kMinuteMs;
    const std::int64_t first = days->first * kDayMs - zone_ms, last = days->last * kDayMs - zone_ms;
    clue.time = {first, last + kDayMs - 1};
    const auto clock = clock_of(incident.local_time);
    if (clock && days->first == days->last) clue.time = {first + clock->from_ms, first + clock->to_ms};
  }
  constexpr double kTownRadiusKm = 2;  // coordinates of a register are those of a town as a rule
  if (incident.latitude && incident.longitude)
    clue.place = {*incident.latitude, *incident.longitude, kTownRadiusKm};
  return clue;
}

std::optional<Reason> time_reason(const ItemClue& item, const IncidentClue& incident) {
  if (!item.time || !incident.time) return std::nullopt;
  constexpr int kPoints[] = {45, 40, 25};  // by basis
  constexpr int kLongBefore = -20, kLongAfter = -10;
  constexpr std::int64_t kMuchAfterMs = 60 * kDayMs;
  const std::int64_t before = incident.time->from_ms - item.time->to_ms;
  const std::int64_t after = item.time->from_ms - incident.time->to_ms;
  if (before > kDayMs && item.time_basis != Basis::named)
    return Reason{Ground::time, kLongBefore, fmt::format("made {} before it", duration_words(before))};
  if (after > kMuchAfterMs && item.time_basis != Basis::named)
    return Reason{Ground::time, kLongAfter, fmt::format("made {} after it", duration_words(after))};
  double near = 1;
  if (before > 0) near = 1 - static_cast<double>(before) / kLongestBeforeMs;
  if (after > 0) near = 1 - static_cast<double>(after) / kLongestAfterMs;
  if (near <= 0) return std::nullopt;
  const std::int64_t width =
      item.time->to_ms - item.time->from_ms + incident.time->to_ms - incident.time->from_ms;
  const int points = rounded(kPoints[static_cast<std::size_t>(item.time_basis)] * near * sharpness(width));
  if (points < 1) return std::nullopt;
  std::string text = before > 0  ? fmt::format("made {} before it", duration_words(before))
                     : after > 0 ? fmt::format("made {} after it", duration_words(after))
                                 : same_time_text(item, incident);
  if (item.time_basis == Basis::named) text += ", by its name";
  return Reason{Ground::time, points, std::move(text)};
}

std::optional<Reason> place_reason(const ItemClue& item, const IncidentClue& incident) {
  if (!item.place || !incident.place) return std::nullopt;
  constexpr int kPoints = 40, kVerified = 45, kFarAway = -30;
  constexpr double kFarKm = 50;
  const double centres = distance_km(item.place->latitude, item.place->longitude, incident.place->latitude,
                                     incident.place->longitude);
  const double apart = std::max(0.0, centres - item.place->radius_km - incident.place->radius_km);
  const std::string text = fmt::format(
      "{} {:.1f} km from its place{}", item.place_verified ? "verified" : "made", centres,
      incident.place->radius_km > 5 ? fmt::format(" (known to {:.0f} km)", incident.place->radius_km) : "");
  if (apart > kFarKm) return Reason{Ground::place, kFarAway, text};
  const double near = 1 - apart / kFarthestKm;
  const int points = rounded((item.place_verified ? kVerified : kPoints) * std::max(near, 0.0) *
                             sharpness_of_radius(incident.place->radius_km));
  if (points < 1) return std::nullopt;
  return Reason{Ground::place, points, text};
}

Reason folder_reason(std::uint32_t of_it, std::uint32_t linked) {
  constexpr double kPoints = 30;
  return {Ground::folder, std::max(1, rounded(kPoints * of_it / std::max(linked, 1U))),
          fmt::format("{} of {} linked files in its folder {}", of_it, linked, of_it == 1 ? "is" : "are")};
}

std::optional<Reason> camera_reason(std::int64_t apart_ms, const std::string& camera) {
  constexpr double kPoints = 20;
  constexpr std::int64_t kMostMs = 6 * kHourMs;
  const int points = rounded(kPoints * (1 - static_cast<double>(apart_ms) / kMostMs));
  if (points < 1) return std::nullopt;
  return Reason{
      Ground::camera, points,
      fmt::format("{} from evidence of it by the same camera ({})", duration_words(apart_ms), camera)};
}

std::optional<Reason> source_reason(std::int64_t apart_ms, const std::string& alias) {
  constexpr double kPoints = 15;
  constexpr std::int64_t kMostMs = kDayMs;
  const int points = rounded(kPoints * (1 - static_cast<double>(apart_ms) / kMostMs));
  if (points < 1) return std::nullopt;
  return Reason{
      Ground::source, points,
      fmt::format("{} from evidence of it by the same source ({})", duration_words(apart_ms), alias)};
}

Reason path_reason(Named named) {
  constexpr int kPoints[] = {60, 35, 20, 15};
  constexpr const char* kTexts[] = {"its path names it", "its path names the day and the place",
                                    "its path names the place", "its path names the day"};
  const auto at = static_cast<std::size_t>(named);
  return {Ground::path, kPoints[at], kTexts[at]};
}

Reason likeness_reason(const std::string& short_digest, const std::string& how) {
  constexpr int kPoints = 50;
  return {Ground::likeness, kPoints,
          fmt::format("looks like {} of it{}", short_digest, how.empty() ? "" : ": " + how)};
}

}  // namespace dalil::archive
