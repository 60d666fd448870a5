#include "verify_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "forms.hpp"

namespace dalil::cli {

namespace {

constexpr std::int64_t kLongestSeconds = std::int64_t{366} * 86'400;

std::optional<double> parse_decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::int64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86'400;
    default:
      return 0;
  }
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t seconds = 0;
  while (!text.empty()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size()) return std::nullopt;
    const std::int64_t unit = seconds_of(*end);
    if (unit == 0) return std::nullopt;
    seconds += number * unit;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  if (seconds == 0 || seconds > kLongestSeconds) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::optional<jobs::SampleOptions> parse_sample(std::string_view text) {
  jobs::SampleOptions options;
  if (text.ends_with('%')) {
    const auto percent = parse_decimal(text.substr(0, text.size() - 1));
    if (!percent || !(*percent > 0 && *percent <= 100)) return std::nullopt;
    options.percent = *percent;
    return options;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), options.chunks);
  if (error != std::errc() || end != text.data() + text.size() || options.chunks == 0) return std::nullopt;
  return options;
}

std::string percent_text_up(double share) {
  const double percent = share * 100;
  if (!(percent > 0)) return "0 %";
  const int digits = std::clamp(2 - static_cast<int>(std::floor(std::log10(percent))), 0, 12);
  const double scale = std::pow(10.0, digits);
  return fmt::format("{:.{}f} %", std::min(std::ceil(percent * scale) / scale, 100.0), digits);
}

std::string statement_of(const jobs::SampleReport& sample) {
  if (!sample.bad_below) return "";
  const std::string chunks = count_text(sample.population, "chunk", "chunks");
  if (sample.census)
    return fmt::format("every chunk was read: {} of {} bad", number_text(sample.bad), chunks);
  if (*sample.bad_below >= 1) return "so many are bad that the sample sets no limit";
  return fmt::format("with {:g} % confidence fewer than {} of the {} are bad", sample.confidence * 100,
                     percent_text_up(*sample.bad_below), chunks);
}

std::string errno_name(int error_number) {
  const char* name = strerrorname_np(error_number);
  return name != nullptr ? name : fmt::format("errno {}", error_number);
}

std::string unfinished_text(const drives::UnfinishedBackup& backup) {
  if (backup.selected == 0) return "no backup to it was finished: run one again";
  const std::string of = count_text(backup.selected, "file", "files");
  if (backup.lacking > 0)
    return fmt::format("the last backup lacks {} of {}: run the same one again", number_text(backup.lacking),
                       of);
  return fmt::format("the last backup, of {}, was not finished: run it again", of);
}

void print_unfinished(Printer& out, const drives::UnfinishedBackup& backup, const std::string& volume) {
  if (!backup.only_lists) {
    out.line(out.styled(Style::warning, "NOT FINISHED") + "  " +
             (volume.empty() ? unfinished_text(backup) : volume));
    if (!volume.empty()) out.line("  " + unfinished_text(backup));
    return;
  }
  out.line("NOTE    " + (volume.empty() ? "the last that is on record of its backup" : volume));
  out.line(fmt::format("  all {} were copied, and its lists and its snapshot were being written.",
                       count_text(backup.selected, "file", "files")));
  out.line("  An archive from this very snapshot knows no more. Otherwise run the backup");
  out.line("  again; 'dalil verify --offline' tells whether the lists are whole");
}

std::vector<std::string> run_lines(const jobs::VerifyReport& report) {
  std::vector<std::string> lines;
  const auto line = [&lines](const char* name, const std::string& text) {
    lines.push_back(fmt::format("  {:<11} {}", name, text));
  };
  if (report.checked_before > 0) {
    line("now", count_text(report.checked - report.checked_before, "copy", "copies"));
    line("before",
         fmt::format("{} in this verification, begun {}", count_text(report.checked_before, "copy", "copies"),
                     time_text(report.pass->began)));
  }
  if (report.other_medium) line("begun anew", "an earlier run was of another medium");
  if (report.remaining() > 0) {
    line("not checked", count_text(report.remaining(), "copy", "copies") +
                            (report.pass_open ? "; the same command goes on with them" : ""));
  }
  if (report.hardware_warnings > 0) {
    line("HARDWARE", fmt::format("{} wrong or unreadable at first, and not when read again",
                                 count_text(report.hardware_warnings, "file was", "files were")));
    line("", "check the drive, its cable, and the memory of this machine");
  }
  if (const auto& sample = report.sample) {
    line("sample", fmt::format("{} of {} drawn, {} bad; seed {}", number_text(sample->drawn),
                               count_text(sample->population, "chunk", "chunks"), number_text(sample->bad),
                               sample->seed));
    if (const std::string statement = statement_of(*sample); !statement.empty()) line("", statement);
  }
  if (report.out_of_time) lines.emplace_back("  TIME IS UP: ended before all was checked");
  return lines;
}

void put_run(Json& summary, const jobs::VerifyReport& report) {
  summary["checked_now"] = report.checked - report.checked_before;
  summary["checked_before"] = report.checked_before;
  summary["remaining"] = report.remaining();
  summary["hardware_warnings"] = report.hardware_warnings;
  summary["out_of_time"] = report.out_of_time;
  if (report.pass)
    summary["pass"] = {
        {"seq", report.pass->seq}, {"began", report.pass->began.rfc3339_ms()}, {"open", report.pass_open}};
  if (report.other_medium) summary["other_medium"] = true;
  const auto& sample = report.sample;
  if (!sample) return;
  summary["sample"] = {
      {"chunks", sample->population}, {"drawn", sample->drawn},           {"bad", sample->bad},
      {"seed", sample->seed},         {"confidence", sample->confidence}, {"every_chunk", sample->census}};
  if (sample->bad_below) summary["sample"]["bad_share_below"] = *sample->bad_below;
  if (const std::string text = statement_of(*sample); !text.empty()) summary["sample"]["statement"] = text;
}

}  // namespace dalil::cli
