#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/volume.hpp"
#include "damage_survey.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "refs.hpp"
#include "report_forms.hpp"
#include "table.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kRunsShown = 5;
constexpr std::size_t kRunsSearched = 10'000;

struct AddOptions {
  std::string label, kind, kept_at, root, note;
};

void identify(archive::Volume& volume, const std::string& root) {
  const files::VolumeIdentity identity = files::identify_volume(root);
  volume.root = files::absolute_path(root);
  volume.file_system = identity.file_system;
  volume.uuid = identity.uuid;
  volume.serial = identity.serial;
  volume.file_system_label = identity.label;
  volume.capacity_bytes = identity.size_bytes;
}

void print_lines(Printer& out, const archive::Volume& volume, const VerifiedCopies& copies,
                 const std::string& scan_remark = {}) {
  const auto field = [&](const char* name, const std::string& text) {
    if (!text.empty()) out.line(fmt::format("  {:<18} {}", name, text));
  };
  field("kind", archive::name_of(volume.kind));
  field("kept at", escape_for_display(volume.kept_at));
  field("folder last seen", escape_for_display(volume.root));
  field("file system", escape_for_display(volume.file_system));
  field("UUID", escape_for_display(volume.uuid));
  field("serial number", escape_for_display(volume.serial));
  field("disk label", escape_for_display(volume.file_system_label));
  if (volume.capacity_bytes > 0) field("capacity", bytes_text(volume.capacity_bytes));
  field("note", escape_for_display(volume.note));
  field("live copies", number_text(volume.live_copies) + " (" + bytes_text(volume.live_bytes) + ")");
  field("last scan", time_text(volume.last_scan) + scan_remark);
  field("last verification",
        time_text(volume.last_verification) +
            (volume.last_verification_result.empty() ? "" : "  " + volume.last_verification_result) +
            (is_partly(volume, copies)
                 ? fmt::format(" for {} of {} copies", number_text(copies.verified), number_text(copies.live))
                 : ""));
}

int run_add(Session& session, const AddOptions& options) {
  archive::Volume volume;
  volume.label = options.label;
  volume.kind = volume_kind_named(options.kind);
  volume.kept_at = options.kept_at;
  volume.note = options.note;
  if (!options.root.empty()) identify(volume, options.root);
  archive::Archive archive = session.open();
  if (archive.view().find_volume(options.label)) {
    throw Error(ErrorCode::conflict, "a volume " + in_quotes(options.label) + " exists already",
                "a label is unique; see: dalil volume list");
  }
  {
    archive::Editor editor = archive.edit();
    volume.row = editor.add_volume(volume);
    editor.commit();
  }
  volume = archive.view().volume(volume.row);
  Printer& out = session.out();
  out.line(fmt::format("added volume {} ({})", in_quotes(volume.label), volume.id));
  print_lines(out, volume, {});
  out.object("volume", json_of(volume));
  out.object("summary", {{"command", "volume add"}});
  return kExitOk;
}

struct EditOptions {
  std::string volume, kept_at, root, note;
};

int run_edit(Session& session, const EditOptions& options) {
  if (options.kept_at.empty() && options.note.empty() && options.root.empty())
    throw Error(ErrorCode::usage, "what is to be changed?", "give --at, --root or --note");
  archive::Archive archive = session.open();
  archive::Volume volume;
  {
    archive::Editor editor = archive.edit();
    archive::View view = archive.view();
    volume = volume_named(view, options.volume);
    if (!options.kept_at.empty()) volume.kept_at = options.kept_at;
    if (!options.note.empty()) volume.note = options.note;
    if (!options.root.empty()) {
      check_new_root(view, volume, options.root);
      identify(volume, options.root);
    }
    editor.update_volume(volume);
    editor.commit();
  }
  archive::View view = archive.view();
  volume = view.volume(volume.row);
  Printer& out = session.out();
  out.line(fmt::format("volume {} ({})", in_quotes(volume.label), volume.id));
  print_lines(out, volume, verified_copies(view, volume.row)[volume.row]);
  out.object("volume", json_of(volume));
  out.object("summary", {{"command", "volume edit"}});
  return kExitOk;
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  Table table({{"id"},
               {"label", Align::left, Table::Fit::shortened, 12},
               {"kind"},
               {"copies", Align::right},
               {"size", Align::right},
               {"last scan"},
               {"last verification"},
               {"kept at", Align::left, Table::Fit::shortened}});
  std::uint64_t count = 0;
  auto copies = verified_copies(view, ledger::kNoRow);
  for (const archive::Volume& volume : view.volumes()) {
    ++count;
    Json fields = json_of(volume);
    fields["verified_copies"] = copies[volume.row].verified;
    out.object("volume", fields);
    const bool bad = archive::is_bad_result(volume.last_verification_result);
    const bool partly = is_partly(volume, copies[volume.row]);
    table.add({volume.id,
               {escape_for_display(volume.label), Style::bold},
               archive::name_of(volume.kind),
               number_text(volume.live_copies),
               bytes_text(volume.live_bytes),
               volume.last_scan ? volume.last_scan->date() : "never",
               {volume.last_verification ? volume.last_verification->date() + " " +
                                               volume.last_verification_result + (partly ? " in part" : "")
                                         : "never",
                bad       ? Style::bad
                : !partly ? Style::plain
                          : Style::warning},
               escape_for_display(volume.kept_at)});
  }
  table.print(out);
  if (count == 0) out.note("no volumes yet; make one known with: dalil volume add LABEL --kind KIND");
  out.object("summary", {{"command", "volume list"}, {"volumes", count}});
  return kExitOk;
}

/// Empty for a run that came to nothing.
std::string counts_text(const archive::RunSummary& run) {
  std::string counts;
  for (const auto& [name, count] : run.counts) {
    if (count == 0) continue;
    // A seed is typed again as it is, and bytes are read as elsewhere.
    const std::string text = name == "seed"    ? fmt::format("seed {}", count)
                             : name == "bytes" ? bytes_text(count)
                                               : name + " " + number_text(count);
    counts += (counts.empty() ? "" : ", ") + text;
  }
  return counts;
}

/// What makes the time of the last scan no news: it was stopped before it saw anything.
std::string remark_on_last_scan(archive::View& view, const archive::Volume& volume) {
  for (const archive::RunSummary& run : view.runs(kRunsSearched)) {
    if (run.volume != volume.row || run.kind != "scan") continue;
    return counts_text(run).empty() ? fmt::format("  {}: nothing was recorded", run.result) : "";
  }
  return "";
}

void print_run(Printer& out, archive::View& view, const archive::RunSummary& run) {
  std::string counts = counts_text(run);
  if (counts.empty()) counts = "nothing was recorded";
  constexpr std::size_t kHanging = 6;
  out.line(wrapped(out,
                   fmt::format("  {}  {:<6} {:<11} entry {}: {}", time_text(run.started), run.kind,
                               run.result, run.seq, counts),
                   kHanging));
  if (!run.report_signer.empty())
    out.line(wrapped(out, "      by a report of " + report_signer_text(view, run), kHanging + 2));
  out.object("run", json_of(view, run));
}

int run_show(Session& session, const std::string& label) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Volume volume = volume_named(view, label);
  Printer& out = session.out();
  out.line(fmt::format("{} ({})", out.styled(Style::bold, escape_for_display(volume.label)), volume.id));
  const VerifiedCopies copies = verified_copies(view, volume.row)[volume.row];
  print_lines(out, volume, copies, remark_on_last_scan(view, volume));
  Json fields = json_of(volume);
  fields["verified_copies"] = copies.verified;
  out.object("volume", fields);
  std::size_t shown = 0;
  for (const archive::RunSummary& run : view.runs(kRunsSearched)) {
    if (run.volume != volume.row || shown == kRunsShown) continue;
    if (shown++ == 0) out.line("latest runs");
    print_run(out, view, run);
  }
  if (shown > 0 && !view.can_read(ledger::SealClass::source))
    out.line("  notes of scans: not visible to this role");
  out.object("summary", {{"command", "volume show"}});
  return kExitOk;
}

}  // namespace

Runner declare_volume_add(Options& app) {
  const auto options = std::make_shared<AddOptions>();
  app.add_option("LABEL", options->label, "what it is called; unique")->required()->type_name("");
  app.add_option("--kind", options->kind, "working, backup or source")->required()->type_name("KIND");
  app.add_option("--at", options->kept_at, "where the medium is kept")->type_name("PLACE");
  app.add_option("--root", options->root, "its folder now: records file system, UUID, serial")
      ->type_name("FOLDER");
  app.add_option("--note", options->note, "anything else")->type_name("TEXT");
  return [options](Session& session) { return run_add(session, *options); };
}

Runner declare_volume_edit(Options& app) {
  const auto options = std::make_shared<EditOptions>();
  app.add_option("VOLUME", options->volume, "label or id")->required()->type_name("");
  app.add_option("--at", options->kept_at, "where it is kept: \"safe in Paris\"")->type_name("PLACE");
  app.add_option("--root", options->root, "its folder now: notes the file system's UUID and serial number")
      ->type_name("FOLDER");
  app.add_option("--note", options->note, "replaces the earlier one; the ledger keeps that")
      ->type_name("TEXT");
  return [options](Session& session) { return run_edit(session, *options); };
}

Runner declare_volume_list(Options&) {
  return run_list;
}

Runner declare_volume_show(Options& app) {
  const auto label = std::make_shared<std::string>();
  app.add_option("VOLUME", *label, "label or id")->required()->type_name("");
  return [label](Session& session) { return run_show(session, *label); };
}

}  // namespace dalil::cli
