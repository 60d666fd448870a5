#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "command.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/backup.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "recipients.hpp"
#include "refs.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using drives::BackupProblem;
using drives::BackupReport;
using drives::DriveReport;
using drives::ParityReport;

constexpr std::size_t kProblemsShown = 20;

struct BackupArguments {
  std::vector<std::string> volumes, folders, to, labels, incidents, path_parts, seal, kept_at, recipients;
  std::string date, claimed, incident_date, below, zone, parity;
  bool dry_run = false, allow_losses = false, rename_safe = false, sealed = false, no_snapshot = false;
};

/// "disk=/media/disk": where a volume is now, if that is not where it was last.
std::string folder_of(const BackupArguments& arguments, const archive::Volume& volume, archive::View& view) {
  for (const std::string& one : arguments.folders)
    for (const std::string& name : {volume.label, volume.id})
      if (one.starts_with(name + "=")) return one.substr(name.size() + 1);
  for (const archive::RunSummary& run : view.runs(10'000))
    if (run.volume == volume.row && run.kind == "scan" && volume.root.empty()) return run.folder;
  if (!volume.root.empty()) return volume.root;
  throw Error(ErrorCode::not_found, "it is not known where volume " + in_quotes(volume.label) + " is",
              "say it: --folder " + shell_word(volume.label) + "=FOLDER");
}

std::optional<archive::Query> query_from(const BackupArguments& arguments) {
  const bool any = !arguments.incidents.empty() || !arguments.path_parts.empty() || !arguments.date.empty() ||
                   !arguments.claimed.empty() || !arguments.incident_date.empty();
  if (!any) return std::nullopt;
  archive::Query query;
  query.incidents = arguments.incidents;
  query.path_parts = arguments.path_parts;
  if (!arguments.date.empty()) query.embedded = date_range_from("--date", arguments.date);
  if (!arguments.claimed.empty()) query.claimed = date_range_from("--claimed", arguments.claimed);
  if (!arguments.incident_date.empty())
    query.incident_date = date_range_from("--incident-date", arguments.incident_date);
  if (!arguments.zone.empty()) query.local.fixed_minutes = zone_from("--zone", arguments.zone);
  return query;
}

/// "5%" or "5".
std::optional<unsigned> parity_from(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.ends_with('%')) text.remove_suffix(1);
  unsigned percent = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || percent > 100)
    throw Error(ErrorCode::usage, "--parity takes 0% to 100%, in whole numbers",
                "5% mends what usually goes wrong with a drive; 0% takes parity away");
  return percent;
}

std::vector<drives::BackupTarget> targets_from(const BackupArguments& arguments) {
  if (arguments.to.size() != arguments.labels.size())
    throw Error(ErrorCode::usage, "each --to FOLDER needs its --volume LABEL",
                "for two drives: --to /media/a --volume backup-1 --to /media/b --volume backup-2");
  if (!arguments.kept_at.empty() && arguments.kept_at.size() != arguments.to.size())
    throw Error(ErrorCode::usage, "--at is given for each drive or for none", "in the order of --to");
  for (const std::string& label : arguments.seal)
    if (std::ranges::find(arguments.labels, label) == arguments.labels.end())
      throw Error(ErrorCode::usage, "--seal " + in_quotes(label) + " is none of the drives",
                  "name it as --volume does");
  std::vector<drives::BackupTarget> targets;
  for (std::size_t i = 0; i < arguments.to.size(); ++i)
    targets.push_back(
        {arguments.to[i], arguments.labels[i],
         arguments.sealed || std::ranges::find(arguments.seal, arguments.labels[i]) != arguments.seal.end(),
         arguments.kept_at.empty() ? std::string() : arguments.kept_at[i]});
  return targets;
}

/// Who is to read sealed drives and snapshots. None if nothing is encrypted.
std::vector<std::string> recipients_for(Session& session, archive::Archive& archive, archive::View& view,
                                        const BackupArguments& arguments,
                                        const std::vector<drives::BackupTarget>& targets) {
  const bool sealing = std::ranges::any_of(targets, [&](const drives::BackupTarget& target) {
    const auto known = view.find_volume(target.volume);
    return target.sealed || (known && known->sealed);
  });
  if (!sealing && arguments.no_snapshot) return {};
  if (archive::recovery_recipients(view).empty()) {
    if (arguments.dry_run) return {};  // which makes no key
    if (!sealing && archive.keyring().role() != ledger::Role::archivist) {
      session.out().note("there is no recovery key yet: no snapshot of the archive goes along");
      return {};
    }
  }
  return sealing_recipients(session, archive, arguments.recipients);
}

drives::BackupOptions options_from(const BackupArguments& arguments, archive::View& view) {
  drives::BackupOptions options;
  options.targets = targets_from(arguments);
  for (const std::string& label : arguments.volumes) {
    const archive::Volume volume = volume_named(view, label);
    if (volume.sealed)
      throw Error(ErrorCode::conflict, "volume " + in_quotes(label) + " is a sealed drive",
                  "copy from the volume that was sealed, or restore it first: dalil restore");
    options.sources.push_back({volume.row, folder_of(arguments, volume, view)});
    check_source_place(view, volume, options.sources.back().folder);
  }
  for (const std::string& folder : arguments.folders) {
    const bool fits = std::ranges::any_of(options.sources, [&](const drives::BackupSource& source) {
      const archive::Volume volume = view.volume(source.volume);
      return folder.starts_with(volume.label + "=") || folder.starts_with(volume.id + "=");
    });
    if (!fits)
      throw Error(ErrorCode::usage, "--folder " + in_quotes(folder) + " is of none of the volumes",
                  "VOLUME=FOLDER");
  }
  for (const std::string& id : arguments.incidents) incident_named(view, id);
  options.query = query_from(arguments);
  options.below = path_within(arguments.below);
  options.dry_run = arguments.dry_run;
  options.allow_losses = arguments.allow_losses;
  options.rename_safe = arguments.rename_safe;
  options.snapshot = !arguments.no_snapshot;
  options.parity = parity_from(arguments.parity);
  return options;
}

void print_list(Printer& out, const std::vector<BackupProblem>& problems) {
  const std::size_t shown = out.verbose() ? problems.size() : std::min(problems.size(), kProblemsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const BackupProblem& one = problems[i];
    print_said(out, one.drive.empty() ? one.path : one.drive + ": " + one.path, one.text);
  }
  if (problems.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(problems.size() - shown)));
}

/// The answer for one drive, in a word.
std::pair<const char*, Style> answer(const BackupReport& report, const DriveReport& drive) {
  if (report.refused) return {"REFUSED", Style::bad};
  if (report.selected == 0) return {"NOTHING", Style::warning};
  if (report.dry_run) return {"DRY RUN", Style::plain};
  if (drive.state != DriveReport::State::done || !drive.closed) return {"INCOMPLETE", Style::bad};
  const bool all = drive.copied + drive.there + drive.adopted == report.selected;
  return all ? std::pair{"SAFE", Style::good} : std::pair{"INCOMPLETE", Style::warning};
}

void print_names(Printer& out, const std::vector<std::string>& paths) {
  const std::size_t shown = out.verbose() ? paths.size() : std::min(paths.size(), kProblemsShown);
  for (std::size_t i = 0; i < shown; ++i) out.line("      " + escape_for_display(paths[i]));
  if (paths.size() > shown)
    out.line(fmt::format("      ... and {} more; -v lists all", number_text(paths.size() - shown)));
}

void print_parity(Printer& out, const ParityReport& parity) {
  if (parity.percent == 0 && parity.sets == 0) return;
  out.line(fmt::format("  parity      {} % of {}: {} in {}{}", parity.percent,
                       count_text(parity.files, "file", "files"), bytes_text(parity.parity_bytes),
                       count_text(parity.sets, "set", "sets"),
                       parity.made > 0 ? fmt::format(", {} new", parity.made) : ""));
  if (parity.damaged_sets > 0)
    out.line(fmt::format("      {} of PAR2 files damaged: made anew",
                         count_text(parity.damaged_sets, "set was", "sets were")));
  if (!parity.unnamed.empty()) {
    out.line(fmt::format("      {} without: PAR2 cannot write such names",
                         count_text(parity.unnamed.size(), "file stays", "files stay")));
    print_names(out, parity.unnamed);
  }
  if (parity.complete()) return;
  out.line(out.styled(Style::bad, fmt::format("  parity is NOT complete: {} not covered",
                                              count_text(parity.uncovered, "file is", "files are"))));
  if (!parity.why.empty()) out.line("      " + parity.why);
  if (parity.damaged.empty()) return;
  out.line(fmt::format("      {} damaged on the drive; verify it, then see dalil repair",
                       count_text(parity.damaged.size(), "file is", "files are")));
  print_names(out, parity.damaged);
}

void print_drive(Printer& out, const BackupReport& report, const DriveReport& drive) {
  const auto [word, style] = answer(report, drive);
  const std::uint64_t safe = drive.copied + drive.there + drive.adopted;
  const std::string id = drive.id.empty() ? "new" : drive.id;
  if (report.dry_run || report.refused) {
    out.line(fmt::format("{}  {} ({}): {} to copy, {}; {} there already", out.styled(style, word),
                         in_quotes(drive.label), id, count_text(drive.to_copy, "file", "files"),
                         bytes_text(drive.to_copy_bytes), number_text(drive.there)));
    return;
  }
  out.line(fmt::format("{}  {} ({}{}): {} of {} on it", out.styled(style, word), in_quotes(drive.label), id,
                       drive.sealed ? ", sealed" : "", number_text(safe),
                       count_text(report.selected, "file", "files")));
  const auto row = [&](const char* name, std::uint64_t count, const std::string& text) {
    if (count > 0) out.line(fmt::format("  {:>11}  {}{}", number_text(count), name, text));
  };
  row("copied", drive.copied, fmt::format(", {}: read back and compared", bytes_text(drive.copied_bytes)));
  row("there already", drive.there, ", by size and time; not read again");
  row("found there", drive.adopted, " unrecorded, read and compared");
  row("copied again", drive.copied_again, ": recorded here before, and gone");
  row("set aside", drive.set_aside,
      drive.sealed ? " in dalil/aside: objects that are not on record"
                   : " in dalil/aside: other contents in their place");
  row("kept", drive.kept_versions, " beside the new ones: earlier contents of changed files");
  row("left out", drive.left_out, ": this drive cannot hold them");
  row("failed", drive.failed, " on this drive");
  if (!drive.why.empty()) out.line(fmt::format("  {}: {}", drives::name_of(drive.state), drive.why));
  if (!drive.closed && report.selected > 0)
    out.line("  its lists are not up to date: the next run makes them so");
  if (drive.closed && !drive.snapshot) out.line("  no snapshot of the archive is on it from this run");
  if (!drive.read_path.empty() && drive.copied > 0)
    out.line(fmt::format("  read back   {}", drive.read_path));
  print_parity(out, drive.parity);
  out.line(fmt::format("  free        {}", drive.free_bytes ? bytes_text(*drive.free_bytes) : "unknown"));
}

/// What is wrong with an original is not mended by doing the same again.
void print_source_damage(Printer& out, const BackupArguments& arguments, const BackupReport& report) {
  const std::string label = shell_word(arguments.volumes.front());
  const auto told = [&](std::uint64_t count, const char* what) {
    out.line(
        fmt::format("{} {}", count_text(count, "file of the source is", "files of the source are"), what));
  };
  if (report.source_damaged > 0) {
    told(report.source_damaged, "damaged: on record. If another volume has it,");
    out.line(fmt::format("  dalil repair FOLDER --volume {} --from OTHER", label));
    out.line(fmt::format("or name that one as a source as well: dalil backup {} OTHER ...", label));
  }
  if (report.source_changed > 0) {
    told(report.source_changed, "newer than recorded. If that was on purpose,");
    out.line(fmt::format("  dalil scan FOLDER --volume {}", label));
    out.line("and back it up then; else: dalil repair --changed");
  }
}

void print_meaning(Printer& out, const BackupArguments& arguments, const BackupReport& report) {
  if (report.refused) {
    out.line("nothing was written. Take another drive, or");
    out.line("  --rename-safe    percent-encodes the names that cannot be held");
    out.line("  --allow-losses   copies what can be held, and leaves out the rest");
    return;
  }
  if (report.dry_run) return out.line("nothing was written or recorded");
  if (report.selected == 0) return;
  out.line();
  print_source_damage(out, arguments, report);
  if (report.complete()) {
    out.line(fmt::format("Every selected file now has a checked copy on {}.",
                         count_text(report.drives.size(), "drive", "drives")));
    out.line(report.drives.size() == 1 ? "Unmount it, and keep it elsewhere. Later:"
                                       : "Unmount them, and keep them elsewhere. Later:");
    for (const DriveReport& one : report.drives)
      out.line("  dalil verify " + shell_word(one.folder) + " --volume " + shell_word(one.label));
    out.line("or without Dalil:");
    for (const DriveReport& one : report.drives)
      out.line(fmt::format("  (cd {} && sha256sum --quiet -c {})", shell_word(one.folder),
                           one.sealed        ? "objects.sha256"
                           : one.stock_check ? "manifest-sha256.txt"
                                             : "dalil/sha256sum.txt"));
  } else {
    out.line("NOT everything that was selected is safe yet. What counts as copied is.");
    const bool only_source = std::ranges::all_of(report.drives, [](const DriveReport& drive) {
      return drive.state == DriveReport::State::done && drive.closed && drive.failed == 0;
    });
    const bool known = report.source_damaged + report.source_changed >= report.source_failed;
    if (!only_source || report.interrupted)
      out.line("Run the same command again to go on.");
    else if (!known)
      out.line("What could not be opened is told by: dalil verify FOLDER --volume " +
               escape_for_display(arguments.volumes.front()));
  }
}

/// What nobody has scanned yet is not missed by anybody.
std::vector<std::string> as_of(archive::View& view, const drives::BackupOptions& options) {
  std::vector<std::string> lines;
  for (const drives::BackupSource& source : options.sources) {
    const archive::Volume volume = view.volume(source.volume);
    if (volume.last_scan)
      lines.push_back(fmt::format("  as of       {}, when {} was scanned last", time_text(volume.last_scan),
                                  in_quotes(volume.label)));
  }
  return lines;
}

void print_text(Printer& out, const BackupArguments& arguments, const BackupReport& report,
                const std::vector<std::string>& scanned, double seconds) {
  if (!report.losses.empty()) {
    out.line("cannot be kept:");
    print_list(out, report.losses);
    out.line();
  }
  for (const DriveReport& drive : report.drives) print_drive(out, report, drive);
  for (const std::string& note : report.notes)
    out.line(wrapped(out, "  note: " + escape_for_display(note), 8));
  if (report.symlinks > 0)
    out.line(fmt::format("  note: {} recorded in the ledger, and not copied",
                         count_text(report.symlinks, "symbolic link is", "symbolic links are")));
  if (report.source_failed > 0)
    out.line(out.styled(Style::bad, fmt::format("  {} of the source could not be copied to any drive",
                                                count_text(report.source_failed, "file", "files"))));
  if (!report.problems.empty()) {
    out.line();
    print_list(out, report.problems);
  }
  if (report.selected == 0) out.note("nothing matched: there is nothing to copy");
  if (report.selected > 0)
    for (const std::string& line : scanned) out.line(line);
  if (!report.dry_run && !report.refused && report.selected > 0)
    out.line(fmt::format("  took        {}", duration_text(static_cast<std::int64_t>(seconds + 0.5))));
  print_meaning(out, arguments, report);
}

Json json_of(const ParityReport& parity) {
  Json fields = {{"percent", parity.percent},
                 {"sets", parity.sets},
                 {"files", parity.files},
                 {"bytes", parity.bytes},
                 {"parity_bytes", parity.parity_bytes},
                 {"made", parity.made},
                 {"uncovered", parity.uncovered},
                 {"damaged_sets", parity.damaged_sets},
                 {"complete", parity.complete()}};
  put_text(fields, "why", parity.why);
  for (const auto& [name, paths] : {std::pair{"unnamed", &parity.unnamed}, {"damaged", &parity.damaged}}) {
    fields[name] = Json::array();
    for (const std::string& path : *paths) {
      Json one;
      put_path(one, "path", path);
      fields[name].push_back(std::move(one));
    }
  }
  return fields;
}

Json json_of(const BackupProblem& problem) {
  Json fields = {{"text", problem.text}};
  put_text(fields, "drive", problem.drive);
  put_path(fields, "path", problem.path);
  return fields;
}

void print_objects(Printer& out, const BackupReport& report, double seconds) {
  for (const BackupProblem& loss : report.losses) out.object("loss", json_of(loss));
  for (const BackupProblem& problem : report.problems) out.object("problem", json_of(problem));
  for (const DriveReport& drive : report.drives) {
    Json fields = {{"volume", drive.label},
                   {"volume_id", drive.id},
                   {"state", drives::name_of(drive.state)},
                   {"closed", drive.closed},
                   {"is_new", drive.is_new},
                   {"sealed", drive.sealed},
                   {"snapshot", drive.snapshot},
                   {"to_copy", drive.to_copy},
                   {"to_copy_bytes", drive.to_copy_bytes},
                   {"copied", drive.copied},
                   {"copied_bytes", drive.copied_bytes},
                   {"there", drive.there},
                   {"adopted", drive.adopted},
                   {"copied_again", drive.copied_again},
                   {"set_aside", drive.set_aside},
                   {"kept_versions", drive.kept_versions},
                   {"left_out", drive.left_out},
                   {"failed", drive.failed},
                   {"file_system", drive.file_system},
                   {"free_bytes", drive.free_bytes ? Json(*drive.free_bytes) : Json(nullptr)},
                   {"read_path", drive.read_path},
                   {"stock_check", drive.stock_check}};
    put_text(fields, "why", drive.why);
    put_path(fields, "folder", drive.folder);
    if (drive.parity.percent > 0) fields["parity"] = json_of(drive.parity);
    out.object("drive", fields);
  }
  out.object("summary", {{"command", "backup"},
                         {"complete", report.complete()},
                         {"dry_run", report.dry_run},
                         {"refused", report.refused},
                         {"interrupted", report.interrupted},
                         {"selected", report.selected},
                         {"selected_bytes", report.selected_bytes},
                         {"symlinks", report.symlinks},
                         {"source_failed", report.source_failed},
                         {"source_damaged", report.source_damaged},
                         {"source_changed", report.source_changed},
                         {"losses", report.losses.size()},
                         {"problems", report.problems.size()},
                         {"notes", report.notes},
                         {"seconds", seconds}});
}

int run_backup(Session& session, const BackupArguments& arguments) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  drives::BackupOptions options = options_from(arguments, view);
  options.recipients = recipients_for(session, archive, view, arguments, options.targets);
  const std::vector<std::string> scanned = as_of(view, options);
  view.rest();
  Printer& out = session.out();
  jobs::Progress progress;
  const auto started = std::chrono::steady_clock::now();
  BackupReport report;
  {
    const ProgressLine line("backup", progress, out.progress_wanted());
    report = drives::backup(archive, options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  print_text(out, arguments, report, scanned, seconds);
  print_objects(out, report, seconds);
  if (report.interrupted || session.stop().requested()) return kExitInterrupted;
  if (report.refused) return kExitFailure;
  if (report.selected == 0) return kExitNo;
  const bool parity =
      std::ranges::all_of(report.drives, [](const DriveReport& drive) { return drive.parity.complete(); });
  if (report.dry_run || (report.complete() && parity)) return kExitOk;
  const bool ended = std::ranges::any_of(report.drives, [](const DriveReport& drive) {
    return drive.state != DriveReport::State::done || !drive.closed;
  });
  return ended ? kExitFailure : kExitPartial;
}

}  // namespace

Runner declare_backup(Options& app) {
  const auto options = std::make_shared<BackupArguments>();
  app.add_option("VOLUME", options->volumes, "what to copy: labels or ids of volumes")
      ->required()
      ->type_name("");
  app.add_option("--to", options->to, "a drive's folder; several: written at the same time")
      ->required()
      ->type_name("FOLDER")
      ->allow_extra_args(false);
  app.add_option("--volume", options->labels,
                 "the drive's label, in the order of --to; a new one is made known")
      ->required()
      ->type_name("LABEL")
      ->allow_extra_args(false);
  app.add_flag("--sealed", options->sealed, "encrypt: the drives tell sizes and counts, and nothing else");
  app.add_option("--seal", options->seal, "encrypt this one of the drives; several")
      ->type_name("LABEL")
      ->allow_extra_args(false);
  app.add_option("--at", options->kept_at, "where a new drive is kept, in words, in the order of --to")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.add_option("--recipient", options->recipients, "what is encrypted also opens with the identity of this")
      ->type_name("AGE1")
      ->allow_extra_args(false);
  app.add_option("--folder", options->folders, "where a volume is now, if not where it was last")
      ->type_name("VOLUME=FOLDER")
      ->allow_extra_args(false);
  app.add_option("--incident", options->incidents, "only what is linked to it; several: to any of them")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--date", options->date, "only what was made then, by its own metadata")->type_name("RANGE");
  app.add_option("--claimed", options->claimed, "only what was made then, by its name")->type_name("RANGE");
  app.add_option("--incident-date", options->incident_date, "only of incidents in this time")
      ->type_name("RANGE");
  app.add_option("--path", options->path_parts, "only with this in a path; several: all of them")
      ->type_name("PART")
      ->allow_extra_args(false);
  app.add_option("--below", options->below, "only below this folder of the volumes")->type_name("PATH");
  app.add_option("--zone", options->zone, "of the local clock, by which days are meant (default: Syria's)")
      ->type_name("OFFSET");
  app.add_option("--parity", options->parity,
                 "so much of a drive may be damaged and is mended without another one (PAR2); kept current "
                 "by later backups; 0% takes it away")
      ->type_name("PERCENT");
  app.add_flag("--no-snapshot", options->no_snapshot, "put no encrypted archive beside the files");
  app.add_flag("--dry-run", options->dry_run, "say what would be copied; write nothing");
  app.add_flag("--allow-losses", options->allow_losses, "leave out what a drive cannot hold");
  app.add_flag("--rename-safe", options->rename_safe, "percent-encode names that a drive cannot hold");
  app.explain(
      "A copy counts once it was read back from the drive and compared with the ledger's SHA-256.\n"
      "Killed or unplugged, run the same command again: it goes on where it stopped.\n"
      "A plain drive is a bag (BagIt 1.0): sha256sum -c manifest-sha256.txt checks it without Dalil.\n"
      "A sealed one holds padded, encrypted objects under random names; to get files back: dalil restore,\n"
      "or stock age and the recovery key (docs/recovery.md). Each drive gets a snapshot of the archive,\n"
      "which opens with the recovery key, and what is in it with an archive key.");
  return [options](Session& session) { return run_backup(session, *options); };
}

}  // namespace dalil::cli
