#include "options.hpp"

#include <CLI/CLI.hpp>

namespace dalil::cli {
namespace {

/// What reads the numbers would take "-1" for one near 2^64, and "0x10", "010" and "1e3" for who knows what.
const CLI::Validator kCount(
    [](const std::string& text) -> std::string {
      if (text.starts_with('-')) return "it is below zero";
      const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      return digits ? std::string() : "'" + text + "' is no count: decimal digits alone";
    },
    "");

const CLI::Validator kNotZero(
    [](const std::string& text) -> std::string {
      return text.find_first_not_of('0') == std::string::npos ? "0 would leave nothing" : std::string();
    },
    "");

}  // namespace

Option* Option::required() {
  parsed_->required();
  return this;
}

Option* Option::type_name(const std::string& name) {
  parsed_->type_name(name);
  return this;
}

Option* Option::at_least_one() {
  parsed_->check(kNotZero);
  return this;
}

Option* Option::allow_extra_args(bool allowed) {
  parsed_->allow_extra_args(allowed);
  return this;
}

Option* Option::at_least(int count) {
  parsed_->expected(count, CLI::detail::expected_max_vector_size);
  return this;
}

Option* Option::delimiter(char between) {
  parsed_->delimiter(between);
  return this;
}

Option* Options::keep(CLI::Option* parsed) {
  return &options_.emplace_back(parsed);
}

Option* Options::add_option(const std::string& name, std::string& value, const std::string& help) {
  return keep(app_->add_option(name, value, help));
}

Option* Options::add_option(const std::string& name, std::vector<std::string>& values,
                            const std::string& help) {
  return keep(app_->add_option(name, values, help));
}

Option* Options::add_option(const std::string& name, unsigned& value, const std::string& help) {
  return keep(app_->add_option(name, value, help)->check(kCount));
}

Option* Options::add_option(const std::string& name, std::size_t& value, const std::string& help) {
  return keep(app_->add_option(name, value, help)->check(kCount));
}

Option* Options::add_option(const std::string& name, std::vector<std::uint64_t>& values,
                            const std::string& help) {
  return keep(app_->add_option(name, values, help)->check(kCount));
}

Option* Options::add_option(const std::string& name, std::optional<std::uint64_t>& value,
                            const std::string& help) {
  return keep(app_->add_option(name, value, help)->check(kCount));
}

Option* Options::add_flag(const std::string& name, bool& value, const std::string& help) {
  return keep(app_->add_flag(name, value, help));
}

void Options::require_any(std::vector<const Option*> options, const std::string& names) {
  app_->callback([options = std::move(options), names] {
    for (const Option* option : options)
      if (option->parsed_->count() > 0) return;
    throw CLI::RequiredError(names);
  });
}

void Options::explain(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n') + 1;
  app_->footer(text.substr(0, end) + "\n\n" + app_->get_footer());
}

}  // namespace dalil::cli
