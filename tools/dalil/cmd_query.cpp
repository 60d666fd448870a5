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

int run_remove(Session& session, const std::string& name, const std::string& why) {
  archive::Archive archive = session.open();
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
  return [name, why](Session& session) { return run_remove(session, *name, *why); };
}

}  // namespace dalil::cli
