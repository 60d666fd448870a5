#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dalil::cli {

/// One option or argument of a command. Each call returns the option again.
class Option {
 public:
  explicit Option(CLI::Option* parsed) : parsed_(parsed) {}

  Option* required();
  /// What stands for its value in the help: "FILE"; empty for an argument that its name explains.
  Option* type_name(const std::string& name);
  /// Of a count: 0 is refused, since nothing would be left.
  Option* at_least_one();
  /// Of a list: whether one "--name" takes all words that follow, instead of one.
  Option* allow_extra_args(bool allowed);
  /// Of a list: how many at least (then any number more).
  Option* at_least(int count);
  /// Of a list: one word may hold several, parted by this.
  Option* delimiter(char between);

 private:
  friend class Options;
  CLI::Option* parsed_;
};

/// What a command declares to be told. Where it is stored has to outlive the parsing.
///
/// The parser's library takes seconds to compile wherever it is seen, so options.cpp and program.cpp see it
/// alone.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(&app) {}
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  /// `name` is "--long" or, for an argument that is told by its place, "NAME".
  Option* add_option(const std::string& name, std::string& value, const std::string& help);
  Option* add_option(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// A count, in decimal digits alone: Error(usage) for anything else (-1, 0x10, 1e3), or what does not fit.
  Option* add_option(const std::string& name, unsigned& value, const std::string& help);
  Option* add_option(const std::string& name, std::size_t& value, const std::string& help);
  Option* add_option(const std::string& name, std::optional<std::uint64_t>& value, const std::string& help);
  Option* add_option(const std::string& name, std::vector<std::uint64_t>& values, const std::string& help);
  Option* add_flag(const std::string& name, bool& value, const std::string& help);
  /// One of these has to be given; `names` says so.
  void require_any(std::vector<const Option*> options, const std::string& names);
  /// More than one line about the command, for the end of its help. Lines are printed as they are.
  void explain(const std::string& text);

 private:
  Option* keep(CLI::Option* parsed);

  CLI::App* app_;
  std::deque<Option> options_;
};

}  // namespace dalil::cli
