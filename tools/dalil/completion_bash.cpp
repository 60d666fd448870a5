#include <fmt/format.h>

#include "completion.hpp"

namespace dalil::cli {
namespace {

constexpr std::string_view kHead = R"(# bash completion for dalil, made by 'dalil help --completion bash'
_dalil() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i word
  local command='' words='' options='' offer=''
  COMPREPLY=()
  # "--color=always" comes as three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";

/// Names of files are left to readline, which knows how they are quoted.
constexpr std::string_view kTail = R"(  if [[ $cur == -* && $offer != value:* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [[ $offer == file ]] && compopt -o default
  elif [[ $offer == *file ]]; then
    compopt -o default
  elif [[ $offer == *directory ]]; then
    compopt -o dirnames
  fi
}
complete -F _dalil dalil
)";

const char* name_of(ValueKind kind) {
  return kind == ValueKind::file ? "file" : kind == ValueKind::directory ? "directory" : "text";
}

std::string words_of(const std::vector<Word>& words, std::string_view separator) {
  std::vector<std::string> all;
  for (const Word& word : words) all.push_back(word.word);
  return joined(all, separator);
}

std::vector<std::string> option_names(const std::vector<OptionText>& options) {
  std::vector<std::string> names;
  for (const OptionText& option : options)
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

/// What is offered in the place of this option's value or of this argument.
std::string offer(const OptionText& option) {
  std::string out = fmt::format("offer={}{}", option.positional ? "" : "value:", name_of(value_kind(option)));
  if (!option.choices.empty()) out += " words=" + shell_quoted(joined(option.choices, " "));
  return out;
}

/// Which command the words before the cursor name. The values of global options are none of them.
std::string find_command(const ProgramText& program) {
  std::vector<std::string> with_value;
  for (const OptionText& option : program.globals)
    if (!option.value.empty()) with_value.insert(with_value.end(), option.names.begin(), option.names.end());
  std::string out =
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    case $word in\n";
  out += fmt::format("      {})\n", joined(with_value, " | "));
  out +=
      "        [[ ${COMP_WORDS[i + 1]} == '=' ]] && i=$((i + 1))\n"
      "        i=$((i + 1))\n"
      "        continue\n"
      "        ;;\n"
      "    esac\n"
      "    case $command in\n";
  out += fmt::format("      '') case $word in {}) command=$word ;; esac ;;\n",
                     words_of(words_after(program, ""), " | "));
  for (const CommandText& command : program.commands)
    if (command.group)
      out += fmt::format("      {0}) case $word in {1}) command=\"{0} $word\" ;; esac ;;\n", command.name,
                         words_of(words_after(program, command.name), " | "));
  return out + "    esac\n  done\n";
}

/// What a command takes: second words, options, an argument.
std::string offers_of_commands(const ProgramText& program) {
  std::string out = "  case $command in\n";
  out += fmt::format("    '') words={} ;;\n", shell_quoted(words_of(words_after(program, ""), " ")));
  for (const CommandText& command : program.commands) {
    out += fmt::format("    {}) options={}", shell_quoted(command.name),
                       shell_quoted(joined(option_names(command.options), " ")));
    if (command.group) out += " words=" + shell_quoted(words_of(words_after(program, command.name), " "));
    if (!command.group || command.alone)
      if (const OptionText* argument = offered_argument(command)) out += " " + offer(*argument);
    out += " ;;\n";
  }
  out += "  esac\n";
  return out + fmt::format("  options+={}\n", shell_quoted(" " + joined(option_names(program.globals), " ")));
}

std::string offers_of_values(const ProgramText& program) {
  std::string out = "  case $command:$prev in\n";
  const auto add = [&](std::string_view command, const OptionText& option) {
    if (option.positional || option.value.empty()) return;
    for (const std::string& name : option.names)
      out += fmt::format("    {}:{}) words='' {} ;;\n", command, name, offer(option));
  };
  for (const OptionText& option : program.globals) add("*", option);
  for (const CommandText& command : program.commands)
    for (const OptionText& option : command.options) add(shell_quoted(command.name), option);
  return out + "  esac\n";
}

}  // namespace

std::string bash_completion(const ProgramText& program) {
  return std::string(kHead) + find_command(program) + offers_of_commands(program) +
         offers_of_values(program) + std::string(kTail);
}

}  // namespace dalil::cli
