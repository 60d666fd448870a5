#include <fmt/format.h>

#include "completion.hpp"

namespace dalil::cli {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string action(const OptionText& option) {
  if (!option.choices.empty()) return fmt::format("({})", joined(option.choices, " "));
  const ValueKind kind = value_kind(option);
  return kind == ValueKind::file ? "_files" : kind == ValueKind::directory ? "_files -/" : "";
}

/// Words for _arguments: '*--map=[CSV of ...]:FILE:_files'
std::string specifications(const std::vector<OptionText>& options, std::string_view between) {
  std::string out;
  for (const OptionText& option : options) {
    const bool flag = !option.positional && option.value.empty();
    for (const std::string& name : option.names) {
      std::string word = option.positional
                             ? fmt::format("*:{}:{}", escaped(name), action(option))
                             : fmt::format("*{}{}[{}]", name, flag ? "" : "=", escaped(option.help));
      if (!option.positional && !flag) word += fmt::format(":{}:{}", escaped(option.value), action(option));
      out += std::string(between) + shell_quoted(word);
    }
  }
  return out;
}

/// Of several arguments told by their place, `_arguments` wants one that stands for the rest.
std::vector<OptionText> with_one_argument(const CommandText& command) {
  std::vector<OptionText> options;
  for (const OptionText& option : command.options)
    if (!option.positional) options.push_back(option);
  if (const OptionText* argument = offered_argument(command)) options.push_back(*argument);
  return options;
}

std::string described(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) out += "\n    " + shell_quoted(word.word + ":" + escaped(word.summary));
  return out;
}

/// One level: a word, then what it leads to. `alone`: the command that any other word is an argument of.
std::string level(const ProgramText& program, std::string_view group, const CommandText* alone) {
  const auto words = words_after(program, group);
  std::string out = "  local -a words_here=(" + described(words) + "\n  )\n";
  out += "  _arguments -C $globals '1:command:->word' '*::argument:->rest'\n";
  out += "  case $state in\n    word) _describe command words_here";
  out += alone != nullptr ? "; _files ;;\n" : " ;;\n";
  out += "    rest) case $line[1] in\n";
  for (const CommandText& command : program.commands)
    for (const Word& word : words) {
      if (command.name != (group.empty() ? word.word : fmt::format("{} {}", group, word.word))) continue;
      const std::string leads_to =
          command.group ? "_dalil_" + word.word
                        : "_arguments $globals" + specifications(with_one_argument(command), " \\\n    ");
      out += fmt::format("    {}) {} ;;\n", word.word, leads_to);
    }
  if (alone != nullptr)
    out += "    *) _arguments $globals" + specifications(with_one_argument(*alone), " \\\n    ") + " ;;\n";
  return out + "    esac ;;\n  esac\n";
}

std::string function(const std::string& name, const ProgramText& program, std::string_view group,
                     const CommandText* alone = nullptr) {
  return fmt::format("{}() {{\n  local state line context\n  typeset -A opt_args\n{}}}\n", name,
                     level(program, group, alone));
}

}  // namespace

std::string zsh_completion(const ProgramText& program) {
  std::string out = "#compdef dalil\n# zsh completion for dalil, made by 'dalil help --completion zsh'\n";
  for (const CommandText& command : program.commands)
    if (command.group)
      out += function("_dalil_" + command.name, program, command.name, command.alone ? &command : nullptr);
  out += function("_dalil_command", program, "");
  out += "_dalil() {\n  local -a globals=(" + specifications(program.globals, "\n    ") +
         "\n  )\n  _dalil_command\n}\n";
  // Loaded from $fpath this file is the function itself; sourced, it has to say what it completes.
  return out + "if [ \"$funcstack[1]\" = _dalil ]; then\n  _dalil \"$@\"\nelse\n  compdef _dalil dalil\nfi\n";
}

}  // namespace dalil::cli
