#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "json_value.hpp"
#include "published_readings.hpp"

namespace dalil::formats {
namespace {

using archive::Dimension;
using archive::Reading;
using archive::Stats;
using archive::StatsRow;
using archive::Total;
using Number = std::optional<std::uint64_t>;

struct QuantityName {
  std::string_view name;
  Total StatsRow::*total;
};
constexpr QuantityName kQuantities[] = {
    {"killed", &StatsRow::killed},   {"children", &StatsRow::children}, {"women", &StatsRow::women},
    {"fetuses", &StatsRow::fetuses}, {"wounded", &StatsRow::wounded},   {"detained", &StatsRow::detained},
};
/// What a list of three numbers stands for.
constexpr std::size_t kTriple = 3;
/// Incidents themselves, as a column of figures.
constexpr Total StatsRow::*kIncidents = nullptr;

/// The quantity of a figure's name; absent for another word.
std::optional<Total StatsRow::*> quantity_from(std::string_view name) {
  if (name == "incidents") return kIncidents;
  for (const QuantityName& row : kQuantities) {
    if (row.name == name) return row.total;
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// "killed_by_party" as "killed" and the dimension.
struct Breakdown {
  std::string_view what;
  Dimension by;
};
std::optional<Breakdown> breakdown_from(std::string_view name) {
  constexpr std::string_view kBy = "_by_";
  const std::size_t at = name.find(kBy);
  if (at == std::string_view::npos) return std::nullopt;
  const auto dimension = archive::dimension_from(name.substr(at + kBy.size()));
  if (!dimension) return std::nullopt;
  return Breakdown{name.substr(0, at), *dimension};
}

/// A share is printed with so many decimals, and follows if it rounds to what is printed.
bool rounds_to(double computed, const Json& published) {
  const std::string written = published.dump();
  const std::size_t point = written.find('.');
  const double decimals = point == std::string::npos ? 0.0 : static_cast<double>(written.size() - point - 1);
  constexpr double kSlack = 1e-9;  // of binary fractions, so that 0.5 may be rounded either way
  return std::abs(computed - published.get<double>()) <= 0.5 * std::pow(10.0, -decimals) + kSlack;
}

/// Figures under one reading.
class Comparer {
 public:
  Comparer(std::span<const archive::Incident> incidents, const PublishedReading& reading)
      : incidents_(incidents), question_(reading.question) {
    result_.reading = reading.question.reading;
    result_.shares_of = reading.shares_of;
  }

  PublishedComparison compare(const Json& totals) {
    for (const auto& [name, value] : totals.items()) {
      if (!compare_one(name, value)) result_.not_compared.push_back(name);
    }
    return std::move(result_);
  }

 private:
  bool compare_one(const std::string& name, const Json& value) {
    if (value.is_null()) return true;
    if (value.is_string()) return compare_words(name, value.get<std::string>());
    if (name == "women_and_children_percent") return compare_women_and_children(name, value);
    if (const auto quantity = quantity_from(name)) {
      return value.is_number() && add(name, value, count(incidents_, {}), *quantity);
    }
    return value.is_object() && compare_breakdown(name, value);
  }

  bool compare_breakdown(const std::string& name, const Json& groups) {
    constexpr std::string_view kShare = "share_by_", kPercent = "_percent";
    if (name.starts_with(kShare) && name.ends_with(kPercent) &&
        name.size() > kShare.size() + kPercent.size()) {
      const std::string_view by =
          std::string_view(name).substr(kShare.size(), name.size() - kShare.size() - kPercent.size());
      const auto dimension = archive::dimension_from(by);
      return dimension && compare_shares(name, groups, *dimension);
    }
    const auto breakdown = breakdown_from(name);
    if (!breakdown) return false;
    if (const auto quantity = quantity_from(breakdown->what)) {
      return compare_groups(name, groups, incidents_, breakdown->by, *quantity);
    }
    const auto of_party = incidents_of(breakdown->what);
    return of_party && compare_groups(name, groups, *of_party, breakdown->by, kIncidents);
  }

  /// Incidents of the one party that the word names: "regime" is "Syrian regime forces".
  std::optional<std::vector<archive::Incident>> incidents_of(std::string_view word) const {
    std::vector<archive::Incident> found;
    for (const archive::Incident& incident : incidents_) {
      if (word.empty() || lower(incident.perpetrator_group).find(lower(word)) == std::string::npos) continue;
      if (!found.empty() && found.front().perpetrator_group != incident.perpetrator_group)
        return std::nullopt;
      found.push_back(incident);
    }
    if (found.empty()) return std::nullopt;
    return found;
  }

  bool compare_groups(const std::string& name, const Json& groups,
                      std::span<const archive::Incident> incidents, Dimension by, Total StatsRow::*quantity) {
    const Stats stats = count(incidents, {by});
    for (const auto& [group, value] : groups.items()) {
      const std::string figure = name + "." + group;
      const StatsRow row = row_of(stats, group);
      if (value.is_array() && value.size() == kTriple) {
        for (std::size_t i = 0; i < kTriple; ++i) {
          const std::string part = figure + "." + std::string(kQuantities[i].name);
          if (!add(part, value[i], row, kQuantities[i].total)) result_.not_compared.push_back(part);
        }
      } else if (!add(figure, value, row, quantity)) {
        result_.not_compared.push_back(figure);
      }
    }
    add_unprinted(name, groups, stats, quantity);
    return true;
  }

  /// A breakdown that leaves a group out does not add up.
  void add_unprinted(const std::string& name, const Json& groups, const Stats& stats,
                     Total StatsRow::*quantity) {
    for (const StatsRow& row : stats.rows) {
      const std::string& group = row.keys.front();
      const Number computed = number(row, quantity);
      if (groups.contains(group) || !computed) continue;
      result_.figures.push_back({name + "." + (group.empty() ? "(not stated)" : group),
                                 {},
                                 std::to_string(*computed),
                                 false,
                                 "the published breakdown leaves it out"});
    }
  }

  bool compare_shares(const std::string& name, const Json& groups, Dimension by) {
    const Stats stats = count(incidents_, {by});
    const bool of_killed = result_.shares_of == ShareOf::killed;
    for (const auto& [group, value] : groups.items()) {
      const StatsRow row = row_of(stats, group);
      const Number part = of_killed ? row.killed.value() : Number(row.incidents);
      const Number whole = of_killed ? stats.all.killed.value() : Number(stats.all.incidents);
      const std::string figure = name + "." + group;
      if (!add_share(figure, value, part, whole, of_killed ? "killed" : "incidents")) {
        result_.not_compared.push_back(figure);
      }
    }
    return true;
  }

  bool compare_women_and_children(const std::string& name, const Json& published) {
    const StatsRow all = count(incidents_, {}).all;
    const Number women = all.women.value(), children = all.children.value();
    const Number both = women && children ? Number(*women + *children) : std::nullopt;
    return add_share(name, published, both, all.killed.value(), "killed");
  }

  /// A report's note may quote a share that its figures do not give: "prints '53% women and children'".
  bool compare_words(const std::string& name, const std::string& words) {
    const std::size_t end = words.find("% women and children");
    if (end != std::string::npos) {
      std::size_t begin = end;
      while (begin > 0 && (words[begin - 1] == '.' || (words[begin - 1] >= '0' && words[begin - 1] <= '9')))
        --begin;
      const ParsedValue share = parse_value(std::string_view(words).substr(begin, end - begin));
      if (share.value && share.value->is_number()) {
        compare_women_and_children(name + ": women_and_children_percent", *share.value);
      }
    }
    return false;  // the rest of it is for people to read
  }

  Stats count(std::span<const archive::Incident> incidents, const std::vector<Dimension>& by) const {
    archive::StatsQuestion question = question_;
    question.by.assign(by.begin(), by.end());
    return archive::count_incidents(incidents, question);
  }

  static StatsRow row_of(const Stats& stats, const std::string& group) {
    const auto found = std::find_if(stats.rows.begin(), stats.rows.end(),
                                    [&](const StatsRow& row) { return row.keys.front() == group; });
    return found == stats.rows.end() ? StatsRow{} : *found;
  }

  static Number number(const StatsRow& row, Total StatsRow::*quantity) {
    return quantity == kIncidents ? Number(row.incidents) : (row.*quantity).value();
  }

  bool add(const std::string& figure, const Json& published, const Stats& stats, Total StatsRow::*quantity) {
    return add(figure, published, stats.all, quantity);
  }

  bool add(const std::string& figure, const Json& published, const StatsRow& row, Total StatsRow::*quantity) {
    if (!published.is_number()) return published.is_null();
    const Number computed = number(row, quantity);
    const bool follows = computed && published == *computed;
    result_.figures.push_back(
        {figure, published.dump(), computed ? std::to_string(*computed) : "", follows, note(row, quantity)});
    return true;
  }

  bool add_share(const std::string& figure, const Json& published, Number part, Number whole,
                 std::string_view of) {
    if (!published.is_number()) return published.is_null();
    const std::optional<double> share = archive::percent(part, whole);
    PublishedFigure row{figure, published.dump(), {}, false, "nothing to take a share of"};
    if (share) {
      row.computed = fmt::format("{:.2f}", *share);
      row.follows = rounds_to(*share, published);
      row.note = fmt::format("{} of {} {}", *part, *whole, of);
    }
    result_.figures.push_back(std::move(row));
    return true;
  }

  /// What the sum rests on, in words; empty if every incident states its number exactly.
  std::string note(const StatsRow& row, Total StatsRow::*quantity) const {
    if (quantity == kIncidents) return {};
    const Total& total = row.*quantity;
    std::string words;
    const auto say = [&](const std::string& more) { words += (words.empty() ? "" : "; ") + more; };
    const bool with_fetuses =
        quantity == &StatsRow::children && result_.reading == Reading::fetuses_as_children;
    if (with_fetuses && row.fetuses.sum > 0) {
      say(fmt::format("{} stated + {} fetuses", total.sum - std::min(total.sum, row.fetuses.sum),
                      row.fetuses.sum));
    }
    if (total.not_stated > 0) say(fmt::format("{} of {} give no number", total.not_stated, row.incidents));
    if (total.in_whole > 0) say(fmt::format("{} counted within another incident", total.in_whole));
    if (total.inexact > 0) say(fmt::format("{} not exact", total.inexact));
    return words;
  }

  std::span<const archive::Incident> incidents_;
  archive::StatsQuestion question_;
  PublishedComparison result_;
};

}  // namespace

PublishedComparison compare_published(std::string_view published_totals_json,
                                      std::span<const archive::Incident> incidents,
                                      std::optional<DateSpan> period) {
  const ParsedValue totals = parse_value(published_totals_json);
  if (!totals.value || !totals.value->is_object()) return {};
  const ReportIncidents report(incidents, period);
  return report.compare([&](std::span<const archive::Incident> read, const PublishedReading& reading) {
    return Comparer(read, reading).compare(*totals.value);
  });
}

}  // namespace dalil::formats
