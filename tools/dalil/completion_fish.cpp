#include <fmt/format.h>

#include "completion.hpp"

namespace dalil::cli {
namespace {

/// The values of global options are none of the words that name a command.
constexpr std::string_view kHead = R"(# fish completion for dalil, made by 'dalil help --completion fish'
function __dalil_words
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip no
    for word in $words
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case {}
                set skip yes
            case '-*'
            case '*'
                printf '%s\n' $word
        end
    end
end
# Exactly these words name the command so far.
function __dalil_at
    set -l words (__dalil_words)
    test "$words" = "$argv"
end
# The command is this one, whatever follows.
function __dalil_in
    set -l words (__dalil_words)
    set -l count (count $argv)
    test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end
complete -c dalil -f
)";

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string offer(const OptionText& option) {
  if (!option.choices.empty()) return " -x -a " + quoted(joined(option.choices, " "));
  const ValueKind kind = value_kind(option);
  return kind == ValueKind::file        ? " -r -F"
         : kind == ValueKind::directory ? " -x -a '(__fish_complete_directories (commandline -ct))'"
                                        : " -x";
}

/// "-l map -r -F -d 'CSV of ...'"
std::string option_words(const OptionText& option) {
  std::string out;
  for (const std::string& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty()) out += offer(option);
  return out + " -d " + quoted(option.help);
}

std::string complete(const std::string& condition, const std::string& words) {
  return fmt::format("complete -c dalil -n {}{}\n", quoted(condition), words);
}

std::string lines_of(const CommandText& command) {
  const auto blank = command.name.find(' ');
  const bool alone = blank == std::string::npos;
  std::string out =
      complete(alone ? "__dalil_at" : "__dalil_at " + command.name.substr(0, blank),
               fmt::format(" -a {} -d {}", alone ? command.name : command.name.substr(blank + 1),
                           quoted(command.summary)));
  const std::string inside = "__dalil_in " + command.name;
  for (const OptionText& option : command.options)
    if (!option.positional) out += complete(inside, option_words(option));
  if (const OptionText* argument = offered_argument(command)) {
    const std::string offered = offer(*argument);
    out += complete(inside, offered == " -r -F" ? " -F" : offered);
  }
  return out;
}

}  // namespace

std::string fish_completion(const ProgramText& program) {
  std::vector<std::string> with_value;
  for (const OptionText& option : program.globals)
    if (!option.value.empty()) with_value.insert(with_value.end(), option.names.begin(), option.names.end());
  std::string out(kHead);
  out.replace(out.find("{}"), 2, joined(with_value, " "));
  for (const OptionText& option : program.globals) out += "complete -c dalil" + option_words(option) + "\n";
  for (const CommandText& command : program.commands) out += lines_of(command);
  return out;
}

}  // namespace dalil::cli
