#include "manual.hpp"

#include <fmt/format.h>

namespace dalil::cli {
namespace {

/// Text that means nothing to roff: no escapes, no request at the beginning of a line, hyphens that can be
/// copied into a shell.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff(text));
}
std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", roff(text));
}

/// "-q, --quiet", "--map FILE"
std::string names_and_value(const OptionText& option) {
  std::string out;
  for (const std::string& name : option.names)
    out += (out.empty() ? "" : ", ") + (option.positional ? italic(name) : bold(name));
  if (!option.positional && !option.value.empty()) out += " " + italic(option.value);
  return out;
}

void add_entry(std::string& page, const std::string& title, const std::string& text) {
  page += fmt::format(".TP\n{}\n{}\n", title, text);
}

void add_options(std::string& page, const std::vector<OptionText>& options) {
  for (const OptionText& option : options)
    add_entry(page, names_and_value(option),
              roff(option.help) + (option.required && !option.positional ? " (required)" : ""));
}

void add_lines(std::string& page, std::string_view lines) {
  page += fmt::format(".nf\n{}\n.fi\n", roff(lines));
}

/// "dalil scan FOLDER --volume VOLUME [option ...]"
std::string synopsis(const CommandText& command) {
  std::string out = bold("dalil " + command.name);
  bool optional = false;
  for (const OptionText& option : command.options) {
    if (option.positional)
      out += " " + (option.required ? italic(option.names.front())
                                    : fmt::format("[{}]", italic(option.names.front())));
    else if (option.required)
      out += " " + names_and_value(option);
    else
      optional = true;
  }
  return out + (optional ? fmt::format(" [{} ...]", italic("option")) : "");
}

void add_command(std::string& page, const CommandText& command) {
  page += fmt::format(".SS {}\n{}\n.PP\n{}\n", roff(command.name), synopsis(command), roff(command.summary));
  add_options(page, command.options);
  if (command.notes.empty()) return;
  page += ".PP\n";
  add_lines(page, command.notes);
}

struct Entry {
  const char* title;
  const char* text;
};

constexpr Entry kEnvironment[] = {
    {"DALIL_ARCHIVE", "the archive's directory, unless --archive names one"},
    {"DALIL_KEY_FILE", "the key file, unless --key-file names one"},
    {"DALIL_PASSPHRASE_COMMAND", "a shell command whose first line of output is the passphrase"},
    {"DALIL_NEW_PASSPHRASE_COMMAND", "the same for a passphrase that is being chosen"},
    {"DALIL_STATE_DIR", "where the newest checkpoints seen are remembered (see FILES)"},
    {"NO_COLOR", "if it is set and not empty, no colors"},
};

constexpr Entry kFiles[] = {
    {"~/.local/state/dalil/seen",
     "the newest checkpoint that this user has seen of each archive: an older archive in its place is "
     "noticed. "
     "$XDG_STATE_HOME/dalil if that is set"},
    {"keys/*.age", "in the archive's directory: its key slots, which stock age(1) opens with a key file"},
};

constexpr std::string_view kExamples =
    "export DALIL_ARCHIVE=$PWD/archive DALIL_KEY_FILE=/media/stick/key.txt\n"
    "dalil init archive --name Rana\n"
    "dalil incident import register.json\n"
    "dalil volume add disk --kind working --root /media/disk\n"
    "dalil scan /media/disk --volume disk --map folders.csv\n"
    "dalil find --incident ID --kind video\n"
    "dalil verify /media/disk --volume disk\n"
    "dalil status";

template <std::size_t N>
void add_section(std::string& page, const char* heading, const Entry (&entries)[N]) {
  page += fmt::format(".SH {}\n", heading);
  for (const Entry& entry : entries) add_entry(page, bold(entry.title), roff(entry.text));
}

}  // namespace

std::string manual_page(const ProgramText& program) {
  std::string page = ".\\\" Made by 'dalil help --man' from the table of commands.\n";
  page += fmt::format(".TH DALIL 1 \"\" \"Dalil {}\" \"User Commands\"\n", roff(program.version));
  page += ".SH NAME\ndalil \\- evidence archive and media\\-integrity indexer\n";
  page += fmt::format(".SH SYNOPSIS\n{} [{} ...] {} [{} ...]\n", bold("dalil"), italic("option"),
                      italic("command"), italic("argument"));
  page += fmt::format(".SH DESCRIPTION\n{}\n", roff(program.about));
  page += ".SH OPTIONS\nOf every command, before or after its name.\n";
  add_options(page, program.globals);
  page += ".SH COMMANDS\n";
  for (const CommandText& command : program.commands)
    if (!command.group || command.alone) add_command(page, command);
  page += ".SH EXAMPLES\n";
  add_lines(page, kExamples);
  page += ".SH EXIT STATUS\n";
  add_lines(page, program.exit_codes);
  add_section(page, "ENVIRONMENT", kEnvironment);
  add_section(page, "FILES", kFiles);
  page += ".SH SEE ALSO\n\\fBage\\fR(1), \\fBsha256sum\\fR(1)\n";
  return page;
}

}  // namespace dalil::cli
