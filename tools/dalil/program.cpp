#include "program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <map>

#include "command.hpp"
#include "completion.hpp"
#include "dalil/archive/condition.hpp"
#include "dalil/base/text.hpp"
#include "refs.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr const char* kAbout =
    "Dalil - an evidence archive and media-integrity indexer.\n"
    "A secret, append-only ledger says which photos and videos exist, which incident\n"
    "they show, and whether every copy is still what it was.";

constexpr const char* kGlobalHelp =
    "Options of every command (dalil help): --archive, --key-file, --json, -0, -q, -v, --color\n\n";

/// The words that lead to a command: "volume add"; empty for the program itself.
std::string words_of(const CLI::App* app) {
  std::string words;
  for (; app->get_parent() != nullptr; app = app->get_parent()) words = " " + app->get_name() + words;
  return words.empty() ? words : words.substr(1);
}

std::string help_call(const CLI::App* app) {
  const std::string words = words_of(app);
  return "see: dalil help" + (words.empty() ? "" : " " + words);
}

/// A positional that says by its own name that it may be repeated ("ITEM...") needs no dots besides.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_usage(const CLI::Option* option) const override {
    return without(CLI::Formatter::make_option_usage(option), "...", option);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return without(CLI::Formatter::make_option_opts(option), " ...", option);
  }

 private:
  static std::string without(std::string text, std::string_view dots, const CLI::Option* option) {
    if (option->get_name(true).find("...") == std::string::npos) return text;
    const auto at = text.rfind(dots);
    return at == std::string::npos ? text : text.erase(at, dots.size());
  }
};

constexpr std::size_t kHelpColumn = 34, kUsualWidth = 80;

/// What stands beside an option goes on beside it, and the rest where its line began.
std::string wrapped_help(std::string_view text, std::size_t width) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const bool beside = line.size() > kHelpColumn && line.substr(kHelpColumn - 2, 2) == "  ";
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    out += wrapped(line, width, beside ? kHelpColumn : indent);
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// Not App::help(), which prints the help of whatever sub-command was parsed.
void print_help(const CLI::App* app) {
  const std::string words = words_of(app);
  const std::string name = words.empty() ? "dalil" : "dalil " + words;
  Printer out(OutputOptions{});
  const std::string help = app->get_formatter()->make_help(app, name, CLI::AppFormatMode::Normal);
  out.line(wrapped_help(help, out.columns().value_or(kUsualWidth)));
}

/// A line's end is added on printing.
std::string without_last_break(std::string text) {
  text.pop_back();
  return text;
}

constexpr const char* kColorWords[] = {"auto", "always", "never"};

/// What was declared, without what is hidden from the help. Of the help's own flag the program's stands for
/// all.
std::vector<OptionText> options_of(const CLI::App* app) {
  std::vector<OptionText> options;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_group().empty()) continue;
    if (option == app->get_help_ptr() && app->get_parent() != nullptr) continue;
    OptionText text;
    text.positional = option->get_positional();
    text.required = option->get_required();
    text.help = option->get_description();
    if (option->get_items_expected_max() > 0) text.value = option->get_type_name();
    if (text.positional) text.names.push_back(option->get_name(true));
    for (const std::string& name : option->get_snames()) text.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) text.names.push_back("--" + name);
    options.push_back(std::move(text));
  }
  return options;
}

bool takes_query(const CLI::App* app) {
  return app->get_option_no_throw("QUERY") != nullptr;
}

/// A '-' before a field that there is, a bracket, a phrase or a saved query. Not before a word: "-limit" is
/// an option mistyped, and what was meant to be looked for would silently be left out.
bool is_negation(std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return false;
  word.remove_prefix(1);
  if (std::string_view("(\"@").find(word[0]) != std::string_view::npos) return true;
  const std::size_t end = word.find_first_of(":=<>(");
  if (end == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, end);
  if (word[end] == '(') return name == "incident" || name == "link" || name == "copy";
  return std::ranges::any_of(archive::fields(),
                             [&](const archive::FieldInfo& info) { return name == info.name; });
}

/// The parser with one sub-command a row of the table.
class Parser {
 public:
  Parser();
  int run(int argc, char** argv);

 private:
  CLI::App* app_of(const Command& command);
  CLI::App* group_named(std::string_view name);
  void declare_globals();
  int help(const std::vector<std::string>& words) const;
  int print_manual() const;
  ProgramText text() const;
  const CLI::App* named(const std::vector<std::string>& words) const;
  std::vector<std::string> with_negations(std::vector<std::string> words) const;
  CLI::App* chosen();
  void refuse_stray_options(const CLI::App* first_word) const;

  CLI::App root_{kAbout, "dalil"};
  GlobalOptions globals_;
  std::deque<Options> options_;  ///< one a command
  std::map<const CLI::App*, Runner> runners_;
  CLI::App* help_ = nullptr;
  std::vector<std::string> help_words_;
  bool help_as_manual_ = false;
  std::string help_completion_;
};

Parser::Parser() {
  root_.require_subcommand(0, 1);
  root_.footer(kExitCodeHelp);
  root_.formatter(std::make_shared<HelpFormatter>());
  root_.get_formatter()->column_width(kHelpColumn);
  root_.set_version_flag("--version", "dalil " DALIL_VERSION);
  declare_globals();
  for (const Command& command : commands()) {
    CLI::App* app = app_of(command);
    app->fallthrough();
    app->footer(std::string(kGlobalHelp) + kExitCodeHelp);
    // A sub-command takes "-0" for a number and does not pass it up, unless it has it itself; hidden from its
    // help.
    app->add_flag("-0,--null", globals_.output.nul_terminated)->group("");
    runners_[app] = command.declare(options_.emplace_back(*app));
  }
  help_ = root_.add_subcommand("help", "print the help of a command");
  help_->footer(kExitCodeHelp);
  help_->add_option("COMMAND", help_words_, "the command")->type_name("");
  help_->add_flag("--man", help_as_manual_, "print the manual page, for man");
  help_->add_option("--completion", help_completion_, "print the completion for bash, zsh or fish")
      ->type_name("SHELL");
}

CLI::App* Parser::app_of(const Command& command) {
  const auto blank = command.name.find(' ');
  if (blank == std::string_view::npos) {
    return root_.add_subcommand(std::string(command.name), std::string(command.summary));
  }
  CLI::App* group = group_named(command.name.substr(0, blank));
  return group->add_subcommand(std::string(command.name.substr(blank + 1)), std::string(command.summary));
}

/// Made where its first command stands in the table: so the help lists both in one order.
CLI::App* Parser::group_named(std::string_view name) {
  const auto made = root_.get_subcommands([&](const CLI::App* app) { return app->get_name() == name; });
  if (!made.empty()) return made.front();
  const auto group = std::ranges::find(command_groups(), name, &CommandGroup::name);
  CLI::App* app = root_.add_subcommand(std::string(group->name), std::string(group->summary));
  app->require_subcommand(0, 1);
  app->fallthrough();
  app->footer(kExitCodeHelp);
  return app;
}

void Parser::declare_globals() {
  static const std::map<std::string, ColorWhen> kColors{
      {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};
  OutputOptions& output = globals_.output;
  root_.add_option("--archive", globals_.archive, "the archive's directory")
      ->type_name("DIR")
      ->envname("DALIL_ARCHIVE");
  root_.add_option("--key-file", globals_.secrets.key_file, "age identity that opens the archive")
      ->type_name("FILE")
      ->envname("DALIL_KEY_FILE");
  root_.add_flag("--json", output.json, "print JSON Lines, ending in a summary");
  root_.add_flag("-0,--null", output.nul_terminated, "paths end with a NUL and are printed raw");
  root_.add_flag("-q,--quiet", output.quiet, "no progress and no remarks");
  root_.add_flag("-v,--verbose", output.verbose, "list everything, one line a file");
  root_.add_option("--color", output.color, "auto, always or never")
      ->type_name("WHEN")
      ->transform(CLI::CheckedTransformer(kColors).description(""));
  const char* command = std::getenv("DALIL_PASSPHRASE_COMMAND");
  if (command != nullptr) globals_.secrets.passphrase_command = command;
  if (const char* for_new = std::getenv("DALIL_NEW_PASSPHRASE_COMMAND"); for_new != nullptr)
    globals_.secrets.new_passphrase_command = for_new;
}

/// A second word's command falls back on what its first word takes, which does nothing there.
void Parser::refuse_stray_options(const CLI::App* first_word) const {
  if (first_word == nullptr || !runners_.contains(first_word)) return;
  for (const CLI::Option* option : first_word->get_options())
    if (option->count() > 0 && !option->get_group().empty())
      throw Error(ErrorCode::usage, "'" + option->get_name(true) + "' has no meaning here",
                  help_call(first_word));
}

CLI::App* Parser::chosen() {
  CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

int Parser::help(const std::vector<std::string>& words) const {
  const CLI::App* app = &root_;
  for (const std::string& word : words) {
    const auto fitting =
        app->get_subcommands([&](const CLI::App* below) { return below->get_name() == word; });
    if (fitting.empty()) throw Error(ErrorCode::usage, "no command " + in_quotes(word), "see: dalil help");
    app = fitting.front();
  }
  print_help(app);
  return kExitOk;
}

ProgramText Parser::text() const {
  ProgramText text{kAbout, DALIL_VERSION, kExitCodeHelp, options_of(&root_), {}};
  for (OptionText& option : text.globals)
    if (option.names.back() == "--color") option.choices = {std::begin(kColorWords), std::end(kColorWords)};
  const std::string footer = std::string(kGlobalHelp) + kExitCodeHelp;
  const auto add = [&](const CLI::App* app, bool group) {
    std::string notes = app->get_footer();
    notes.resize(notes.ends_with(footer) ? notes.size() - footer.size() : 0);
    while (notes.ends_with('\n')) notes.pop_back();
    const bool alone = group && runners_.contains(app);
    text.commands.push_back({words_of(app), app->get_description(), options_of(app), notes, group, alone});
  };
  for (const CLI::App* app : root_.get_subcommands({})) {
    const auto below = app->get_subcommands({});
    add(app, !below.empty());
    for (const CLI::App* one : below) add(one, false);
  }
  CommandText& help = text.commands.back();
  for (const Word& word : words_after(text, "")) help.options.front().choices.push_back(word.word);
  for (const Completion& completion : completions())
    help.options.back().choices.emplace_back(completion.shell);
  return text;
}

int Parser::print_manual() const {
  if (help_as_manual_) {
    Printer(OutputOptions{}).line(without_last_break(manual_page(text())));
    return kExitOk;
  }
  for (const Completion& completion : completions()) {
    if (completion.shell != help_completion_) continue;
    Printer(OutputOptions{}).line(without_last_break(completion.make(text())));
    return kExitOk;
  }
  throw Error(ErrorCode::usage, "no completion for the shell " + in_quotes(help_completion_),
              "one of: bash, zsh, fish");
}

/// The command that the words name, as far as they do.
const CLI::App* Parser::named(const std::vector<std::string>& words) const {
  const CLI::App* app = &root_;
  for (const std::string& word : words) {
    if (word.starts_with('-')) continue;
    const auto below = app->get_subcommands([&](const CLI::App* one) { return one->get_name() == word; });
    if (!below.empty())
      app = below.front();
    else if (app != &root_)
      break;
  }
  return app;
}

/// "-kind:video" of a query is a negation, and would be taken for options.
std::vector<std::string> Parser::with_negations(std::vector<std::string> words) const {
  const CLI::App* app = named(words);
  if (!takes_query(app)) return words;
  bool is_value = false;
  for (std::string& word : words) {
    if (word == "--") break;
    if (!is_value && is_negation(word)) word.replace(0, 1, "not ");
    const CLI::Option* option = word.starts_with("--") ? app->get_option_no_throw(word) : nullptr;
    if (option == nullptr && word.starts_with("--")) option = root_.get_option_no_throw(word);
    is_value = option != nullptr && option->get_items_expected_min() > 0;
  }
  return words;
}

int Parser::run(int argc, char** argv) {
  std::vector<std::string> words = with_negations({argv + 1, argv + argc});
  std::ranges::reverse(words);  // as the parser wants them
  try {
    root_.parse(words);
  } catch (const CLI::CallForHelp&) {
    print_help(chosen());
    return kExitOk;
  } catch (const CLI::CallForVersion& version) {
    Printer(OutputOptions{}).line(version.what());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    const bool dashed = takes_query(chosen()) && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    throw Error(
        ErrorCode::usage, escape_for_display(error.what()),
        (dashed ? "a word that is not to be found is written 'not WORD'; " : "") + help_call(chosen()));
  }
  CLI::App* app = chosen();
  if (app == help_) return help_as_manual_ || !help_completion_.empty() ? print_manual() : help(help_words_);
  const auto runner = runners_.find(app);
  if (runner == runners_.end()) throw Error(ErrorCode::usage, "no command was given", help_call(app));
  refuse_stray_options(app->get_parent());
  Session session(std::move(globals_));
  const int code = session.exit_code(runner->second(session));
  session.out().flush();
  return code;
}

}  // namespace

int run_program(int argc, char** argv) {
  return Parser().run(argc, argv);
}

}  // namespace dalil::cli
