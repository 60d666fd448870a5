#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "incident_forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct ShowOptions {
  std::string id;
  bool history = false;
};

void print_history(Printer& out, const std::vector<archive::IncidentRevision>& revisions) {
  out.line();
  out.line("history");
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    const auto& revision = revisions[i];
    out.line(fmt::format("  {}  entry {}  {}  {}", time_text(revision.time), revision.seq,
                         escape_for_display(revision.author), escape_for_display(revision.reason)));
    Json list = Json::array();
    const archive::Incident before = i == 0 ? archive::Incident{} : revisions[i - 1].incident;
    for (const FieldChange& change : differences(before, revision.incident)) {
      list.push_back({{"field", change.field}, {"before", change.before}, {"after", change.after}});
      if (i == 0) continue;  // the first revision states everything: it is shown above or below as changes
      out.line(fmt::format("      {}: {} -> {}", change.field,
                           change.before.empty() ? "(not stated)" : change.before,
                           change.after.empty() ? "(not stated)" : change.after));
    }
    out.object("revision", {{"time", revision.time.rfc3339()},
                            {"seq", revision.seq},
                            {"author", revision.author},
                            {"reason", revision.reason},
                            {"changes", list}});
  }
}

int run_show(Session& session, const ShowOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row row = incident_named(view, options.id);
  const archive::IncidentRevision newest = view.incident(row);
  Printer& out = session.out();
  out.line(out.styled(Style::bold, escape_for_display(newest.incident.id)));
  print_fields(out, newest.incident);
  out.object("incident", {{"id", newest.incident.id},
                          {"incident", json_of(newest.incident)},
                          {"revised", newest.time.rfc3339()},
                          {"author", newest.author},
                          {"reason", newest.reason}});
  const auto links = view.links_of_incident(row, options.history);
  out.line();
  out.line(links.empty() ? "no evidence is linked to it" : "evidence");
  Table table({{"  item"}, {"kind"}, {"link"}, {"path", Align::left, Table::Fit::shortened}});
  for (const archive::Link& link : links) {
    const ItemLine item = item_line(view, link.item);
    table.add({"  " + item.short_id,
               item.kind,
               {link_text(link), link.withdrawn ? Style::dim : Style::plain},
               item.path});
    out.object("link", json_of(view, link));
  }
  table.print(out);
  if (options.history) print_history(out, view.incident_history(row));
  out.object("summary", {{"command", "incident show"}, {"links", links.size()}});
  return kExitOk;
}

}  // namespace

Runner declare_incident_show(Options& app) {
  const auto options = std::make_shared<ShowOptions>();
  app.add_option("ID", options->id, "the incident")->required()->type_name("");
  app.add_flag("--history", options->history, "every revision, field by field, and withdrawn links");
  return [options](Session& session) { return run_show(session, *options); };
}

}  // namespace dalil::cli
