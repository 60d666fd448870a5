#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dalil/drives/unfinished.hpp"
#include "dalil/jobs/verify.hpp"
#include "json_forms.hpp"

/// What a verification is told in words and numbers, and what it tells. Pure.
namespace dalil::cli {

/// "2h", "30m", "90s", "1d", "1h30m"; absent if it is none of these, or nothing.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
/// "1%", "0.5%" or a number of chunks; absent if it is none of these, or nothing.
std::optional<jobs::SampleOptions> parse_sample(std::string_view text);

/// A share of 1 as a percentage of three digits, never less than it is: "0.994 %".
std::string percent_text_up(double share);
/// "with 95 % confidence fewer than 0.994 % of the 12,345 chunks are bad"; empty if it says nothing.
std::string statement_of(const jobs::SampleReport& sample);

/// "EIO"
std::string errno_name(int error_number);
/// "the last backup, of 407 files, was not finished: run it again"
std::string unfinished_text(const drives::UnfinishedBackup& backup);
/// `volume`: how it is named where there may be several; empty: it is clear which one is meant.
void print_unfinished(Printer& out, const drives::UnfinishedBackup& backup, const std::string& volume);
/// Lines about what was checked when, what is left, warnings and samples, as they follow the verdicts.
std::vector<std::string> run_lines(const jobs::VerifyReport& report);
/// The same for the summary.
void put_run(Json& summary, const jobs::VerifyReport& report);

}  // namespace dalil::cli
