#include <fmt/format.h>

#include <chrono>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/jobs/fingerprint.hpp"
#include "fingerprint_run.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kProblemsShown = 20;

struct FingerprintArguments {
  std::string folder, volume, below;
  bool fingerprints = true, thumbnails = false;
  bool again = false, moved_here = false, no_sound = false;
  unsigned threads = 0;
};

/// What is made, in words.
const char* name_of(const jobs::FingerprintOptions& options) {
  if (!options.thumbnails) return "fingerprints";
  return options.fingerprints ? "fingerprints and thumbnails" : "thumbnails";
}

void print_problems(Printer& out, const jobs::FingerprintReport& report,
                    const jobs::FingerprintOptions& options) {
  if (report.problems.empty()) return;
  out.line();
  out.line(fmt::format("without {}:", name_of(options)));
  const std::size_t shown = out.verbose() ? report.problems.size() : kProblemsShown;
  for (std::size_t i = 0; i < report.problems.size() && i < shown; ++i) {
    const std::string what = ": " + escape_for_display(report.problems[i].detail);
    out.line("  " + fitting_path(out, report.problems[i].path, 2 + display_width(what)) + what);
  }
  if (report.problems.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(report.problems.size() - shown)));
}

std::string made_text(const jobs::FingerprintReport& report, const jobs::FingerprintOptions& options) {
  std::string text;
  if (options.fingerprints) text = count_text(report.prints, "fingerprint", "fingerprints");
  if (report.sounds > 0)
    text += fmt::format(", {} of sound of {}", count_text(report.sound_windows, "second", "seconds"),
                        count_text(report.sounds, "file", "files"));
  if (!options.thumbnails) return text;
  if (!text.empty()) text += ", ";
  return text + fmt::format("{} ({})", count_text(report.thumbnails, "thumbnail", "thumbnails"),
                            bytes_text(report.thumbnail_bytes));
}

void print_report(Printer& out, const jobs::FingerprintReport& report,
                  const jobs::FingerprintOptions& options, double seconds) {
  const auto row = [&](const char* name, std::uint64_t count, const char* more = "") {
    out.line(fmt::format("  {:<12} {:>11}{}", name, number_text(count), more));
  };
  const bool heard = options.fingerprints && options.sound;
  const std::string wanted = fmt::format(
      "  {} without {}", heard ? "pictures, videos and sounds" : "pictures and videos", name_of(options));
  row("wanted", report.wanted, wanted.c_str());
  row("looked at", report.done);
  if (report.without > 0) row("without any", report.without, "  (of these; kept with the reason)");
  if (report.failed > 0) row("failed", report.failed, "  (nothing is kept; the next run tries again)");
  if (report.left > 0) row("left", report.left);
  row("known", report.known, "  had them before");
  out.line(fmt::format("  {} in {}", made_text(report, options),
                       duration_text(static_cast<std::int64_t>(seconds + 0.5))));
}

int run_fingerprint(Session& session, const FingerprintArguments& arguments) {
  archive::Archive archive = session.open();
  jobs::FingerprintOptions options;
  std::string label;
  {
    archive::View view = archive.view();
    const archive::Volume volume = volume_named(view, arguments.volume);
    check_place(view, volume, arguments.folder, arguments.below, arguments.moved_here);
    options.volume = volume.row;
    label = fmt::format("{} ({})", in_quotes(volume.label), volume.id);
  }
  options.folder = arguments.folder;
  options.path_prefix = path_within(arguments.below);
  options.fingerprints = arguments.fingerprints;
  options.sound = !arguments.no_sound;
  options.thumbnails = arguments.thumbnails;
  options.again = arguments.again;
  options.threads = arguments.threads;
  return run_fingerprints(session, archive, options, label);
}

}  // namespace

namespace {

const char* command_of(const jobs::FingerprintOptions& options) {
  return options.fingerprints ? "fingerprint" : "thumbnail";
}

Json summary_of(const jobs::FingerprintReport& report, const jobs::FingerprintOptions& options,
                double seconds) {
  Json summary = {{"command", command_of(options)},
                  {"result", report.interrupted ? "INTERRUPTED" : "DONE"},
                  {"wanted", report.wanted},
                  {"looked_at", report.done},
                  {"without", report.without},
                  {"failed", report.failed},
                  {"left", report.left},
                  {"known", report.known},
                  {"seconds", seconds},
                  {"missing_locks", report.missing_locks}};
  if (options.fingerprints) {
    summary["fingerprints"] = report.prints;
    summary["sounds"] = report.sounds;
    summary["sound_windows"] = report.sound_windows;
  }
  if (options.thumbnails) {
    summary["thumbnails"] = report.thumbnails;
    summary["thumbnail_bytes"] = report.thumbnail_bytes;
  }
  return summary;
}

}  // namespace

int run_fingerprints(Session& session, archive::Archive& archive, const jobs::FingerprintOptions& options,
                     const std::string& label) {
  Printer& out = session.out();
  jobs::Progress progress;
  const auto started = std::chrono::steady_clock::now();
  jobs::FingerprintReport report;
  {
    const ProgressLine line(command_of(options), progress, out.progress_wanted());
    report = jobs::fingerprint(archive, options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  out.line(fmt::format("{} {} of volume {}", name_of(options), report.interrupted ? "INTERRUPTED" : "done",
                       label));
  print_report(out, report, options, seconds);
  for (const std::string& lock : report.missing_locks)
    out.warn("files were decoded without a layer of protection: " + lock);
  print_problems(out, report, options);
  for (const auto& problem : report.problems) out.object("problem", json_of(problem));
  if (report.interrupted) out.line("what was done is kept; run the same command again to go on");
  out.object("summary", summary_of(report, options, seconds));
  if (report.interrupted) return kExitInterrupted;
  return report.failed > 0 ? kExitPartial : kExitOk;
}

namespace {

void declare(Options& app, const std::shared_ptr<FingerprintArguments>& options, const char* again) {
  app.add_option("FOLDER", options->folder, "where the volume lies: its root, unless --below")
      ->required()
      ->type_name("");
  app.add_option("--volume", options->volume, "label or id of the volume")->required()->type_name("VOLUME");
  app.add_option("--below", options->below, "where FOLDER lies within the volume")->type_name("PATH");
  app.add_flag("--again", options->again, again);
  app.add_flag("--moved-here", options->moved_here, "the volume lies here now, though it looks like another");
  app.add_option("--threads", options->threads, "default: one a processor")->type_name("N");
}

}  // namespace

Runner declare_fingerprint(Options& app) {
  const auto options = std::make_shared<FingerprintArguments>();
  declare(app, options, "look also at what was looked at before");
  app.add_flag("--thumbnails", options->thumbnails, "make thumbnails as well, in the same pass");
  app.add_flag("--no-sound", options->no_sound, "do not listen to videos and sounds");
  return [options](Session& session) { return run_fingerprint(session, *options); };
}

Runner declare_thumbnail(Options& app) {
  const auto options = std::make_shared<FingerprintArguments>();
  options->fingerprints = false;
  options->thumbnails = true;
  declare(app, options, "make also those that were made before");
  app.explain(
      "Of each photo a small picture of at most 256 pixels, of each video up to nine\n"
      "frames with their times. They are sealed in the archive and in no entry of the\n"
      "ledger: what is lost of them is made again from the files. Auditors see none.\n"
      "'dalil sheet' and 'dalil show --picture' show them.\n\n");
  return [options](Session& session) { return run_fingerprint(session, *options); };
}

}  // namespace dalil::cli
