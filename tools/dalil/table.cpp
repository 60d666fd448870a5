#include "table.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::cli {

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

void Table::print(Printer& printer) {
  if (!heading_printed_ && !rows_.empty()) {
    std::vector<Cell> headings;
    for (const Column& column : columns_) headings.emplace_back(column.heading, Style::dim);
    printer.line(render(headings, printer));
    heading_printed_ = true;
  }
  for (const auto& row : rows_) printer.line(render(row, printer));
  rows_.clear();
}

std::string Table::render(const std::vector<Cell>& cells, const Printer& printer) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const bool left = columns_[i].align == Align::left;
    const std::string text = last && left ? cells[i].text : pad(cells[i].text, widths_[i], columns_[i].align);
    line += printer.styled(cells[i].style, text);
    if (!last) line += "  ";
  }
  // An empty last cell would leave blanks at the end of the line.
  if (cells.back().text.empty()) line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace dalil::cli
