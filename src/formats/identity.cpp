#include "dalil/formats/identity.hpp"

#include <fmt/format.h>

#include <bitset>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::formats {

namespace {

struct Field {
  std::string_view name;
  std::string archive::SourceIdentity::*value;
};
constexpr Field kFields[] = {{"name", &archive::SourceIdentity::name},
                             {"contact", &archive::SourceIdentity::contact},
                             {"note", &archive::SourceIdentity::note}};
constexpr std::string_view kBlanks = " \t";

[[noreturn]] void refuse(std::size_t line, const char* problem) {
  throw Error(ErrorCode::invalid,
              line == 0 ? fmt::format("the identity {}", problem)
                        : fmt::format("line {} of the identity {}", line, problem),
              "write it as lines 'name: ...', 'contact: ...' and 'note: ...'; further lines of a field begin "
              "with a blank");
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view cut_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Blanks and letters: what else does not show is no part of a name.
bool has_control_characters(std::string_view line) {
  for (const char c : line)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return true;
  return false;
}

}  // namespace

archive::SourceIdentity read_identity(std::string_view text) {
  if (text.size() > kMaxIdentityBytes) refuse(0, "is longer than 64 KiB");
  if (!is_utf8(text)) refuse(0, "is not text in UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  archive::SourceIdentity identity;
  std::bitset<std::size(kFields)> seen;
  std::string* field = nullptr;  // that a continuation line goes on with
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = cut_line(text);
    if (has_control_characters(line)) refuse(number, "holds control characters");
    if (line.starts_with('#') || trim(line).empty()) continue;
    if (kBlanks.find(line.front()) != std::string_view::npos) {
      if (field == nullptr) refuse(number, "goes on with no field");
      if (!field->empty()) *field += '\n';
      *field += trim(line);
      continue;
    }
    const auto colon = line.find(':');
    std::size_t which = 0;
    while (which < std::size(kFields) && line.substr(0, colon) != kFields[which].name) ++which;
    if (colon == std::string_view::npos || which == std::size(kFields))
      refuse(number, "begins with none of the fields");
    if (seen[which]) refuse(number, "states a field again");
    seen.set(which);
    field = &(identity.*kFields[which].value);
    *field = trim(line.substr(colon + 1));
  }
  return identity;
}

std::string write_identity(const archive::SourceIdentity& identity) {
  std::string text;
  for (const Field& field : kFields) {
    std::string_view value = identity.*field.value;
    if (value.empty()) continue;
    text += fmt::format("{}:", field.name);
    while (!value.empty()) text += fmt::format(" {}\n", cut_line(value));
  }
  return text;
}

}  // namespace dalil::formats
