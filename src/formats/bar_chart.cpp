#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dalil/base/text.hpp"
#include "dalil/formats/page.hpp"

namespace dalil::formats {
namespace {

constexpr double kWidth = 900, kMargin = 20, kTitle = 44, kLine = 16, kBar = 16, kGap = 10;
constexpr double kMostLabel = 340, kValueRoom = 70, kPerColumn = 7.2;  // of a letter at 12 px, about
constexpr const char* kColours[] = {"#2f5d8a", "#c2703d", "#6a8f4e", "#8a5a8f",
                                    "#b8a13c", "#4f9a9a", "#9a4f5b", "#777777"};

const char* colour_of(std::size_t series) {
  return kColours[series % std::size(kColours)];
}

double text_width(const std::string& text) {
  return static_cast<double>(display_width(text)) * kPerColumn;
}

/// In at most so many columns: a long label must not push the bars out of the picture.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 46;
  if (display_width(text) <= kMost) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size() && display_width(out) < kMost - 1;) {
    std::size_t length = 1;
    while (i + length < text.size() && (static_cast<unsigned char>(text[i + length]) & 0xc0) == 0x80)
      ++length;
    out += text.substr(i, length);
    i += length;
  }
  return out + "…";
}

/// Lines that fit below the bars.
std::vector<std::string> wrapped(const std::string& text) {
  constexpr std::size_t kMost = 120;
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > kMost)
      lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    at = end + 1;
  }
  return lines;
}

double greatest(const BarChart& chart) {
  double most = 0;
  for (const BarChart::Group& group : chart.groups)
    for (const BarChart::Group::Value& value : group.values) most = std::max(most, value.number);
  return most;
}

class Drawing {
 public:
  explicit Drawing(const BarChart& chart) : chart_(chart), most_(greatest(chart)) {
    double label = 0;
    for (const BarChart::Group& group : chart.groups)
      label = std::max(label, text_width(shortened(escape_for_display(group.label))));
    bars_at_ = kMargin + std::min(kMostLabel, label) + kGap;
  }

  Picture draw() {
    text(kMargin, kMargin + 8, "start", 16, chart_.title, "bold");
    y_ = kTitle;
    if (chart_.series.size() > 1) draw_legend();
    for (const BarChart::Group& group : chart_.groups) draw_group(group);
    y_ += kGap;
    for (const std::string& remark : chart_.remarks) {
      for (const std::string& line : wrapped(remark)) {
        y_ += kLine;
        text(kMargin, y_, "start", 11, line, "normal", "#555555");
      }
    }
    return {kWidth, y_ + kMargin, chart_.title, std::move(out_)};
  }

 private:
  void draw_legend() {
    double x = kMargin;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const double wide = text_width(chart_.series[i]) + 2 * kBar;
      if (x + wide > kWidth - kMargin && x > kMargin) {
        x = kMargin;
        y_ += kLine + 4;
      }
      rectangle(x, y_, 12, 12, colour_of(i));
      text(x + kBar, y_ + 10, "start", 12, chart_.series[i]);
      x += wide;
    }
    y_ += kLine + kGap;
  }

  void draw_group(const BarChart::Group& group) {
    const double height = kBar * static_cast<double>(std::max<std::size_t>(group.values.size(), 1));
    text(bars_at_ - kGap, y_ + height / 2 + 4, "end", 12, shortened(group.label));
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      const double room = kWidth - kMargin - kValueRoom - bars_at_;
      const double length = most_ > 0 ? std::max(0.0, group.values[i].number) / most_ * room : 0;
      rectangle(bars_at_, y_ + 1, length, kBar - 2, colour_of(i));
      text(bars_at_ + length + 5, y_ + kBar - 4, "start", 12, group.values[i].text);
      y_ += kBar;
    }
    y_ += kGap;
  }

  void rectangle(double x, double y, double width, double height, const char* colour) {
    out_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n",
                        x, y, width, height, colour);
  }
  void text(double x, double y, const char* anchor, int size, const std::string& words,
            const char* weight = "normal", const char* colour = "#1c1c1c") {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\" font-weight=\"{}\" "
        "fill=\"{}\">{}</text>\n",
        x, y, anchor, size, weight, colour, markup_text(words));
  }

  const BarChart& chart_;
  double most_, bars_at_ = 0, y_ = 0;
  std::string out_;
};

}  // namespace

Picture bar_chart(const BarChart& chart) {
  return Drawing(chart).draw();
}

}  // namespace dalil::formats
