#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "command.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/secret.hpp"
#include "dalil/drives/own_files.hpp"
#include "dalil/drives/unfinished.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/jobs/verify.hpp"
#include "endangered.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "report_forms.hpp"
#include "verify_forms.hpp"
#include "verify_offline.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kExceptionsShown = 100;

struct VerifyArguments {
  std::string folder, volume, below;
  ReportRequest report;
  std::vector<std::string> trusted;  ///< with --offline
  bool offline = false;
  bool quick = false, sha256 = false, medium = false, no_record = false, moved_here = false;
  bool restart = false;
  unsigned threads = 0;
  std::string time, sample, confidence;
  std::optional<std::uint64_t> seed;
};

/// A finished verification and what it means.
struct Outcome {
  const archive::Volume& volume;
  const jobs::VerifyReport& report;
  std::vector<EndangeredIncident> endangered;
  bool incidents_visible;
  double seconds;
  std::optional<drives::UnfinishedBackup> unfinished;
};

/// Numbers that JSON readers keep exact, and people can type.
constexpr std::uint64_t kSeeds = std::uint64_t{1} << 48;

jobs::SampleOptions sample_from(const VerifyArguments& arguments) {
  const auto asked = parse_sample(arguments.sample);
  if (!asked)
    throw Error(ErrorCode::usage, "--sample " + in_quotes(arguments.sample) + " is no sample",
                "give a percentage of the chunks (1%, 0.5%), or how many (3000)");
  jobs::SampleOptions sample = *asked;
  std::array<std::uint8_t, 8> random = crypto::random_array<8>();
  sample.seed = arguments.seed.value_or(ByteReader(random).u64() % kSeeds);
  if (arguments.confidence.empty()) return sample;
  const auto percent = parse_sample(arguments.confidence + "%");
  if (!percent || percent->percent < 50 || percent->percent > 99.9999)
    throw Error(ErrorCode::usage, "--confidence " + in_quotes(arguments.confidence) + " is no confidence",
                "give a percentage from 50 to 99.9999; 95 is usual");
  sample.confidence = percent->percent / 100;
  return sample;
}

std::function<bool()> time_from(const VerifyArguments& arguments) {
  const auto limit = parse_duration(arguments.time);
  if (!limit)
    throw Error(ErrorCode::usage, "--time " + in_quotes(arguments.time) + " is no length of time",
                "give hours, minutes or seconds: 2h, 30m, 90s");
  const auto end = std::chrono::steady_clock::now() + *limit;
  return [end] { return std::chrono::steady_clock::now() >= end; };
}

void check_usage(const VerifyArguments& arguments) {
  const std::pair<const char*, bool> ways[] = {
      {"--quick", arguments.quick}, {"--sha256", arguments.sha256}, {"--sample", !arguments.sample.empty()}};
  const char* first = nullptr;
  for (const auto& [name, given] : ways) {
    if (!given) continue;
    if (first != nullptr)
      throw Error(ErrorCode::usage, fmt::format("{} and {} exclude each other", first, name));
    first = name;
  }
  const bool reads_all = !arguments.quick && arguments.sample.empty();
  if (!reads_all && (!arguments.time.empty() || arguments.restart))
    throw Error(ErrorCode::usage, fmt::format("{} and {} exclude each other", first,
                                              arguments.time.empty() ? "--restart" : "--time"));
  if (arguments.sample.empty() && (arguments.seed || !arguments.confidence.empty()))
    throw Error(ErrorCode::usage, "--seed and --confidence belong to --sample");
  if (!arguments.sample.empty() && (!arguments.report.key_file.empty() || arguments.report.format != "jsonl"))
    throw Error(ErrorCode::usage, "a report on a sample is neither signed nor PREMIS",
                "leave --sign-key and --report-format out");
  if (arguments.no_record && !arguments.time.empty())
    throw Error(ErrorCode::usage, "--time and --no-record exclude each other",
                "what is not recorded cannot be gone on with");
}

jobs::VerifyOptions options_from(const VerifyArguments& arguments, archive::Row volume) {
  jobs::VerifyOptions options;
  options.folder = arguments.folder;
  options.path_prefix = path_within(arguments.below);
  options.volume = volume;
  options.mode = arguments.quick    ? jobs::VerifyMode::quick
                 : arguments.sha256 ? jobs::VerifyMode::sha256
                                    : jobs::VerifyMode::tags;
  options.from_medium = arguments.medium;
  options.record = !arguments.no_record;
  options.threads = arguments.threads;
  options.restart = arguments.restart;
  if (!arguments.time.empty()) options.out_of_time = time_from(arguments);
  if (!arguments.sample.empty()) {
    options.mode = jobs::VerifyMode::sample;
    options.sample = sample_from(arguments);
  }
  return options;
}

const char* meaning_of(jobs::VerifyMode mode) {
  switch (mode) {
    case jobs::VerifyMode::quick:
      return "presence and size only; no content was read";
    case jobs::VerifyMode::tags:
      return "every byte, against keyed tags";
    case jobs::VerifyMode::sha256:
      return "every byte, against SHA-256";
    case jobs::VerifyMode::sample:
      return "presence and size, and the chunks that were drawn";
  }
  return "";
}

/// What was not read is not called intact.
const char* word_for(archive::Verdict verdict, jobs::VerifyMode mode) {
  const bool unread = mode == jobs::VerifyMode::quick && verdict == archive::Verdict::intact;
  return unread ? "present" : archive::name_of(verdict);
}

Style style_of(const std::string& result) {
  return result == "PASS" || result == "SAMPLED" ? Style::good
         : result == "FAIL"                      ? Style::bad
                                                 : Style::warning;
}

std::string exception_text(Printer& out, archive::View& view,
                           const archive::RunSummary::Exception& exception) {
  std::string text = exception_line(out, exception);
  if (!is_damage(exception.verdict)) return text;
  if (const auto item = view.find_item(exception.digest)) {
    for (const IncidentName& incident : incidents_of(view, *item))
      text += "\n              " + evidence_text(incident);
  }
  return text;
}

void print_exceptions(Printer& out, archive::View& view, const jobs::VerifyReport& report) {
  // Damage first: what is listed is bounded, and extras must not push it out.
  std::vector<const archive::RunSummary::Exception*> order;
  for (const auto& exception : report.exceptions) order.push_back(&exception);
  std::stable_sort(order.begin(), order.end(), [](const auto* one, const auto* other) {
    const auto rank = [](const auto& of) { return is_damage(of.verdict) ? 0 : of.at_first ? 1 : 2; };
    return rank(*one) < rank(*other);
  });
  const std::size_t shown = out.verbose() ? order.size() : std::min(order.size(), kExceptionsShown);
  if (shown > 0) out.line();
  for (std::size_t i = 0; i < shown; ++i) out.line(exception_text(out, view, *order[i]));
  if (order.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(order.size() - shown)));
}

/// What lies on a drive beside the copies: an archive that is at hand does not miss it, somebody else would.
void print_own_files(Printer& out, const Outcome& outcome, const std::string& folder) {
  const jobs::OwnFiles& own = outcome.report.own_files;
  if (own.right + own.wrong.size() == 0) return;
  out.line(
      fmt::format("  drive files {} right, {} wrong", number_text(own.right), number_text(own.wrong.size())));
  for (const auto& one : own.wrong) {
    const char* what = one.verdict == archive::Verdict::corrupt ? "damaged" : archive::name_of(one.verdict);
    out.line(fmt::format("  drive file  {}: {}", escape_for_display(one.path), what));
    for (std::string_view rest = one.detail; !rest.empty();) {
      const std::size_t end = std::min(rest.find("; "), rest.size());
      out.line("              " + std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
  }
  for (const std::string& remark : own.remarks)
    out.line(out.styled(Style::warning, "  parity      ") + escape_for_display(remark));
  if (own.wrong.empty()) return;
  out.line("              'dalil repair' makes them anew:");
  out.line(fmt::format("              dalil repair {} --volume {}", shell_word(folder),
                       shell_word(outcome.volume.label)));
}

/// On a drive, where lists name places.
void print_moved(Printer& out, const Outcome& outcome) {
  const auto count = [&](archive::Verdict verdict) {
    const auto found = outcome.report.verdicts.find(verdict);
    return found == outcome.report.verdicts.end() ? std::uint64_t{0} : found->second;
  };
  if (!outcome.volume.drive || outcome.volume.sealed) return;
  if (count(archive::Verdict::moved) + count(archive::Verdict::renamed) > 0)
    out.line("  the drive's lists do not find what was moved: 'dalil repair' brings it back");
}

void print_text(Printer& out, archive::View& view, const Outcome& outcome, const std::string& folder) {
  const jobs::VerifyReport& report = outcome.report;
  const std::string result = report.result();
  const auto intact = report.verdicts.find(archive::Verdict::intact);
  out.line(fmt::format("{}  volume {} ({}): {} of {} checked, {} {}", out.styled(style_of(result), result),
                       in_quotes(outcome.volume.label), outcome.volume.id, number_text(report.checked),
                       count_text(report.expected, "copy", "copies"),
                       number_text(intact == report.verdicts.end() ? 0 : intact->second),
                       word_for(archive::Verdict::intact, report.mode)));
  print_endangered(out, outcome.endangered);
  for (const auto& [verdict, count] : report.verdicts) {
    out.line(fmt::format("  {:<11} {:>11}", word_for(verdict, report.mode), number_text(count)));
  }
  out.line(fmt::format("  checked     {} ({})", meaning_of(report.mode), jobs::name_of(report.mode)));
  if (report.mode != jobs::VerifyMode::quick) {
    out.line(fmt::format("  read        {} in {}, {}", bytes_text(report.bytes_checked),
                         duration_text(static_cast<std::int64_t>(outcome.seconds + 0.5)),
                         report.read_path.empty() ? "cache allowed" : report.read_path));
  }
  for (const std::string& line : run_lines(report)) out.line(line);
  out.line(report.recorded ? "  recorded    yes, in the ledger" : "  recorded    no");
  if (report.interrupted) out.line("  INTERRUPTED before the end");
  print_own_files(out, outcome, folder);
  print_moved(out, outcome);
  if (outcome.unfinished) print_unfinished(out, *outcome.unfinished, "");
  print_exceptions(out, view, report);
  if (!outcome.incidents_visible) out.line("  incidents   not visible to this role");
}

/// The same as objects: to standard output with --json, and into the report file.
JsonObjects objects_of(archive::View& view, const Outcome& outcome) {
  JsonObjects objects;
  for (const auto& exception : outcome.report.exceptions) {
    Json fields = json_of(exception);
    if (exception.at_first) objects.emplace_back("hardware_warning", fields);
    if (exception.at_first && exception.verdict == archive::Verdict::intact) continue;
    if (!outcome.incidents_visible) {
      fields["incidents"] = fields["candidate_incidents"] = nullptr;
    } else if (const auto item = view.find_item(exception.digest)) {
      put_incidents(fields, view, *item);
    }
    objects.emplace_back("verdict", fields);
  }
  for (const auto& one : outcome.report.own_files.wrong) objects.emplace_back("drive_file", json_of(one));
  for (const EndangeredIncident& incident : outcome.endangered)
    objects.emplace_back("endangered", json_of(incident));
  const jobs::VerifyReport& report = outcome.report;
  Json summary = {{"command", "verify"},
                  {"result", report.result()},
                  {"volume", outcome.volume.label},
                  {"volume_id", outcome.volume.id},
                  {"mode", jobs::name_of(report.mode)},
                  {"expected", report.expected},
                  {"checked", report.checked},
                  {"bytes_checked", report.bytes_checked},
                  {"read_path", report.read_path},
                  {"recorded", report.recorded},
                  {"interrupted", report.interrupted},
                  {"incidents_visible", outcome.incidents_visible},
                  {"seconds", outcome.seconds}};
  if (outcome.volume.drive) {
    summary["own_files_right"] = report.own_files.right;
    summary["own_files_wrong"] = report.own_files.wrong.size();
    summary["backup_unfinished"] = outcome.unfinished && !outcome.unfinished->only_lists;
    if (!outcome.report.own_files.remarks.empty()) summary["remarks"] = outcome.report.own_files.remarks;
  }
  put_run(summary, report);
  for (const auto& [verdict, count] : report.verdicts) summary["verdicts"][archive::name_of(verdict)] = count;
  objects.emplace_back("summary", summary);
  return objects;
}

int exit_code_of(const jobs::VerifyReport& report) {
  if (report.interrupted) return kExitInterrupted;
  const std::string result = report.result();
  return result == "PASS" || result == "SAMPLED" ? kExitOk : result == "FAIL" ? kExitNo : kExitPartial;
}

/// Without the archive there is nothing to record in, and the drive says what it holds.
int run_offline(Session& session, const VerifyArguments& arguments) {
  if (!arguments.volume.empty() || !arguments.below.empty() || arguments.quick || arguments.no_record)
    throw Error(ErrorCode::usage, "--offline takes no --volume, --below, --quick and --no-record",
                "it checks a whole drive by what lies on it, and records nothing");
  if (!arguments.sample.empty() || !arguments.time.empty() || arguments.restart)
    throw Error(ErrorCode::usage, "--offline takes no --sample, --time and --restart",
                "without the archive nothing is known of earlier runs, and there are no tags");
  return run_verify_offline(
      session, {arguments.folder, arguments.trusted, arguments.medium, arguments.threads, arguments.report});
}

std::optional<drives::UnfinishedBackup> unfinished_of(archive::View& view, const archive::Volume& volume) {
  if (!volume.drive) return std::nullopt;
  const auto all = drives::unfinished_backups(view);
  const auto found = all.find(volume.row);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

int run_verify(Session& session, const VerifyArguments& arguments) {
  if (arguments.offline) return run_offline(session, arguments);
  if (arguments.volume.empty())
    throw Error(ErrorCode::usage, "--volume is required",
                "name the volume; or check a backup drive without the archive: --offline");
  if (!arguments.trusted.empty())
    throw Error(ErrorCode::usage, "--trust is for --offline: the archive knows its keys");
  check_usage(arguments);
  jobs::VerifyOptions options = options_from(arguments, ledger::kNoRow);
  const ReportOutput file(arguments.report, arguments.folder);
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Volume volume = volume_named(view, arguments.volume);
  check_place(view, volume, arguments.folder, arguments.below, arguments.moved_here);
  options.volume = volume.row;
  if (volume.drive && arguments.below.empty())
    options.own_files = [&](const jobs::StopFlag& stop) {
      archive::View own_view = archive.view();
      return drives::check_own_files(own_view, volume, arguments.folder, {!arguments.quick, arguments.medium},
                                     stop);
    };
  Printer& out = session.out();
  jobs::Progress progress;
  view.rest();
  const auto started = std::chrono::steady_clock::now();
  const UtcTime began = archive.clock().now();
  jobs::VerifyReport report;
  {
    const ProgressLine line("verify", progress, out.progress_wanted());
    report = jobs::verify(archive, options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const UtcTime ended = archive.clock().now();
  view.renew();
  const Outcome outcome{volume,
                        report,
                        endangered_incidents(view, volume, report),
                        view.can_read(ledger::SealClass::evidence),
                        seconds,
                        unfinished_of(view, volume)};
  const auto objects = objects_of(view, outcome);
  print_text(out, view, outcome, arguments.folder);
  for (const auto& [type, fields] : objects) out.object(type, fields);
  file.tell(out);
  if (file.wanted())
    file.write(check_report_of(view, archive,
                               {volume, report, arguments.below.empty(),
                                report.checked_before > 0 ? report.pass->began : began, ended}),
               objects);
  return exit_code_of(report);
}

}  // namespace

Runner declare_verify(Options& app) {
  const auto options = std::make_shared<VerifyArguments>();
  app.add_option("FOLDER", options->folder, "where the volume is now: its root, unless --below")
      ->required()
      ->type_name("");
  app.add_option("--volume", options->volume, "label or id; required unless --offline")->type_name("VOLUME");
  app.add_option("--below", options->below, "where FOLDER lies within the volume")->type_name("PATH");
  app.add_flag("--quick", options->quick, "presence and size only");
  app.add_flag("--sha256", options->sha256, "against SHA-256, which trusts no key");
  app.add_flag("--medium", options->medium, "read the medium itself, around the cache");
  app.add_flag("--moved-here", options->moved_here, "the volume lies here now, though it looks like another");
  app.add_flag("--no-record", options->no_record, "do not append the result to the ledger");
  app.add_flag("--restart", options->restart, "do not go on with an interrupted verification");
  app.add_option("--time", options->time,
                 "end after 2h, 30m, 90s; begins with what is unverified for longest")
      ->type_name("TIME");
  app.add_option("--sample", options->sample, "presence, size, and a random part of the chunks: 1%, or 3000")
      ->type_name("PART");
  app.add_option("--seed", options->seed, "draw the chunks that an earlier --sample drew")->type_name("N");
  app.add_option("--confidence", options->confidence, "of the statement on a sample; default: 95")
      ->type_name("PERCENT");
  app.add_flag("--offline", options->offline, "a backup drive by what lies on it; no archive, no key");
  app.add_option("--trust", options->trusted,
                 "with --offline: a key that you got from its owner; may be repeated")
      ->type_name("VKEY")
      ->allow_extra_args(false);
  declare_report_options(app, options->report);
  app.add_option("--threads", options->threads, "default: one a processor")->type_name("N");
  return [options](Session& session) { return run_verify(session, *options); };
}

}  // namespace dalil::cli
