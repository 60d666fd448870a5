#include <fmt/format.h>

#include "command.hpp"
#include "dalil/archive/stats.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/register.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct StatsOptions {
  std::vector<std::string> by;
  std::string days, register_file;
  bool fetuses_as_children = false, confirmed = false, add_parts = false;
};

archive::Dimension dimension_named(const std::string& text) {
  if (const auto dimension = archive::dimension_from(text)) return *dimension;
  std::string names;
  for (const std::string& name : archive::dimension_names()) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::usage, "incidents cannot be grouped by " + in_quotes(text),
              "one or more of: " + names);
}

archive::StatsQuestion question_from(const StatsOptions& options) {
  archive::StatsQuestion question;
  for (const std::string& name : options.by) question.by.push_back(dimension_named(name));
  if (!options.days.empty()) question.days = date_range_from("--date", options.days);
  if (options.fetuses_as_children) question.reading = archive::Reading::fetuses_as_children;
  if (options.confirmed) question.basis = archive::DateBasis::confirmed;
  if (options.add_parts) question.parts = archive::Parts::added_up;
  return question;
}

/// A sum that rests on some of the incidents only says on how many.
std::string text_of(const archive::Total& total) {
  if (!total.value()) return "-";
  std::string text = number_text(total.sum);
  if (total.inexact > 0) text = ">=" + text;
  return text;
}

Json json_of(const archive::Total& total) {
  Json out = {{"stated", total.stated}, {"not_stated", total.not_stated}};
  if (total.value()) out["sum"] = total.sum;
  if (total.in_whole > 0) out["in_whole"] = total.in_whole;
  if (total.inexact > 0) out["inexact"] = total.inexact;
  return out;
}

struct NamedTotal {
  const char* name;
  archive::Total archive::StatsRow::*total;
};
constexpr NamedTotal kTotals[] = {
    {"killed", &archive::StatsRow::killed},   {"children", &archive::StatsRow::children},
    {"women", &archive::StatsRow::women},     {"fetuses", &archive::StatsRow::fetuses},
    {"wounded", &archive::StatsRow::wounded}, {"detained", &archive::StatsRow::detained},
};

void add_row(Printer& out, Table& table, const archive::StatsQuestion& question, const archive::StatsRow& row,
             bool is_total) {
  std::vector<Cell> cells;
  Json fields = {{"total", is_total}, {"incidents", row.incidents}};
  for (std::size_t i = 0; i < question.by.size(); ++i) {
    const std::string key = is_total ? "" : row.keys[i];
    const std::string shown = is_total      ? (i == 0 ? "all" : "")
                              : key.empty() ? "(not stated)"
                                            : escape_for_display(key);
    cells.emplace_back(shown, is_total ? Style::bold : Style::plain);
    if (!is_total) fields["by"][archive::name_of(question.by[i])] = key.empty() ? Json() : Json(key);
  }
  cells.emplace_back(number_text(row.incidents));
  for (const NamedTotal& named : kTotals) {
    cells.emplace_back(text_of(row.*named.total));
    fields[named.name] = json_of(row.*named.total);
  }
  table.add(std::move(cells));
  out.object("stats", fields);
}

void print_totals(Printer& out, const archive::StatsQuestion& question, const archive::Stats& stats) {
  std::vector<Table::Column> columns;
  for (const archive::Dimension dimension : question.by) columns.push_back({archive::name_of(dimension)});
  columns.push_back({"incidents", Align::right});
  for (const NamedTotal& named : kTotals) columns.push_back({named.name, Align::right});
  Table table(columns);
  for (const archive::StatsRow& row : stats.rows) {
    if (!question.by.empty()) add_row(out, table, question, row, false);
  }
  add_row(out, table, question, stats.all, true);
  table.print(out);
  out.line();
  out.line("- means: no incident states a number; absent is not zero");
  if (stats.all.killed.not_stated > 0) {
    out.line(count_text(stats.all.killed.not_stated, "incident states", "incidents state") +
             " no number killed");
  }
  if (stats.undated > 0) out.line(count_text(stats.undated, "incident has", "incidents have") + " no date");
  if (stats.outside > 0)
    out.line(count_text(stats.outside, "incident lies", "incidents lie") + " outside the range");
  if (stats.across > 0) {
    out.line(count_text(stats.across, "incident lies", "incidents lie") + " partly in the range, or may");
  }
}

/// True if every published figure follows.
bool compare(Printer& out, const std::string& path, const std::vector<archive::Incident>& incidents) {
  const Bytes content = files::read_small_file(path, formats::kMaxRegisterBytes);
  const formats::Register reg = formats::read_register_json(as_chars(content));
  if (reg.published_totals_json.empty()) {
    throw Error(ErrorCode::invalid, "register " + in_quotes(path) + " carries no published totals",
                "they stand beside the incidents as \"published_totals\"");
  }
  const auto comparison = formats::compare_published(reg.published_totals_json, incidents);
  out.line();
  out.line("published totals of " + in_quotes(path));
  Table table({{"figure"}, {"published", Align::right}, {"computed", Align::right}, {""}, {"rests on"}});
  bool all_follow = true;
  for (const auto& figure : comparison.figures) {
    all_follow = all_follow && figure.follows;
    table.add({escape_for_display(figure.figure),
               figure.published.empty() ? "-" : escape_for_display(figure.published),
               figure.computed.empty() ? "-" : figure.computed,
               {figure.follows ? "follows" : "DIFFERS", figure.follows ? Style::good : Style::bad},
               escape_for_display(figure.note)});
    out.object("published_figure", {{"figure", figure.figure},
                                    {"published", figure.published},
                                    {"computed", figure.computed},
                                    {"follows", figure.follows},
                                    {"note", figure.note}});
  }
  table.print(out);
  for (const std::string& name : comparison.not_compared) {
    out.line("not compared: " + escape_for_display(name));
    out.object("not_compared", {{"figure", name}});
  }
  return all_follow;
}

int run_stats(Session& session, const StatsOptions& options) {
  const archive::StatsQuestion question = question_from(options);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  std::vector<archive::Incident> incidents;
  for (auto& revision : view.incidents()) incidents.push_back(std::move(revision.incident));
  Printer& out = session.out();
  const archive::Stats stats = archive::count_incidents(incidents, question);
  print_totals(out, question, stats);
  const bool agrees = options.register_file.empty() || compare(out, options.register_file, incidents);
  Json summary = {{"command", "incident stats"},
                  {"incidents", stats.all.incidents},
                  {"undated", stats.undated},
                  {"outside", stats.outside},
                  {"across", stats.across}};
  if (!options.register_file.empty()) summary["published_totals_follow"] = agrees;
  out.object("summary", summary);
  return agrees ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_incident_stats(Options& app) {
  const auto options = std::make_shared<StatsOptions>();
  app.add_option("--by", options->by, "party, governorate, area_of_control ...; several with commas")
      ->delimiter(',')
      ->type_name("FIELDS");
  app.add_option("--date", options->days, "only incidents of these days")->type_name("RANGE");
  app.add_flag("--fetuses-as-children", options->fetuses_as_children, "add unborn children to the children");
  app.add_flag("--confirmed", options->confirmed,
               "by the day it was documented on, where the register gives one");
  app.add_flag("--add-parts", options->add_parts, "add up parts and wholes that state the same people");
  app.add_option("--register", options->register_file,
                 "compare with the published totals in a register; 1 if they differ")
      ->type_name("FILE");
  return [options](Session& session) { return run_stats(session, *options); };
}

}  // namespace dalil::cli
