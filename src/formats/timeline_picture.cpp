#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dalil/formats/timeline.hpp"
#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr double kWidth = 960, kLeft = 56, kRight = 16, kTop = 56, kPlot = 150, kIncidents = 70, kBelow = 62;
constexpr double kMostBar = 40, kLabelRoom = 14;
constexpr const char* kEvidenceColour = "#2f5d8a";
constexpr const char* kIncidentColour = "#a8323a";

std::string text(double x, double y, const char* anchor, int size, const std::string& words,
                 const char* colour, const char* more = "") {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y,
      anchor, size, colour, more, markup_text(words));
}

std::string rectangle(double x, double y, double width, double height, const char* colour,
                      const std::string& title) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "fill=\"{}\"><title>{}</title></rect>\n",
      x, y, width, height, colour, markup_text(title));
}

std::string line(double x1, double y, double x2) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#888888\"/>\n",
                     x1, y, x2, y);
}

std::uint64_t greatest(const std::vector<Timeline::Count>& counts, std::uint64_t Timeline::Count::*which) {
  std::uint64_t most = 1;
  for (const Timeline::Count& count : counts) most = std::max(most, count.*which);
  return most;
}

/// Where a step stands in the order of all; absent for what is known less precisely than the step.
std::optional<std::int64_t> place_of(const std::string& name, Step step) {
  constexpr std::size_t kLengths[] = {16, 10, 7, 4};  // "2017-09-11 08:00" and shorter
  if (name.size() != kLengths[static_cast<std::size_t>(step)]) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t length, int absent) {
    int value = absent;
    if (at < name.size()) std::from_chars(name.data() + at, name.data() + at + length, value);
    return value;
  };
  const int year = number(0, 4, 0), month = number(5, 2, 1);
  if (step == Step::year) return year;
  if (step == Step::month) return std::int64_t{year} * 12 + month;
  const auto day = day_from_civil(year, month, number(8, 2, 1));
  if (!day || step == Step::day) return day;
  return std::int64_t{*day} * 24 + number(11, 2, 0);
}

/// Two strokes across the axis: here lie steps that have nothing.
std::string gap(double x, double axis, const std::string& title) {
  std::string out = "<g stroke=\"#888888\">";
  for (const double from : {x - 3, x + 1})
    out += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", from, axis + 5,
                       from + 2, axis - 5);
  return out + fmt::format("<title>{}</title></g>\n", markup_text(title));
}

std::string legend(const PageWords& words) {
  return rectangle(kLeft, 34, 12, 12, kEvidenceColour, "") +
         text(kLeft + 18, 45, "start", 12, words.evidence, "#1c1c1c") +
         rectangle(kLeft + 120, 34, 12, 12, kIncidentColour, "") +
         text(kLeft + 138, 45, "start", 12, words.incidents, "#1c1c1c");
}

}  // namespace

/// Evidence above the line, incidents below it, one column for each step that has any; a mark where steps
/// between have none.
Picture Timeline::picture(Step step) const {
  const PageWords& words = page_words(language);
  const std::vector<Count> all = counts(step);
  const double room = kWidth - kLeft - kRight;
  const double each = room / static_cast<double>(std::max<std::size_t>(all.size(), 1));
  const double bar = std::min(kMostBar, each * 0.8);
  const double axis = kTop + kPlot;
  const std::uint64_t most_items = greatest(all, &Count::items),
                      most_incidents = greatest(all, &Count::incidents);
  std::string out = text(kLeft, 22, "start", 15, title, "#1c1c1c", " font-weight=\"bold\"") + legend(words);
  out += text(kLeft - 6, kTop + 10, "end", 11, std::to_string(most_items), "#555555");
  out += text(kLeft - 6, axis + kIncidents, "end", 11, std::to_string(most_incidents), "#555555");
  const std::size_t label_each = static_cast<std::size_t>(std::max(1.0, kLabelRoom / each + 0.999));
  std::string gaps;
  std::optional<std::int64_t> before;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Count& count = all[i];
    const auto place = place_of(count.name, step);
    if (before && place && *place > *before + 1)
      gaps += gap(kLeft + each * static_cast<double>(i), axis,
                  fmt::format("{}: {}", words.empty_steps, *place - *before - 1));
    if (place) before = place;
    const double x = kLeft + each * (static_cast<double>(i) + 0.5);
    const auto height = [&](std::uint64_t value, std::uint64_t most, double whole) {
      return value == 0 ? 0.0 : std::max(2.0, static_cast<double>(value) / static_cast<double>(most) * whole);
    };
    const std::string shown = fmt::format("{}: {} {}, {} {}", count.name, count.items, words.evidence,
                                          count.incidents, words.incidents);
    const double up = height(count.items, most_items, kPlot),
                 down = height(count.incidents, most_incidents, kIncidents);
    if (up > 0) out += rectangle(x - bar / 2, axis - up, bar, up, kEvidenceColour, shown);
    if (down > 0) out += rectangle(x - bar / 2, axis + 1, bar, down, kIncidentColour, shown);
    if (i % label_each == 0) {
      const double y = axis + kIncidents + kLabelRoom;
      out += text(x + 4, y, "end", 10, count.name, "#555555",
                  fmt::format(" transform=\"rotate(-50 {:.1f} {:.1f})\"", x + 4, y).c_str());
    }
  }
  out += line(kLeft, axis, kWidth - kRight) + gaps;
  return {kWidth, axis + kIncidents + kBelow + 20, title, std::move(out)};
}

}  // namespace dalil::formats
