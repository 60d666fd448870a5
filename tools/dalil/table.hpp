#pragma once

#include <optional>
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
///
/// On a terminal that is too narrow, columns that may be shortened give way: the last one in its middle, or,
/// if too little of it would be left, it goes below the others on a line of its own, and takes those just
/// before it with it where that leaves them more room; then the others, the widest first. In a file or a pipe
/// nothing is cut.
class Table {
 public:
  enum class Fit { whole, shortened };
  struct Column {
    std::string heading;
    Align align = Align::left;
    Fit fit = Fit::whole;  ///< of a right-aligned column: always whole
    /// Columns of the terminal that a shortened cell needs to say anything.
    std::size_t least = 20;
  };
  explicit Table(std::vector<Column> columns);
  void add(std::vector<Cell> cells);
  std::size_t pending() const { return rows_.size(); }
  /// Prints the rows gathered since the last time; before the first ones, the headings.
  void print(Printer& printer);

 private:
  /// How wide each column is shown; those from `below` on are on a line of their own.
  struct Layout {
    std::vector<std::size_t> widths;
    std::size_t below;
  };
  Layout layout_for(std::optional<std::size_t> terminal) const;
  bool gives_way(std::size_t column) const;
  std::size_t least_of(std::size_t column) const;
  void narrow(Layout& layout, std::size_t first, std::size_t end, std::size_t room) const;
  std::size_t first_below(std::size_t terminal) const;
  std::string render(const std::vector<Cell>& cells, const Layout& layout, const Printer& printer) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<Cell>> rows_;
  bool heading_printed_ = false;
};

/// The text if it takes at most so many columns; else its beginning, "…" and its end, of which the end is the
/// longer one: of a path it holds the name. No mark is parted from its letter. `columns` > 0.
std::string shorten_middle(std::string_view utf8, std::size_t columns);

/// A path, escaped, in what a line on this terminal leaves for it beside `taken` columns: at least 20. Whole
/// in a file or a pipe.
std::string fitting_path(const Printer& printer, std::string_view raw, std::size_t taken);

/// Pads with blanks to `width` terminal columns.
std::string pad(std::string_view text, std::size_t width, Align align = Align::left);

}  // namespace dalil::cli
