#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What the parser knows of the commands, as text, and the manual page that is made of it. Pure.
namespace dalil::cli {

struct OptionText {
  std::vector<std::string> names;    ///< "--json", "-q"; of an argument that is told by its place, its name
  std::string value;                 ///< what stands for its value: "FILE"; empty for a flag
  std::string help;                  ///< one line
  std::vector<std::string> choices;  ///< all that its value can be; empty if that is not a short list
  bool positional = false, required = false;
};

struct CommandText {
  std::string name;  ///< "volume add"; of a group its one word
  std::string summary;
  std::vector<OptionText> options;
  std::string notes;   ///< lines for the end of its help, as they are
  bool group = false;  ///< has second words
  bool alone = false;  ///< of a group: does something without one, too
};

struct ProgramText {
  std::string about, version, exit_codes;
  std::vector<OptionText> globals;    ///< of every command
  std::vector<CommandText> commands;  ///< in the table's order; a group comes before its commands
};

/// For `man`, in its macros (groff_man(7)).
std::string manual_page(const ProgramText& program);

}  // namespace dalil::cli
