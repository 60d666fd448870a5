#include "forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace dalil::cli {

std::string number_text(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0
  for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string duration_text(std::int64_t seconds) {
  seconds = std::max<std::int64_t>(seconds, 0);
  const auto hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest)
                   : fmt::format("{}:{:02}", minutes, rest);
}

std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", number_text(count), count == 1 ? singular : plural);
}

std::string timecode_text(std::int64_t ms) {
  const auto seconds = ms / 1000;
  std::string text = seconds >= 3600
                         ? fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
                         : fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
  if (ms % 1000 != 0) text += fmt::format(".{:03}", ms % 1000);
  return text;
}

std::string time_text(const std::optional<UtcTime>& time) {
  if (!time) return "-";
  std::string text = time->rfc3339();
  if (const auto separator = text.find('T'); separator != std::string::npos) text[separator] = ' ';
  return text;
}

namespace {

constexpr std::int64_t kDayMs = 86'400'000;

/// The wall clock that the claim shows, without any zone.
UtcTime wall_clock(const media::TimeClaim& claim) {
  const bool shifted = claim.basis == media::ZoneBasis::offset_recorded;
  return {claim.ms + (shifted ? std::int64_t{claim.offset_minutes} * 60'000 : 0)};
}

std::string clock_digits(const media::TimeClaim& claim) {
  const UtcTime wall = wall_clock(claim);
  if (claim.precision_ms >= kDayMs) return wall.date();
  std::string text = claim.precision_ms < 1000 && claim.ms % 1000 != 0 ? wall.rfc3339_ms() : wall.rfc3339();
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  return text;
}

std::string zone_suffix(const media::TimeClaim& claim) {
  if (claim.precision_ms >= kDayMs) return {};  // a bare date has no clock that a zone could shift
  switch (claim.basis) {
    case media::ZoneBasis::offset_recorded: {
      const int minutes = std::abs(claim.offset_minutes);
      return fmt::format("{}{:02}:{:02}", claim.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
    }
    case media::ZoneBasis::utc_by_format:
    case media::ZoneBasis::utc_claimed:
      return "Z";
    case media::ZoneBasis::unknown_zone:
      break;
  }
  return {};
}

}  // namespace

std::string claim_iso(const media::TimeClaim& claim) {
  return clock_digits(claim) + zone_suffix(claim);
}

std::string claim_text(const media::TimeClaim& claim) {
  std::string text = clock_digits(claim);
  if (const auto separator = text.find('T'); separator != std::string::npos) text[separator] = ' ';
  if (claim.basis == media::ZoneBasis::offset_recorded && !zone_suffix(claim).empty()) text += ' ';
  text += zone_suffix(claim);
  if (claim.basis == media::ZoneBasis::utc_claimed) text += " (claimed)";
  if (claim.basis == media::ZoneBasis::unknown_zone && claim.precision_ms < kDayMs) text += " (zone unknown)";
  return text;
}

const char* name_of(media::ZoneBasis basis) {
  switch (basis) {
    case media::ZoneBasis::unknown_zone:
      return "zone-unknown";
    case media::ZoneBasis::offset_recorded:
      return "offset-recorded";
    case media::ZoneBasis::utc_by_format:
      return "utc-by-format";
    case media::ZoneBasis::utc_claimed:
      return "utc-claimed";
  }
  return "unknown";
}

const char* name_of(media::TimeOrigin origin) {
  switch (origin) {
    case media::TimeOrigin::embedded:
      return "embedded";
    case media::TimeOrigin::file_name:
      return "file-name";
    case media::TimeOrigin::file_system:
      return "file-system";
  }
  return "unknown";
}

std::string text_of(const archive::Count& count) {
  if (!count.value) return "-";
  return count.qualifier.empty() ? std::to_string(*count.value)
                                 : fmt::format("{} {}", count.qualifier, *count.value);
}

std::string ranges_text(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges,
                        std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < ranges.size() && i < limit; ++i) {
    const auto [offset, size] = ranges[i];
    if (!text.empty()) text += ", ";
    text +=
        fmt::format("bytes {} to {}", number_text(offset), number_text(offset + (size > 0 ? size - 1 : 0)));
  }
  if (ranges.size() > limit) text += fmt::format(" and {} more ranges", ranges.size() - limit);
  return text;
}

std::optional<std::vector<std::vector<std::string>>> parse_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false, cell_was_quoted = false;
  const auto end_row = [&] {
    if (row.empty() && cell.empty() && !cell_was_quoted) return;
    row.push_back(std::exchange(cell, {}));
    rows.push_back(std::exchange(row, {}));
    cell_was_quoted = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      quoted = cell_was_quoted = true;
    } else if (c == ',') {
      row.push_back(std::exchange(cell, {}));
      cell_was_quoted = false;
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (quoted) return std::nullopt;
  end_row();
  return rows;
}

}  // namespace dalil::cli
