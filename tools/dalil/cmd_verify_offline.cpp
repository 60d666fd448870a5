#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "dalil/base/text.hpp"
#include "dalil/drives/offline.hpp"
#include "exit_code.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "progress_line.hpp"
#include "refs.hpp"
#include "verify_offline.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using archive::Verdict;
using drives::OfflineReport;
using drives::Vouching;

constexpr std::size_t kExceptionsShown = 100;

Style style_of(const std::string& result) {
  return result == "PASS" ? Style::good : result == "FAIL" ? Style::bad : Style::warning;
}

const char* name_of(Vouching vouching) {
  switch (vouching) {
    case Vouching::nobodys:
      return "none";
    case Vouching::not_compared:
      return "not_compared";
    case Vouching::trusted:
      return "trusted";
    case Vouching::strangers:
      return "not_trusted";
    case Vouching::forged:
      return "wrong";
  }
  return "";
}

std::string drive_text(const formats::CheckReport& check) {
  std::string text = check.subject == formats::ReportSubject::sealed ? "sealed drive" : "plain drive";
  if (check.drive_id) text += " " + to_hex(*check.drive_id);
  if (!check.volume_id.empty()) text += " (" + escape_for_display(check.volume_id) + ")";
  return text;
}

void print_signer(Printer& out, const OfflineReport& report) {
  const std::string signer = escape_for_display(report.check.signer);
  switch (report.vouching) {
    case Vouching::trusted:
      out.line("  signed      by a key that you trust");
      return out.line("    " + signer);
    case Vouching::nobodys:
      return out.line("  signed      no: nothing vouches for the drive's list");
    case Vouching::forged:
      out.line("  signed      wrongly, in the name of");
      return out.line("    " + signer);
    case Vouching::strangers:
      out.line("  signed      by none of the keys that you trust, but by");
      break;
    case Vouching::not_compared:
      out.line(report.signer ? "  signed      by the key below; nobody compared it"
                             : "  signed      by the key below; it was not compared, nor the signature");
      break;
  }
  out.line("    " + (report.signer ? escape_for_display(report.signer->encode()) : signer + "+..."));
  if (report.vouching == Vouching::strangers) return;
  out.line("    Whoever forges a drive makes a key, too. Where the archive is, have this");
  out.line("    print its keys:  dalil checkpoint keys");
  out.line("    and give the one that is the same, as you got it from there: --trust KEY");
}

void print_exceptions(Printer& out, const formats::CheckReport& check) {
  std::vector<const archive::RunSummary::Exception*> order;
  for (const auto& exception : check.exceptions) order.push_back(&exception);
  const auto weight = [](const auto* one) {
    return one->verdict == Verdict::intact ? 2 : one->verdict == Verdict::extra ? 1 : 0;
  };
  std::ranges::stable_sort(order, {}, weight);
  const std::size_t shown = out.verbose() ? order.size() : std::min(order.size(), kExceptionsShown);
  if (shown > 0) out.line();
  for (std::size_t i = 0; i < shown; ++i) out.line(exception_line(out, *order[i]));
  if (order.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(order.size() - shown)));
}

/// Whether the list is anybody's word: what agrees with a forger's is not intact.
bool is_vouched(Vouching vouching) {
  return vouching == Vouching::trusted || vouching == Vouching::not_compared;
}

void print_head(Printer& out, const OfflineReport& report) {
  const formats::CheckReport& check = report.check;
  const std::string result = out.styled(style_of(check.result), check.result);
  switch (report.vouching) {
    case Vouching::nobodys:
      return out.line(result + "  nothing vouches for the drive's list");
    case Vouching::strangers:
      return out.line(result + "  none of the keys that you trust has signed the drive's list");
    case Vouching::forged:
      return out.line(result + "  the drive's note was altered after it was signed, or forged");
    case Vouching::trusted:
    case Vouching::not_compared:
      break;
  }
  out.line(fmt::format("{}  {} of {} checked, {} intact", result, number_text(check.checked),
                       count_text(check.expected, "file", "files"),
                       number_text(check.count(Verdict::intact))));
}

void print_text(Printer& out, const OfflineReport& report, double seconds) {
  const formats::CheckReport& check = report.check;
  print_head(out, report);
  out.line("  drive       " + drive_text(check));
  if (report.stated_at)
    out.line(
        fmt::format("  stated      {}, after run {}", time_text(*report.stated_at), check.note->sequence));
  if (check.checkpoint)
    out.line(fmt::format("  archive     {}, of {} then", escape_for_display(check.origin),
                         count_text(check.checkpoint->size, "entry", "entries")));
  print_signer(out, report);
  const bool vouched = is_vouched(report.vouching);
  if (!vouched) out.line("  by a list that nobody vouches for:");
  for (const auto& [verdict, count] : check.verdicts)
    out.line(fmt::format("  {:<11} {:>11}",
                         !vouched && verdict == Verdict::intact ? "as listed" : archive::name_of(verdict),
                         number_text(count)));
  out.line(fmt::format("  own files   {} right, {} wrong", check.lists_right, check.lists_wrong));
  out.line("  checked     every byte, against the SHA-256 of the drive's list");
  out.line(fmt::format("  read        {} in {}, {}", bytes_text(check.bytes),
                       duration_text(static_cast<std::int64_t>(seconds + 0.5)), check.read_path));
  for (const std::string& remark : report.remarks)
    out.line(wrapped(out, "  Note: " + escape_for_display(remark) + ".", 8));
  if (report.read_twice > 0)
    out.line(out.styled(Style::warning, "  HARDWARE") +
             fmt::format("  {} wrong at first and right when read again", number_text(report.read_twice)));
  if (check.expected == 0) out.line("  There is nothing on the list: nothing was checked.");
  if (report.interrupted) out.line("  INTERRUPTED before the end");
  print_exceptions(out, check);
}

JsonObjects objects_of(const OfflineReport& report, const std::string& folder, double seconds) {
  const formats::CheckReport& check = report.check;
  JsonObjects objects;
  for (const auto& exception : check.exceptions) objects.emplace_back("verdict", json_of(exception));
  Json summary = {{"command", "verify"},
                  {"offline", true},
                  {"result", check.result},
                  {"kind", check.subject == formats::ReportSubject::sealed ? "sealed" : "plain"}};
  put_path(summary, "folder", folder);
  put_text(summary, "origin", check.origin);
  put_text(summary, "volume_id", check.volume_id);
  if (check.drive_id) summary["drive"] = to_hex(*check.drive_id);
  if (check.note) {
    summary["sequence"] = check.note->sequence;
    summary["note_sha256"] = check.note->digest.hex();
  }
  put_time(summary, "stated_at", report.stated_at);
  if (check.checkpoint) {
    summary["size"] = check.checkpoint->size;
    summary["root"] = check.checkpoint->root.hex();
  }
  summary["signature"] = name_of(report.vouching);
  put_text(summary, "signer", report.signer ? report.signer->encode() : check.signer);
  summary.update({{"mode", check.mode},
                  {"expected", check.expected},
                  {"checked", check.checked},
                  {"own_files_right", check.lists_right},
                  {"own_files_wrong", check.lists_wrong},
                  {"bytes_checked", check.bytes},
                  {"read_path", check.read_path},
                  {"read_twice", report.read_twice},
                  {"remarks", report.remarks},
                  {"interrupted", report.interrupted},
                  {"seconds", seconds}});
  for (const auto& [verdict, count] : check.verdicts) summary["verdicts"][archive::name_of(verdict)] = count;
  objects.emplace_back("summary", summary);
  return objects;
}

/// A drive that nobody vouches for is not well when somebody asked who does.
int exit_code_of(const OfflineReport& report, bool trust_wanted) {
  if (report.interrupted) return kExitInterrupted;
  const std::string& result = report.check.result;
  if (result == "FAIL") return kExitNo;
  if (result == "PASS") return kExitOk;
  return result == "CONSISTENT" && !trust_wanted ? kExitOk : kExitPartial;
}

}  // namespace

int run_verify_offline(Session& session, const OfflineArguments& arguments) {
  drives::OfflineOptions options;
  options.folder = arguments.folder;
  options.trusted = trusted_keys(arguments.trusted);
  options.from_medium = arguments.medium;
  options.threads = arguments.threads;
  const ReportOutput file(arguments.report, arguments.folder);
  Printer& out = session.out();
  jobs::Progress progress;
  const auto started = std::chrono::steady_clock::now();
  OfflineReport report;
  {
    const ProgressLine line("verify", progress, out.progress_wanted());
    report = drives::verify_offline(options, progress, session.stop());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  print_text(out, report, seconds);
  const JsonObjects objects = objects_of(report, arguments.folder, seconds);
  file.write(report.check, objects);
  file.tell(out);
  for (const auto& [type, fields] : objects) out.object(type, fields);
  return exit_code_of(report, !arguments.trusted.empty());
}

}  // namespace dalil::cli
