#pragma once

#include <span>
#include <string>

#include "manual.hpp"

/// What shells are told, so that Tab completes commands, options and file names. Pure.
///
/// Labels of volumes and ids of incidents are not offered: the archive would have to be opened for that.
namespace dalil::cli {

std::string bash_completion(const ProgramText& program);
std::string zsh_completion(const ProgramText& program);
std::string fish_completion(const ProgramText& program);

struct Completion {
  const char* shell;
  std::string (*make)(const ProgramText&);
};
std::span<const Completion> completions();

/// What a shell can offer for a value, by what stands for it: "FILE", "FOLDER".
enum class ValueKind { text, file, directory };
ValueKind value_kind(const OptionText& option);

/// What a shell offers where a command's arguments stand: its first one that says so.
const OptionText* offered_argument(const CommandText& command);

struct Word {
  std::string word, summary;
};
/// The second words of a group; with an empty `group`, the first words of all commands.
std::vector<Word> words_after(const ProgramText& program, std::string_view group);

std::string joined(const std::vector<std::string>& words, std::string_view separator);
/// For sh and its like: 'it'\''s', in which nothing means anything.
std::string shell_quoted(std::string_view text);

}  // namespace dalil::cli
