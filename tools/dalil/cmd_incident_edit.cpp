#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/register.hpp"
#include "incident_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct EditOptions {
  std::string id, reason, json_file;
  std::vector<std::string> assignments;
};

archive::Incident incident_from_file(const std::string& path) {
  const Bytes content = files::read_small_file(path);
  const formats::Register reg = formats::read_register_json(as_chars(content));
  if (!reg.problems.empty()) {
    throw Error(ErrorCode::invalid, in_quotes(path) + " is not acceptable: " + reg.problems.front().text(),
                "nothing was changed");
  }
  if (reg.incidents.size() != 1) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} holds {} incidents, not one", in_quotes(path), reg.incidents.size()),
                "registers come in with: dalil incident import FILE");
  }
  return reg.incidents.front();
}

int run_add(Session& session, const EditOptions& options) {
  archive::Incident incident;
  if (!options.json_file.empty()) incident = incident_from_file(options.json_file);
  set_fields(incident, options.assignments);
  require_valid(incident);
  archive::Archive archive = session.open();
  if (archive.view().find_incident(incident.id)) {
    throw Error(ErrorCode::conflict, "an incident " + in_quotes(incident.id) + " exists already",
                "revise it with: dalil incident edit ID --set field=value --reason TEXT");
  }
  archive::Editor editor = archive.edit();
  editor.put_incident(incident, options.reason);
  editor.commit();
  Printer& out = session.out();
  out.line("added incident " + in_quotes(incident.id));
  print_fields(out, incident);
  out.object("incident", {{"id", incident.id}, {"result", "new"}, {"incident", json_of(incident)}});
  out.object("summary", {{"command", "incident add"}});
  return kExitOk;
}

int run_edit(Session& session, const EditOptions& options) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Incident before = view.incident(incident_named(view, options.id)).incident;
  archive::Incident after = before;
  set_fields(after, options.assignments);
  if (after.id != before.id) {
    throw Error(ErrorCode::usage, "the id of an incident cannot be changed",
                "links name it; add a new incident, and relate the two");
  }
  require_valid(after);
  const auto changes = differences(before, after);
  Printer& out = session.out();
  if (changes.empty()) {
    out.note("nothing to change: the incident says so already");
  } else {
    archive::Editor editor = archive.edit();
    editor.put_incident(after, options.reason);
    editor.commit();
  }
  Json list = Json::array();
  for (const FieldChange& change : changes) {
    out.line(fmt::format("  {}: {} -> {}", change.field,
                         change.before.empty() ? "(not stated)" : change.before,
                         change.after.empty() ? "(not stated)" : change.after));
    list.push_back({{"field", change.field}, {"before", change.before}, {"after", change.after}});
  }
  out.object("incident",
             {{"id", after.id}, {"result", changes.empty() ? "unchanged" : "changed"}, {"changes", list}});
  out.object("summary", {{"command", "incident edit"}});
  return kExitOk;
}

}  // namespace

Runner declare_incident_add(Options& app) {
  const auto options = std::make_shared<EditOptions>();
  options->reason = "added by hand";
  auto* set = app.add_option("--set", options->assignments, "a field of the register; may be repeated")
                  ->type_name("FIELD=VALUE")
                  ->allow_extra_args(false);
  auto* file = app.add_option("--from-json", options->json_file, "one incident as JSON")->type_name("FILE");
  app.add_option("--reason", options->reason, "why, or from where")->type_name("TEXT");
  app.require_any({set, file}, "--set or --from-json");
  return [options](Session& session) { return run_add(session, *options); };
}

Runner declare_incident_edit(Options& app) {
  const auto options = std::make_shared<EditOptions>();
  app.add_option("ID", options->id, "the incident")->required()->type_name("");
  app.add_option("--set", options->assignments, "a field's new value; empty clears it; may be repeated")
      ->required()
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  app.add_option("--reason", options->reason, "why; kept in the history")->required()->type_name("TEXT");
  return [options](Session& session) { return run_edit(session, *options); };
}

}  // namespace dalil::cli
