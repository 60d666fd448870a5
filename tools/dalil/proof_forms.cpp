#include "proof_forms.hpp"

#include <fmt/format.h>

#include "dalil/base/text.hpp"
#include "forms.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kFieldsShown = 40;

}  // namespace

void print_wrapped(Printer& out, std::string_view first, std::string_view sentence) {
  const std::string indent(display_width(first), ' ');
  std::string line(first);
  bool empty = true;
  while (!sentence.empty()) {
    const std::size_t blank = sentence.find(' ');
    const std::string_view word = sentence.substr(0, blank);
    sentence.remove_prefix(blank == sentence.npos ? sentence.size() : blank + 1);
    if (!empty && display_width(line) + 1 + display_width(word) > kColumns) {
      out.line(line);
      line = indent;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  out.line(line);
}

void print_entry(Printer& out, const ledger::PublicLine& line, const archive::Statement& statement) {
  print_wrapped(out, "  ", statement.text);
  const auto field = [&](std::string_view name, std::string_view value) {
    out.line(fmt::format("  {:<13} {}", name, value));
  };
  std::size_t shown = 0;
  for (const auto& [name, value] : statement.fields) {
    if (shown++ == kFieldsShown && !out.verbose()) {
      out.line(fmt::format("  ... and {} fields more; -v lists all", statement.fields.size() - kFieldsShown));
      break;
    }
    field(name, value);
  }
  field("written at", line.time.rfc3339_ms());
  field("by actor", to_hex(line.actor));
  field("class", ledger::name_of(line.seal_class));
}

Json json_of(const archive::Statement& statement) {
  Json fields = Json::array();
  for (const auto& [name, value] : statement.fields) fields.push_back({{"name", name}, {"value", value}});
  Json out = {{"kind", statement.kind}, {"states", statement.text}, {"fields", fields}};
  if (statement.digest) out["digest"] = statement.digest->hex();
  if (statement.size_bytes) out["size_bytes"] = *statement.size_bytes;
  return out;
}

}  // namespace dalil::cli
