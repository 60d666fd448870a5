#include "stats_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr NamedTotal kTotals[] = {
    {"killed", &archive::StatsRow::killed},   {"children", &archive::StatsRow::children},
    {"women", &archive::StatsRow::women},     {"fetuses", &archive::StatsRow::fetuses},
    {"wounded", &archive::StatsRow::wounded}, {"detained", &archive::StatsRow::detained},
};

/// A sum that rests on some of the incidents only says on how many.
std::string text_of(const archive::Total& total) {
  if (!total.value()) return "-";
  return mark_of(total) + number_text(total.sum);
}

Json json_of(const archive::Total& total) {
  Json out = {{"stated", total.stated}, {"not_stated", total.not_stated}};
  if (total.value()) out["sum"] = total.sum;
  if (total.in_whole > 0) out["in_whole"] = total.in_whole;
  if (total.in_chain > 0) out["in_chain"] = total.in_chain;
  if (total.inexact > 0) out["inexact"] = total.inexact;
  if (total.approximate > 0) out["approximate"] = total.approximate;
  if (total.at_least() > 0) out["at_least"] = total.at_least();
  return out;
}

/// Fewer events than incidents somewhere: then both are shown.
bool has_events(const archive::Stats& stats) {
  return stats.all.events != stats.all.incidents;
}

/// Numbers that nobody gives need no column.
bool is_shown(const archive::Stats& stats, const NamedTotal& named) {
  return (stats.all.*named.total).value().has_value() || named.total == &archive::StatsRow::killed;
}

void add_row(Printer& out, Table& table, const StatsReport& report, const archive::StatsRow& row,
             bool is_total) {
  std::vector<Cell> cells;
  Json fields = {{"total", is_total}, {"incidents", row.incidents}, {"events", row.events}};
  for (std::size_t i = 0; i < report.question.by.size(); ++i) {
    const std::string key = is_total ? "" : row.keys[i];
    const std::string shown = is_total      ? (i == 0 ? "all" : "")
                              : key.empty() ? "(not stated)"
                                            : escape_for_display(key);
    cells.emplace_back(shown, is_total ? Style::bold : Style::plain);
    if (!is_total) fields["by"][report.question.by[i].name] = key.empty() ? Json() : Json(key);
  }
  cells.emplace_back(number_text(row.incidents));
  if (has_events(report.stats)) cells.emplace_back(number_text(row.events));
  for (const NamedTotal& named : kTotals) {
    if (is_shown(report.stats, named)) cells.emplace_back(text_of(row.*named.total));
    fields[named.name] = json_of(row.*named.total);
  }
  table.add(std::move(cells));
  out.object("stats", fields);
}

std::string incidents_text(std::uint64_t count, const char* one, const char* several) {
  return count_text(count, fmt::format("incident {}", one), fmt::format("incidents {}", several));
}

/// Of one number: by how many incidents it is given, and what was done with those.
void add_remarks(std::vector<std::string>& remarks, const std::string& name, const archive::Total& total) {
  const auto incidents = [](std::uint64_t count) { return count_text(count, "incident", "incidents"); };
  const std::uint64_t given = total.stated + total.in_whole + total.in_chain;
  remarks.push_back(fmt::format("{}: {} a number, {} none", name, incidents_text(given, "gives", "give"),
                                number_text(total.not_stated)));
  if (total.approximate > 0 && total.at_least() > 0)
    remarks.push_back(
        fmt::format("{}: of {} the number is approximate and of {} a lower bound, so the sum is an "
                    "approximate lower bound",
                    name, incidents(total.approximate), number_text(total.at_least())));
  else if (total.approximate > 0)
    remarks.push_back(fmt::format("{}: of {} the number is approximate, and so is the sum", name,
                                  incidents(total.approximate)));
  else if (total.inexact > 0)
    remarks.push_back(fmt::format("{}: of {} the number is a lower bound, and so is the sum", name,
                                  incidents(total.inexact)));
  if (total.in_whole > 0)
    remarks.push_back(fmt::format("{}: {} part of another that states the same people, and not added", name,
                                  incidents_text(total.in_whole, "is", "are")));
  if (total.in_chain > 0)
    remarks.push_back(fmt::format("{}: {} or comes of another, and of each chain one number is taken", name,
                                  incidents_text(total.in_chain, "precedes", "precede")));
}

std::string letters_of(const formats::PublishedFigure& figure,
                       const std::vector<formats::Assumption>& known) {
  std::string letters;
  for (const formats::Need& need : figure.needs) {
    const auto at = std::ranges::find(known, need.assumption) - known.begin();
    letters += (letters.empty() ? "" : " ") + std::string(1, static_cast<char>('a' + at));
    letters += need.without.empty() ? "" : " (" + need.without + ")";
  }
  return letters;
}

Json json_of(const formats::PublishedFigure& figure) {
  Json fields = {{"figure", figure.figure},   {"published", figure.published}, {"computed", figure.computed},
                 {"follows", figure.follows}, {"note", figure.note},           {"needs", Json::array()}};
  for (const formats::Need& need : figure.needs)
    fields["needs"].push_back({{"reading", formats::name_of(need.assumption)}, {"without", need.without}});
  if (figure.follows_under) {
    fields["follows_under"] = Json::array();
    for (const formats::Assumption assumption : *figure.follows_under)
      fields["follows_under"].push_back(formats::name_of(assumption));
  }
  return fields;
}

}  // namespace

NamedTotal quantity_named(const std::string& name) {
  if (name == "incidents") return {"incidents", nullptr};
  std::string names = "incidents";
  for (const NamedTotal& named : kTotals) {
    if (name == named.name) return named;
    names += std::string(", ") + named.name;
  }
  throw Error(ErrorCode::usage, "incidents state no number " + in_quotes(name), "one of: " + names);
}

std::vector<NamedTotal> shown_totals(const StatsReport& report) {
  std::vector<NamedTotal> shown;
  for (const NamedTotal& named : kTotals)
    if (is_shown(report.stats, named)) shown.push_back(named);
  return shown;
}

std::vector<NamedTotal> all_totals() {
  return {std::begin(kTotals), std::end(kTotals)};
}

std::vector<std::string> remarks_of(const StatsReport& report, const std::vector<NamedTotal>& shown) {
  std::vector<std::string> remarks = report.readings;
  const archive::Stats& stats = report.stats;
  const auto say = [&](std::uint64_t count, const std::string& words) {
    if (count > 0) remarks.push_back(words);
  };
  for (const NamedTotal& named : shown) add_remarks(remarks, named.name, stats.all.*named.total);
  if (!shown.empty()) remarks.emplace_back("absent is not zero");
  say(stats.all.incidents - stats.all.events,
      fmt::format("{} are {}: some contain, precede or cause one another",
                  count_text(stats.all.incidents, "incident", "incidents"),
                  count_text(stats.all.events, "event", "events")));
  say(stats.undated, incidents_text(stats.undated, "has", "have") + " no date");
  say(stats.outside, incidents_text(stats.outside, "lies", "lie") + " outside the range");
  say(stats.across, incidents_text(stats.across, "lies", "lie") + " partly in the range, or may");
  return remarks;
}

void print_stats(Printer& out, const StatsReport& report) {
  std::vector<Table::Column> columns;
  for (const archive::Grouping& grouping : report.question.by)
    columns.push_back({grouping.name, Align::left, Table::Fit::shortened, 10});
  columns.push_back({"incidents", Align::right});
  if (has_events(report.stats)) columns.push_back({"events", Align::right});
  for (const NamedTotal& named : kTotals)
    if (is_shown(report.stats, named)) columns.push_back({named.name, Align::right});
  Table table(columns);
  for (const archive::StatsRow& row : report.stats.rows) add_row(out, table, report, row, false);
  add_row(out, table, report, report.stats.all, true);
  table.print(out);
  out.line();
  out.line("- means: no incident states a number");
  for (const std::string& remark : remarks_of(report, shown_totals(report)))
    out.line(wrapped(out, escape_for_display(remark), 2));
}

bool print_published(Printer& out, const StatsReport& report) {
  const formats::PublishedComparison& comparison = *report.published;
  out.line();
  out.line("published totals of " + in_quotes(report.published_name));
  if (comparison.period)
    out.line(fmt::format("of {} to {}", format_day(comparison.period->first),
                         format_day(comparison.period->last)));
  if (!comparison.assumptions.empty()) out.line("they follow under these readings:");
  for (std::size_t i = 0; i < comparison.assumptions.size(); ++i)
    out.line(
        fmt::format("  {}  {}", static_cast<char>('a' + i), formats::text_of(comparison.assumptions[i])));
  Table table({{"figure", Align::left, Table::Fit::shortened},
               {"published", Align::right},
               {"computed", Align::right},
               {""},
               {"needs (else)", Align::left, Table::Fit::shortened}});
  bool all_follow = true;
  for (const formats::PublishedFigure& figure : comparison.figures) {
    all_follow = all_follow && figure.follows;
    table.add({escape_for_display(figure.figure),
               figure.published.empty() ? "-" : escape_for_display(figure.published),
               figure.computed.empty() ? "-" : figure.computed,
               {figure.follows ? "follows" : "DIFFERS", figure.follows ? Style::good : Style::bad},
               letters_of(figure, comparison.assumptions)});
    out.object("published_figure", json_of(figure));
  }
  table.print(out);
  for (const formats::PublishedFigure& figure : comparison.figures) {
    if (!figure.note.empty() && (!figure.follows || out.verbose()))
      out.line(escape_for_display(figure.figure) + ": " + escape_for_display(figure.note));
    if (!figure.follows_under) continue;
    std::string words;
    for (const formats::Assumption assumption : *figure.follows_under)
      words += (words.empty() ? "" : "; ") + std::string(formats::text_of(assumption));
    out.line(escape_for_display(figure.figure) + ": would follow if " +
             (words.empty() ? "none of these were assumed" : words));
  }
  for (const std::string& name : comparison.not_compared) {
    out.line("not compared: " + escape_for_display(name));
    out.object("not_compared", {{"figure", name}});
  }
  return all_follow;
}

}  // namespace dalil::cli
