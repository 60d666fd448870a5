#include <fmt/format.h>

#include "command.hpp"
#include "dalil/archive/condition.hpp"
#include "dalil/archive/saved_query.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "query_options.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct SaveOptions {
  std::string name, note;
  std::vector<std::string> words;
};

/// A query that named itself, straight or by way of others, could never be asked.
void refuse_circle(archive::View& view, const std::string& name, const std::string& text) {
  archive::QueryReader reader;
  reader.saved = [&](const std::string& other) {
    if (other == name)
      throw Error(ErrorCode::conflict, "the query would lead back to itself: " + in_quotes("@" + name),
                  "nothing was saved; choose another name, or write out what the older one asks for");
    return text_of_saved(view, other);
  };
  (void)reader.read(text);
}

int run_save(Session& session, const SaveOptions& options) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const std::string text = joined(options.words);
  refuse_circle(view, options.name, text);
  QueryOptions query;
  query.words = options.words;
  // It has to be a question that can be asked, today; what it names may come to exist later.
  (void)query_from(query, view);
  const auto before = archive::find_saved_query(view, options.name);
  archive::Editor editor = archive.edit();
  archive::save_query(editor, options.name, text, options.note);
  editor.commit();
  Printer& out = session.out();
  out.line(std::string(before ? "changed" : "saved") + ": dalil find " + in_quotes("@" + options.name));
  out.object(
      "summary",
      {{"command", "query save"}, {"name", options.name}, {"query", text}, {"changed", before.has_value()}});
  return kExitOk;
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const auto queries = archive::saved_queries(view);
  Printer& out = session.out();
  Table table({{"name"}, {"by"}, {"query", Align::left, Table::Fit::shortened}});
  for (const archive::SavedQuery& query : queries) {
    table.add({{escape_for_display(query.name), Style::bold},
               escape_for_display(query.author),
               escape_for_display(query.text)});
    out.object("query", {{"name", query.name},
                         {"query", query.text},
                         {"note", query.note},
                         {"author", query.author},
                         {"stated", query.stated.rfc3339()},
                         {"seq", query.seq}});
  }
  table.print(out);
  if (queries.empty()) out.note("no saved queries yet; save one with: dalil query save NAME QUERY");
  out.object("summary", {{"command", "query list"}, {"queries", queries.size()}});
  return kExitOk;
}

/// Whether the text names the query, straight or by way of others. What cannot be read any more does so as
/// far as it can be.
bool leads_to(archive::View& view, const std::string& text, const std::string& name) {
  bool named = false;
  archive::QueryReader reader;
  reader.saved = [&](const std::string& other) {
    named = named || other == name;
    return text_of_saved(view, other);
  };
  try {
    (void)reader.read(text);
  } catch (const Error&) {
    return named;
  }
  return named;
}

/// Others that name it could not be asked any more.
void refuse_needed(archive::View& view, const std::string& name) {
  std::string names;
  std::size_t count = 0;
  for (const archive::SavedQuery& other : archive::saved_queries(view)) {
    if (other.name == name || !leads_to(view, other.text, name)) continue;
    names += (count++ > 0 ? ", " : "") + in_quotes("@" + other.name);
  }
  if (count > 0)
    throw Error(ErrorCode::conflict,
                fmt::format("{} is used by {}: {}", in_quotes("@" + name),
                            count_text(count, "other saved query", "other saved queries"), names),
                "nothing was removed; save these anew without it, or remove them first");
}

int run_remove(Session& session, const std::string& name, const std::string& why) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  refuse_needed(view, name);
  archive::Editor editor = archive.edit();
  archive::remove_saved_query(editor, name, why);
  editor.commit();
  session.out().line("removed; the log keeps it");
  session.out().object("summary", {{"command", "query remove"}, {"name", name}});
  return kExitOk;
}

}  // namespace

Runner declare_query_save(Options& app) {
  const auto options = std::make_shared<SaveOptions>();
  app.add_option("NAME", options->name, "which '@NAME' stands for; an older one of this name is replaced")
      ->required();
  app.add_option("QUERY", options->words, "as for 'dalil find'")->required();
  app.add_option("--note", options->note, "what it is for")->type_name("TEXT");
  return [options](Session& session) { return run_save(session, *options); };
}

Runner declare_query_list(Options&) {
  return run_list;
}

Runner declare_query_remove(Options& app) {
  const auto name = std::make_shared<std::string>(), why = std::make_shared<std::string>();
  app.add_option("NAME", *name, "of a saved query")->required();
  app.add_option("--why", *why, "the reason, for the ledger")->type_name("TEXT");
  app.explain("A query that others name is not removed.\n\n");
  return [name, why](Session& session) { return run_remove(session, *name, *why); };
}

}  // namespace dalil::cli
