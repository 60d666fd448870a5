#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "evaluator.hpp"

namespace dalil::archive {

using namespace schema;

/// A condition on a link, made ready: what is about incidents alone is answered for each of them beforehand.
struct Evaluator::LinkTest {
  Condition::Kind kind = Condition::Kind::all;
  std::optional<Matches> incidents;  ///< about the incident alone
  LinkType type{};                   ///< else, of a test: the type
  std::vector<LinkTest> parts;

  bool passes(Row incident, LinkType of_type) const {
    if (incidents) return incident < incidents->size() && (*incidents)[incident] != 0;
    const auto part_passes = [&](const LinkTest& part) { return part.passes(incident, of_type); };
    switch (kind) {
      case Condition::Kind::any:
        return std::ranges::any_of(parts, part_passes);
      case Condition::Kind::none:
        return !part_passes(parts.front());
      case Condition::Kind::test:
        return of_type == type;
      default:
        return std::ranges::all_of(parts, part_passes);
    }
  }
};

namespace {
bool asks_for_type(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return condition.test.field == Field::link_type;
  return std::ranges::any_of(condition.parts, asks_for_type);
}
}  // namespace

Evaluator::LinkTest Evaluator::link_test(const Condition& condition) {
  LinkTest test;
  test.kind = condition.kind;
  if (!asks_for_type(condition)) {
    test.incidents = incidents_where(condition);
  } else if (condition.kind == Condition::Kind::test) {
    test.type = *link_type_from(std::get<std::string>(condition.test.value));
  } else {
    for (const Condition& part : condition.parts) test.parts.push_back(link_test(part));
  }
  return test;
}

void Evaluator::narrow_links(const Condition& condition, Matches& matches) {
  const LinkTest test = link_test(condition);
  Matches found(matches.size());
  if (!test.incidents || !follow_chains(*test.incidents, found)) scan_links(test, found);
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] &= found[i];
}

void Evaluator::find_linked(Matches incidents, Matches& found) {
  LinkTest test;
  test.incidents = std::move(incidents);
  if (!follow_chains(*test.incidents, found)) scan_links(test, found);
}

/// Not where there is so much to follow that a scan, which opens each block once, is faster.
bool Evaluator::follow_chains(const Matches& incidents, Matches& found) {
  constexpr std::uint64_t kScannedInTheTime = 100;
  std::uint64_t links = 0;
  for (Row incident = 0; incident < incidents.size(); ++incident)
    if (incidents[incident] != 0) links += load_u32(reader_.cell(kIncidentLinks, incident).data());
  if (links * kScannedInTheTime >= reader_.rows(kLinks) && links > 0) return false;
  for (Row incident = 0; incident < incidents.size(); ++incident)
    if (incidents[incident] != 0) follow_chain(incident, found);
  return true;
}

void Evaluator::follow_chain(Row incident, Matches& found) {
  std::uint32_t limit = reader_.rows(kLinks) + 1;
  for (std::uint32_t next = load_u32(reader_.cell(kIncidentLastLink, incident).data()); next != 0;) {
    if (next >= limit)
      throw Error(ErrorCode::corrupt, "a chain of links does not run backwards", "run 'dalil rebuild'");
    limit = next;
    const Row link = next - 1;
    next = load_u32(reader_.cell(kLinkBeforeOfIncident, link).data());
    if (load_u64(reader_.cell(kLinkWithdrawn, link).data()) != 0) continue;
    const Row item = load_u32(reader_.cell(kLinkItem, link).data());
    if (item < found.size()) found[item] = 1;
  }
}

void Evaluator::scan_links(const LinkTest& test, Matches& found) {
  view_.for_each_link([&](Row item, Row incident, LinkType type) {
    if (item < found.size() && found[item] == 0 && test.passes(incident, type)) found[item] = 1;
  });
}

Matches Evaluator::linked() {
  Matches with(view_.item_count());
  view_.for_each_link([&](Row item, Row, LinkType) {
    if (item < with.size()) with[item] = 1;
  });
  return with;
}

Matches Evaluator::incidents_where(const Condition& condition) {
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

/// Days of the incident, in local time, against the span.
bool days_meet(const DateSpan& days, const TimeSpan& span, std::int32_t zone_minutes) {
  constexpr std::int64_t kDayMs = 86'400'000, kMinuteMs = 60'000, kWayOff = std::int64_t{1} << 61;
  const auto shifted = [&](std::int64_t ms, std::int64_t by) {
    return std::clamp(ms, -kWayOff, kWayOff) + by;  // an open side stays far away
  };
  const std::int64_t begin = shifted(span.begin_ms, zone_minutes * kMinuteMs - span.tolerance_ms);
  const std::int64_t end = shifted(span.end_ms, zone_minutes * kMinuteMs + span.tolerance_ms);
  return days.first * kDayMs < end && (std::int64_t{days.last} + 1) * kDayMs > begin;
}

}  // namespace

Matches Evaluator::incidents_where(const Test& test) {
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
    return incidents_with_text(needles_of(Field::incident_text, std::get<std::string>(test.value)));
  std::function<bool(const IncidentSummary&)> passes;
  const std::vector<IncidentWord> words = words_of(test.field);
  const Matches fits = words.empty() ? Matches() : words_where(test);
  const Area where = std::holds_alternative<Area>(test.value) ? located(std::get<Area>(test.value)) : Area();
  if (!words.empty()) {
    passes = [&](const IncidentSummary& incident) {
      return std::ranges::any_of(words, [&](IncidentWord word) { return fits[incident.word(word)] != 0; });
    };
  } else if (const auto count = count_of(test.field)) {
    passes = [&, count](const IncidentSummary& incident) {
      const auto value = incident.count(*count);
      return value && std::get<NumberSpan>(test.value).contains(*value);
    };
  } else if (test.field == Field::incident_date) {
    passes = [&](const IncidentSummary& incident) {
      return incident.days && days_meet(*incident.days, std::get<TimeSpan>(test.value), query_.zone_minutes);
    };
  } else {
    passes = [&](const IncidentSummary& incident) { return lies_within(where, incident.place); };
  }
  const auto& all = summaries();
  for (std::size_t row = 0; row < matches.size(); ++row)
    matches[row] = static_cast<std::uint8_t>(passes(all[row]));
  return matches;
}

const std::vector<IncidentSummary>& Evaluator::summaries() {
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

const std::vector<std::string>& Evaluator::folded_words() {
  if (folded_words_.size() == reader_.rows(kWords)) return folded_words_;
  folded_words_.clear();
  reader_.scan_variable(kWordText, [&](Row, ByteView text) {
    folded_words_.push_back(fold_for_search(as_chars(text)));
    return true;
  });
  return folded_words_;
}

Matches Evaluator::words_where(const Test& test) {
  const std::vector<std::string>& words = folded_words();
  const std::vector<std::string> needles = needles_of(test.field, std::get<std::string>(test.value));
  Matches fits(words.size() + 1);
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t n = 0; n < needles.size() && fits[i + 1] == 0; ++n) {
      // Another name has to be the whole of it: short ones would be found within other names.
      const bool whole = test.exact || n > 0;
      fits[i + 1] = static_cast<std::uint8_t>(whole ? words[i] == needles[n]
                                                    : words[i].find(needles[n]) != std::string::npos);
    }
  return fits;
}

}  // namespace dalil::archive
