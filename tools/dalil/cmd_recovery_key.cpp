#include <fmt/format.h>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "dalil/files/volume.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "refs.hpp"
#include "secrets.hpp"

namespace dalil::cli {
namespace {

struct MakeOptions {
  std::string why;
  bool another = false;
};
struct ExportOptions {
  std::string out_file;
};

void require_archivist(const archive::Archive& archive) {
  if (archive.keyring().role() == ledger::Role::archivist) return;
  throw Error(ErrorCode::wrong_key, "the recovery key is for archivists only",
              "open the archive with an archivist's key");
}

int run_make(Session& session, const MakeOptions& options) {
  archive::Archive archive = session.open();
  require_archivist(archive);
  archive::Editor editor = archive.edit();
  archive::View view = archive.view();
  if (!options.another && !archive::recovery_recipients(view).empty())
    throw Error(ErrorCode::conflict, "there is a recovery key already",
                "to encrypt to a fresh one from now on, add --another; drives made before need the old one");
  const std::string recipient = editor.make_recovery_key(options.why);
  editor.commit();
  Printer& out = session.out();
  out.line("made a recovery key: " + recipient);
  out.line("Export it, and keep it away from this machine and from every drive:");
  out.line("  dalil recovery-key export --out FILE");
  out.object("summary", {{"command", "recovery-key make"}, {"recipient", recipient}});
  return kExitOk;
}

int run_show(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const auto recipients = archive::recovery_recipients(view);
  Printer& out = session.out();
  if (recipients.empty()) {
    out.line("there is no recovery key yet: the first sealed backup or snapshot makes one");
  }
  bool newest = true;
  for (const archive::RecoveryRecipient& one : recipients) {
    out.line(one.recipient + (newest ? "" : "  (earlier)"));
    out.line(fmt::format("  made {} by {}, entry {}{}", time_text(one.made), escape_for_display(one.made_by),
                         one.seq, one.why.empty() ? "" : ": " + escape_for_display(one.why)));
    Json fields = {
        {"recipient", one.recipient}, {"seq", one.seq}, {"actor", one.made_by}, {"newest", newest}};
    put_time(fields, "made", one.made);
    put_text(fields, "why", one.why);
    out.object("recovery_key", fields);
    newest = false;
  }
  out.object("summary", {{"command", "recovery-key show"}, {"keys", recipients.size()}});
  return recipients.empty() ? kExitNo : kExitOk;
}

int run_export(Session& session, const ExportOptions& options) {
  const bool to_output = options.out_file == "-";
  if (!to_output) refuse_existing(options.out_file, "the file");
  const archive::Archive archive = session.open();
  require_archivist(archive);
  archive::View view = archive.view();
  const auto identities = archive::recovery_identities(view);
  if (identities.empty())
    throw Error(ErrorCode::not_found, "there is no recovery key yet", "make one: dalil recovery-key make");
  if (!to_output) {
    const std::string path = files::absolute_path(options.out_file);
    refuse_volumes(view, path.substr(0, path.rfind('/')));
  }
  Printer& out = session.out();
  if (to_output) {
    out.flush();
    if (const int error = write_all(1, as_chars(key_file_text("", identities).view())))
      throw system_error("write", "standard output", error);
    return kExitOk;
  }
  const std::string head = "# recovery key of the archive " +
                           ledger::origin_of(archive.keyring().archive_id()) +
                           "\n# opens its sealed drives and snapshots: age -d -i THIS-FILE\n";
  files::write_new_file(options.out_file, key_file_text(head, identities).view());
  out.line("written to " + in_quotes(options.out_file));
  out.line("Whoever has this file can read every sealed drive of this archive. Keep it on");
  out.line("paper or on a medium of its own, where neither the archive nor a drive is.");
  Json fields = {{"command", "recovery-key export"}, {"keys", identities.size()}};
  put_path(fields, "file", options.out_file);
  out.object("summary", fields);
  return kExitOk;
}

}  // namespace

Runner declare_recovery_key_make(Options& app) {
  const auto options = std::make_shared<MakeOptions>();
  app.add_option("--why", options->why, "the reason, for the ledger")->type_name("TEXT");
  app.add_flag("--another", options->another,
               "although there is one: what is sealed from now on needs the new");
  return [options](Session& session) { return run_make(session, *options); };
}

Runner declare_recovery_key_show(Options&) {
  return run_show;
}

Runner declare_recovery_key_export(Options& app) {
  const auto options = std::make_shared<ExportOptions>();
  app.add_option("--out", options->out_file, "a new file, made 0600; - for standard output")
      ->required()
      ->type_name("FILE");
  app.explain(
      "The file is in the format of age-keygen and holds all recovery keys there ever were. A key\n"
      "that was exported stays good: rotating the archive's keys does not change it.\n\n");
  return [options](Session& session) { return run_export(session, *options); };
}

}  // namespace dalil::cli
