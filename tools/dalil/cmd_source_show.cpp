#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kItemsShown = 20;

struct ShowOptions {
  std::string alias;
  bool identity = false, history = false;
};

/// Lines of a text that may have several, each escaped, under one another.
void print_field(Printer& out, std::string_view name, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.line(fmt::format("  {:<12} {}", name, escape_for_display(text.substr(0, end))));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    name = "";
  }
}

Json fields_of(const archive::IdentityRevision& revision) {
  Json fields = Json::object();
  put_text(fields, "name", revision.identity.name);
  put_text(fields, "contact", revision.identity.contact);
  put_text(fields, "note", revision.identity.note);
  fields["time"] = revision.time.rfc3339();
  fields["seq"] = revision.seq;
  fields["author"] = revision.author;
  return fields;
}

void print_identity(Printer& out, const archive::IdentityRevision& revision) {
  print_field(out, "name", revision.identity.name);
  print_field(out, "contact", revision.identity.contact);
  print_field(out, "note", revision.identity.note);
  print_field(out, "stated",
              fmt::format("{} by {} (entry {})", time_text(revision.time), revision.author, revision.seq));
}

/// The newest, or with the history all of them.
void print_identities(Printer& out, const std::vector<archive::IdentityRevision>& all, bool history) {
  out.line();
  out.line(all.empty() ? "identity: none on record" : "identity (for archivists only)");
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    if (one != all.rbegin()) out.line("  before that");
    print_identity(out, *one);
    Json fields = fields_of(*one);
    fields["newest"] = one == all.rbegin();
    out.object("identity", fields);
    if (!history) break;
  }
}

void print_items(Printer& out, archive::View& view, const std::vector<archive::Assignment>& assignments) {
  out.line();
  out.line(assignments.empty() ? "no items come from it" : "items");
  Table table(
      {{"  item"}, {"kind"}, {"since entry", Align::right}, {"path", Align::left, Table::Fit::shortened}});
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    const archive::Assignment& one = assignments[i];
    if (out.json()) {
      Json fields = {
          {"item", view.item(one.item).digest.hex()}, {"seq", one.seq}, {"withdrawn", one.withdrawn()}};
      put_text(fields, "why", one.why);
      if (one.withdrawn()) fields["withdrawn_seq"] = *one.withdrawn_seq;
      put_text(fields, "withdrawn_why", one.withdrawn_why);
      out.object("assignment", fields);
    } else if (i < kItemsShown || out.verbose()) {
      const ItemLine item = item_line(view, one.item);
      table.add({"  " + item.short_id,
                 item.kind,
                 {std::to_string(one.seq) + (one.withdrawn() ? " (withdrawn)" : ""),
                  one.withdrawn() ? Style::dim : Style::plain},
                 item.path});
    }
  }
  table.print(out);
  if (assignments.size() > kItemsShown && !out.verbose())
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(assignments.size() - kItemsShown)));
}

void print_history(Printer& out, const std::vector<archive::SourceRevision>& revisions) {
  out.line();
  out.line("history");
  for (const archive::SourceRevision& revision : revisions) {
    out.line(fmt::format("  {}  entry {}  {}  consent {}  {}", time_text(revision.time), revision.seq,
                         escape_for_display(revision.author), archive::name_of(revision.source.consent),
                         escape_for_display(revision.reason)));
    if (!revision.source.note.empty()) out.line("      note: " + escape_for_display(revision.source.note));
    Json fields = json_of(revision.source);
    fields["time"] = revision.time.rfc3339();
    fields["seq"] = revision.seq;
    fields["author"] = revision.author;
    put_text(fields, "reason", revision.reason);
    out.object("revision", fields);
  }
}

void print_head(Printer& out, archive::View& view, const archive::SourceRevision& newest, std::size_t items) {
  const bool visible = view.can_read(ledger::SealClass::source);
  const bool recorded = visible && view.identity(newest.source.row).has_value();
  out.line(out.styled(Style::bold, escape_for_display(newest.source.alias)));
  print_field(out, "consent", archive::name_of(newest.source.consent));
  print_field(out, "note", newest.source.note);
  print_field(out, "items", number_text(items));
  print_field(out, "stated",
              fmt::format("{} by {} (entry {})", time_text(newest.time), newest.author, newest.seq));
  print_field(out, "reason", newest.reason);
  print_field(out, "identity",
              !visible   ? "not visible to this role"
              : recorded ? "on record; --identity shows it"
                         : "none on record");
  Json fields = json_of(newest.source);
  fields["items"] = items;
  fields["time"] = newest.time.rfc3339();
  fields["seq"] = newest.seq;
  fields["author"] = newest.author;
  put_text(fields, "reason", newest.reason);
  fields["identity_recorded"] = visible ? Json(recorded) : Json();
  out.object("source", fields);
}

int run_show(Session& session, const ShowOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row row = source_named(view, options.alias);
  std::vector<archive::IdentityRevision> identities;
  if (options.identity) identities = view.identity_history(row);
  const auto revisions = view.source_history(row);
  const auto assignments = view.items_of_source(row, options.history);
  const auto items = static_cast<std::size_t>(std::count_if(
      assignments.begin(), assignments.end(), [](const auto& one) { return !one.withdrawn(); }));
  Printer& out = session.out();
  print_head(out, view, revisions.back(), items);
  if (options.identity) print_identities(out, identities, options.history);
  print_items(out, view, assignments);
  if (options.history) print_history(out, revisions);
  out.object("summary", {{"command", "source show"}, {"items", items}});
  return kExitOk;
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const auto sources = view.sources();
  std::map<archive::Row, std::size_t> items;
  view.for_each_assignment([&](archive::Row, archive::Row source) { ++items[source]; });
  Printer& out = session.out();
  Table table(
      {{"alias"}, {"consent"}, {"items", Align::right}, {"note", Align::left, Table::Fit::shortened}});
  for (const archive::Source& source : sources) {
    table.add({{escape_for_display(source.alias), Style::bold},
               archive::name_of(source.consent),
               number_text(items[source.row]),
               escape_for_display(source.note)});
    Json fields = json_of(source);
    fields["items"] = items[source.row];
    out.object("source", fields);
  }
  table.print(out);
  if (sources.empty()) out.note("no sources yet; make one known with: dalil source add ALIAS");
  out.object("summary", {{"command", "source list"}, {"sources", sources.size()}});
  return kExitOk;
}

}  // namespace

Runner declare_source_show(Options& app) {
  const auto options = std::make_shared<ShowOptions>();
  app.add_option("ALIAS", options->alias, "the source")->required()->type_name("");
  app.add_flag("--identity", options->identity, "print who it is; archivists only");
  app.add_flag("--history", options->history, "every revision, and items that were withdrawn");
  return [options](Session& session) { return run_show(session, *options); };
}

Runner declare_source_list(Options&) {
  return run_list;
}

}  // namespace dalil::cli
