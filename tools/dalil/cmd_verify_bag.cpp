#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/formats/bagit.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using formats::bagit::Finding;
using formats::bagit::Report;

constexpr std::size_t kFindingsShown = 100, kHanging = 14;

struct BagArguments {
  std::string directory;
  bool medium = false;
  unsigned threads = 0;
};

const char* name_of(Finding::Weight weight) {
  return weight == Finding::Weight::error ? "error" : "warning";
}

std::string kinds_text(const Report& report) {
  std::string text;
  for (const crypto::HashKind kind : report.kinds)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", crypto::name_of(kind));
  return text.empty() ? "nothing" : text;
}

void print_text(Printer& out, const BagArguments& arguments, const Report& report, double seconds) {
  const std::string result = report.result();
  const Style style = result == "VALID" ? Style::good : result == "INVALID" ? Style::bad : Style::warning;
  out.line(fmt::format("{}  bag {}: {} of {} as listed", out.styled(style, result),
                       in_quotes(arguments.directory), number_text(report.checked),
                       count_text(report.listed, "file", "files")));
  if (report.declaration)
    out.line(fmt::format("  standard    BagIt {}.{}", report.declaration->major, report.declaration->minor));
  out.line(fmt::format("  checked     every byte of the payload, against {}", kinds_text(report)));
  out.line(fmt::format("  tag files   {} checked", number_text(report.tag_files_checked)));
  out.line(fmt::format("  read        {} in {}, {}", bytes_text(report.bytes),
                       duration_text(static_cast<std::int64_t>(seconds + 0.5)), report.read_path));
  if (report.listed == 0 && report.declaration) out.line("  There is no payload: nothing was checked.");
  if (report.to_fetch > 0)
    out.line(
        fmt::format("  to fetch    {}, which are elsewhere", count_text(report.to_fetch, "file", "files")));
  if (report.interrupted) out.line("  INTERRUPTED before the end");
  std::vector<const Finding*> order;  // errors first: what is listed is bounded
  for (const Finding& finding : report.findings) order.push_back(&finding);
  std::ranges::stable_partition(order,
                                [](const Finding* one) { return one->weight == Finding::Weight::error; });
  const std::size_t shown = out.verbose() ? order.size() : std::min(order.size(), kFindingsShown);
  if (shown > 0) out.line();
  for (std::size_t i = 0; i < shown; ++i)
    out.line(wrapped(out,
                     fmt::format("  {:<11} {} {}", name_of(order[i]->weight),
                                 escape_for_display(order[i]->path), order[i]->text),
                     kHanging));
  if (order.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(order.size() - shown)));
}

void print_objects(Printer& out, const BagArguments& arguments, const Report& report, double seconds) {
  for (const Finding& finding : report.findings) {
    Json fields = {{"weight", name_of(finding.weight)}, {"text", finding.text}};
    put_path(fields, "path", finding.path);
    out.object("finding", fields);
  }
  Json summary = {{"command", "verify-bag"},
                  {"result", report.result()},
                  {"listed", report.listed},
                  {"checked", report.checked},
                  {"tag_files_checked", report.tag_files_checked},
                  {"to_fetch", report.to_fetch},
                  {"bytes", report.bytes},
                  {"errors", report.count(Finding::Weight::error)},
                  {"warnings", report.count(Finding::Weight::warning)},
                  {"read_path", report.read_path},
                  {"interrupted", report.interrupted},
                  {"seconds", seconds}};
  put_path(summary, "bag", arguments.directory);
  if (report.declaration)
    summary["version"] = fmt::format("{}.{}", report.declaration->major, report.declaration->minor);
  summary["algorithms"] = Json::array();
  for (const crypto::HashKind kind : report.kinds) summary["algorithms"].push_back(crypto::name_of(kind));
  out.object("summary", summary);
}

int run_verify_bag(Session& session, const BagArguments& arguments) {
  formats::bagit::ValidateOptions options;
  if (arguments.medium) options.from = files::ReadFrom::medium;
  options.threads = arguments.threads;
  Printer& out = session.out();
  jobs::Progress progress;
  const auto started = std::chrono::steady_clock::now();
  Report report;
  {
    const ProgressLine line("verify-bag", progress, out.progress_wanted());
    report = formats::bagit::validate(arguments.directory, options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  print_text(out, arguments, report, seconds);
  print_objects(out, arguments, report, seconds);
  if (report.interrupted) return kExitInterrupted;
  const std::string result = report.result();
  return result == "VALID" ? kExitOk : result == "INVALID" ? kExitNo : kExitPartial;
}

}  // namespace

Runner declare_verify_bag(Options& app) {
  const auto options = std::make_shared<BagArguments>();
  app.add_option("FOLDER", options->directory, "the bag: the folder that holds bagit.txt")
      ->required()
      ->type_name("");
  app.add_flag("--medium", options->medium, "read the medium itself, around the cache");
  app.add_option("--threads", options->threads, "default: one a processor")->type_name("N");
  app.explain(
      "VALID means that every listed file was read and is as listed, and that there is no other.\n"
      "What departs from the standard and is clear all the same is a warning. Nothing is fetched.");
  return [options](Session& session) { return run_verify_bag(session, *options); };
}

}  // namespace dalil::cli
