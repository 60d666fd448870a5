#include "dalil/archive/stats.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace dalil::archive {
namespace {

/// Wholes of wholes are looked for this far up; registers have one or two levels.
constexpr int kMaxLevels = 16;

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
    {Dimension::month, "month"},
    {Dimension::year, "year"},
};

struct Quantity {
  Total StatsRow::*total;
  Count Incident::*count;
};
constexpr Quantity kQuantities[] = {
    {&StatsRow::killed, &Incident::killed},   {&StatsRow::children, &Incident::children},
    {&StatsRow::women, &Incident::women},     {&StatsRow::fetuses, &Incident::fetuses},
    {&StatsRow::wounded, &Incident::wounded}, {&StatsRow::detained, &Incident::detained},
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
    case Dimension::month:
      return date_key(incident, basis, 7);
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
  if (number.qualifier.empty()) number.qualifier = incident.fetuses.qualifier;
  return number;
}

bool states(const Count& number) {
  return number.value && *number.value >= 0;
}

using Index = std::size_t;
using Members = std::vector<Index>;  ///< ascending

/// Which incidents contain which, by their relations.
class Wholes {
 public:
  explicit Wholes(std::span<const Incident> incidents) : direct_(incidents.size()) {
    std::unordered_map<std::string_view, Index> by_id;
    for (Index i = 0; i < incidents.size(); ++i) by_id.emplace(incidents[i].id, i);
    for (Index i = 0; i < incidents.size(); ++i) {
      for (const Relation& relation : incidents[i].relations) {
        const auto other = by_id.find(relation.target);
        if (other == by_id.end()) continue;
        if (relation.type == "part_of") direct_[i].push_back(other->second);
        if (relation.type == "contains") direct_[other->second].push_back(i);
      }
    }
  }

  bool has_whole(Index part) const { return !direct_[part].empty(); }

  /// True if `accept` takes any whole of `part`. False for what contains itself: in a circle nobody is the
  /// whole, and leaving everybody out would lose the number.
  template <typename Accept>
  bool any_whole(Index part, Accept accept) const {
    std::unordered_set<Index> seen;
    Members level = direct_[part];
    bool accepted = false;
    for (int depth = 0; depth < kMaxLevels && !level.empty(); ++depth) {
      Members next;
      for (const Index whole : level) {
        if (whole == part) return false;
        if (!seen.insert(whole).second) continue;
        accepted = accepted || accept(whole);
        next.insert(next.end(), direct_[whole].begin(), direct_[whole].end());
      }
      level = std::move(next);
    }
    return accepted;
  }

 private:
  std::vector<Members> direct_;
};

void add(Total& total, const Count& number) {
  const auto value = static_cast<std::uint64_t>(*number.value);
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - total.sum;
  total.sum += std::min(value, room);
  ++total.stated;
  if (!number.qualifier.empty()) ++total.inexact;
}

class Counter {
 public:
  Counter(std::span<const Incident> incidents, const StatsQuestion& question)
      : incidents_(incidents), question_(question), wholes_(incidents) {}

  StatsRow row(std::vector<std::string> keys, const Members& members) const {
    StatsRow result;
    result.keys = std::move(keys);
    result.incidents = members.size();
    for (const Quantity& quantity : kQuantities) result.*quantity.total = total(quantity, members);
    return result;
  }

 private:
  Count number(Index incident, const Quantity& quantity) const {
    return number_of(incidents_[incident], quantity.count, question_.reading);
  }

  Total total(const Quantity& quantity, const Members& members) const {
    Total result;
    for (const Index member : members) {
      const Count stated = number(member, quantity);
      if (!states(stated)) {
        ++result.not_stated;
      } else if (is_in_whole(member, quantity, members)) {
        ++result.in_whole;
      } else {
        add(result, stated);
      }
    }
    return result;
  }

  bool is_in_whole(Index part, const Quantity& quantity, const Members& members) const {
    if (question_.parts == Parts::added_up || !wholes_.has_whole(part)) return false;
    return wholes_.any_whole(part, [&](Index whole) {
      return std::binary_search(members.begin(), members.end(), whole) && states(number(whole, quantity));
    });
  }

  std::span<const Incident> incidents_;
  const StatsQuestion& question_;
  Wholes wholes_;
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

Stats count_incidents(std::span<const Incident> incidents, const StatsQuestion& question) {
  Stats stats;
  Members all;
  std::map<std::vector<std::string>, Members, KeyOrder> groups;
  for (Index i = 0; i < incidents.size(); ++i) {
    if (!selected(incidents[i], question, stats)) continue;
    all.push_back(i);
    std::vector<std::string> keys;
    for (const Dimension dimension : question.by) {
      keys.push_back(key_of(incidents[i], dimension, question.basis));
    }
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
