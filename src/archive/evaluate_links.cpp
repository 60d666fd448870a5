#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/review.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "derive.hpp"
#include "evaluator.hpp"
#include "link_rows.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using namespace schema;

/// A condition on a link, made ready: what is about incidents alone is answered for each of them beforehand.
struct Evaluator::LinkTest {
  Condition::Kind kind = Condition::Kind::all;
  std::optional<Matches> incidents;  ///< about the incident alone
  std::optional<LinkType> type;      ///< else, of a test: the type
  ReviewState state{};               ///< else, of a test: the state
  std::vector<LinkTest> parts;

  bool passes(Row incident, LinkType of_type, ReviewState in_state) const {
    if (incidents) return incident < incidents->size() && (*incidents)[incident] != 0;
    const auto part_passes = [&](const LinkTest& part) { return part.passes(incident, of_type, in_state); };
    switch (kind) {
      case Condition::Kind::any:
        return std::ranges::any_of(parts, part_passes);
      case Condition::Kind::none:
        return !part_passes(parts.front());
      case Condition::Kind::test:
        return type ? of_type == *type : in_state == state;
      default:
        return std::ranges::all_of(parts, part_passes);
    }
  }
};

namespace {
/// Of the link, and not of its incident alone.
bool asks_for_link(const Condition& condition) {
  if (condition.kind == Condition::Kind::test)
    return condition.test.field == Field::link_type || condition.test.field == Field::link_state;
  return std::ranges::any_of(condition.parts, asks_for_link);
}
}  // namespace

Evaluator::LinkTest Evaluator::link_test(const Condition& condition) {
  LinkTest test;
  test.kind = condition.kind;
  if (!asks_for_link(condition)) {
    test.incidents = incidents_where(condition);
  } else if (condition.kind == Condition::Kind::test) {
    const auto& word = std::get<std::string>(condition.test.value);
    if (condition.test.field == Field::link_type)
      test.type = link_type_from(word);
    else
      test.state = review_state_from(word).value_or(ReviewState::unreviewed);
  } else {
    for (const Condition& part : condition.parts) test.parts.push_back(link_test(part));
  }
  return test;
}

void Evaluator::narrow_links(const Condition& condition, Matches& matches) {
  refuse_impossible(condition);
  const LinkTest test = link_test(condition);
  Matches found(matches.size());
  if (!test.incidents || !follow_chains(*test.incidents, found)) scan_links(test, found);
  keep(matches, found);
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
  follow_links(reader_, kIncidentLastLink, kLinkBeforeOfIncident, incident, [&](Row link) {
    if (load_u64(reader_.cell(kLinkWithdrawn, link).data()) != 0) return;
    const Row item = load_u32(reader_.cell(kLinkItem, link).data());
    if (item < found.size()) found[item] = 1;
  });
}

void Evaluator::scan_links(const LinkTest& test, Matches& found) {
  for (std::uint32_t block = 0; block * kLinkItem.rows_per_block < reader_.rows(kLinks); ++block) {
    const Bytes withdrawn = values_of(reader_, kLinkWithdrawn, block),
                items = values_of(reader_, kLinkItem, block),
                incidents = values_of(reader_, kLinkIncident, block),
                types = values_of(reader_, kLinkType, block), states = values_of(reader_, kLinkReview, block);
    for (std::size_t i = 0; i < types.size(); ++i) {
      const Row item = load_u32(&items[i * 4]);
      if (load_u64(&withdrawn[i * 8]) != 0 || item >= found.size() || found[item] != 0) continue;
      if (test.passes(load_u32(&incidents[i * 4]), static_cast<LinkType>(types[i]),
                      static_cast<ReviewState>(states[i])))
        found[item] = 1;
    }
  }
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

/// Days of the incident, by the local clock, against the span.
bool days_meet(const DateSpan& days, const TimeSpan& span, const LocalClock& local) {
  constexpr std::int64_t kDayMs = 86'400'000, kWayOff = std::int64_t{1} << 61;
  const std::int64_t begin = std::clamp(span.begin_ms, -kWayOff, kWayOff) - span.tolerance_ms;
  const std::int64_t end = std::clamp(span.end_ms, -kWayOff, kWayOff) + span.tolerance_ms;
  return local.to_utc(days.first * kDayMs) < end &&
         local.to_utc((std::int64_t{days.last} + 1) * kDayMs) > begin;
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
    return incidents_with_text(needles_of(std::get<std::string>(test.value)));
  if (std::holds_alternative<Area>(test.value)) return incidents_near(located(std::get<Area>(test.value)));
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

/// By their own coordinates; where there are none, by those of the place that they name.
Matches Evaluator::incidents_near(const Area& where) {
  Matches matches(view_.incident_count());
  const auto& all = summaries();
  const auto word = [&](const IncidentSummary& incident, IncidentWord which) {
    const std::uint32_t row = incident.word(which);
    return row == 0 ? std::string() : std::string(as_chars(reader_.cell(kWordText, row - 1)));
  };
  for (std::size_t row = 0; row < matches.size(); ++row) {
    const IncidentSummary& incident = all[row];
    std::uint64_t place = incident.place;
    Area reach = where;
    if (place == 0 && query_.incident_place)
      if (const auto named = query_.incident_place(word(incident, IncidentWord::governorate),
                                                   word(incident, IncidentWord::place))) {
        place = place_value(named->latitude, named->longitude);
        reach = widened(where, static_cast<std::uint32_t>(named->radius_m));
      }
    matches[row] = static_cast<std::uint8_t>(lies_within(reach, place));
  }
  return matches;
}

/// Words of the register that say what the value means; of a value that nobody knows, words that hold it.
Matches Evaluator::words_where(const Test& test) {
  const std::vector<std::string>& words = folded_words();
  const auto& value = std::get<std::string>(test.value);
  const std::string needle = fold_for_search(value);
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
