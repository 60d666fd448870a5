#include "table.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::cli {
namespace {
/// Of cells on a line of their own.
constexpr std::size_t kIndent = 2;
/// Where the character that begins at `at` ends.
std::size_t next_character(std::string_view utf8, std::size_t at) {
  ++at;
  while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) & 0xc0) == 0x80) ++at;
  return at;
}
}  // namespace

std::string shorten_middle(std::string_view utf8, std::size_t columns) {
  if (display_width(utf8) <= columns) return std::string(utf8);
  const std::size_t head_columns = (columns - 1) / 3, tail_columns = columns - 1 - head_columns;
  std::size_t head_end = 0;  // marks stay with the letter before them
  for (std::size_t end = next_character(utf8, 0); display_width(utf8.substr(0, end)) <= head_columns;
       end = next_character(utf8, end))
    head_end = end;
  std::size_t tail_begin = head_end;
  while (tail_begin < utf8.size()) {
    const std::size_t next = next_character(utf8, tail_begin);
    const bool letter = display_width(utf8.substr(tail_begin, next - tail_begin)) > 0;
    if (letter && display_width(utf8.substr(tail_begin)) <= tail_columns) break;
    tail_begin = next;
  }
  return std::string(utf8.substr(0, head_end)) + "…" + std::string(utf8.substr(tail_begin));
}

std::string fitting_path(const Printer& printer, std::string_view raw, std::size_t taken) {
  constexpr std::size_t kLeast = 20;
  std::string shown = escape_for_display(raw);
  const auto columns = printer.columns();
  return columns ? shorten_middle(shown, std::max(*columns, taken + kLeast) - taken) : shown;
}

std::string pad(std::string_view text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return align == Align::left ? std::string(text) + blanks : blanks + std::string(text);
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(display_width(column.heading));
}

void Table::add(std::vector<Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], display_width(cells[i].text));
  }
  rows_.push_back(std::move(cells));
}

bool Table::gives_way(std::size_t column) const {
  return columns_[column].fit == Fit::shortened && columns_[column].align == Align::left;
}

/// A column that is narrow anyway stays as it is.
std::size_t Table::least_of(std::size_t column) const {
  return gives_way(column) ? std::min(columns_[column].least, widths_[column]) : widths_[column];
}

/// Takes from the columns from `first` to before `end`, always from the widest, until they fit.
void Table::narrow(Layout& layout, std::size_t first, std::size_t end, std::size_t room) const {
  std::size_t total = 2 * (end - first - 1);
  for (std::size_t i = first; i < end; ++i) total += layout.widths[i];
  while (total > room) {
    std::optional<std::size_t> widest;
    for (std::size_t i = first; i < end; ++i)
      if (layout.widths[i] > least_of(i) && (!widest || layout.widths[i] > layout.widths[*widest]))
        widest = i;
    if (!widest) return;
    --layout.widths[*widest];
    --total;
  }
}

/// The last column goes to the second line; with it those before it that would be cut above and not there.
std::size_t Table::first_below(std::size_t terminal) const {
  std::size_t first = widths_.size() - 1, above = 0, below = kIndent + least_of(first);
  for (std::size_t i = 0; i < first; ++i) above += widths_[i] + (i > 0 ? 2 : 0);
  while (above > terminal && first > 1 && gives_way(first - 1) &&
         below + 2 + widths_[first - 1] <= terminal) {
    --first;
    below += 2 + widths_[first];
    above -= 2 + widths_[first];
  }
  return first;
}

Table::Layout Table::layout_for(std::optional<std::size_t> terminal) const {
  const std::size_t count = widths_.size(), last = count - 1;
  Layout layout{widths_, count};
  std::size_t total = 2 * last;
  for (const std::size_t width : widths_) total += width;
  if (!terminal || total <= *terminal) return layout;
  if (count < 2 || !gives_way(last)) {
    narrow(layout, 0, count, *terminal);
    return layout;
  }
  const std::size_t others = total - widths_[last];
  if (others + least_of(last) <= *terminal) {
    layout.widths[last] = *terminal - others;
    return layout;
  }
  layout.below = first_below(*terminal);
  narrow(layout, 0, layout.below, *terminal);
  std::size_t before = kIndent;
  for (std::size_t i = layout.below; i < last; ++i) before += widths_[i] + 2;
  layout.widths[last] = std::min(widths_[last], std::max(*terminal, before + least_of(last)) - before);
  return layout;
}

void Table::print(Printer& printer) {
  const Layout layout = layout_for(printer.columns());
  if (!heading_printed_ && !rows_.empty()) {
    std::vector<Cell> headings;
    for (const Column& column : columns_) headings.emplace_back(column.heading, Style::dim);
    printer.line(render(headings, layout, printer));
    heading_printed_ = true;
  }
  for (const auto& row : rows_) printer.line(render(row, layout, printer));
  rows_.clear();
}

std::string Table::render(const std::vector<Cell>& cells, const Layout& layout,
                          const Printer& printer) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const bool left = columns_[i].align == Align::left;
    const std::string text = gives_way(i)
                                 ? shorten_middle(cells[i].text, std::max<std::size_t>(layout.widths[i], 1))
                                 : cells[i].text;
    if (i == layout.below) line.erase(line.find_last_not_of(' ') + 1).append("\n").append(kIndent, ' ');
    line +=
        printer.styled(cells[i].style, last && left ? text : pad(text, layout.widths[i], columns_[i].align));
    if (!last) line += "  ";
  }
  // An empty last cell would leave blanks at the end of the line.
  if (cells.back().text.empty()) line.erase(line.find_last_not_of(" \n") + 1);
  return line;
}

}  // namespace dalil::cli
