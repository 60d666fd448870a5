#include "wrapped.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "table.hpp"

namespace dalil::cli {

std::string wrapped(const Printer& printer, std::string_view text, std::size_t hanging) {
  const auto columns = printer.columns();
  return columns ? wrapped(text, *columns, hanging) : std::string(text);
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t hanging) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    // Blanks before a word belong to it: they indent the first, and separate the others.
    const std::size_t word = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t end = std::min(text.find(' ', word), text.size());
    std::string_view piece = text.substr(0, end);
    text.remove_prefix(end);
    if (used > hanging && used + display_width(piece) > columns) {
      out += "\n" + std::string(hanging, ' ');
      used = hanging;
      piece.remove_prefix(word);
    }
    out += piece;
    used += display_width(piece);
  }
  return out;
}

void print_said(Printer& out, std::string_view raw_path, std::string_view said) {
  constexpr std::size_t kIndent = 2, kBelow = 6;
  const std::string path = escape_for_display(raw_path);
  const auto columns = out.columns();
  if (!columns || kIndent + display_width(path) + 2 + display_width(said) <= *columns)
    return out.line(fmt::format("  {}: {}", path, said));
  out.line("  " + fitting_path(out, raw_path, kIndent));
  out.line(wrapped(out, std::string(kBelow, ' ') + std::string(said), kBelow));
}

}  // namespace dalil::cli
