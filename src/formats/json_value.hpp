#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dalil::formats {

using Json = nlohmann::json;

/// Containers within one value of a register: kMaxRegisterDepth less the three around it (file, list,
/// incident).
inline constexpr std::size_t kMaxValueDepth = 29;

/// Puts one JSON value together from a parser's events, and notes what nlohmann's own tree would lose in
/// silence: the first of two equal keys, and digits that no machine number holds.
class ValueBuilder {
 public:
  bool active() const { return !open_.empty(); }
  /// `container`: an empty object or array. False if it would be nested too deeply.
  bool start(Json container);
  void key(std::string name);
  void add(Json value);
  /// Closes the innermost container; the whole value when it was the outermost.
  std::optional<Json> end();
  /// What was lost since the last call; empty for a faithful value.
  std::vector<std::string> take_problems();

 private:
  struct Open {
    Json container;
    std::string key;
  };
  std::vector<Open> open_;
  std::vector<std::string> problems_;
};

/// Empty, or what a number written like this would lose.
std::string number_problem(std::string_view written);

/// A parser's words without their prefix, safe for a terminal and of bounded length.
std::string parser_message(const nlohmann::detail::exception& error);

struct ParsedValue {
  std::optional<Json> value;
  std::string problem;  ///< empty if there is a value
};
ParsedValue parse_value(std::string_view text);

/// Sorted keys, no white space, UTF-8; what is not UTF-8 becomes U+FFFD.
std::string canonical(const Json& value);

}  // namespace dalil::formats
