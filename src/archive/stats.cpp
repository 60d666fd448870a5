#include "dalil/archive/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "dalil/base/text.hpp"
#include "relations.hpp"

namespace dalil::archive {
namespace {

struct DimensionName {
  Dimension dimension;
  const char* name;
};
constexpr DimensionName kDimensions[] = {
    {Dimension::party, "party"},
    {Dimension::governorate, "governorate"},
    {Dimension::area_of_control, "area_of_control"},
    {Dimension::attribution, "attribution"},
    {Dimension::weapon_code, "weapon_code"},
    {Dimension::day, "day"},
    {Dimension::month, "month"},
    {Dimension::quarter, "quarter"},
    {Dimension::year, "year"},
};

struct Quantity {
  const char* name;  ///< of the register's field
  Total StatsRow::*total;
  Count Incident::*count;
};
constexpr Quantity kQuantities[] = {
    {"killed", &StatsRow::killed, &Incident::killed},
    {"children", &StatsRow::children, &Incident::children},
    {"women", &StatsRow::women, &Incident::women},
    {"fetuses", &StatsRow::fetuses, &Incident::fetuses},
    {"wounded", &StatsRow::wounded, &Incident::wounded},
    {"detained", &StatsRow::detained, &Incident::detained},
};

bool by_documentation(const Incident& incident, DateBasis basis) {
  return basis == DateBasis::confirmed && !incident.documented_on.empty();
}

std::optional<DateSpan> deciding_days(const Incident& incident, DateBasis basis) {
  return by_documentation(incident, basis) ? parse_date(incident.documented_on) : incident.days();
}

/// The date as far as it is known: an event of "2017" has no month, and its key is the year.
std::string date_key(const Incident& incident, DateBasis basis, std::size_t length) {
  const std::string& date = by_documentation(incident, basis) ? incident.documented_on : incident.date;
  return parse_date(date) ? date.substr(0, length) : std::string();
}

std::string quarter_of(const std::string& month) {
  constexpr std::size_t kMonthAt = 5, kMonthLength = 7;
  constexpr int kMonthsEach = 3;
  if (month.size() != kMonthLength) return month;
  const int number = (month[kMonthAt] - '0') * 10 + (month[kMonthAt + 1] - '0');
  return fmt::format("{}-Q{}", month.substr(0, 4), (number - 1) / kMonthsEach + 1);
}

std::string key_of(const Incident& incident, Dimension dimension, DateBasis basis) {
  switch (dimension) {
    case Dimension::party:
      return incident.perpetrator_group;
    case Dimension::governorate:
      return incident.governorate;
    case Dimension::area_of_control:
      return incident.area_of_control;
    case Dimension::attribution:
      return incident.attribution;
    case Dimension::weapon_code:
      return incident.weapon_code;
    case Dimension::day:
      return date_key(incident, basis, 10);
    case Dimension::month:
      return date_key(incident, basis, 7);
    case Dimension::quarter:
      return quarter_of(date_key(incident, basis, 7));
    case Dimension::year:
      return date_key(incident, basis, 4);
  }
  return {};
}

/// The number of one incident under a reading.
Count number_of(const Incident& incident, Count Incident::*count, Reading reading) {
  Count number = incident.*count;
  if (count != &Incident::children || reading != Reading::fetuses_as_children || !incident.fetuses.value) {
    return number;
  }
  const std::int64_t room =
      std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(*incident.fetuses.value, 0);
  number.value = std::min(number.value.value_or(0), room) + *incident.fetuses.value;
  const std::string& other = incident.fetuses.qualifier;
  if (number.qualifier.empty() || (!other.empty() && !is_lower_bound(other))) number.qualifier = other;
  return number;
}

bool states(const Count& number) {
  return number.value && *number.value >= 0;
}

/// "women=1 is inferred" among the notes.
bool is_inferred(const Incident& incident, const Quantity& quantity) {
  const Count& count = incident.*quantity.count;
  if (!count.value || incident.notes.empty()) return false;
  return incident.notes.find(fmt::format("{}={} is inferred", quantity.name, *count.value)) !=
         std::string::npos;
}

void add(Total& total, const Count& number) {
  const auto value = static_cast<std::uint64_t>(*number.value);
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - total.sum;
  total.sum += std::min(value, room);
  ++total.stated;
  if (number.qualifier.empty()) return;
  ++total.inexact;
  total.approximate += is_lower_bound(number.qualifier) ? 0 : 1;
}

class Counter {
 public:
  Counter(std::span<const Incident> incidents, const StatsQuestion& question)
      : incidents_(incidents), question_(question), relations_(incidents) {}

  StatsRow row(std::vector<std::string> keys, const Members& members) const {
    StatsRow result;
    result.keys = std::move(keys);
    result.incidents = members.size();
    result.events = relations_.events(members);
    const std::vector<Index> chains =
        question_.chains == Chains::counted_once ? relations_.chains(members) : std::vector<Index>();
    for (const Quantity& quantity : kQuantities) result.*quantity.total = total(quantity, members, chains);
    return result;
  }

 private:
  Count number(Index incident, const Quantity& quantity) const {
    const Incident& one = incidents_[incident];
    if (question_.inferred == Inferred::left_out && is_inferred(one, quantity)) return {};
    return number_of(one, quantity.count, question_.reading);
  }

  /// `chains`: of each member the chain that it belongs to; empty if each is to be added.
  Total total(const Quantity& quantity, const Members& members, const std::vector<Index>& chains) const {
    Total result;
    std::map<Index, Count> greatest;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Count stated = number(members[i], quantity);
      if (!states(stated)) {
        ++result.not_stated;
      } else if (is_in_whole(members[i], quantity, members)) {
        ++result.in_whole;
      } else if (chains.empty()) {
        add(result, stated);
      } else if (const auto [known, first] = greatest.emplace(chains[i], stated); !first) {
        ++result.in_chain;
        if (*stated.value > *known->second.value) known->second = stated;
      }
    }
    for (const auto& [chain, stated] : greatest) add(result, stated);
    return result;
  }

  bool is_in_whole(Index part, const Quantity& quantity, const Members& members) const {
    if (question_.parts == Parts::added_up || !relations_.has_whole(part)) return false;
    return relations_.any_whole(part, [&](Index whole) {
      return std::binary_search(members.begin(), members.end(), whole) && states(number(whole, quantity));
    });
  }

  std::span<const Incident> incidents_;
  const StatsQuestion& question_;
  Relations relations_;
};

/// Notes in `stats` what the range leaves out; true if the incident is to be counted.
bool selected(const Incident& incident, const StatsQuestion& question, Stats& stats) {
  const std::optional<DateSpan> days = deciding_days(incident, question.basis);
  if (!days) ++stats.undated;
  if (!question.days) return true;
  if (!days) return false;
  const DateSpan& range = *question.days;
  const bool first_in = days->first >= range.first && days->first <= range.last;
  const bool overlaps = days->first <= range.last && days->last >= range.first;
  const bool within = first_in && days->last <= range.last;
  if (overlaps && !within) ++stats.across;
  if (!first_in) ++stats.outside;
  return first_in;
}

/// Ascending, but what the register does not say comes last.
struct KeyOrder {
  bool operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const std::string& x, const std::string& y) {
                                          return x.empty() != y.empty() ? y.empty() : x < y;
                                        });
  }
};

}  // namespace

bool is_lower_bound(std::string_view qualifier) {
  constexpr std::string_view kAtMost[] = {"no more than", "not more than", "لا يزيد"};
  constexpr std::string_view kAtLeast[] = {"at least",  "less than", "fewer than", "minimum", "more than",
                                           "على الأقل", "لا يقل",    "أكثر من",    ">",       "+"};
  // "No less than" is a lower bound, "less than" is none.
  constexpr std::string_view kDenied[] = {"less than", "fewer than"};
  const std::string said = fold_for_search(qualifier);
  const auto holds = [&](std::string_view words) {
    return said.find(fold_for_search(words)) != std::string::npos;
  };
  if (std::ranges::any_of(kAtMost, holds)) return false;
  for (const std::string_view denied : kDenied)
    if (holds(denied) && !holds("no " + std::string(denied)) && !holds("not " + std::string(denied)))
      return false;
  return std::ranges::any_of(kAtLeast, holds);
}

std::string mark_of(const Total& total) {
  return std::string(total.at_least() > 0 ? ">=" : "") + (total.approximate > 0 ? "~" : "");
}

const char* name_of(Dimension dimension) {
  for (const DimensionName& row : kDimensions) {
    if (row.dimension == dimension) return row.name;
  }
  return "";
}

std::optional<Dimension> dimension_from(std::string_view name) {
  for (const DimensionName& row : kDimensions) {
    if (row.name == name) return row.dimension;
  }
  return std::nullopt;
}

std::vector<std::string> dimension_names() {
  std::vector<std::string> names;
  for (const DimensionName& row : kDimensions) names.emplace_back(row.name);
  return names;
}

Grouping::Grouping(Dimension dimension)
    : name(name_of(dimension)), key([dimension](const Incident& incident, DateBasis basis) {
        return key_of(incident, dimension, basis);
      }) {}

Stats count_incidents(std::span<const Incident> incidents, const StatsQuestion& question) {
  Stats stats;
  Members all;
  std::map<std::vector<std::string>, Members, KeyOrder> groups;
  for (Index i = 0; i < incidents.size(); ++i) {
    if (!selected(incidents[i], question, stats)) continue;
    all.push_back(i);
    std::vector<std::string> keys;
    for (const Grouping& grouping : question.by) keys.push_back(grouping.key(incidents[i], question.basis));
    groups[std::move(keys)].push_back(i);
  }
  const Counter counter(incidents, question);
  stats.all = counter.row({}, all);
  if (question.by.empty()) return stats;
  for (const auto& [keys, members] : groups) stats.rows.push_back(counter.row(keys, members));
  return stats;
}

std::optional<double> percent(std::optional<std::uint64_t> part, std::optional<std::uint64_t> whole) {
  if (!part || !whole || *whole == 0) return std::nullopt;
  return 100.0 * static_cast<double>(*part) / static_cast<double>(*whole);
}

}  // namespace dalil::archive
