#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dalil/archive/gazetteer.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "evaluator.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

std::int64_t add_clamped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}

/// Milliseconds that a time of this precision stands for: see `precision_code`.
std::int64_t length_of(std::uint8_t precision) {
  constexpr std::int64_t kLengths[] = {
      1, 60'000, 3'600'000, 86'400'000, 31 * 86'400'000LL, 366 * 86'400'000LL, 3'660 * 86'400'000LL};
  return kLengths[std::min<std::size_t>(precision, std::size(kLengths) - 1)];
}

constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs;
/// The zones that there are: UTC-12 to UTC+14.
constexpr std::int64_t kFarthestEast = 14 * kHourMs, kFarthestWest = 12 * kHourMs;

}  // namespace

Area widened(Area area, std::uint32_t by_m) {
  if (by_m == 0) return area;
  area.radius_m += by_m;
  if (area.kind != Area::Kind::box) return area;
  constexpr double kMetresPerDegree = 110'574;
  const double north = by_m / kMetresPerDegree;
  const double farthest = std::min(89.0, std::max(std::abs(area.south), std::abs(area.north)) + north);
  const double east = north / std::cos(farthest * std::numbers::pi / 180);
  area.south -= north;
  area.north += north;
  area.west = std::max(-180.0, area.west - east);
  area.east = std::min(180.0, area.east + east);
  return area;
}

bool may_lie_within(const TimeSpan& span, std::int64_t ms, media::ZoneBasis basis, std::uint8_t precision,
                    const LocalClock& local) {
  constexpr std::int64_t kBeyond = 2 * 86'400'000LL;
  if (ms > INT64_MAX - kBeyond || ms < INT64_MIN + kBeyond) return false;  // no date there
  std::int64_t first = ms, end = add_clamped(ms, length_of(precision));
  const bool unknown = basis == media::ZoneBasis::unknown_zone;
  if (span.any_zone && (unknown || basis == media::ZoneBasis::utc_claimed)) {
    first = add_clamped(first, -kFarthestEast);
    end = add_clamped(end, kFarthestWest);
  } else if (unknown) {
    first = local.to_utc(first);
    end = local.to_utc(end);
  }
  return first < add_clamped(span.end_ms, span.tolerance_ms) &&
         end > add_clamped(span.begin_ms, -span.tolerance_ms);
}

bool lies_within(const Area& area, std::uint64_t place) {
  if (place == 0) return false;
  const auto [latitude, longitude] = unshift_place(place);
  if (area.kind == Area::Kind::box) {
    if (latitude < area.south || latitude > area.north) return false;
    return area.west <= area.east ? longitude >= area.west && longitude <= area.east
                                  : longitude >= area.west || longitude <= area.east;
  }
  constexpr double kMetresPerDegree = 110'574;  // of latitude, at the equator, where a degree is shortest
  if (std::abs(latitude - area.latitude) * kMetresPerDegree > area.radius_m) return false;
  return distance_km(area.latitude, area.longitude, latitude, longitude) * 1000 <= area.radius_m;
}

void Evaluator::narrow_digest(const std::string& prefix, Matches& matches) {
  std::string lower(prefix);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.empty() || lower.size() > 64 || lower.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorCode::invalid,
                fmt::format("'{}' is not the beginning of a digest", escape_for_display(prefix)),
                "give 1 to 64 hexadecimal digits");
  const std::size_t bytes = (lower.size() + 1) / 2;
  filter(reader_, kItemDigest, matches, [&](const std::uint8_t* value, Row) {
    return to_hex({value, bytes}).starts_with(lower);
  });
}

void Evaluator::narrow_number(const Test& test, Matches& matches) {
  const auto& span = std::get<NumberSpan>(test.value);
  if (test.field == Field::size)
    return filter(reader_, kItemSize, matches,
                  [&](const std::uint8_t* value, Row) { return span.contains(load_u64(value)); });
  if (test.field == Field::duration)
    return filter(reader_, kFactDuration, matches, [&](const std::uint8_t* value, Row) {
      return load_u32(value) != 0 && span.contains(load_u32(value));
    });
  const std::size_t offset = test.field == Field::width ? 0 : 4;
  filter(reader_, kFactDimensions, matches, [&](const std::uint8_t* value, Row) {
    return load_u32(value + offset) != 0 && span.contains(load_u32(value + offset));
  });
}

void Evaluator::narrow_camera(const Test& test, Matches& matches) {
  const std::string wanted = fold_for_search(std::get<std::string>(test.value));
  Matches fits(std::size_t{reader_.rows(kCameras)} + 1);
  reader_.scan_variable(kCameraText, [&](Row row, ByteView text) {
    const std::string camera = fold_for_search(as_chars(text));
    fits[row + 1] = test.exact ? camera == wanted : camera.find(wanted) != std::string::npos;
    return true;
  });
  filter(reader_, kFactCamera, matches, [&](const std::uint8_t* value, Row) {
    const std::uint32_t camera = load_u32(value);
    return camera < fits.size() && fits[camera] != 0;
  });
}

/// Both ends are known, and inclusive: neither zone nor precision is in doubt.
void Evaluator::narrow_verified(const TimeSpan& span, Matches& matches, Matches* without) {
  std::vector<std::uint64_t> from(matches.size());
  Matches visited = matches;
  filter(reader_, kItemVerifiedFrom, visited, [&](const std::uint8_t* value, Row row) {
    from[row] = load_u64(value);
    return from[row] != 0;
  });
  if (without != nullptr)
    for (std::size_t i = 0; i < matches.size(); ++i)
      (*without)[i] = static_cast<std::uint8_t>(matches[i] & (visited[i] ^ 1));
  matches = std::move(visited);
  filter(reader_, kItemVerifiedTo, matches, [&](const std::uint8_t* value, Row row) {
    return unshift_time(from[row]) < add_clamped(span.end_ms, span.tolerance_ms) &&
           unshift_time(load_u64(value)) >= add_clamped(span.begin_ms, -span.tolerance_ms);
  });
}

/// `made`: as it was verified, else by the file's own metadata, and where that says nothing by its name.
void Evaluator::narrow_time(Field field, const TimeSpan& span, Matches& matches) {
  // What no zone could bring into the span needs no look at its own.
  TimeSpan widest = span;
  widest.any_zone = true;
  const auto narrow_by = [&](const Column& time, const Column& basis, const Column& precision, Matches& among,
                             Matches* without) {
    Matches visited = among, coarse(among.size());
    filter(reader_, precision, visited, [&](const std::uint8_t* value, Row row) {
      coarse[row] = *value;
      return true;
    });
    filter(reader_, time, among, [&](const std::uint8_t* value, Row row) {
      const std::uint64_t stored = load_u64(value);
      if (stored == 0 && without != nullptr) (*without)[row] = 1;
      return stored != 0 && may_lie_within(widest, unshift_time(stored), media::ZoneBasis::unknown_zone,
                                           coarse[row], query_.local);
    });
    Matches visited_too = among, bases(among.size());
    filter(reader_, basis, visited_too, [&](const std::uint8_t* value, Row row) {
      bases[row] = *value;
      return true;
    });
    filter(reader_, time, among, [&](const std::uint8_t* value, Row row) {
      return may_lie_within(span, unshift_time(load_u64(value)), static_cast<media::ZoneBasis>(bases[row]),
                            coarse[row], query_.local);
    });
  };
  Matches verified(field == Field::made ? matches.size() : 0);
  if (field == Field::made) {
    Matches unverified(matches.size());
    verified = matches;
    narrow_verified(span, verified, &unverified);
    matches = std::move(unverified);
  }
  Matches without(field == Field::made ? matches.size() : 0);
  if (field == Field::claimed)
    narrow_by(kFactClaimed, kFactClaimedBasis, kFactClaimedPrecision, matches, nullptr);
  else
    narrow_by(kFactTaken, kFactTakenBasis, kFactTakenPrecision, matches,
              field == Field::made ? &without : nullptr);
  if (field != Field::made) return;
  narrow_by(kFactClaimed, kFactClaimedBasis, kFactClaimedPrecision, without, nullptr);
  add(matches, without);
  add(matches, verified);
}

Area Evaluator::located(const Area& area) {
  if (area.kind == Area::Kind::incident) {
    const auto row = view_.find_incident(area.name);
    if (!row)
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no incident '{}'", escape_for_display(area.name)),
                  "'dalil incident list' shows them");
    const std::uint64_t place = summaries()[*row].place;
    if (place == 0)
      throw Error(ErrorCode::invalid,
                  fmt::format("incident '{}' has no coordinates", escape_for_display(area.name)),
                  "'dalil incident edit' adds them; or name a place or a point");
    const auto [latitude, longitude] = unshift_place(place);
    Area circle = area;
    circle.kind = Area::Kind::circle;
    circle.latitude = latitude;
    circle.longitude = longitude;
    return circle;
  }
  if (area.kind != Area::Kind::named) return area;
  if (query_.place_named)
    if (auto place = query_.place_named(area.name)) {
      if (area.radius_m > 0) place->radius_m = area.radius_m;
      return *place;
    }
  throw Error(ErrorCode::not_found,
              fmt::format("no place is known by the name '{}'", escape_for_display(area.name)),
              "name a point: near:35.93,36.63~5km");
}

/// Where it was made: as it was verified, else as the file says.
void Evaluator::narrow_area(const Area& area, Matches& matches) {
  const Area where = located(area);
  Matches verified = matches, unverified(matches.size());
  narrow_verified_place(where, kItemVerifiedMade, kItemMadeRadius, verified, &unverified);
  filter(reader_, kFactPlace, unverified,
         [&](const std::uint8_t* value, Row) { return lies_within(where, load_u64(value)); });
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] = verified[i] | unverified[i];
}

void Evaluator::narrow_shown(const Area& area, Matches& matches) {
  narrow_verified_place(located(area), kItemVerifiedShown, kItemShownRadius, matches, nullptr);
}

/// It could lie anywhere within the radius that was stated with it.
void Evaluator::narrow_verified_place(const Area& where, const Column& place, const Column& radius,
                                      Matches& matches, Matches* without) {
  std::vector<std::uint64_t> places(matches.size());
  Matches with = matches;
  filter(reader_, place, with, [&](const std::uint8_t* value, Row row) {
    places[row] = load_u64(value);
    return places[row] != 0;
  });
  if (without != nullptr)
    for (std::size_t i = 0; i < matches.size(); ++i)
      (*without)[i] = static_cast<std::uint8_t>(matches[i] & (with[i] ^ 1));
  matches = std::move(with);
  filter(reader_, radius, matches, [&](const std::uint8_t* value, Row row) {
    return lies_within(widened(where, load_u32(value)), places[row]);
  });
}

void Evaluator::narrow_tag(const Test& test, Matches& matches) {
  const std::string wanted = fold_for_search(std::get<std::string>(test.value));
  Matches tags(reader_.rows(kTags));
  reader_.scan_variable(kTagName, [&](Row row, ByteView name) {
    const std::string folded = fold_for_search(as_chars(name));
    tags[row] =
        static_cast<std::uint8_t>(test.exact ? folded == wanted : folded.find(wanted) != std::string::npos);
    return true;
  });
  if (std::ranges::find(tags, 1) == tags.end())
    throw Error(ErrorCode::not_found,
                fmt::format("there is no tag '{}'", escape_for_display(std::get<std::string>(test.value))),
                "'dalil tag list' shows them");
  const Matches bear = tagged(tags);
  keep(matches, bear);
}

Matches Evaluator::tagged(const Matches& tags) {
  Matches bear(view_.item_count());
  for_each_tagging(view_, [&](Row item, Row tag) {
    if (item < bear.size() && tag < tags.size() && tags[tag] != 0) bear[item] = 1;
  });
  return bear;
}

void Evaluator::narrow_words(const Column& column, const Test& test, Matches& matches) {
  const Matches fits = words_where(test);
  filter(reader_, column, matches, [&](const std::uint8_t* value, Row) {
    const std::uint32_t word = load_u32(value);
    return word < fits.size() && fits[word] != 0;
  });
}

void Evaluator::narrow_source(const Test& test, Matches& matches) {
  const auto& alias = std::get<std::string>(test.value);
  const auto row = view_.find_source(alias);
  if (!row)
    throw Error(ErrorCode::not_found, fmt::format("there is no source '{}'", escape_for_display(alias)),
                "'dalil source list' shows them");
  Matches from(matches.size());
  view_.for_each_assignment([&](Row item, Row source) {
    if (item < from.size() && source == *row) from[item] = 1;
  });
  keep(matches, from);
}

void Evaluator::narrow_consent(const std::string& scope, Matches& matches) {
  const std::vector<Source> sources = view_.sources();
  std::vector<std::uint8_t> strictest(matches.size());  // 0: no source
  view_.for_each_assignment([&](Row item, Row source) {
    if (item >= matches.size() || source >= sources.size()) return;
    const auto consent = static_cast<std::uint8_t>(sources[source].consent);
    strictest[item] = strictest[item] == 0 ? consent : std::min(strictest[item], consent);
  });
  const auto wanted = scope == "none" ? std::optional<Consent>() : consent_from(scope);
  for (std::size_t i = 0; i < matches.size(); ++i)
    matches[i] &=
        static_cast<std::uint8_t>(strictest[i] == (wanted ? static_cast<std::uint8_t>(*wanted) : 0));
}

void Evaluator::narrow_is(const std::string& word, Matches& matches) {
  if (word == "reviewed" || word == "unreviewed") {
    filter(reader_, kItemReview, matches, [&](const std::uint8_t* value, Row) {
      return is_reviewed(static_cast<ReviewState>(*value)) == (word == "reviewed");
    });
  } else if (word == "linked" || word == "unlinked") {
    if (word == "linked")
      keep(matches, linked());
    else
      take_out(matches, linked());
  } else if (word == "damaged") {
    narrow_live(matches, [](Row, bool, bool damaged) { return damaged; });
  } else {  // lost
    Matches sound = matches;
    narrow_live(sound, [](Row, bool is_sound, bool) { return is_sound; });
    take_out(matches, sound);
  }
}

void Evaluator::narrow_has(const std::string& word, Matches& matches) {
  const auto present = [&](const Column& column) {
    filter(reader_, column, matches, [](const std::uint8_t* value, Row) { return load_u64(value) != 0; });
  };
  if (word == "incident") return narrow_is("linked", matches);
  if (word == "facts") return present(kFactSeq);
  if (word == "review")
    return filter(reader_, kItemReview, matches, [](const std::uint8_t* value, Row) { return *value != 0; });
  if (word == "tag") {
    const Matches bear = tagged(Matches(reader_.rows(kTags), 1));
    keep(matches, bear);
    return;
  }
  if (word == "place") return present(kFactPlace);
  if (word == "time") {
    Matches claimed = matches;
    filter(reader_, kFactClaimed, claimed,
           [](const std::uint8_t* value, Row) { return load_u64(value) != 0; });
    present(kFactTaken);
    add(matches, claimed);
    return;
  }
  Matches with(matches.size());  // source
  view_.for_each_assignment([&](Row item, Row) {
    if (item < with.size()) with[item] = 1;
  });
  keep(matches, with);
}

}  // namespace dalil::archive
