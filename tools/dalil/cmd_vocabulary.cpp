#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "command.hpp"
#include "dalil/archive/stated_vocabulary.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "output_file.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "vocabularies.hpp"

namespace dalil::cli {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

std::string in_language(const Names& names, const std::string& language) {
  const auto found = std::ranges::find_if(names, [&](const auto& name) { return name.first == language; });
  return found == names.end() ? "" : escape_for_display(found->second);
}

Json json_of_names(const Names& names) {
  Json object = Json::object();
  for (const auto& [language, text] : names) object[language] = text;
  return object;
}

bool is_gazetteer(const std::string& name) {
  return name == formats::kGazetteer;
}

/// The newest statement of each name; none for an auditor, who may not see them.
std::map<std::string, archive::StatedVocabulary> newest_stated(archive::View& view) {
  std::map<std::string, archive::StatedVocabulary> newest;
  if (!view.can_read(ledger::SealClass::evidence)) return newest;
  for (archive::StatedVocabulary& one : archive::vocabulary_history(view)) newest[one.name] = std::move(one);
  return newest;
}

std::size_t entries_of(archive::View& view, const std::string& name) {
  return is_gazetteer(name) ? gazetteer_of(view).places().size() : vocabulary_of(view, name).terms().size();
}

/// A statement without a content gives a name back to the program's vocabulary, which there may be none of.
bool is_own(archive::View& view, const std::string& name) {
  if (!view.can_read(ledger::SealClass::evidence)) return false;
  const auto stated = archive::stated_vocabulary(view, name);
  return stated && !stated->content.empty();
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const auto stated = newest_stated(view);
  const std::vector<std::string> shipped = shipped_vocabularies();
  std::set<std::string> names(shipped.begin(), shipped.end());
  for (const auto& [name, one] : stated)
    if (is_own(view, name)) names.insert(name);
  const bool visible = view.can_read(ledger::SealClass::evidence);
  Printer& out = session.out();
  Table table({{"vocabulary"},
               {"entries", Align::right},
               {"whose"},
               {"stated"},
               {"reason", Align::left, Table::Fit::shortened}});
  for (const std::string& name : names) {
    const bool own = is_own(view, name);
    const std::size_t entries = entries_of(view, name);
    const auto one = stated.find(name);
    const bool told = one != stated.end();
    table.add({name, number_text(entries),
               own       ? "the group's"
               : visible ? "the program's"
                         : "not visible",
               told ? time_text(one->second.stated) : "",
               told ? escape_for_display(one->second.reason) : ""});
    Json fields = {{"name", name}, {"entries", entries}, {"own", visible ? Json(own) : Json()}};
    if (told) {
      fields["seq"] = one->second.seq;
      fields["actor"] = one->second.actor;
      put_time(fields, "stated", one->second.stated);
      put_text(fields, "reason", one->second.reason);
    }
    out.object("vocabulary", fields);
  }
  table.print(out);
  if (names.empty()) out.note("none came with the program, and none was stated");
  if (!visible) out.note("whether the group stated its own: not visible to this role");
  out.object("summary", {{"command", "vocabulary list"}, {"vocabularies", names.size()}});
  return names.empty() ? kExitNo : kExitOk;
}

std::string dates_text(const archive::Term& term) {
  if (term.from.empty() && term.to.empty()) return "";
  return term.from + ".." + term.to;
}

void print_terms(Printer& out, const std::vector<const archive::Term*>& terms) {
  constexpr std::size_t kLeast = 12;
  const auto shortened = [](const char* heading) {
    return Table::Column{heading, Align::left, Table::Fit::shortened, kLeast};
  };
  // Codes whole: what was cut could not be given back.
  Table table({{"code"},
               shortened("name"),
               {"dates"},
               shortened("arabic"),
               shortened("below"),
               {"also", Align::left, Table::Fit::shortened}});
  const auto joined = [](const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + escape_for_display(one);
    return text;
  };
  for (const archive::Term* term : terms) {
    table.add({escape_for_display(term->code), escape_for_display(term->name()), dates_text(*term),
               in_language(term->names, "ar"), joined(term->parents), joined(term->aliases)});
    Json fields = {{"code", term->code},
                   {"names", json_of_names(term->names)},
                   {"parents", term->parents},
                   {"aliases", term->aliases}};
    put_text(fields, "from", term->from);
    put_text(fields, "to", term->to);
    put_text(fields, "note", term->note);
    out.object("term", fields);
  }
  table.print(out);
}

std::string position_text(const archive::Gazetteer& gazetteer, const archive::Place& place) {
  const auto position = gazetteer.position(place);
  if (!position) return "not known";
  const std::string where =
      fmt::format("{:.3f} {:.3f} ~{:.0f} km", position->latitude, position->longitude, position->radius_km);
  return position->of == place.code ? where : "as " + escape_for_display(position->of);
}

void print_places(Printer& out, const archive::Gazetteer& gazetteer,
                  const std::vector<const archive::Place*>& places) {
  constexpr std::size_t kLeast = 10;
  Table table({{"code"},
               {"level"},
               {"name", Align::left, Table::Fit::shortened, kLeast},
               {"arabic", Align::left, Table::Fit::shortened, kLeast},
               {"position", Align::left, Table::Fit::shortened, kLeast},
               {"also", Align::left, Table::Fit::shortened}});
  for (const archive::Place* place : places) {
    std::string aliases;
    for (const std::string& alias : place->aliases)
      aliases += (aliases.empty() ? "" : ", ") + escape_for_display(alias);
    table.add({escape_for_display(place->code), archive::name_of(place->level),
               escape_for_display(place->name()), in_language(place->names, "ar"),
               position_text(gazetteer, *place), aliases});
    Json fields = {{"code", place->code},
                   {"level", archive::name_of(place->level)},
                   {"names", json_of_names(place->names)},
                   {"aliases", place->aliases}};
    put_text(fields, "parent", place->parent);
    if (const auto position = gazetteer.position(*place)) {
      fields["latitude"] = position->latitude;
      fields["longitude"] = position->longitude;
      fields["radius_km"] = position->radius_km;
      fields["position_of"] = position->of;
    }
    out.object("place", fields);
  }
  table.print(out);
}

std::size_t show_places(Printer& out, archive::View& view, const std::string& lookup) {
  const archive::Gazetteer gazetteer = gazetteer_of(view);
  std::vector<const archive::Place*> places;
  if (lookup.empty()) {
    for (const archive::Place& place : gazetteer.places()) places.push_back(&place);
  } else {
    places = gazetteer.find(lookup);
  }
  if (places.empty())
    for (const archive::Place* similar : gazetteer.similar(lookup))
      out.note("did you mean " + in_quotes(similar->name()) + " (" + similar->code + ")?");
  print_places(out, gazetteer, places);
  return places.size();
}

std::size_t show_terms(Printer& out, archive::View& view, const std::string& name,
                       const std::string& lookup) {
  const archive::Vocabulary vocabulary = vocabulary_of(view, name);
  std::vector<const archive::Term*> terms;
  if (lookup.empty()) {
    for (const archive::Term& term : vocabulary.terms()) terms.push_back(&term);
  } else {
    terms = vocabulary.expand(lookup);
  }
  print_terms(out, terms);
  return terms.size();
}

int run_show(Session& session, const std::string& name, const std::string& lookup, bool history) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  std::size_t shown = 0;
  if (history) {
    for (const archive::StatedVocabulary& one : archive::vocabulary_history(view)) {
      if (one.name != name) continue;
      ++shown;
      out.line(fmt::format("{} by {}, entry {}{}", time_text(one.stated), escape_for_display(one.actor),
                           one.seq, one.reason.empty() ? "" : ": " + escape_for_display(one.reason)));
      Json fields = {{"name", one.name}, {"seq", one.seq}, {"actor", one.actor}};
      put_time(fields, "stated", one.stated);
      put_text(fields, "reason", one.reason);
      out.object("statement", fields);
    }
  } else {
    shown = is_gazetteer(name) ? show_places(out, view, lookup) : show_terms(out, view, name, lookup);
  }
  if (shown == 0) out.note(history ? "never stated; the program's holds" : "nothing is called so");
  out.object("summary", {{"command", "vocabulary show"}, {"vocabulary", name}, {"shown", shown}});
  return shown == 0 ? kExitNo : kExitOk;
}

struct ImportOptions {
  std::string name, file, reason;
  bool shipped = false;
};

/// What the file says, in one form. Error(invalid) unless it is a sound vocabulary of this name.
std::string content_from(const ImportOptions& options) {
  const Bytes bytes = files::read_small_file(options.file, formats::kMaxVocabularyBytes);
  try {
    const formats::VocabularyFile file = formats::read_vocabulary_file(as_chars(bytes));
    if (file.name == options.name) return file.canonical;
    throw Error(ErrorCode::invalid, fmt::format("it is the vocabulary '{}'", escape_for_display(file.name)));
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} is not taken as {}: {}", in_quotes(options.file), in_quotes(options.name),
                            error.what()),
                "nothing was stated; 'dalil vocabulary export' writes one that is right");
  }
}

int run_import(Session& session, const ImportOptions& options) {
  if (options.shipped != options.file.empty())
    throw Error(ErrorCode::usage, "give a file, or --shipped to go back to the program's vocabulary");
  if (options.shipped) (void)shipped_vocabulary(options.name);  // Error(not_found) if nothing would be left
  const std::string content = options.shipped ? "" : content_from(options);
  archive::Archive archive = session.open();
  archive::Editor editor = archive.edit();
  archive::View view = archive.view();
  const auto before = archive::stated_vocabulary(view, options.name);
  const bool same = before ? before->content == content : options.shipped;
  Printer& out = session.out();
  Json summary = {{"command", "vocabulary import"}, {"vocabulary", options.name}, {"changed", !same}};
  if (same) {
    out.line("vocabulary " + in_quotes(options.name) + " is that already; nothing was stated");
  } else {
    const archive::Seq seq = archive::state_vocabulary(editor, options.name, content, options.reason);
    editor.commit();
    summary["seq"] = seq;
    out.line(fmt::format("vocabulary {} is now {} (entry {})", in_quotes(options.name),
                         options.shipped ? "the program's" : "the group's", seq));
  }
  out.object("summary", summary);
  return kExitOk;
}

int run_export(Session& session, const std::string& name, const std::string& file) {
  refuse_existing(file, "the file");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const std::string text = formats::print_vocabulary(vocabulary_text(view, name));
  files::write_new_file(file, as_bytes(text), 0644);
  session.out().line(fmt::format("vocabulary {} written to {}", in_quotes(name), in_quotes(file)));
  session.out().object("summary",
                       {{"command", "vocabulary export"}, {"vocabulary", name}, {"size_bytes", text.size()}});
  return kExitOk;
}

}  // namespace

Runner declare_vocabulary_list(Options&) {
  return [](Session& session) { return run_list(session); };
}

Runner declare_vocabulary_show(Options& app) {
  struct ShowOptions {
    std::string name, lookup;
    bool history = false;
  };
  const auto options = std::make_shared<ShowOptions>();
  app.add_option("NAME", options->name, "which one: gazetteer, parties, weapons ...")->required();
  app.add_option("WORDS", options->lookup, "only what is called so; of a term also what stands below it");
  app.add_flag("--history", options->history, "who stated it, when and why");
  return [options](Session& session) {
    return run_show(session, options->name, options->lookup, options->history);
  };
}

Runner declare_vocabulary_import(Options& app) {
  const auto options = std::make_shared<ImportOptions>();
  app.add_option("NAME", options->name, "which one: gazetteer, parties, weapons, or a new one")->required();
  app.add_option("FILE", options->file, "JSON, as 'dalil vocabulary export' writes it");
  app.add_flag("--shipped", options->shipped, "go back to what comes with the program");
  app.add_option("--reason", options->reason, "for the ledger")->type_name("TEXT");
  app.explain("The whole vocabulary is replaced; what was stated before stays on record.\n\n");
  return [options](Session& session) { return run_import(session, *options); };
}

Runner declare_vocabulary_export(Options& app) {
  struct ExportOptions {
    std::string name, file;
  };
  const auto options = std::make_shared<ExportOptions>();
  app.add_option("NAME", options->name, "which one: gazetteer, parties, weapons ...")->required();
  app.add_option("FILE", options->file, "a new file")->required();
  return [options](Session& session) { return run_export(session, options->name, options->file); };
}

}  // namespace dalil::cli
