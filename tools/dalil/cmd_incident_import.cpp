#include <fmt/format.h>

#include <map>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/register.hpp"
#include "forms.hpp"
#include "incident_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kProblemsShown = 50;
constexpr std::size_t kOwnFieldsShown = 10;

struct ImportOptions {
  std::string file, reason;
  bool update = false, dry_run = false;
};

std::string file_name_of(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool is_json(std::string_view path, std::string_view text) {
  if (path.ends_with(".json") || path.ends_with(".JSON")) return true;
  if (path.ends_with(".csv") || path.ends_with(".CSV") || path.ends_with(".tsv")) return false;
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

formats::Register read_register(const std::string& path) {
  const Bytes content = files::read_small_file(path);
  const std::string_view text = as_chars(content);
  return is_json(path, text) ? formats::read_register_json(text) : formats::read_register_csv(text);
}

[[noreturn]] void refuse(Session& session, const std::string& path,
                         const std::vector<formats::RegisterProblem>& problems) {
  for (std::size_t i = 0; i < problems.size() && i < kProblemsShown; ++i) {
    session.out().note(problems[i].text());
  }
  if (problems.size() > kProblemsShown) {
    session.out().note(fmt::format("... and {} more problems", problems.size() - kProblemsShown));
  }
  throw Error(ErrorCode::invalid,
              fmt::format("register {} has {}; the first: {}", in_quotes(path),
                          count_text(problems.size(), "problem", "problems"), problems.front().text()),
              "nothing was imported; correct the file and import it again");
}

/// By name, how many incidents have a field that the register does not know.
std::map<std::string, std::size_t> own_fields(const std::vector<archive::Incident>& incidents) {
  std::map<std::string, std::size_t> counts;
  for (const archive::Incident& incident : incidents)
    for (const auto& [name, value] : incident.extra) ++counts[name];
  return counts;
}

void note_own_fields(Printer& out, const std::map<std::string, std::size_t>& fields) {
  std::size_t shown = 0;
  for (const auto& [name, incidents] : fields) {
    if (++shown > kOwnFieldsShown && !out.verbose()) break;
    const std::string similar = formats::similar_field_name(name);
    out.note(fmt::format("{} of {} is no field of the register, and is kept as your own{}", in_quotes(name),
                         count_text(incidents, "incident", "incidents"),
                         similar.empty() ? "" : "; did you mean " + in_quotes(similar) + "?"));
  }
  if (fields.size() > kOwnFieldsShown && !out.verbose())
    out.note(fmt::format("and {} more of your own; -v names all", fields.size() - kOwnFieldsShown));
}

/// What an import would do to the archive.
struct Plan {
  std::vector<const archive::Incident*> fresh, changed;
  std::size_t unchanged = 0;
};

Plan plan_import(archive::View& view, const std::vector<archive::Incident>& incidents) {
  Plan plan;
  for (const archive::Incident& incident : incidents) {
    const auto row = view.find_incident(incident.id);
    if (!row) {
      plan.fresh.push_back(&incident);
    } else if (view.incident(*row).incident == incident) {
      ++plan.unchanged;
    } else {
      plan.changed.push_back(&incident);
    }
  }
  return plan;
}

void report(Session& session, const ImportOptions& options, const Plan& plan,
            const std::map<std::string, std::size_t>& own) {
  Printer& out = session.out();
  const auto each = [&](const std::vector<const archive::Incident*>& incidents, const char* what) {
    for (const archive::Incident* incident : incidents) {
      if (out.verbose()) out.line(fmt::format("{:<8} {}", what, escape_for_display(incident->id)));
      out.object("incident", {{"id", incident->id}, {"result", what}});
    }
  };
  each(plan.fresh, "new");
  each(plan.changed, "changed");
  out.line(fmt::format("{}{}: {} new, {} changed, {} unchanged",
                       options.dry_run ? "would import " : "imported ", in_quotes(options.file),
                       plan.fresh.size(), plan.changed.size(), plan.unchanged));
  note_own_fields(out, own);
  out.object("summary", {{"command", "incident import"},
                         {"dry_run", options.dry_run},
                         {"new", plan.fresh.size()},
                         {"changed", plan.changed.size()},
                         {"unchanged", plan.unchanged},
                         {"own_fields", own}});
}

void refuse_changes(archive::View& view, const Plan& plan) {
  std::string names;
  for (std::size_t i = 0; i < plan.changed.size() && i < 3; ++i) {
    const archive::Incident& now = *plan.changed[i];
    std::string fields;
    for (const auto& change : differences(view.incident(*view.find_incident(now.id)).incident, now)) {
      fields += (fields.empty() ? "" : ", ") + change.field;
    }
    names += fmt::format("{}{} ({})", names.empty() ? "" : "; ", in_quotes(now.id), fields);
  }
  if (plan.changed.size() > 3) names += fmt::format("; and {} more", plan.changed.size() - 3);
  throw Error(ErrorCode::conflict,
              fmt::format("{} differ from what the archive has: {}",
                          count_text(plan.changed.size(), "incident", "incidents"), names),
              "nothing was imported; give --update to record the register's version as a revision");
}

int run_import(Session& session, const ImportOptions& options) {
  const formats::Register reg = read_register(options.file);
  if (!reg.problems.empty()) refuse(session, options.file, reg.problems);
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const Plan plan = plan_import(view, reg.incidents);
  if (!plan.changed.empty() && !options.update) refuse_changes(view, plan);
  if (!options.dry_run && plan.fresh.size() + plan.changed.size() > 0) {
    const std::string reason = options.reason.empty()
                                   ? "imported from " + escape_for_display(file_name_of(options.file))
                                   : options.reason;
    archive::Editor editor = archive.edit();
    for (const archive::Incident* incident : plan.fresh) editor.put_incident(*incident, reason);
    for (const archive::Incident* incident : plan.changed) editor.put_incident(*incident, reason);
    editor.commit();
  }
  report(session, options, plan, own_fields(reg.incidents));
  return kExitOk;
}

}  // namespace

Runner declare_incident_import(Options& app) {
  const auto options = std::make_shared<ImportOptions>();
  app.add_option("FILE", options->file, "the register: JSON, or CSV with a header line")
      ->required()
      ->type_name("");
  app.add_flag("--update", options->update, "record differences as revisions");
  app.add_option("--reason", options->reason, "why (default: the file's name)")->type_name("TEXT");
  app.add_flag("--dry-run", options->dry_run, "say what would happen, change nothing");
  return [options](Session& session) { return run_import(session, *options); };
}

}  // namespace dalil::cli
