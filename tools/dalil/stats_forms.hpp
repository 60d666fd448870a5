#pragma once

#include <string>
#include <vector>

#include "dalil/archive/stats.hpp"
#include "dalil/formats/page.hpp"
#include "dalil/formats/register.hpp"
#include "printer.hpp"

/// Incident statistics as tables, pages and charts.
namespace dalil::cli {

/// One column of numbers.
struct NamedTotal {
  const char* name;
  archive::Total archive::StatsRow::*total;  ///< null: the incidents themselves
};
/// Error(usage) names those that there are.
NamedTotal quantity_named(const std::string& name);

/// Everything that one run found out.
struct StatsReport {
  archive::StatsQuestion question;
  archive::Stats stats;
  std::vector<std::string> readings;  ///< each in words: "fetuses are counted as children"
  std::optional<formats::PublishedComparison> published;
  std::string published_name;  ///< of the file that the published totals are from
};
/// What the numbers rest on, in words: how many incidents give each of these numbers and how many give none.
std::vector<std::string> remarks_of(const StatsReport& report, const std::vector<NamedTotal>& shown);
/// Killed, and the other numbers that any incident gives.
std::vector<NamedTotal> shown_totals(const StatsReport& report);
/// All that there are.
std::vector<NamedTotal> all_totals();

void print_stats(Printer& out, const StatsReport& report);
/// True if every published figure follows.
bool print_published(Printer& out, const StatsReport& report);

formats::Picture chart_of(const StatsReport& report, const NamedTotal& quantity);
/// Error(usage) unless it is empty or ends in .html, .svg or .csv; Error(conflict) if it exists.
void require_stats_name(const std::string& path);
/// Writes a table with its readings and a chart, by the new file's extension: .html, .svg (the chart alone)
/// or .csv (the table alone).
void write_stats(const std::string& path, const StatsReport& report, const NamedTotal& quantity);

}  // namespace dalil::cli
