#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "words.hpp"

namespace dalil::cli {
namespace {

struct EditOptions {
  std::string alias, consent, note, note_file, reason, identity_file;
  bool no_identity = false;
};

void require_identities(const archive::Archive& archive) {
  if (archive.keyring().can_read(ledger::SealClass::source)) return;
  throw Error(ErrorCode::wrong_key, "identities of sources are not visible to this role",
              "open the archive with an archivist's key, or leave --identity out");
}

/// Asked for only where somebody can answer: a script that gives none gets none.
archive::SourceIdentity identity_of_new(const archive::Archive& archive, const EditOptions& options) {
  if (!options.identity_file.empty()) {
    require_identities(archive);
    return identity_from(options.identity_file);
  }
  const bool may = archive.keyring().can_read(ledger::SealClass::source);
  if (options.no_identity || !may || !input_is_terminal()) return {};
  return ask_identity();
}

int run_add(Session& session, const EditOptions& options) {
  if (options.no_identity && !options.identity_file.empty())
    throw Error(ErrorCode::usage, "--identity and --no-identity exclude each other");
  archive::Source source;
  source.alias = options.alias;
  if (!options.consent.empty()) source.consent = consent_named(options.consent);
  source.note = words_from(options.note, options.note_file);
  archive::Archive archive = session.open();
  if (archive.view().find_source(options.alias)) {
    throw Error(ErrorCode::conflict, "a source " + in_quotes(options.alias) + " exists already",
                "change it with: dalil source edit ALIAS --reason TEXT; or choose another alias");
  }
  const archive::SourceIdentity identity = identity_of_new(archive, options);
  archive::Editor editor = archive.edit();
  const archive::Row row = editor.put_source(source, options.reason);
  if (!identity.empty()) editor.put_identity(row, identity);
  editor.commit();
  Printer& out = session.out();
  out.line(fmt::format("added source {}, consent: {}, identity: {}", in_quotes(source.alias),
                       archive::name_of(source.consent), identity.empty() ? "none" : "recorded"));
  Json fields = json_of(source);
  fields["result"] = "new";
  fields["identity_recorded"] = !identity.empty();
  out.object("source", fields);
  out.object("summary", {{"command", "source add"}});
  return kExitOk;
}

/// The source with what the options change of it.
archive::Source revised(const archive::Source& before, const EditOptions& options) {
  archive::Source after = before;
  if (!options.consent.empty()) after.consent = consent_named(options.consent);
  const std::string note = words_from(options.note, options.note_file);
  if (!note.empty() || !options.note_file.empty()) after.note = note;
  return after;
}

int run_edit(Session& session, const EditOptions& options) {
  if (options.consent.empty() && options.note.empty() && options.note_file.empty() &&
      options.identity_file.empty())
    throw Error(ErrorCode::usage, "nothing to change was given",
                "give --consent, --note, --note-file or --identity");
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row row = source_named(view, options.alias);
  if (!options.identity_file.empty()) require_identities(archive);
  const archive::Source before = view.source(row), after = revised(before, options);
  const bool restated = before.consent != after.consent || before.note != after.note;
  if (restated && options.reason.empty())
    throw Error(ErrorCode::usage, "a change of consent or note needs --reason", "it is kept in the history");
  std::optional<archive::SourceIdentity> identity;
  if (!options.identity_file.empty()) {
    identity = identity_from(options.identity_file);
    if (const auto known = view.identity(row); known && known->identity == *identity) identity.reset();
  }
  Printer& out = session.out();
  if (restated || identity) {
    archive::Editor editor = archive.edit();
    if (restated) editor.put_source(after, options.reason);
    if (identity) editor.put_identity(row, *identity);
    editor.commit();
  } else {
    out.note("nothing to change: the source says so already");
  }
  if (before.consent != after.consent)
    out.line(fmt::format("  consent: {} -> {}", archive::name_of(before.consent),
                         archive::name_of(after.consent)));
  if (before.note != after.note)
    out.line(fmt::format("  note: {} -> {}", before.note.empty() ? "(none)" : escape_for_display(before.note),
                         escape_for_display(after.note)));
  if (identity) out.line("  identity: recorded; what was stated before is kept");
  Json fields = json_of(after);
  fields["result"] = restated || identity ? "changed" : "unchanged";
  out.object("source", fields);
  out.object("summary", {{"command", "source edit"}});
  return kExitOk;
}

void declare_common(Options& app, EditOptions& options) {
  app.add_option("ALIAS", options.alias, "what it is called here; never the real name")
      ->required()
      ->type_name("");
  app.add_option("--consent", options.consent, "archive-only (unless said otherwise), courts, publish")
      ->type_name("SCOPE");
  app.add_option("--note", options.note, "seen by archivists and investigators")->type_name("TEXT");
  app.add_option("--note-file", options.note_file, "the note from a file; - is standard input")
      ->type_name("FILE");
  app.add_option("--identity", options.identity_file,
                 "who it is, for archivists only, from a file; - is standard input")
      ->type_name("FILE");
}

}  // namespace

Runner declare_source_add(Options& app) {
  const auto options = std::make_shared<EditOptions>();
  declare_common(app, *options);
  app.add_flag("--no-identity", options->no_identity, "do not ask for it on the terminal");
  app.add_option("--reason", options->reason, "how the consent was given")->type_name("TEXT");
  return [options](Session& session) { return run_add(session, *options); };
}

Runner declare_source_edit(Options& app) {
  const auto options = std::make_shared<EditOptions>();
  declare_common(app, *options);
  app.add_option("--reason", options->reason, "why; kept in the history")->type_name("TEXT");
  return [options](Session& session) { return run_edit(session, *options); };
}

}  // namespace dalil::cli
