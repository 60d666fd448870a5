#include "completion.hpp"

#include <algorithm>

namespace dalil::cli {
namespace {

constexpr Completion kCompletions[] = {
    {"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

}  // namespace

std::span<const Completion> completions() {
  return kCompletions;
}

ValueKind value_kind(const OptionText& option) {
  const std::string_view value = option.positional ? std::string_view(option.names.front()) : option.value;
  for (const std::string_view file : {"FILE", "EVIDENCE", "REPLY", "ITEM", "ITEM..."})
    if (value == file) return ValueKind::file;
  return value == "DIR" || value == "FOLDER" ? ValueKind::directory : ValueKind::text;
}

const OptionText* offered_argument(const CommandText& command) {
  const auto found = std::ranges::find_if(command.options, [](const OptionText& option) {
    return option.positional && (!option.choices.empty() || value_kind(option) != ValueKind::text);
  });
  return found == command.options.end() ? nullptr : &*found;
}

std::vector<Word> words_after(const ProgramText& program, std::string_view group) {
  std::vector<Word> words;
  for (const CommandText& command : program.commands) {
    const auto blank = command.name.find(' ');
    if (group.empty() && blank == std::string::npos)
      words.push_back({command.name, command.summary});
    else if (!group.empty() && blank == group.size() && command.name.starts_with(group))
      words.push_back({command.name.substr(blank + 1), command.summary});
  }
  return words;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\'";
    out += c;
  }
  return out + "'";
}

}  // namespace dalil::cli
