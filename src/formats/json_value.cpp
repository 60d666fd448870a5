#include "json_value.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::formats {
namespace {

/// A double keeps 17 significant digits at most; more would be rounded.
constexpr std::ptrdiff_t kMaxDigits = 17;
constexpr std::size_t kMaxMessage = 200;

class ValueHandler final : public nlohmann::json_sax<Json> {
 public:
  ParsedValue take() {
    if (problem_.empty()) {
      const std::vector<std::string> lost = builder_.take_problems();
      if (!lost.empty()) problem_ = lost.front();
    }
    if (!problem_.empty()) return {std::nullopt, problem_};
    return {std::move(result_), {}};
  }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& written) override {
    problem_ = number_problem(written);
    return problem_.empty() && put(value);
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& name) override {
    builder_.key(std::move(name));
    return true;
  }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    problem_ = "is not JSON: " + parser_message(error);
    return false;
  }

 private:
  bool put(Json value) {
    if (builder_.active()) {
      builder_.add(std::move(value));
    } else {
      result_ = std::move(value);
    }
    return true;
  }
  bool open(Json container) {
    if (builder_.start(std::move(container))) return true;
    problem_ = "is nested too deeply";
    return false;
  }
  bool close() {
    if (std::optional<Json> done = builder_.end()) result_ = std::move(done);
    return true;
  }

  ValueBuilder builder_;
  std::optional<Json> result_;
  std::string problem_;
};

}  // namespace

bool ValueBuilder::start(Json container) {
  if (open_.size() >= kMaxValueDepth) return false;
  open_.push_back({std::move(container), {}});
  return true;
}

void ValueBuilder::key(std::string name) {
  Open& top = open_.back();
  if (top.container.contains(name))
    problems_.push_back("'" + escape_for_display(name) + "' appears twice in it");
  top.key = std::move(name);
}

void ValueBuilder::add(Json value) {
  Open& top = open_.back();
  if (top.container.is_array()) {
    top.container.push_back(std::move(value));
  } else {
    top.container[top.key] = std::move(value);
  }
}

std::optional<Json> ValueBuilder::end() {
  Json done = std::move(open_.back().container);
  open_.pop_back();
  if (open_.empty()) return done;
  add(std::move(done));
  return std::nullopt;
}

std::vector<std::string> ValueBuilder::take_problems() {
  return std::exchange(problems_, {});
}

std::string number_problem(std::string_view written) {
  std::string_view mantissa = written.substr(0, written.find_first_of("eE"));
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return {};
  mantissa.remove_prefix(first);
  const auto digits =
      std::count_if(mantissa.begin(), mantissa.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits <= kMaxDigits) return {};
  return "has more digits than a number can keep; put it in quotes";
}

std::string parser_message(const nlohmann::detail::exception& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  std::string_view message = error.what();
  const std::size_t place = message.find("column ");
  const std::size_t colon = message.find(": ", place == std::string_view::npos ? 0 : place);
  const std::size_t bracket = message.find("] ");
  if (place != std::string_view::npos && colon != std::string_view::npos) {
    message.remove_prefix(colon + 2);
  } else if (bracket != std::string_view::npos) {
    message.remove_prefix(bracket + 2);
  }
  const bool cut = message.size() > kMaxMessage;
  return escape_for_display(message.substr(0, kMaxMessage)) + (cut ? "..." : "");
}

ParsedValue parse_value(std::string_view text) {
  ValueHandler handler;
  Json::sax_parse(text.begin(), text.end(), &handler);
  ParsedValue parsed = handler.take();
  if (!parsed.value && parsed.problem.empty()) parsed.problem = "is not JSON";
  return parsed;
}

std::string canonical(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dalil::formats
