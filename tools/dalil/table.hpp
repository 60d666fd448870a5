#pragma once

#include <string>
#include <vector>

#include "printer.hpp"

namespace dalil::cli {

enum class Align { left, right };

/// A cell as it is to be seen: valid UTF-8, escaped already, without colors.
struct Cell {
  std::string text;
  Style style = Style::plain;
  Cell(std::string cell_text, Style cell_style = Style::plain)
      : text(std::move(cell_text)), style(cell_style) {}
  Cell(const char* cell_text) : text(cell_text) {}
};

/// Rows under headings, two blanks between columns, aligned by what the terminal shows (wide and combining
/// characters). The last column is never padded. Widths only grow, so a long table can be printed in
/// portions.
class Table {
 public:
  struct Column {
    std::string heading;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns);
  void add(std::vector<Cell> cells);
  std::size_t pending() const { return rows_.size(); }
  /// Prints the rows gathered since the last time; before the first ones, the headings.
  void print(Printer& printer);

 private:
  std::string render(const std::vector<Cell>& cells, const Printer& printer) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<Cell>> rows_;
  bool heading_printed_ = false;
};

/// Pads with blanks to `width` terminal columns.
std::string pad(std::string_view text, std::size_t width, Align align = Align::left);

}  // namespace dalil::cli
