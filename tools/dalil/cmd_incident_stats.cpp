#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "forms.hpp"
#include "incident_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "stats_forms.hpp"
#include "stats_question.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

struct StatsOptions {
  std::vector<std::string> by, where;
  std::string days, register_file, as_of, out, quantity;
  bool fetuses_as_children = false, confirmed = false, add_parts = false, chains_once = false;
  bool without_inferred = false, changes = false;
};

archive::StatsQuestion question_from(archive::View& view, const StatsOptions& options) {
  archive::StatsQuestion question;
  for (const std::string& name : options.by) question.by.push_back(grouping_named(view, name));
  if (!options.days.empty()) question.days = date_range_from("--date", options.days);
  if (options.fetuses_as_children) question.reading = archive::Reading::fetuses_as_children;
  if (options.confirmed) question.basis = archive::DateBasis::confirmed;
  if (options.add_parts) question.parts = archive::Parts::added_up;
  if (options.chains_once) question.chains = archive::Chains::counted_once;
  if (options.without_inferred) question.inferred = archive::Inferred::left_out;
  return question;
}

/// The readings that were asked for, in words.
std::vector<std::string> readings_of(const StatsOptions& options) {
  std::vector<std::string> readings;
  if (!options.as_of.empty()) readings.push_back("as known on " + options.as_of);
  for (const std::string& where : options.where) readings.push_back("only where " + where);
  if (options.fetuses_as_children) readings.emplace_back("unborn children are counted as children");
  if (options.confirmed)
    readings.emplace_back("an event counts on the day it was documented, where the register gives one");
  if (options.add_parts) readings.emplace_back("parts and wholes that state the same people are added up");
  if (options.chains_once)
    readings.emplace_back("of incidents that precede or cause one another the greatest number is taken");
  if (options.without_inferred) readings.emplace_back("numbers that the register inferred are left out");
  return readings;
}

std::vector<archive::IncidentRevision> revisions_for(archive::View& view, const StatsOptions& options) {
  if (options.as_of.empty()) return view.incidents();
  return incidents_as_of(view, moment_from("--as-of", options.as_of));
}

std::vector<archive::Incident> selected(archive::View& view, std::vector<archive::IncidentRevision> revisions,
                                        const StatsOptions& options) {
  std::vector<IncidentFilter> filters;
  for (const std::string& where : options.where) filters.push_back(filter_from(view, where, revisions));
  std::vector<archive::Incident> incidents;
  for (archive::IncidentRevision& revision : revisions) {
    const bool passes =
        std::ranges::all_of(filters, [&](const IncidentFilter& filter) { return filter(revision.incident); });
    if (passes) incidents.push_back(std::move(revision.incident));
  }
  return incidents;
}

/// Those that the register lists: other registers in the archive have totals of their own.
formats::PublishedComparison compare(Printer& out, const StatsReport& report, const std::string& path,
                                     const std::vector<archive::Incident>& incidents) {
  const Bytes content = files::read_small_file(path, formats::kMaxRegisterBytes);
  const formats::Register reg = formats::read_register_json(as_chars(content));
  if (reg.published_totals_json.empty()) {
    throw Error(ErrorCode::invalid, "register " + in_quotes(path) + " carries no published totals",
                "they stand beside the incidents as \"published_totals\"");
  }
  std::unordered_set<std::string> listed;
  for (const archive::Incident& incident : reg.incidents) listed.insert(incident.id);
  std::vector<archive::Incident> held;
  for (const archive::Incident& incident : incidents)
    if (listed.contains(incident.id)) held.push_back(incident);
  if (held.size() < listed.size())
    out.warn(fmt::format("{} of the {} incidents of {} are not counted here", listed.size() - held.size(),
                         listed.size(), in_quotes(path)));
  return formats::compare_published(reg.published_totals_json, held, report.question.days);
}

/// One line a revision: who made it, when and why, and what it changed. Returns whether it changed anything.
bool print_revision(Printer& out, const archive::IncidentRevision& before,
                    const archive::IncidentRevision& after) {
  const auto changes = differences(before.incident, after.incident);
  if (changes.empty()) return false;
  out.line(wrapped(out,
                   fmt::format("{}: revised {} by {}{}", escape_for_display(after.incident.id),
                               time_text(after.time), escape_for_display(after.author),
                               after.reason.empty() ? "" : ": " + escape_for_display(after.reason)),
                   4));
  Json fields = {{"incident", after.incident.id},
                 {"seq", after.seq},
                 {"author", after.author},
                 {"changes", Json::array()}};
  put_time(fields, "time", after.time);
  put_text(fields, "reason", after.reason);
  for (const FieldChange& change : changes) {
    out.line(wrapped(out,
                     fmt::format("  {}: {} -> {}", change.field,
                                 change.before.empty() ? "-" : escape_for_display(change.before),
                                 change.after.empty() ? "-" : escape_for_display(change.after)),
                     4));
    fields["changes"].push_back(
        {{"field", change.field}, {"before", change.before}, {"after", change.after}});
  }
  out.object("reclassified", fields);
  return true;
}

/// What has been revised since: "as known then" and now differ by these.
void print_changes(Printer& out, archive::View& view, const std::vector<archive::IncidentRevision>& then) {
  std::uint64_t changed = 0, revisions = 0;
  std::unordered_set<archive::Row> known;
  for (const archive::IncidentRevision& standing : then) {
    known.insert(standing.row);
    auto history = view.incident_history(standing.row);
    std::ranges::sort(history, {}, &archive::IncidentRevision::seq);
    const archive::IncidentRevision* before = &standing;
    const std::uint64_t revisions_before = revisions;
    for (const archive::IncidentRevision& after : history) {
      if (after.seq <= standing.seq) continue;
      revisions += print_revision(out, *before, after) ? 1 : 0;
      before = &after;
    }
    changed += revisions > revisions_before ? 1 : 0;
  }
  const std::uint64_t added = view.incident_count() - known.size();
  out.line(fmt::format("{} revised since ({}), {} added",
                       count_text(changed, "incident was", "incidents were"),
                       count_text(revisions, "revision", "revisions"), number_text(added)));
}

int run_stats(Session& session, const StatsOptions& options) {
  if (options.changes && options.as_of.empty())
    throw Error(ErrorCode::usage, "--changes says what changed since --as-of",
                "give the day: --as-of 2017-10-09");
  const NamedTotal quantity = quantity_named(options.quantity.empty() ? "killed" : options.quantity);
  if (!options.quantity.empty() && (options.out.empty() || options.out.ends_with(".csv")))
    throw Error(ErrorCode::usage, "--chart says what the chart of --out shows",
                "name a page or a picture for it: --out FILE.html or --out FILE.svg");
  require_stats_name(options.out);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  const auto revisions = revisions_for(view, options);
  const std::vector<archive::Incident> incidents = selected(view, revisions, options);
  StatsReport report;
  report.question = question_from(view, options);
  report.readings = readings_of(options);
  report.stats = archive::count_incidents(incidents, report.question);
  if (!options.register_file.empty()) {
    report.published = compare(out, report, options.register_file, incidents);
    report.published_name = options.register_file;
  }
  print_stats(out, report);
  const bool agrees = !report.published || print_published(out, report);
  if (options.changes) print_changes(out, view, revisions);
  if (!options.out.empty()) write_stats(options.out, report, quantity);
  Json summary = {{"command", "incident stats"},       {"incidents", report.stats.all.incidents},
                  {"events", report.stats.all.events}, {"undated", report.stats.undated},
                  {"outside", report.stats.outside},   {"across", report.stats.across}};
  if (!options.as_of.empty()) summary["as_of"] = moment_from("--as-of", options.as_of).rfc3339_ms();
  if (report.published) summary["published_totals_follow"] = agrees;
  out.object("summary", summary);
  const bool nothing = report.stats.all.incidents == 0;
  if (nothing) out.note("nothing matched");
  return agrees && !nothing ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_incident_stats(Options& app) {
  const auto options = std::make_shared<StatsOptions>();
  app.add_option("--by", options->by,
                 "party, governorate, month, district ..., or any field; several with commas")
      ->delimiter(',')
      ->type_name("FIELDS");
  app.add_option("--where", options->where,
                 "only these: governorate=Idlib, party='Syrian regime'; several: all of them")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  app.add_option("--date", options->days, "only incidents of these days")->type_name("RANGE");
  app.add_option("--as-of", options->as_of, "as the archive knew them on that day")->type_name("DATE");
  app.add_flag("--changes", options->changes, "with --as-of: what was revised since");
  app.add_flag("--fetuses-as-children", options->fetuses_as_children, "add unborn children to the children");
  app.add_flag("--confirmed", options->confirmed,
               "by the day it was documented on, where the register gives one");
  app.add_flag("--without-inferred", options->without_inferred,
               "leave out numbers that the register inferred");
  app.add_flag("--add-parts", options->add_parts, "add up parts and wholes that state the same people");
  app.add_flag("--chains-once", options->chains_once,
               "of incidents that precede or cause one another take the greatest number");
  app.add_option("--register", options->register_file,
                 "compare with the published totals in a register; 1 if they differ")
      ->type_name("FILE");
  app.add_option("--out", options->out,
                 "a new file: table and chart as .html, chart as .svg, or table as .csv")
      ->type_name("FILE");
  app.add_option("--chart", options->quantity,
                 "what the chart shows: incidents, killed (default), children ...")
      ->type_name("NUMBER");
  return [options](Session& session) { return run_stats(session, *options); };
}

}  // namespace dalil::cli
