#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/archive/snapshot.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/jobs/restore.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::uint64_t kLargestNote = 1 << 20;
constexpr std::size_t kLinesShown = 100;

struct RestoreArguments {
  std::string snapshot, note_file, recovery_key, to, trust;  // an archive
  std::vector<std::string> from, incidents;                  // files
  std::string path;
  bool all = false, dry_run = false;
};

/// The note beside the snapshot, as it was signed.
struct ReadNote {
  std::string text;
  archive::SnapshotNote stated;
};

ReadNote read_note(const std::string& path) {
  ReadNote read;
  read.text = as_chars(files::read_small_file(path, kLargestNote));
  const auto note = merkle::Note::parse(read.text);
  const auto stated = note ? archive::SnapshotNote::parse(note->text) : std::nullopt;
  if (!stated)
    throw Error(ErrorCode::invalid, in_quotes(path) + " is not the note of a snapshot",
                "it lies beside the snapshot and ends in .note; --note FILE names another");
  read.stated = *stated;
  return read;
}

/// Before anything is decrypted, where the key is known by other means.
void require_trusted(const ReadNote& read, const std::string& trust) {
  const auto key = merkle::NoteKey::parse(trust);
  if (!key)
    throw Error(ErrorCode::usage, in_quotes(trust) + " is not a verifier key", "see: dalil checkpoint keys");
  const auto result = merkle::check(*merkle::Note::parse(read.text), {*key});
  if (result.rejected || result.verified.empty())
    throw Error(ErrorCode::corrupt, "the snapshot's note is not signed by the key that is trusted",
                "take the snapshot of another drive, and find out who had access to this one");
}

int restore_archive(Session& session, const RestoreArguments& options) {
  if (options.recovery_key.empty())
    throw Error(ErrorCode::usage, "a snapshot opens with the recovery key",
                "give the file that 'dalil recovery-key export' wrote with --recovery-key FILE");
  const ReadNote note = read_note(options.note_file.empty() ? options.snapshot + ".note" : options.note_file);
  if (!options.trust.empty()) require_trusted(note, options.trust);
  const auto identities = read_key_file(options.recovery_key);
  archive::SnapshotRestore restore(options.snapshot, note.stated, identities, options.to);
  ledger::Keyring keyring = session.unlock(restore.path());
  restore.check(note.text, keyring.clone());
  restore.put_in_place();

  Printer& out = session.out();
  const archive::SnapshotNote& stated = note.stated;
  session.use_archive(options.to);
  const archive::Archive archive = session.open(std::move(keyring));  // tells if it is older than was seen
  out.line(fmt::format("restored the archive to {}: {}", in_quotes(options.to),
                       count_text(stated.checkpoint.size, "entry", "entries")));
  out.line("  as of       " + time_text(stated.made));
  out.line("  checked     its signature, every seal, and all that is derived");
  Json fields = {{"command", "restore"},
                 {"size", stated.checkpoint.size},
                 {"root", to_base64(stated.checkpoint.root.view())},
                 {"rolled_back", archive.ledger().rollback().has_value()}};
  put_time(fields, "made", stated.made);
  put_path(fields, "archive", options.to);
  out.object("summary", fields);
  return kExitOk;
}

/// "LABEL=FOLDER", or a folder that is called as its volume is.
jobs::RestoreSource source_from(archive::View& view, const std::string& text) {
  const auto equals = text.find('=');
  if (equals != text.npos) return {volume_named(view, text.substr(0, equals)).row, text.substr(equals + 1)};
  std::string folder = text;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::string name = folder.substr(folder.rfind('/') + 1);
  if (const auto volume = view.find_volume(name)) return {volume->row, text};
  throw Error(ErrorCode::usage, "which volume is at " + in_quotes(text) + "?",
              "give it as --from LABEL=FOLDER");
}

/// A drive that lost its note may still have its files; one with another's note has other ones.
void refuse_other_drive(archive::View& view, const jobs::RestoreSource& source) {
  const auto drive = drive_of_folder(view, source.folder);
  if (!drive || drive->row == source.volume) return;
  const archive::Volume wanted = view.volume(source.volume);
  if (!wanted.drive) return;
  throw Error(ErrorCode::conflict,
              fmt::format("{} is the drive of volume {}, not of {}", in_quotes(source.folder),
                          in_quotes(drive->label), in_quotes(wanted.label)),
              fmt::format("give it as --from {}={}", shell_word(drive->label), shell_word(source.folder)));
}

jobs::RestoreOptions options_from(archive::View& view, const RestoreArguments& arguments) {
  if (arguments.incidents.empty() && arguments.path.empty() && !arguments.all)
    throw Error(ErrorCode::usage, "say what to restore", "give --incident ID, --path VOLUME/PATH or --all");
  jobs::RestoreOptions options;
  for (const std::string& one : arguments.from) {
    options.sources.push_back(source_from(view, one));
    refuse_other_drive(view, options.sources.back());
  }
  if (!arguments.incidents.empty()) {
    archive::Query query;
    query.incidents = arguments.incidents;
    options.items = archive::find(view, query);
  }
  options.below = path_within(arguments.path);
  options.to = arguments.to;
  options.dry_run = arguments.dry_run;
  if (!arguments.recovery_key.empty()) {
    options.identities = read_key_file(arguments.recovery_key);
  } else if (view.can_read(ledger::SealClass::evidence)) {
    options.identities = archive::recovery_identities(view);
  }
  return options;
}

void print_lost(Printer& out, const jobs::RestoreReport& report) {
  if (!report.lost.empty()) {
    out.line();
    out.line("not restored");
  }
  for (std::size_t i = 0; i < report.lost.size(); ++i) {
    const jobs::NotRestored& one = report.lost[i];
    if (i == kLinesShown && !out.verbose())
      out.line(fmt::format("  ... and {} more; -v lists all", number_text(report.lost.size() - i)));
    if (i < kLinesShown || out.verbose()) {
      out.line("  " + escape_for_display(one.path));
      for (const std::string& reason : one.reasons) out.line("      " + reason);
    }
    Json fields;
    put_path(fields, "path", one.path);
    fields["digest"] = one.digest.hex();
    fields["reasons"] = one.reasons;
    out.object("not_restored", fields);
  }
  if (report.lost.empty()) return;
  out.line("Copies that are damaged in different places may make a whole one together:");
  out.line("  dalil repair FOLDER --volume VOLUME --from OTHER=FOLDER");
}

void print_report(Printer& out, const RestoreArguments& arguments, const jobs::RestoreReport& report) {
  const std::string wanted = count_text(report.wanted, "file", "files");
  if (arguments.dry_run) {
    out.line(wanted + " would be restored; nothing was read or written");
  } else {
    const bool whole = report.lost.empty() && !report.interrupted && report.wanted > 0;
    out.line(fmt::format("{}  {} of {} are at {}, each with its SHA-256",
                         whole ? out.styled(Style::good, "RESTORED") : out.styled(Style::bad, "NOT ALL"),
                         number_text(report.restored + report.there), wanted, in_quotes(arguments.to)));
    out.line(fmt::format("  written     {}, {}", number_text(report.restored), bytes_text(report.bytes)));
    if (report.there > 0)
      out.line(fmt::format("  there       {} were in place before", number_text(report.there)));
    if (report.from_other_copies > 0)
      out.line(fmt::format("  second try  {} from another copy than the first",
                           number_text(report.from_other_copies)));
    if (report.from_other_places > 0)
      out.line(
          fmt::format("  elsewhere   {} from another place on a drive: 'dalil verify' tells what was moved",
                      number_text(report.from_other_places)));
    if (!report.without_attributes.empty())
      out.line(fmt::format("  attributes  {} could not be given all of their own:",
                           count_text(report.without_attributes.size(), "file", "files")));
    for (std::size_t i = 0; i < report.without_attributes.size() && (i < kLinesShown || out.verbose()); ++i)
      out.line("    " + report.without_attributes[i]);
    if (report.interrupted) out.line("  INTERRUPTED before the end");
  }
  // Copies that could not be used, although the file came from elsewhere: those drives want a verification.
  if (report.from_other_copies > 0) {
    out.line();
    out.line("copies that could not be used");
    for (std::size_t i = 0; i < report.damaged.size() && (i < kLinesShown || out.verbose()); ++i)
      out.line("  " + report.damaged[i]);
  }
  for (const std::string& text : report.damaged) out.object("unusable_copy", {{"copy", text}});
  print_lost(out, report);
  out.object("summary", {{"command", "restore"},
                         {"dry_run", arguments.dry_run},
                         {"wanted", report.wanted},
                         {"restored", report.restored},
                         {"there", report.there},
                         {"not_restored", report.lost.size()},
                         {"from_other_copies", report.from_other_copies},
                         {"from_other_places", report.from_other_places},
                         {"without_attributes", report.without_attributes.size()},
                         {"bytes", report.bytes},
                         {"interrupted", report.interrupted}});
}

/// A folder that is not there is made, and nothing above it: a drive that is not mounted is not written
/// beside.
void make_target(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return;
  const Error error = system_error("make the folder", folder, errno);
  throw Error(error.code(), error.what(),
              "--to names a folder for the files; the one that it is in has to exist");
}

int restore_evidence(Session& session, const RestoreArguments& arguments) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const jobs::RestoreOptions options = options_from(view, arguments);
  refuse_volumes(view, arguments.to);
  if (!arguments.dry_run) make_target(arguments.to);
  jobs::Progress progress;
  jobs::RestoreReport report;
  {
    const ProgressLine line("restore", progress, session.out().progress_wanted());
    report = jobs::restore_files(archive, options, progress, session.stop());
  }
  print_report(session.out(), arguments, report);
  if (report.interrupted) return kExitInterrupted;
  if (report.wanted == 0)
    session.out().note(
        arguments.path.empty()
            ? "the drives of --from hold nothing of that"
            : "nothing lies there on the drives of --from; --path begins with the label of the volume that "
              "was backed up: --path LABEL/FOLDER");
  return report.lost.empty() && report.wanted > 0 ? kExitOk : kExitNo;
}

int run_restore(Session& session, const RestoreArguments& arguments) {
  if (arguments.snapshot.empty() == arguments.from.empty())
    throw Error(ErrorCode::usage, "say what to restore from",
                "give --from LABEL=FOLDER for files, or --archive-from FILE for the archive");
  return arguments.from.empty() ? restore_archive(session, arguments) : restore_evidence(session, arguments);
}

}  // namespace

Runner declare_restore(Options& app) {
  const auto options = std::make_shared<RestoreArguments>();
  app.add_option("--from", options->from, "a drive: the label of its volume, and where it is mounted")
      ->allow_extra_args(false)
      ->type_name("LABEL=FOLDER");
  app.add_option("--incident", options->incidents, "the files that are linked to this incident")
      ->allow_extra_args(false)
      ->type_name("ID");
  app.add_option("--path", options->path, "what lay here, or below")->type_name("VOLUME/PATH");
  app.add_flag("--all", options->all, "everything that the drives hold");
  app.add_flag("--dry-run", options->dry_run, "say how many files that would be");
  app.add_option("--archive-from", options->snapshot,
                 "the archive, from this snapshot with its note beside it")
      ->type_name("FILE");
  app.add_option("--note", options->note_file, "the note, if it is not FILE.note")->type_name("FILE");
  app.add_option("--trust", options->trust, "a verifier key that has to have signed the note")
      ->type_name("VKEY");
  app.add_option("--recovery-key", options->recovery_key, "what 'dalil recovery-key export' wrote")
      ->type_name("FILE");
  app.add_option("--to", options->to,
                 "a folder for the files (made if it is not there), or a new one for the archive")
      ->required()
      ->type_name("DIR");
  app.explain(
      "Files: give --from once for each drive; they are tried in this order, and a copy that is damaged,\n"
      "missing or unreadable is passed over for the next. A file is put in place only with the SHA-256\n"
      "that the ledger has, at VOLUME/PATH below the folder, and never over another. What could not be\n"
      "restored is listed, and makes the exit code 1.\n\n"
      "The archive: an archive key is needed as for every command; the recovery key opens the snapshot\n"
      "and not what is sealed in it. Nothing is put in place before all of it has been checked. An\n"
      "archive that is older than what this machine has seen is told, and opens for reading only until\n"
      "'dalil checkpoint accept'.\n\n");
  return [options](Session& session) { return run_restore(session, *options); };
}

}  // namespace dalil::cli
