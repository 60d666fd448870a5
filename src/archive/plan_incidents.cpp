#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "derive.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

Matches Planner::incidents_where(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::test:
      return incidents_where(condition.test);
    case Condition::Kind::none: {
      Matches matches = incidents_where(condition.parts.front());
      for (std::uint8_t& match : matches) match ^= 1;
      return matches;
    }
    default: {
      const bool all = condition.kind != Condition::Kind::any;
      Matches matches(view_.incident_count(), static_cast<std::uint8_t>(all));
      for (const Condition& part : condition.parts) {
        const Matches more = incidents_where(part);
        for (std::size_t i = 0; i < matches.size(); ++i)
          matches[i] = static_cast<std::uint8_t>(all ? matches[i] & more[i] : matches[i] | more[i]);
      }
      return matches;
    }
  }
}

namespace {

/// Words of an incident that a field asks for.
std::vector<IncidentWord> words_of(Field field) {
  switch (field) {
    case Field::governorate:
      return {IncidentWord::governorate};
    case Field::place:
      return {IncidentWord::place, IncidentWord::subdistrict};
    case Field::party:
      return {IncidentWord::party, IncidentWord::party_text};
    case Field::weapon:
      return {IncidentWord::weapon, IncidentWord::weapon_code};
    case Field::area:
      return {IncidentWord::area};
    case Field::target:
      return {IncidentWord::target};
    case Field::attribution:
      return {IncidentWord::attribution};
    default:
      return {};
  }
}

std::optional<IncidentCount> count_of(Field field) {
  switch (field) {
    case Field::killed:
      return IncidentCount::killed;
    case Field::children:
      return IncidentCount::children;
    case Field::women:
      return IncidentCount::women;
    case Field::fetuses:
      return IncidentCount::fetuses;
    case Field::wounded:
      return IncidentCount::wounded;
    case Field::detained:
      return IncidentCount::detained;
    default:
      return std::nullopt;
  }
}

/// Days of the incident, by the local clock, against the span.
bool days_meet(const DateSpan& days, const TimeSpan& span, const LocalClock& local) {
  constexpr std::int64_t kDayMs = 86'400'000, kWayOff = std::int64_t{1} << 61;
  const std::int64_t begin = std::clamp(span.begin_ms, -kWayOff, kWayOff) - span.tolerance_ms;
  const std::int64_t end = std::clamp(span.end_ms, -kWayOff, kWayOff) + span.tolerance_ms;
  return local.to_utc(days.first * kDayMs) < end &&
         local.to_utc((std::int64_t{days.last} + 1) * kDayMs) > begin;
}

}  // namespace

Matches Planner::incidents_where(const Test& test) {
  Matches matches = incidents_that_meet(test);
  if (test.negated)
    for (std::uint8_t& match : matches) match ^= 1;
  return matches;
}

Matches Planner::incidents_that_meet(const Test& test) {
  Matches matches(view_.incident_count());
  if (test.field == Field::incident) {
    const auto& id = std::get<std::string>(test.value);
    const auto row = view_.find_incident(id);
    if (!row)
      throw Error(ErrorCode::not_found, fmt::format("there is no incident '{}'", escape_for_display(id)),
                  "'dalil incident list' shows them");
    matches[*row] = 1;
    return matches;
  }
  if (test.field == Field::incident_text)
    return incidents_with_text(needles_of(std::get<std::string>(test.value)));
  if (std::holds_alternative<Area>(test.value)) return incidents_near(located(std::get<Area>(test.value)));
  if (test.field == Field::place && !test.exact && query_.place_meaning)
    if (const auto means = query_.place_meaning(std::get<std::string>(test.value)))
      return incidents_in(means);
  std::function<bool(const IncidentSummary&)> passes;
  const std::vector<IncidentWord> words = words_of(test.field);
  const Matches fits = words.empty() ? Matches() : words_where(test);
  if (!words.empty()) {
    passes = [&](const IncidentSummary& incident) {
      return std::ranges::any_of(words, [&](IncidentWord word) { return fits[incident.word(word)] != 0; });
    };
  } else if (const auto count = count_of(test.field)) {
    passes = [&, count](const IncidentSummary& incident) {
      const auto value = incident.count(*count);
      return value && std::get<NumberSpan>(test.value).contains(*value);
    };
  } else {  // its date
    passes = [&](const IncidentSummary& incident) {
      return incident.days && days_meet(*incident.days, std::get<TimeSpan>(test.value), query_.local);
    };
  }
  const auto& all = summaries();
  for (std::size_t row = 0; row < matches.size(); ++row)
    matches[row] = static_cast<std::uint8_t>(passes(all[row]));
  return matches;
}

/// Registers say the same of many incidents: each wording is looked at once.
Matches Planner::incidents_in(const Query::PlaceMeaning& means) {
  Matches matches(view_.incident_count());
  std::map<std::array<std::uint32_t, 3>, bool> known;
  const auto& all = summaries();
  for (std::size_t row = 0; row < matches.size(); ++row) {
    const IncidentSummary& incident = all[row];
    const auto [found, is_new] =
        known.try_emplace({incident.word(IncidentWord::governorate), incident.word(IncidentWord::place),
                           incident.word(IncidentWord::subdistrict)});
    if (is_new)
      found->second =
          means(word_of(incident, IncidentWord::governorate),
                word_of(incident, IncidentWord::place) + ", " + word_of(incident, IncidentWord::subdistrict));
    matches[row] = static_cast<std::uint8_t>(found->second);
  }
  return matches;
}

std::string Planner::word_of(const IncidentSummary& incident, IncidentWord which) {
  const std::uint32_t row = incident.word(which);
  return row == 0 ? std::string() : std::string(as_chars(reader_.cell(kWordText, row - 1)));
}

const std::vector<IncidentSummary>& Planner::summaries() {
  if (summaries_.size() == view_.incident_count()) return summaries_;
  summaries_.clear();
  summaries_.reserve(view_.incident_count());
  reader_.scan(kIncidentSummary, [&](Row, Row count, ByteView values) {
    for (std::size_t i = 0; i < count; ++i)
      summaries_.push_back(
          IncidentSummary::decode(values.subspan(i * IncidentSummary::kSize, IncidentSummary::kSize)));
    return true;
  });
  return summaries_;
}

const std::vector<std::string>& Planner::folded_words() {
  if (folded_words_.size() == reader_.rows(kWords)) return folded_words_;
  folded_words_.clear();
  reader_.scan_variable(kWordText, [&](Row, ByteView text) {
    folded_words_.push_back(fold_text(as_chars(text)));
    return true;
  });
  return folded_words_;
}

/// By their own coordinates; where there are none, by those of the place that they name.
Matches Planner::incidents_near(const Area& where) {
  Matches matches(view_.incident_count());
  const auto& all = summaries();
  for (std::size_t row = 0; row < matches.size(); ++row) {
    const auto place = place_of(all[row], where.any_area);
    matches[row] = static_cast<std::uint8_t>(
        place && lies_within(widened(where, static_cast<std::uint32_t>(place->radius_m)),
                             place_value(place->latitude, place->longitude)));
  }
  return matches;
}

std::optional<Area> Planner::place_of(const IncidentSummary& incident, bool any_area) {
  if (incident.place != 0) {
    Area point;
    std::tie(point.latitude, point.longitude) = unshift_place(incident.place);
    return point;
  }
  const std::string governorate = word_of(incident, IncidentWord::governorate);
  const std::string place = word_of(incident, IncidentWord::place);
  std::optional<Area> area;
  if (query_.incident_place) area = query_.incident_place(governorate, place);
  if (!area && any_area && query_.incident_area) area = query_.incident_area(governorate, place);
  return area;
}

/// Words of the register that say what the value means; of a value that nobody knows, words that hold it.
Matches Planner::words_where(const Test& test) {
  const std::vector<std::string>& words = folded_words();
  const auto& value = std::get<std::string>(test.value);
  const std::string needle = fold_text(value);
  const Query::Meaning means =
      query_.meaning && !test.exact ? query_.meaning(test.field, value) : Query::Meaning();
  Matches fits(words.size() + 1);
  // Whoever names a governorate means no other one, though its name hold the words.
  const bool by_meaning_alone = means && test.field == Field::governorate;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool holds = test.exact ? words[i] == needle : words[i].find(needle) != std::string::npos;
    const bool fit = (holds && !by_meaning_alone) ||
                     (means && means(std::string(as_chars(reader_.cell(kWordText, static_cast<Row>(i))))));
    fits[i + 1] = static_cast<std::uint8_t>(fit);
  }
  const bool nothing = std::ranges::find(fits, 1) == fits.end();
  if (nothing && !means && info_of(test.field).scope == Scope::link)
    throw Error(
        ErrorCode::not_found,
        fmt::format("no incident has '{}' as its {}", escape_for_display(value), info_of(test.field).name),
        fmt::format(
            "'dalil find --count-by {}' shows what there is; 'dalil vocabulary' the names that are known",
            info_of(test.field).name));
  return fits;
}

}  // namespace dalil::archive
