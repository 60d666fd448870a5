#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/jobs/scan.hpp"
#include "fingerprint_run.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "link_source.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "vocabularies.hpp"
#include "words.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kProblemsShown = 20;

struct ScanArguments {
  std::string folder, volume, below, incident, incident_from, map_file, type = "depicts", source, note,
                                                                        note_file;
  bool rehash = false, dry_run = false, no_metadata = false, moved_here = false, allow_vanished = false,
       allow_changed = false;
  bool fingerprints = false, thumbnails = false;
  std::string look_again;
  unsigned threads = 0;
};

std::vector<jobs::LinkRule> rules_from(archive::View& view, const ScanArguments& arguments) {
  const archive::LinkType type = link_type_named(arguments.type);
  std::vector<jobs::LinkRule> rules;
  if (!arguments.map_file.empty()) {
    const Bytes content = files::read_small_file(arguments.map_file);
    rules = read_link_map(as_chars(content), type);
  }
  if (!arguments.incident.empty()) rules.push_back({"*", arguments.incident, type});
  for (const jobs::LinkRule& rule : rules) incident_named(view, rule.incident);
  return rules;
}

std::unique_ptr<IncidentFinder> finder_from(archive::View& view, const ScanArguments& arguments) {
  if (arguments.incident_from.empty()) return nullptr;
  std::vector<archive::Incident> incidents;
  for (auto& revision : view.incidents()) incidents.push_back(std::move(revision.incident));
  return std::make_unique<IncidentFinder>(arguments.incident_from, incidents, gazetteer_if_any(view));
}

void report_file(Printer& out, const std::string& event, const std::string& path) {
  if (!out.verbose()) return;
  constexpr std::size_t kBeforePath = 10;
  out.line(fmt::format("{:<9} {}", event, fitting_path(out, path, kBeforePath)));
  Json fields = {{"event", event}};
  put_path(fields, "path", path);
  out.object("file", fields);
}

void print_problems(Printer& out, const jobs::ScanReport& report) {
  if (report.problems.empty()) return;
  out.line();
  out.line("not taken in:");
  const std::size_t shown = out.verbose() ? report.problems.size() : kProblemsShown;
  for (std::size_t i = 0; i < report.problems.size() && i < shown; ++i) {
    const auto& problem = report.problems[i];
    const std::string what =
        ": " + problem.detail + (problem.ranges.empty() ? "" : " (" + ranges_text(problem.ranges) + ")");
    out.line("  " + fitting_path(out, problem.path, 2 + display_width(what)) + what);
  }
  if (report.problems.size() > shown) {
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(report.problems.size() - shown)));
  }
}

/// Which contents nobody has any more, as far as is known.
void print_last_copies(Printer& out, const jobs::ScanReport& report) {
  if (report.without_copy == 0) return;
  out.line();
  out.line(out.styled(Style::bad, fmt::format("no copy is left of {}, as far as is known:",
                                              count_text(report.without_copy, "content", "contents"))));
  const std::size_t shown =
      std::min(report.last_copies.size(), out.verbose() ? report.last_copies.size() : kProblemsShown);
  for (std::size_t i = 0; i < report.last_copies.size(); ++i) {
    const auto& last = report.last_copies[i];
    const std::string what = fmt::format("  {}  {}", last.digest.hex().substr(0, kShortDigits),
                                         last.overwritten ? "overwritten" : "gone");
    if (i < shown) out.line("  " + fitting_path(out, last.path, 2 + what.size()) + what);
    Json fields = {{"digest", last.digest.hex()}, {"overwritten", last.overwritten}};
    put_path(fields, "path", last.path);
    out.object("last_copy", fields);
  }
  if (report.without_copy > shown)
    out.line(fmt::format("  ... and {} more; 'dalil find is:lost' lists all",
                         number_text(report.without_copy - shown)));
  out.line("Look for them on other cards and drives before anything is written to these.");
}

void print_unclear(Printer& out, const jobs::ScanReport& report) {
  if (report.not_understood == 0) return;
  out.line();
  out.line(fmt::format("taken in, but what they say of themselves could not be read, or not all ({}):",
                       count_text(report.not_understood, "file", "files")));
  const std::size_t shown =
      std::min(report.unclear.size(), out.verbose() ? report.unclear.size() : kProblemsShown);
  for (std::size_t i = 0; i < report.unclear.size(); ++i) {
    const auto& [path, problem] = report.unclear[i];
    const std::string what = ": " + escape_for_display(problem);
    if (i < shown) out.line("  " + fitting_path(out, path, 2 + display_width(what)) + what);
    Json fields = {{"problem", problem}};
    put_path(fields, "path", path);
    out.object("not_understood", fields);
  }
  if (report.not_understood > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(report.not_understood - shown)));
  out.line("  a search by time or place does not find them; --look-again missing tries them once more");
}

void print_doubts(Printer& out, const jobs::ScanReport& report, const std::string& label) {
  if (report.not_believed > 0) {
    out.line(fmt::format("Most of what was known of {} is not here: is this the right folder, and is",
                         in_quotes(label)));
    out.line("the drive mounted? Nothing was marked as vanished. If the files are gone,");
    out.line("scan again with --allow-vanished.");
  }
  if (report.not_taken > 0) {
    out.line(fmt::format("{} here have another size than those of the same names on record,",
                         count_text(report.not_taken, "file", "files")));
    out.line("as most that are known: is this another card, or one that was used again? None of them was");
    out.line("taken in, and what is on record stays. Another card is a volume of its own (dalil volume");
    out.line("add). If the files were replaced on purpose, scan again with --allow-changed.");
  }
}

void print_link_notes(Printer& out, const IncidentFinder& finder) {
  if (finder.without_match() > 0) {
    out.line(fmt::format("  --incident-from matched nothing in the path of {}",
                         count_text(finder.without_match(), "file", "files")));
  }
  for (const auto& [reason, note] : finder.notes()) {
    out.warn(fmt::format("not linked: {} ({}, the first: {})", reason,
                         count_text(note.files, "file", "files"), in_quotes(note.first_path)));
    Json fields = {{"reason", reason}, {"files", note.files}};
    put_path(fields, "first_path", note.first_path);
    out.object("not_linked", fields);
  }
}

std::string details(std::initializer_list<std::pair<const char*, std::uint64_t>> counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(count), name);
  }
  return text.empty() ? text : "  (" + text + ")";
}

void print_counts(Printer& out, const jobs::ScanReport& report, const std::string& source, double seconds) {
  const auto row = [&](const char* name, std::uint64_t count, const std::string& more = {}) {
    out.line(fmt::format("  {:<11} {:>11}{}", name, number_text(count), more));
  };
  row("seen", report.seen, "  = indexed + unchanged + skipped + failed");
  row("indexed", report.indexed,
      details({{"new contents", report.new_items}, {"changed", report.changed}, {"moved", report.moved}}));
  row("unchanged", report.unchanged);
  if (report.symlinks > 0)
    out.line(fmt::format("  of these {}: where they lead is recorded, and nothing is read there",
                         count_text(report.symlinks, "symbolic link", "symbolic links")));
  row("skipped", report.skipped, report.skipped > 0 ? "  (no regular files: never read)" : "");
  row("failed", report.failed);
  if (report.vanished > 0) row("vanished", report.vanished, "  (known before, not there any more)");
  if (report.not_believed > 0) row("not found", report.not_believed, "  (known before; see below)");
  if (report.links > 0) row("links made", report.links);
  if (!source.empty()) {
    row("from source", report.assigned, "  new to " + in_quotes(source));
    if (report.unchanged > 0)
      out.line("  unchanged files were not assigned to it; that is for: dalil source assign");
  }
  const double rate = seconds > 0 ? static_cast<double>(report.bytes_read) / seconds : 0;
  out.line(fmt::format("  read {} in {} ({}/s, {}); {}", bytes_text(report.bytes_read),
                       duration_text(static_cast<std::int64_t>(seconds + 0.5)),
                       bytes_text(static_cast<std::uint64_t>(rate)),
                       report.hash_backend.empty() ? "no hashing" : report.hash_backend,
                       count_text(report.directories, "folder", "folders")));
}

Json summary_of(const ScanArguments& arguments, const jobs::ScanReport& report, double seconds) {
  return {{"command", "scan"},
          {"volume", arguments.volume},
          {"dry_run", arguments.dry_run},
          {"result", report.interrupted ? "INTERRUPTED" : "DONE"},
          {"seen", report.seen},
          {"indexed", report.indexed},
          {"unchanged", report.unchanged},
          {"skipped", report.skipped},
          {"failed", report.failed},
          {"symlinks", report.symlinks},
          {"directories", report.directories},
          {"new_items", report.new_items},
          {"changed", report.changed},
          {"moved", report.moved},
          {"vanished", report.vanished},
          {"not_believed", report.not_believed},
          {"not_taken", report.not_taken},
          {"not_understood", report.not_understood},
          {"without_copy", report.without_copy},
          {"links", report.links},
          {"assigned", report.assigned},
          {"media", report.media},
          {"bytes_read", report.bytes_read},
          {"seconds", seconds},
          {"hash_backend", report.hash_backend},
          {"missing_locks", report.missing_locks}};
}

/// A folder that could not be listed is no file that failed, and yet something was not read.
bool some_unreadable(const jobs::ScanReport& report) {
  return report.failed > 0 ||
         std::any_of(report.problems.begin(), report.problems.end(),
                     [](const auto& problem) { return problem.verdict == archive::Verdict::unreadable; });
}

jobs::LookAgain look_again_from(const ScanArguments& arguments) {
  if (arguments.look_again.empty()) return jobs::LookAgain::none;
  if (arguments.no_metadata)
    throw Error(ErrorCode::usage, "--look-again and --no-metadata contradict each other", "leave out one");
  if (arguments.look_again == "missing") return jobs::LookAgain::missing;
  if (arguments.look_again == "all") return jobs::LookAgain::all;
  throw Error(ErrorCode::usage, fmt::format("--look-again takes no {}", in_quotes(arguments.look_again)),
              "missing: files without metadata, or whose reading failed; all: every file");
}

jobs::ScanOptions options_from(Session& session, const ScanArguments& arguments, archive::Row volume,
                               IncidentFinder* finder) {
  jobs::ScanOptions options;
  options.folder = arguments.folder;
  options.path_prefix = path_within(arguments.below);
  options.volume = volume;
  options.rehash = arguments.rehash;
  options.dry_run = arguments.dry_run;
  options.allow_vanished = arguments.allow_vanished;
  options.allow_changed = arguments.allow_changed;
  options.incident_type = link_type_named(arguments.type);
  if (finder != nullptr)
    options.incident_of = [finder](const std::string& path) { return finder->find(path); };
  options.source = arguments.source;
  options.note = words_from(arguments.note, arguments.note_file);
  options.metadata = !arguments.no_metadata;
  options.look_again = look_again_from(arguments);
  options.threads = arguments.threads;
  Printer& out = session.out();
  options.on_problem = [&out](const auto& problem) { out.object("problem", json_of(problem)); };
  options.on_file = [&out](const std::string& event, const std::string& path) {
    report_file(out, event, path);
  };
  return options;
}

/// Before anything is read: half of what a scan records is of class evidence, a note of class source.
void refuse_role(const archive::View& view, const ScanArguments& arguments) {
  const bool evidence = view.can_read(ledger::SealClass::evidence);
  if (!evidence && !arguments.dry_run)
    throw Error(ErrorCode::wrong_key,
                "taking files in is not for this role: media facts and links are not visible to it",
                "open the archive with an investigator's or an archivist's key; --dry-run compares only");
  if (!view.can_read(ledger::SealClass::source) && !(arguments.note.empty() && arguments.note_file.empty()))
    throw Error(ErrorCode::wrong_key, "notes of scans are not visible to this role",
                "leave --note out, or open the archive with an archivist's key");
}

/// What lies on a drive that Dalil made is what a backup put there: a scan would take in what somebody
/// planted, and leave the drive's lists behind.
void refuse_drive(archive::View& view, const archive::Volume& volume, const std::string& folder) {
  const auto lies_there = drive_of_folder(view, folder);
  if (!volume.drive && !lies_there) return;
  const archive::Volume& drive = volume.drive ? volume : *lies_there;
  throw Error(
      ErrorCode::conflict,
      fmt::format("volume {} ({}) is a {} drive, which is not scanned", in_quotes(drive.label), drive.id,
                  drive.sealed ? "sealed" : "backup"),
      "'dalil backup' adds to it, 'dalil verify' says what is wrong with it, 'dalil repair' puts that right");
}

/// After the scan: what is there is on record before the long work of decoding begins.
int fingerprint_volume(Session& session, archive::Archive& archive, const ScanArguments& arguments,
                       const archive::Volume& volume) {
  jobs::FingerprintOptions options;
  options.folder = arguments.folder;
  options.path_prefix = path_within(arguments.below);
  options.volume = volume.row;
  options.threads = arguments.threads;
  options.fingerprints = arguments.fingerprints;
  options.thumbnails = arguments.thumbnails;
  session.out().line();
  return run_fingerprints(session, archive, options,
                          fmt::format("{} ({})", in_quotes(volume.label), volume.id));
}

int run_scan(Session& session, const ScanArguments& arguments) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  refuse_role(view, arguments);
  if (!arguments.source.empty()) source_named(view, arguments.source);
  const archive::Volume volume = volume_named(view, arguments.volume);
  refuse_drive(view, volume, arguments.folder);
  check_place(view, volume, arguments.folder, arguments.below, arguments.moved_here);
  const auto finder = finder_from(view, arguments);
  jobs::ScanOptions options = options_from(session, arguments, volume.row, finder.get());
  options.rules = rules_from(view, arguments);
  Printer& out = session.out();
  jobs::Progress progress;
  view.rest();
  const auto started = std::chrono::steady_clock::now();
  jobs::ScanReport report;
  {
    const ProgressLine line("scan", progress, out.progress_wanted());
    report = jobs::scan(archive, options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  out.line(fmt::format("{} {} of {} into volume {} ({})", arguments.dry_run ? "dry run of a scan" : "scan",
                       report.interrupted ? "INTERRUPTED" : "done", in_quotes(arguments.folder),
                       in_quotes(volume.label), volume.id));
  print_counts(out, report, arguments.source, seconds);
  for (const std::string& lock : report.missing_locks)
    out.warn("files were looked into without a layer of protection: " + lock);
  if (!report.missing_locks.empty()) out.note("the others hold; dalil status --sandbox lists them all");
  if (finder) print_link_notes(out, *finder);
  print_problems(out, report);
  print_unclear(out, report);
  print_last_copies(out, report);
  print_doubts(out, report, volume.label);
  if (report.interrupted) out.line("what was indexed is kept; run the same command again to go on");
  if (arguments.dry_run) out.line("nothing was recorded");
  out.object("summary", summary_of(arguments, report, seconds));
  if (report.interrupted) return kExitInterrupted;
  const int code = some_unreadable(report) || report.not_believed > 0 ? kExitPartial
                   : report.without_copy > 0                          ? kExitNo
                                                                      : kExitOk;
  if (arguments.dry_run || (!arguments.fingerprints && !arguments.thumbnails)) return code;
  const int looked = fingerprint_volume(session, archive, arguments, volume);
  return looked == kExitOk ? code : looked;
}

}  // namespace

Runner declare_scan(Options& app) {
  const auto options = std::make_shared<ScanArguments>();
  app.add_option("FOLDER", options->folder, "the tree to take in: the volume's root, unless --below")
      ->required()
      ->type_name("");
  app.add_option("--volume", options->volume, "label or id of the volume it is on")
      ->required()
      ->type_name("VOLUME");
  app.add_option("--below", options->below, "where FOLDER lies within the volume")->type_name("PATH");
  app.add_option("--incident", options->incident, "link every file to this incident")->type_name("ID");
  app.add_option("--incident-from", options->incident_from,
                 "find the incident in the path: one group is an id, two are a date and a place")
      ->type_name("REGEX");
  app.add_option("--map", options->map_file, "CSV of pattern,incident[,type]")->type_name("FILE");
  app.add_option("--type", options->type, "type of the links (default: depicts)")->type_name("TYPE");
  app.add_option("--source", options->source, "who or what it came from: assigns all that is taken in")
      ->type_name("ALIAS");
  app.add_option("--note", options->note, "circumstances; only archivists can read it")->type_name("TEXT");
  app.add_option("--note-file", options->note_file, "the note from a file; - is standard input")
      ->type_name("FILE");
  app.add_flag("--rehash", options->rehash, "read also what has not changed");
  app.add_option("--look-again", options->look_again,
                 "read unchanged files again for metadata: missing (those without), or all")
      ->type_name("WHICH");
  app.add_flag("--fingerprints", options->fingerprints,
               "then record what pictures, videos and sounds are like");
  app.add_flag("--thumbnails", options->thumbnails, "then make thumbnails of pictures and videos");
  app.add_flag("--no-metadata", options->no_metadata, "do not look inside the files");
  app.add_flag("--moved-here", options->moved_here, "the volume lies here now, though it looks like another");
  app.add_flag("--allow-vanished", options->allow_vanished, "believe it if most known files are not there");
  app.add_flag("--allow-changed", options->allow_changed, "believe it if most known files have another size");
  app.add_flag("--dry-run", options->dry_run, "compare only: nothing is read or recorded");
  app.add_option("--threads", options->threads, "default: one a processor")->type_name("N");
  return [options](Session& session) { return run_scan(session, *options); };
}

}  // namespace dalil::cli
