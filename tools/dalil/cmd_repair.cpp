#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "command.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/repair.hpp"
#include "endangered.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using drives::LostCopy;
using drives::RepairProblem;
using drives::RepairReport;

constexpr std::size_t kLinesShown = 50, kHanging = 14;

struct RepairArguments {
  std::string folder, volume, recovery_key;
  std::vector<std::string> from, recipients;
  bool check = false, changed = false, dry_run = false, delete_damaged = false;
};

/// "LABEL=FOLDER", or the label of a volume that is where it was last.
drives::RepairSource source_from(archive::View& view, const std::string& text) {
  if (const auto volume = view.find_volume(text)) {
    std::string folder = last_folder(view, *volume);
    if (folder.empty())
      throw Error(ErrorCode::not_found, "it is not known where volume " + in_quotes(text) + " is",
                  "say it: --from " + shell_word(text) + "=FOLDER");
    return {volume->row, std::move(folder)};
  }
  const auto equals = text.find('=');
  if (equals == text.npos) return {volume_named(view, text).row, {}};  // says that there is none
  return {volume_named(view, text.substr(0, equals)).row, text.substr(equals + 1)};
}

drives::RepairOptions options_from(archive::View& view, const RepairArguments& arguments) {
  drives::RepairOptions options;
  options.volume = volume_named(view, arguments.volume).row;
  options.folder = arguments.folder;
  for (const std::string& one : arguments.from) {
    options.sources.push_back(source_from(view, one));
    check_source_place(view, view.volume(options.sources.back().volume), options.sources.back().folder);
  }
  options.recipients = arguments.recipients;
  options.check_all = arguments.check;
  options.changed = arguments.changed;
  options.dry_run = arguments.dry_run;
  options.delete_damaged = arguments.delete_damaged;
  const bool sealed = std::ranges::any_of(
      options.sources, [&](const auto& source) { return view.volume(source.volume).sealed; });
  if (!arguments.recovery_key.empty())
    options.identities = read_key_file(arguments.recovery_key);
  else if (sealed && view.can_read(ledger::SealClass::evidence))
    options.identities = archive::recovery_identities(view);
  return options;
}

/// A volume that by the ledger holds a copy that nothing mended, and that was not asked.
struct Unasked {
  archive::Volume volume;
  std::uint64_t copies = 0;  ///< of those that were not mended
};

/// What is asked, what came of it, and what else there is to ask.
struct Outcome {
  const RepairReport& report;
  std::map<archive::Row, Unasked> unasked;
  std::uint64_t known_elsewhere = 0;  ///< of the lost ones: those that an unasked volume holds
  bool lost() const { return known_elsewhere < report.lost.size(); }
};

/// Volumes with a copy of the content that was not found damaged, beside those that were asked.
std::vector<archive::Row> holders_of(archive::View& view, const drives::RepairOptions& options,
                                     const LostCopy& lost) {
  std::vector<archive::Row> holders;
  const auto item = view.find_item(lost.digest);
  if (!item) return holders;
  for (const archive::CopyInfo& copy : view.copies_of(*item)) {
    const bool asked = copy.volume == options.volume ||
                       std::ranges::find(options.sources, copy.volume, &drives::RepairSource::volume) !=
                           options.sources.end();
    if (asked || copy.row.state != archive::CopyRow::State::live || is_damage(copy.row.verdict)) continue;
    if (std::ranges::find(holders, copy.volume) == holders.end()) holders.push_back(copy.volume);
  }
  return holders;
}

Outcome outcome_of(archive::View& view, const drives::RepairOptions& options, const RepairReport& report) {
  Outcome outcome{report, {}, 0};
  for (const LostCopy& lost : report.lost) {
    const std::vector<archive::Row> holders = holders_of(view, options, lost);
    outcome.known_elsewhere += holders.empty() ? 0 : 1;
    for (const archive::Row row : holders) {
      const auto [known, is_new] = outcome.unasked.try_emplace(row);
      if (is_new) known->second.volume = view.volume(row);
      ++known->second.copies;
    }
  }
  return outcome;
}

const char* answer(const Outcome& outcome) {
  const RepairReport& report = outcome.report;
  if (!report.why.empty() || report.interrupted) return "INCOMPLETE";
  if (outcome.lost()) return "LOST";
  if (!report.lost.empty() || !report.problems.empty() || !report.left.empty()) return "INCOMPLETE";
  if (report.dry_run) return "DRY RUN";
  return report.repaired.empty() && !report.lists_written ? "NOTHING TO DO" : "REPAIRED";
}

int exit_code(const Outcome& outcome) {
  const RepairReport& report = outcome.report;
  if (report.interrupted) return kExitInterrupted;
  if (!report.why.empty()) return kExitFailure;
  if (outcome.lost()) return kExitNo;
  if (!report.lost.empty()) return kExitPartial;
  return report.problems.empty() && report.left.empty() ? kExitOk : kExitPartial;
}

/// The first of them; all with -v.
template <typename List, typename Print>
void print_some(Printer& out, const std::string& title, const List& list, const Print& print) {
  if (list.empty()) return;
  out.line();
  out.line(title);
  const std::size_t shown = out.verbose() ? list.size() : std::min(list.size(), kLinesShown);
  for (std::size_t i = 0; i < shown; ++i) print(list[i]);
  if (list.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(list.size() - shown)));
}

void print_repaired(Printer& out, archive::View& view, const archive::Repair& repair) {
  print_said(out, repair.path, repair.was);
  // By source: where it comes from matters more than in which order.
  std::map<std::string, std::vector<std::pair<std::uint64_t, std::uint64_t>>> by_source;
  for (const auto& piece : repair.pieces)
    by_source[escape_for_display(view.volume(piece.volume).label + ":" + piece.path)].emplace_back(
        piece.offset, piece.size_bytes);
  for (const auto& [source, ranges] : by_source)
    out.line(wrapped(out, "      " + ranges_text(ranges, 3), 8) + "\n        from " + source);
  if (repair.deleted)
    out.line("      the damaged file was removed");
  else if (!repair.set_aside.empty())
    out.line("      the damaged file: " + escape_for_display(repair.set_aside));
}

void print_lost(Printer& out, archive::View& view, const drives::RepairOptions& options, const LostCopy& lost,
                bool incidents_visible) {
  print_said(out, lost.path, lost.was);
  out.line("      item " + lost.digest.hex());
  const auto holders = holders_of(view, options, lost);
  out.line(wrapped(out,
                   (holders.empty() ? "      intact nowhere: " : "      intact in none that was asked: ") +
                       ranges_text(lost.ranges),
                   8));
  for (const archive::Row row : holders)
    out.line("      not asked: volume " + in_quotes(view.volume(row).label));
  for (const std::string& tried : lost.tried) out.line(wrapped(out, "      " + tried, 8));
  if (!incidents_visible) return;
  if (const auto item = view.find_item(lost.digest))
    for (const IncidentName& incident : incidents_of(view, *item))
      out.line("      " + evidence_text(incident));
}

/// What to add to the command, volume by volume.
void print_unasked(Printer& out, archive::View& view, const Outcome& outcome) {
  if (outcome.unasked.empty()) return;
  out.line();
  out.line("not asked, and by the ledger they have what is lacking");
  for (const auto& [row, one] : outcome.unasked) {
    const std::string label = shell_word(one.volume.label);
    const std::string folder = escape_for_display(last_folder(view, one.volume));
    out.line(fmt::format("  {} ({}): {}{}", in_quotes(one.volume.label), one.volume.id,
                         count_text(one.copies, "copy", "copies"),
                         folder.empty() ? "" : "; it was at " + folder));
    const std::string elsewhere = "--from " + label + "=FOLDER";
    out.line("      add " + (folder.empty() ? elsewhere : "--from " + label + ", or " + elsewhere));
  }
}

void print_text(Printer& out, archive::View& view, const RepairArguments& arguments,
                const drives::RepairOptions& options, const Outcome& outcome, double seconds) {
  const RepairReport& report = outcome.report;
  const archive::Volume volume = volume_named(view, arguments.volume);
  const bool visible = view.can_read(ledger::SealClass::evidence);
  const std::string word = answer(outcome);
  const Style style = exit_code(outcome) != kExitOk ? Style::bad
                      : report.dry_run              ? Style::plain
                                                    : Style::good;
  out.line(fmt::format("{}  volume {} ({}): {} examined", out.styled(style, word), in_quotes(volume.label),
                       volume.id, count_text(report.examined, "copy", "copies")));
  const auto row = [&](std::uint64_t count, const std::string& text) {
    if (count > 0) out.line(fmt::format("  {:>11}  {}", number_text(count), text));
  };
  row(report.repaired.size(), report.dry_run ? "can be repaired" : "repaired, " + bytes_text(report.bytes));
  row(report.lost.size(), "cannot be repaired from what is here");
  row(report.intact, "intact when read now");
  row(report.left.size(), "left as they are");
  row(report.problems.size(), "failed");
  if (!report.why.empty()) out.line(wrapped(out, "  ended       " + report.why, kHanging));
  if (report.interrupted) {
    out.line("  INTERRUPTED before the end; what was repaired is kept. Run the same command");
    out.line("  again: it goes on with what is left.");
  }
  if (!report.lists.empty())
    out.line(wrapped(out,
                     fmt::format("  lists       {}: {}", report.lists,
                                 report.dry_run ? "would be written anew" : "written anew"),
                     kHanging));
  if (!report.read_path.empty()) out.line("  read back   " + report.read_path);
  if (!report.dry_run && report.examined > 0)
    out.line(fmt::format("  took        {}", duration_text(static_cast<std::int64_t>(seconds + 0.5))));
  print_some(out, outcome.lost() ? "lost" : "not mended", report.lost,
             [&](const LostCopy& lost) { print_lost(out, view, options, lost, visible); });
  if (!report.lost.empty() && !visible) out.line("  incidents   not visible to this role");
  print_some(out, report.dry_run ? "can be repaired" : "repaired", report.repaired,
             [&](const archive::Repair& repair) { print_repaired(out, view, repair); });
  const auto print_problem = [&](const RepairProblem& one) { print_said(out, one.path, one.what); };
  print_some(out, "failed", report.problems, print_problem);
  print_some(out, "left as they are", report.left, print_problem);
  print_some(out, "remarks", report.remarks, print_problem);
  print_some(out, "sources that are damaged, too", report.source_damage,
             [&](const std::string& text) { out.line(wrapped(out, "  " + text, 6)); });
  print_unasked(out, view, outcome);
}

void print_meaning(Printer& out, const RepairArguments& arguments, const Outcome& outcome, bool sealed) {
  const RepairReport& report = outcome.report;
  if (sealed && !report.left.empty()) {
    out.line();
    out.line("Objects are sealed anew by a backup from a volume that has their contents:");
    out.line("  dalil backup VOLUME --to " + shell_word(arguments.folder) + " --volume " +
             shell_word(arguments.volume));
  }
  if (report.dry_run) return out.line("nothing was written or recorded");
  if (outcome.lost()) {
    out.line();
    out.line("Lost copies were left as they are. Another drive may have them: run it again");
    out.line("with that one as --from. 'dalil status' says what they are evidence of.");
  }
  if (report.repaired.empty() && !report.lists_written) return;
  out.line();
  out.line("Verify the volume now:");
  out.line("  dalil verify " + shell_word(arguments.folder) + " --volume " + shell_word(arguments.volume));
  if (!report.source_damage.empty()) out.line("Then repair those that were sources and are damaged, too.");
}

Json json_of(archive::View& view, const archive::Repair& repair) {
  Json fields = {{"digest", repair.digest.hex()},
                 {"was", repair.was},
                 {"piece_count", repair.piece_count},
                 {"damaged_size_bytes", repair.damaged_size},
                 {"deleted", repair.deleted}};
  put_path(fields, "path", repair.path);
  put_path(fields, "set_aside", repair.set_aside);
  if (repair.damaged_digest) fields["damaged_sha256"] = repair.damaged_digest->hex();
  fields["pieces"] = Json::array();
  for (const auto& piece : repair.pieces) {
    Json one = {
        {"offset", piece.offset}, {"size", piece.size_bytes}, {"volume", view.volume(piece.volume).label}};
    put_path(one, "path", piece.path);
    fields["pieces"].push_back(std::move(one));
  }
  return fields;
}

Json ranges_of(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  Json list = Json::array();
  for (const auto& [offset, size] : ranges) list.push_back({{"offset", offset}, {"size", size}});
  return list;
}

void print_objects(Printer& out, archive::View& view, const drives::RepairOptions& options,
                   const Outcome& outcome, double seconds) {
  const RepairReport& report = outcome.report;
  for (const LostCopy& lost : report.lost) {
    Json fields = {
        {"digest", lost.digest.hex()},      {"size_bytes", lost.size_bytes}, {"was", lost.was},
        {"ranges", ranges_of(lost.ranges)}, {"tried", lost.tried},           {"incidents", nullptr},
        {"candidate_incidents", nullptr}};
    put_path(fields, "path", lost.path);
    fields["not_asked"] = Json::array();
    for (const archive::Row row : holders_of(view, options, lost))
      fields["not_asked"].push_back(view.volume(row).label);
    if (view.can_read(ledger::SealClass::evidence)) {
      fields["incidents"] = fields["candidate_incidents"] = Json::array();
      if (const auto item = view.find_item(lost.digest)) put_incidents(fields, view, *item);
    }
    out.object("lost", fields);
  }
  for (const archive::Repair& repair : report.repaired) out.object("repaired", json_of(view, repair));
  const auto list = [&](const char* type, const std::vector<RepairProblem>& problems) {
    for (const RepairProblem& one : problems) {
      Json fields = {{"text", one.what}};
      put_path(fields, "path", one.path);
      out.object(type, fields);
    }
  };
  list("problem", report.problems);
  list("left", report.left);
  list("remark", report.remarks);
  for (const std::string& text : report.source_damage) out.object("source_damage", {{"text", text}});
  Json summary = {{"command", "repair"},
                  {"result", answer(outcome)},
                  {"dry_run", report.dry_run},
                  {"interrupted", report.interrupted},
                  {"examined", report.examined},
                  {"intact", report.intact},
                  {"repaired", report.repaired.size()},
                  {"lost", report.lost.size()},
                  {"problems", report.problems.size()},
                  {"left", report.left.size()},
                  {"bytes", report.bytes},
                  {"read_path", report.read_path},
                  {"seconds", seconds}};
  put_text(summary, "lists_rewritten", report.dry_run ? "" : report.lists);
  put_text(summary, "why", report.why);
  out.object("summary", summary);
}

int run_repair(Session& session, const RepairArguments& arguments) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const drives::RepairOptions options = options_from(view, arguments);
  view.rest();
  Printer& out = session.out();
  jobs::Progress progress;
  const auto started = std::chrono::steady_clock::now();
  RepairReport report;
  {
    const ProgressLine line("repair", progress, out.progress_wanted());
    report = drives::repair(archive, options, progress, session.stop());
  }
  view.renew();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const Outcome outcome = outcome_of(view, options, report);
  print_text(out, view, arguments, options, outcome, seconds);
  print_meaning(out, arguments, outcome, view.volume(options.volume).sealed);
  print_objects(out, view, options, outcome, seconds);
  return exit_code(outcome);
}

}  // namespace

Runner declare_repair(Options& app) {
  const auto options = std::make_shared<RepairArguments>();
  app.add_option("FOLDER", options->folder, "where the volume with the damaged copies is")
      ->required()
      ->type_name("");
  app.add_option("--volume", options->volume, "that volume's label or id")->required()->type_name("LABEL");
  app.add_option("--from", options->from,
                 "a volume to take from, and where it is now; several, tried in order")
      ->type_name("LABEL[=FOLDER]")
      ->allow_extra_args(false);
  app.add_option("--recovery-key", options->recovery_key,
                 "opens sealed drives where the archive's key does not")
      ->type_name("FILE");
  app.add_option("--recipient", options->recipients,
                 "of a drive whose index is written anew: it also opens with the identity of this")
      ->type_name("AGE1")
      ->allow_extra_args(false);
  app.add_flag("--check", options->check, "read every copy first, not only those known to be damaged");
  app.add_flag("--changed", options->changed,
               "also bring back what is newer than recorded on a working volume");
  app.add_flag("--dry-run", options->dry_run, "read, and say what could be repaired; write nothing");
  app.add_flag("--delete-damaged", options->delete_damaged, "remove damaged files after they were replaced");
  app.explain(
      "Each MiB is taken from whichever copy still has it intact, the damaged one included. A file is\n"
      "replaced only by one that was read back and has the item's SHA-256; the damaged one is set aside.\n"
      "Without --from, what is intact on the volume itself is used. What no copy has is computed from the\n"
      "drive's parity, if it was made (dalil backup --parity). What nothing can mend is named.\n"
      "A backup drive's own files (lists, index, note, tree, snapshot) are written anew where they are "
      "damaged, and\n"
      "copies that were moved or renamed on it come back to their places.");
  return [options](Session& session) { return run_repair(session, *options); };
}

}  // namespace dalil::cli
