#include <fmt/format.h>

#include "command.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/sealed.hpp"
#include "dalil/files/volume.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "progress_line.hpp"
#include "recipients.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kProblemsShown = 100;

struct SealArguments {
  std::string folder, volume, to, drive, kept_at;
  std::vector<std::string> incidents, recipients;
};

/// The drive's volume; made known if it is new.
archive::Row drive_named(archive::Archive& archive, archive::View& view, const SealArguments& arguments) {
  if (const auto known = view.find_volume(arguments.drive)) {
    if (known->sealed) return known->row;
    throw Error(ErrorCode::conflict, "volume " + in_quotes(arguments.drive) + " is not a sealed drive",
                "choose another label for the drive");
  }
  const files::VolumeIdentity identity = files::identify_volume(arguments.to);
  archive::Volume volume;
  volume.label = arguments.drive;
  volume.kind = archive::VolumeKind::backup;
  volume.sealed = true;
  volume.kept_at = arguments.kept_at;
  volume.file_system = identity.file_system;
  volume.uuid = identity.uuid;
  volume.serial = identity.serial;
  volume.file_system_label = identity.label;
  volume.capacity_bytes = identity.size_bytes;
  volume.root = arguments.to;
  archive::Editor editor = archive.edit();
  const archive::Row row = editor.add_volume(volume);
  editor.commit();
  return row;
}

void print_report(Printer& out, const SealArguments& arguments, const drives::SealReport& report) {
  const bool whole = report.problems.empty() && !report.interrupted;
  out.line(fmt::format("{}  {} of {} of volume {} are on drive {}",
                       whole ? out.styled(Style::good, "SEALED") : out.styled(Style::bad, "NOT ALL"),
                       number_text(report.there + report.written),
                       count_text(report.wanted, "copy", "copies"), in_quotes(arguments.volume),
                       in_quotes(arguments.drive)));
  out.line(fmt::format("  written     {}, {} on the drive, each read back from it",
                       number_text(report.written), bytes_text(report.bytes)));
  if (report.there > 0) out.line(fmt::format("  there       {} from before", number_text(report.there)));
  if (report.set_aside > 0)
    out.line(fmt::format("  set aside   {} that no entry knows, in aside/", number_text(report.set_aside)));
  if (report.interrupted) out.line("  INTERRUPTED before the end; the next run goes on");
  if (!report.problems.empty()) out.line();
  for (std::size_t i = 0; i < report.problems.size(); ++i) {
    const auto& [path, what] = report.problems[i];
    if (i < kProblemsShown || out.verbose()) out.line("  " + escape_for_display(path) + "  " + what);
    Json fields;
    put_path(fields, "path", path);
    fields["problem"] = what;
    out.object("problem", fields);
  }
  if (report.problems.size() > kProblemsShown && !out.verbose())
    out.line(fmt::format("  ... and {} more; -v lists all", report.problems.size() - kProblemsShown));
  out.object("summary", {{"command", "seal"},
                         {"wanted", report.wanted},
                         {"there", report.there},
                         {"written", report.written},
                         {"bytes", report.bytes},
                         {"set_aside", report.set_aside},
                         {"failed", report.problems.size()},
                         {"interrupted", report.interrupted}});
}

int run_seal(Session& session, const SealArguments& arguments) {
  archive::Archive archive = session.open();
  drives::SealOptions options;
  options.recipients = sealing_recipients(session, archive, arguments.recipients);
  archive::View view = archive.view();
  options.source = volume_named(view, arguments.volume).row;
  options.source_folder = arguments.folder;
  options.drive_folder = arguments.to;
  if (!arguments.incidents.empty()) {
    archive::Query query;
    query.incidents = arguments.incidents;
    options.items = archive::find(view, query);
  }
  options.drive = drive_named(archive, view, arguments);
  jobs::Progress progress;
  drives::SealReport report;
  {
    const ProgressLine line("seal", progress, session.out().progress_wanted());
    report = drives::seal_drive(archive, options, progress, session.stop());
  }
  print_report(session.out(), arguments, report);
  if (report.interrupted) return kExitInterrupted;
  return report.problems.empty() ? kExitOk : kExitPartial;
}

}  // namespace

Runner declare_seal(Options& app) {
  const auto options = std::make_shared<SealArguments>();
  app.add_option("FOLDER", options->folder, "where the volume is now: its root")->required()->type_name("");
  app.add_option("--volume", options->volume, "the volume that is copied")->required()->type_name("VOLUME");
  app.add_option("--to", options->to, "where the drive is mounted")->required()->type_name("FOLDER");
  app.add_option("--drive", options->drive, "the drive's label; made known if it is new")
      ->required()
      ->type_name("LABEL");
  app.add_option("--at", options->kept_at, "where a new drive is kept, in words")->type_name("TEXT");
  app.add_option("--incident", options->incidents, "only what is linked to this incident")
      ->allow_extra_args(false)
      ->type_name("ID");
  app.add_option("--recipient", options->recipients, "also opens with the identity of this age recipient")
      ->allow_extra_args(false)
      ->type_name("AGE1");
  app.explain(
      "Each content becomes an encrypted object under a random name, padded, so that the drive tells\n"
      "sizes and counts and nothing else. It is read back from the medium before it counts. A snapshot\n"
      "of the archive goes with it. To check the drive: dalil verify FOLDER --volume LABEL, or, without\n"
      "any key, sha256sum -c objects.sha256. To get files back: dalil restore --from LABEL=FOLDER, or\n"
      "stock age and the recovery key (docs/recovery.md).\n\n");
  return [options](Session& session) { return run_seal(session, *options); };
}

}  // namespace dalil::cli
