#include "published_readings.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string>

namespace dalil::formats {
namespace {

using archive::Incident;

constexpr unsigned bit(Assumption assumption) {
  return static_cast<unsigned>(assumption);
}
/// In the order in which they are named. The first are tried first; those at the end are what the register
/// itself does, so that it is only ever asked what a figure would be without them.
constexpr Assumption kAssumptions[] = {Assumption::fetuses_as_children, Assumption::confirmed,
                                       Assumption::inferred, Assumption::heading};
constexpr unsigned kRegistersOwn = bit(Assumption::inferred) | bit(Assumption::heading);
constexpr unsigned kAllSets = 16;

std::vector<Assumption> list_of(unsigned set) {
  std::vector<Assumption> all;
  for (const Assumption assumption : kAssumptions)
    if ((set & bit(assumption)) != 0) all.push_back(assumption);
  return all;
}

/// Without what stands in brackets: "eastern suburbs of Idlib (misprint: listed under Deir Ez-Zour)".
std::string without_brackets(const std::string& text) {
  return text.substr(0, text.find('('));
}

/// The one name among `names` that the text holds, longest first; empty if there is none.
std::string name_within(const std::string& text, const std::set<std::string>& names) {
  std::string found;
  for (const std::string& name : names)
    if (name.size() > found.size() && text.find(name) != std::string::npos) found = name;
  return found;
}

/// A name as it stands in other words: "Syrian regime" of "Syrian regime forces".
std::string core_of(const std::string& party) {
  constexpr std::string_view kForces = " forces";
  return party.ends_with(kForces) ? party.substr(0, party.size() - kForces.size()) : party;
}

/// The register has what the report lists an incident under; the paragraph's own words are beside it.
std::vector<Incident> read_paragraphs(std::span<const Incident> listed) {
  std::set<std::string> governorates;
  for (const Incident& incident : listed)
    if (!incident.governorate.empty()) governorates.insert(incident.governorate);
  std::vector<Incident> read(listed.begin(), listed.end());
  for (Incident& incident : read) {
    const std::string words = without_brackets(incident.subdistrict);
    const bool same = incident.governorate.empty() || words.find(incident.governorate) != std::string::npos;
    if (const std::string other = same ? std::string() : name_within(words, governorates); !other.empty())
      incident.governorate = other;
    const std::string& party = incident.perpetrator_text;
    if (!party.empty() && party.find(core_of(incident.perpetrator_group)) == std::string::npos)
      incident.perpetrator_group = party;
  }
  return read;
}

std::optional<DateSpan> confirmed_days(const Incident& incident) {
  return incident.documented_on.empty() ? incident.days() : parse_date(incident.documented_on);
}

/// "2017-09" if all begin there, else "2017".
std::optional<DateSpan> common_period(std::span<const Incident> incidents) {
  constexpr std::size_t kMonth = 7, kYear = 4;
  for (const std::size_t length : {kMonth, kYear}) {
    std::set<std::string> periods;
    for (const Incident& incident : incidents) {
      const auto days = confirmed_days(incident);
      const bool precise = days && (length == kYear || days->precision != DatePrecision::year);
      periods.insert(precise ? format_day(days->first).substr(0, length) : std::string());
    }
    if (periods.size() == 1 && !periods.begin()->empty()) return parse_date(*periods.begin());
  }
  return std::nullopt;
}

std::size_t followed(const PublishedComparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.figures.begin(), comparison.figures.end(),
                    [](const PublishedFigure& figure) { return figure.follows; }));
}

using Figures = std::map<std::string, const PublishedFigure*>;
Figures by_name(const PublishedComparison& comparison) {
  Figures figures;
  for (const PublishedFigure& figure : comparison.figures) figures.emplace(figure.figure, &figure);
  return figures;
}

bool follows_in(const Figures& figures, const std::string& name) {
  const auto found = figures.find(name);
  return found != figures.end() && found->second->follows;
}

/// `without`: the figures without that assumption.
void add_need(PublishedFigure& figure, Assumption assumption, const Figures& without) {
  if (follows_in(without, figure.figure)) return;
  const auto other = without.find(figure.figure);
  figure.needs.push_back({assumption, other == without.end() ? "" : other->second->computed});
}

}  // namespace

const char* name_of(Assumption assumption) {
  switch (assumption) {
    case Assumption::fetuses_as_children:
      return "fetuses_as_children";
    case Assumption::confirmed:
      return "confirmed";
    case Assumption::inferred:
      return "inferred";
    case Assumption::heading:
      return "heading";
  }
  return "";
}

const char* text_of(Assumption assumption) {
  switch (assumption) {
    case Assumption::fetuses_as_children:
      return "unborn children are counted as children";
    case Assumption::confirmed:
      return "an event counts in the period in which it was confirmed";
    case Assumption::inferred:
      return "numbers count that the register's author inferred";
    case Assumption::heading:
      return "party and governorate are those of the heading, not the paragraph's";
  }
  return "";
}

ReportIncidents::ReportIncidents(std::span<const Incident> incidents, std::optional<DateSpan> period)
    : listed_(incidents),
      by_paragraph_(read_paragraphs(incidents)),
      period_(period ? period : common_period(incidents)),
      choices_(effective()) {}

unsigned ReportIncidents::effective() const {
  archive::StatsQuestion plain, inferred, confirmed;
  inferred.inferred = archive::Inferred::left_out;
  plain.days = confirmed.days = period_;
  confirmed.basis = archive::DateBasis::confirmed;
  inferred.days = period_;
  const auto all = [&](const archive::StatsQuestion& question) {
    return archive::count_incidents(listed_, question).all;
  };
  unsigned set = bit(Assumption::fetuses_as_children);
  if (period_ && all(confirmed) != all(plain)) set |= bit(Assumption::confirmed);
  inferred.basis = plain.basis = archive::DateBasis::confirmed;
  if (all(inferred) != all(plain)) set |= bit(Assumption::inferred);
  if (!std::equal(listed_.begin(), listed_.end(), by_paragraph_.begin(), by_paragraph_.end()))
    set |= bit(Assumption::heading);
  return set;
}

PublishedComparison ReportIncidents::under(unsigned assumptions, ShareOf shares_of,
                                           const Compare& compare) const {
  const auto holds = [&](Assumption assumption) { return (assumptions & bit(assumption)) != 0; };
  PublishedReading reading;
  reading.shares_of = shares_of;
  reading.question.days = period_;
  if (holds(Assumption::fetuses_as_children))
    reading.question.reading = archive::Reading::fetuses_as_children;
  if (holds(Assumption::confirmed)) reading.question.basis = archive::DateBasis::confirmed;
  if (!holds(Assumption::inferred)) reading.question.inferred = archive::Inferred::left_out;
  return compare(holds(Assumption::heading) ? listed_ : std::span<const Incident>(by_paragraph_), reading);
}

std::map<ReportIncidents::Key, PublishedComparison> ReportIncidents::all(const Compare& compare) const {
  std::map<Key, PublishedComparison> all;
  for (unsigned set = 0; set < kAllSets; ++set) {
    // Sets that differ in nothing are left out: what has no effect stays as the register has it.
    if ((set & ~choices_ & ~kRegistersOwn) != 0 || (~set & kRegistersOwn & ~choices_) != 0) continue;
    for (const ShareOf shares_of : {ShareOf::incidents, ShareOf::killed})
      all.emplace(Key(set, shares_of), under(set, shares_of, compare));
  }
  return all;
}

PublishedComparison ReportIncidents::compare(const Compare& compare) const {
  const auto readings = all(compare);
  // The fewer departures from the register's own reading, the earlier; more may only replace it by following
  // better.
  std::vector<Key> order;
  for (const auto& [key, comparison] : readings) order.push_back(key);
  std::ranges::stable_sort(order, {}, [](const Key& key) {
    const unsigned departures = (key.first ^ kRegistersOwn) & (kAllSets - 1);
    return std::popcount(departures) * 2 + (key.second == ShareOf::killed ? 1 : 0);
  });
  const Key best = *std::ranges::max_element(
      order, {}, [&](const Key& key) { return followed(readings.at(key)); });  // the first of the greatest

  PublishedComparison result = readings.at(best);
  result.period = period_;
  result.assumptions = list_of(best.first & choices_);
  std::map<Key, Figures> figures;
  for (const auto& [key, comparison] : readings) figures.emplace(key, by_name(comparison));
  for (PublishedFigure& figure : result.figures) {
    if (figure.follows) {
      for (const Assumption assumption : result.assumptions)
        add_need(figure, assumption, figures.at({best.first & ~bit(assumption), best.second}));
      continue;
    }
    const auto other = std::ranges::find_if(
        order, [&](const Key& key) { return follows_in(figures.at(key), figure.figure); });
    if (other != order.end()) figure.follows_under = list_of(other->first & choices_);
  }
  return result;
}

}  // namespace dalil::formats
