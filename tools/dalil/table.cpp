#include "table.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::cli {
namespace {
/// Columns of the terminal that a shortened cell needs to say anything.
constexpr std::size_t kLeastRoom = 20;
/// Of a cell on a line of its own.
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

Table::Layout Table::layout_for(std::optional<std::size_t> terminal) const {
  Layout layout{widths_};
  std::size_t total = 2 * (widths_.size() - 1);
  for (const std::size_t width : widths_) total += width;
  if (!terminal || total <= *terminal) return layout;

  std::size_t& last = layout.widths.back();
  if (columns_.back().fit == Fit::shortened && widths_.size() > 1) {
    const std::size_t others = total - last;
    layout.last_below = others + kLeastRoom > *terminal;
    last = layout.last_below ? std::max(*terminal, kLeastRoom) - kIndent : *terminal - others;
    if (!layout.last_below) return layout;
    total = others - 2;
  }
  for (std::size_t i = 0; i + 1 < columns_.size() && total > *terminal; ++i) {
    if (columns_[i].fit != Fit::shortened) continue;
    const std::size_t excess = total - *terminal, least = std::min(kLeastRoom, widths_[i]);
    const std::size_t narrowed = std::max(least, widths_[i] - std::min(widths_[i], excess));
    total -= widths_[i] - narrowed;
    layout.widths[i] = narrowed;
  }
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
    const std::string text = columns_[i].fit == Fit::shortened && left
                                 ? shorten_middle(cells[i].text, std::max<std::size_t>(layout.widths[i], 1))
                                 : cells[i].text;
    if (last && layout.last_below)
      line.erase(line.find_last_not_of(' ') + 1).append("\n").append(kIndent, ' ');
    line +=
        printer.styled(cells[i].style, last && left ? text : pad(text, layout.widths[i], columns_[i].align));
    if (!last) line += "  ";
  }
  // An empty last cell would leave blanks at the end of the line.
  if (cells.back().text.empty()) line.erase(line.find_last_not_of(" \n") + 1);
  return line;
}

}  // namespace dalil::cli
