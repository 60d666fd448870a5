#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "output_file.hpp"
#include "refs.hpp"
#include "stats_forms.hpp"

namespace dalil::cli {
namespace {

using archive::StatsRow;
using archive::Total;

constexpr const char* kStyle =
    "body{font-family:'DejaVu Sans','Noto Sans',sans-serif;margin:2em;color:#1c1c1c;max-width:70em}"
    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .7em;border-bottom:1px solid "
    "#ccc;text-align:start}"
    "td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}tr.all td{font-weight:bold}"
    "td.bad{color:#a02020;font-weight:bold}svg{max-width:100%;height:auto}";

constexpr const char* kNames[] = {"killed", "children", "women", "fetuses", "wounded", "detained"};

std::string number_of(const StatsRow& row, const NamedTotal& quantity) {
  if (quantity.total == nullptr) return std::to_string(row.incidents);
  const Total& total = row.*quantity.total;
  if (!total.value()) return "-";
  return mark_of(total) + std::to_string(total.sum);
}

double value_of(const StatsRow& row, const NamedTotal& quantity) {
  return static_cast<double>(quantity.total == nullptr ? row.incidents : (row.*quantity.total).sum);
}

std::string shown_key(const std::string& key) {
  return key.empty() ? "(not stated)" : key;
}

std::string title_of(const StatsReport& report, const NamedTotal& quantity) {
  std::string title = quantity.name;
  for (std::size_t i = 0; i < report.question.by.size(); ++i)
    title += (i == 0 ? " by " : " and ") + report.question.by[i].name;
  if (const auto& days = report.question.days; days)
    title += fmt::format(", {} to {}", format_day(days->first), format_day(days->last));
  return title;
}

/// One bar a row; of two groupings the second makes the series.
void add_groups(formats::BarChart& chart, const StatsReport& report, const NamedTotal& quantity) {
  const std::size_t dimensions = report.question.by.size();
  if (dimensions < 2) {
    chart.series = {quantity.name};
    for (const StatsRow& row : report.stats.rows)
      chart.groups.push_back(
          {shown_key(row.keys.front()), {{value_of(row, quantity), number_of(row, quantity)}}});
    if (dimensions == 0)
      chart.groups.push_back(
          {"all", {{value_of(report.stats.all, quantity), number_of(report.stats.all, quantity)}}});
    return;
  }
  const auto rest_of = [&](const StatsRow& row) {
    std::string rest;
    for (std::size_t i = 1; i < row.keys.size(); ++i) rest += (i > 1 ? ", " : "") + shown_key(row.keys[i]);
    return rest;
  };
  for (const StatsRow& row : report.stats.rows)
    if (std::ranges::find(chart.series, rest_of(row)) == chart.series.end())
      chart.series.push_back(rest_of(row));
  for (const StatsRow& row : report.stats.rows) {
    if (chart.groups.empty() || chart.groups.back().label != shown_key(row.keys.front()))
      chart.groups.push_back(
          {shown_key(row.keys.front()), std::vector<formats::BarChart::Group::Value>(chart.series.size())});
    const auto series = std::ranges::find(chart.series, rest_of(row)) - chart.series.begin();
    chart.groups.back().values[static_cast<std::size_t>(series)] = {value_of(row, quantity),
                                                                    number_of(row, quantity)};
  }
}

std::string cell(const char* tag, const std::string& text, bool is_number = false) {
  return fmt::format("<{0}{1} dir=\"auto\">{2}</{0}>", tag, is_number ? " class=\"n\"" : "",
                     formats::markup_text(text));
}

std::string table_row(const StatsReport& report, const StatsRow& row, bool is_total) {
  std::string out = is_total ? "<tr class=\"all\">" : "<tr>";
  for (std::size_t i = 0; i < report.question.by.size(); ++i)
    out += cell("td", is_total ? (i == 0 ? "all" : "") : shown_key(row.keys[i]));
  out += cell("td", std::to_string(row.incidents), true) + cell("td", std::to_string(row.events), true);
  for (const char* name : kNames) out += cell("td", number_of(row, quantity_named(name)), true);
  return out + "</tr>\n";
}

std::string table_of(const StatsReport& report) {
  std::string out = "<table>\n<tr>";
  for (const archive::Grouping& grouping : report.question.by) out += cell("th", grouping.name);
  out += cell("th", "incidents", true) + cell("th", "events", true);
  for (const char* name : kNames) out += cell("th", name, true);
  out += "</tr>\n";
  for (const StatsRow& row : report.stats.rows) out += table_row(report, row, false);
  return out + table_row(report, report.stats.all, true) + "</table>\n";
}

std::string published_of(const formats::PublishedComparison& comparison) {
  std::string out = "<h2>Published figures</h2>\n<ol type=\"a\">\n";
  for (const formats::Assumption assumption : comparison.assumptions)
    out += fmt::format("<li>{}</li>\n", formats::markup_text(formats::text_of(assumption)));
  out += "</ol>\n<table>\n<tr>" + cell("th", "figure") + cell("th", "published", true) +
         cell("th", "computed", true) + cell("th", "") + cell("th", "needs (else)") + cell("th", "rests on") +
         "</tr>\n";
  for (const formats::PublishedFigure& figure : comparison.figures) {
    std::string needs;
    for (const formats::Need& need : figure.needs) {
      const auto at =
          std::ranges::find(comparison.assumptions, need.assumption) - comparison.assumptions.begin();
      needs += fmt::format("{}{} ({})", needs.empty() ? "" : ", ", static_cast<char>('a' + at), need.without);
    }
    out += "<tr>" + cell("td", figure.figure) + cell("td", figure.published, true) +
           cell("td", figure.computed, true) +
           (figure.follows ? "<td>follows</td>" : "<td class=\"bad\">differs</td>") + cell("td", needs) +
           cell("td", figure.note) + "</tr>\n";
  }
  return out + "</table>\n";
}

std::string page_of(const StatsReport& report, const NamedTotal& quantity) {
  std::string body = "<h1>Incident statistics</h1>\n" + table_of(report) + "<ul>\n";
  for (const std::string& remark : remarks_of(report, all_totals()))
    body += "<li>" + formats::markup_text(remark) + "</li>\n";
  body += "</ul>\n" + formats::svg(chart_of(report, quantity), false);
  if (report.published) body += published_of(*report.published);
  return formats::html_page({formats::PageLanguage::english, "Incident statistics", kStyle, body});
}

/// What a spreadsheet would take for a formula stands behind an apostrophe.
std::string csv_cell(std::string text) {
  constexpr std::string_view kFormula("=+-@\t\r\0", 7);
  const bool formula = !text.empty() && kFormula.find(text.front()) != std::string_view::npos;
  if (!formula && text.find_first_of(",;\"\r\n\t") == std::string::npos) return text;
  if (formula) text.insert(0, 1, '\'');
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// A sum, and beside it what a reader must know of it: how many incidents give the number, and how many not.
std::string csv_of(const StatsReport& report) {
  std::string out;
  for (const archive::Grouping& grouping : report.question.by) out += csv_cell(grouping.name) + ",";
  out += "incidents,events";
  for (const char* name : kNames)
    out += fmt::format(",{0},{0}_stated,{0}_not_stated,{0}_inexact,{0}_approximate", name);
  out += "\r\n";
  for (const StatsRow& row : report.stats.rows) {
    for (const std::string& key : row.keys) out += csv_cell(key) + ",";
    out += fmt::format("{},{}", row.incidents, row.events);
    for (const char* name : kNames) {
      const Total& total = row.*quantity_named(name).total;
      out += fmt::format(",{},{},{},{},{}", total.value() ? std::to_string(total.sum) : "", total.stated,
                         total.not_stated, total.inexact, total.approximate);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace

formats::Picture chart_of(const StatsReport& report, const NamedTotal& quantity) {
  formats::BarChart chart;
  chart.title = title_of(report, quantity);
  std::vector<NamedTotal> shown;
  if (quantity.total != nullptr) shown.push_back(quantity);
  chart.remarks = remarks_of(report, shown);
  add_groups(chart, report, quantity);
  return formats::bar_chart(chart);
}

void require_stats_name(const std::string& path) {
  if (path.empty()) return;
  if (!path.ends_with(".html") && !path.ends_with(".svg") && !path.ends_with(".csv"))
    throw Error(ErrorCode::usage, "--out " + in_quotes(path) + " is of no known kind",
                "name it .html (table and chart), .svg (chart) or .csv (table)");
  refuse_existing(path, "the file");
}

void write_stats(const std::string& path, const StatsReport& report, const NamedTotal& quantity) {
  const std::string content = path.ends_with(".html")  ? page_of(report, quantity)
                              : path.ends_with(".svg") ? formats::svg(chart_of(report, quantity), true)
                                                       : csv_of(report);
  files::write_new_file(path, as_bytes(content));
}

}  // namespace dalil::cli
