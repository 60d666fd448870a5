#include "query_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "dalil/archive/model.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/source.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/quantity.hpp"
#include "dalil/base/text.hpp"
#include "moment.hpp"

namespace dalil::archive {

namespace {

[[noreturn]] void refuse(const FieldInfo& info, const std::string& text, std::string_view expected) {
  throw Error(ErrorCode::invalid,
              fmt::format("'{}' is nothing for '{}'", escape_for_display(text), info.name),
              std::string(expected));
}

std::vector<std::string> words_of(Field field) {
  switch (field) {
    case Field::kind:
      return {"photo", "video", "audio", "document", "other"};
    case Field::consent:
      return {"archive-only", "courts", "publish", "none"};
    case Field::is:
      return {"linked", "unlinked", "reviewed", "unreviewed", "damaged", "lost"};
    case Field::has:
      return {"facts", "time", "place", "source", "incident", "tag", "review"};
    case Field::on:
      return {"working", "backup", "source"};
    case Field::health:
      return {"sound", "damaged"};
    case Field::link_type:
      return link_type_names();
    case Field::state:
    case Field::link_state:
      return review_state_names();
    default:
      return {};
  }
}

void check_word(const FieldInfo& info, const std::string& text) {
  const std::vector<std::string> words = words_of(info.field);
  if (std::ranges::find(words, text) != words.end()) return;
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
  refuse(info, text, "one of: " + list);
}

/// What files end in, and the program does not call the format by.
std::string format_named(const std::string& text) {
  constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {"jpg", "jpeg"}, {"tif", "tiff"}, {"heif", "heic"}};
  const std::string folded = fold_text(text);
  for (const auto& [ending, format] : kEndings)
    if (folded == ending || folded == "." + std::string(ending)) return std::string(format);
  return text;
}

std::optional<std::uint64_t> parse_number(ValueKind kind, std::string_view text) {
  if (kind == ValueKind::size) return parse_size(text);
  if (kind == ValueKind::duration) {
    const auto ms = parse_duration(text);
    return ms ? std::optional(static_cast<std::uint64_t>(*ms)) : std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const char* example_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::size:
      return "bytes, or 10K, 10M, 2G; two joined by '..'";
    case ValueKind::duration:
      return "seconds, or 1:30, 90s, 5m; two joined by '..'";
    default:
      return "a number, or two joined by '..'";
  }
}

NumberSpan number_span(const FieldInfo& info, Comparison comparison, const std::string& text) {
  NumberSpan span;
  const std::uint64_t unit =
      info.value == ValueKind::duration && text.find('.') == text.find("..") ? 1000 : 1;
  // A whole second is all of it, as it is shown; bounds are to the millisecond.
  const auto last_of = [unit](std::uint64_t value) {
    return value > UINT64_MAX - unit ? value : value + unit - 1;
  };
  const auto read = [&](std::string_view part) {
    const auto value = parse_number(info.value, part);
    if (!value) refuse(info, text, example_of(info.value));
    return *value;
  };
  const std::size_t dots = text.find("..");
  if (dots != std::string::npos) {
    if (comparison != Comparison::contains && comparison != Comparison::equals)
      refuse(info, text, "a range stands behind ':'");
    const std::string_view whole(text), from = whole.substr(0, dots), to = whole.substr(dots + 2);
    if (!from.empty()) span.least = read(from);
    if (!to.empty()) span.most = last_of(read(to));
    if (span.least > span.most || (from.empty() && to.empty())) refuse(info, text, example_of(info.value));
    return span;
  }
  const std::uint64_t value = read(text);
  switch (comparison) {
    case Comparison::at_least:
      return {value, UINT64_MAX};
    case Comparison::at_most:
      return {0, value};
    case Comparison::above:
      if (value == UINT64_MAX) refuse(info, text, "a smaller number");
      return {value + 1, UINT64_MAX};
    case Comparison::below:
      if (value == 0) refuse(info, text, "a number above 0");
      return {0, value - 1};
    default:
      return {value, last_of(value)};
  }
}

TimeSpan time_span(const FieldInfo& info, Comparison comparison, const std::string& text,
                   const std::vector<std::string>& tolerances, const LocalClock& local) {
  auto span = parse_time_span(text, local);
  const bool ordered = comparison != Comparison::contains && comparison != Comparison::equals;
  if (ordered && text.find("..") != std::string::npos) refuse(info, text, "a range stands behind ':'");
  if (!span)
    refuse(info, text,
           "2017, 2017-09, 2017-09-11, 2017-09-11T06:30, 2017-09-11T06:00..07:30; Z or +03:00 behind; a "
           "range ends after "
           "it begins");
  switch (comparison) {
    case Comparison::at_least:
      span->end_ms = TimeSpan{}.end_ms;
      break;
    case Comparison::at_most:
      span->begin_ms = TimeSpan{}.begin_ms;
      break;
    case Comparison::above:
      *span = {span->end_ms, TimeSpan{}.end_ms};
      break;
    case Comparison::below:
      *span = {TimeSpan{}.begin_ms, span->begin_ms};
      break;
    default:
      break;
  }
  const bool of_a_file = info.field == Field::made || info.field == Field::time ||
                         info.field == Field::embedded || info.field == Field::claimed;
  for (const std::string& tolerance : tolerances) {
    if (tolerance == "zone" && of_a_file && !span->any_zone) {
      span->any_zone = true;
      continue;
    }
    const bool bare = tolerance.find_first_not_of("0123456789") == std::string::npos;
    const auto ms = bare || span->tolerance_ms != 0 ? std::nullopt : parse_duration(tolerance);
    if (!ms)
      refuse(info, "~" + tolerance,
             "one of ~30m, ~2h, ~3d; and for times of files ~zone, if their zone is in doubt");
    span->tolerance_ms = *ms;
  }
  return *span;
}

std::optional<std::pair<double, double>> parse_point(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto degrees = [](std::string_view part, double most) -> std::optional<double> {
    if (part.starts_with('+')) part.remove_prefix(1);
    double value = 0;
    const auto [end, error] =
        std::from_chars(part.data(), part.data() + part.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != part.data() + part.size() || !(std::abs(value) <= most))
      return std::nullopt;
    return value;
  };
  const auto latitude = degrees(text.substr(0, comma), 90), longitude = degrees(text.substr(comma + 1), 180);
  if (!latitude || !longitude) return std::nullopt;
  return std::pair(*latitude, *longitude);
}

constexpr std::string_view kIncidentPrefix = "incident:";
/// The tolerance of places of incidents of which only an area is known.
constexpr std::string_view kAnyArea = "area";

bool is_place_of_an_incident(Field field) {
  return field == Field::incident_near || field == Field::incident_box;
}

Area circle(const FieldInfo& info, const std::string& text, const std::vector<std::string>& tolerances) {
  Area area;
  for (const std::string& tolerance : tolerances) {
    if (tolerance == kAnyArea && is_place_of_an_incident(info.field) && !area.any_area) {
      area.any_area = true;
      continue;
    }
    const auto radius = area.radius_m != 0 ? std::nullopt : parse_distance_m(tolerance);
    if (!radius)
      refuse(info, "~" + tolerance,
             "how near: ~500m, ~5km; and of incidents ~area, if nothing better is known of them");
    area.radius_m = *radius;
  }
  if (const auto point = parse_point(text)) {
    area.latitude = point->first;
    area.longitude = point->second;
  } else if (text.find(',') != std::string::npos && text.find_first_of("0123456789+-") == 0) {
    refuse(info, text, "latitude and longitude in degrees: 35.93,36.63");
  } else if (text.starts_with(kIncidentPrefix)) {
    area.kind = Area::Kind::incident;
    area.name = text.substr(kIncidentPrefix.size());
  } else {
    area.kind = Area::Kind::named;
    area.name = text;
  }
  if (area.radius_m == 0 && area.kind != Area::Kind::named)
    refuse(info, text, "say how near, behind it: ~500m, ~5km");
  return area;
}

Area box(const FieldInfo& info, const std::string& text, const std::vector<std::string>& tolerances) {
  const std::size_t dots = text.find("..");
  if (dots != std::string::npos) {
    const auto low = parse_point(std::string_view(text).substr(0, dots));
    const auto high = parse_point(std::string_view(text).substr(dots + 2));
    // East of west, unless it lies across the date line.
    const bool runs = low && high && (low->second <= high->second || (low->second > 0 && high->second < 0));
    if (runs && low->first <= high->first) {
      Area area;
      area.kind = Area::Kind::box;
      area.south = low->first;
      area.west = low->second;
      area.north = high->first;
      area.east = high->second;
      area.any_area = !tolerances.empty();
      return area;
    }
  }
  refuse(info, text, "south and west, then north and east: 35.5,36.1..36.2,37.0");
}

}  // namespace

Test make_test(const FieldInfo& info, Comparison comparison, const std::string& text,
               const std::vector<std::string>& tolerances, const LocalClock& local) {
  Test test;
  test.field = info.field;
  if (comparison == Comparison::differs) comparison = Comparison::equals;
  test.exact = comparison == Comparison::equals;
  const bool ordered = comparison != Comparison::contains && comparison != Comparison::equals;
  const bool takes_order = info.value == ValueKind::number || info.value == ValueKind::size ||
                           info.value == ValueKind::duration || info.value == ValueKind::time;
  if (ordered && !takes_order) refuse(info, text, fmt::format("'{}' is followed by ':' or '='", info.name));
  const bool of_a_box = info.field == Field::incident_box && tolerances == std::vector<std::string>{"area"};
  if (!tolerances.empty() && info.value != ValueKind::time && info.value != ValueKind::area && !of_a_box)
    refuse(info, "~" + tolerances.front(), "only times and places take a tolerance; quotes keep a '~'");
  switch (info.value) {
    case ValueKind::text:
      if (fold_text(text).find_first_not_of(' ') == std::string::npos)
        refuse(info, text, "a text of which something is left when marks are folded away");
      if (test.exact && (info.field == Field::text || info.field == Field::incident_text))
        refuse(info, text, "texts are looked for as a part: write ':'");
      test.value = info.field == Field::format ? format_named(text) : text;
      break;
    case ValueKind::word:
      check_word(info, text);
      test.value = text;
      break;
    case ValueKind::number:
    case ValueKind::size:
    case ValueKind::duration:
      test.value = number_span(info, comparison, text);
      break;
    case ValueKind::time:
      test.value = time_span(info, comparison, text, tolerances, local);
      break;
    case ValueKind::area:
      test.value = circle(info, text, tolerances);
      break;
    case ValueKind::box:
      test.value = box(info, text, tolerances);
      break;
  }
  return test;
}

}  // namespace dalil::archive
