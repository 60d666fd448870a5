#include "options.hpp"

#include <CLI/CLI.hpp>

namespace dalil::cli {

Option* Option::required() {
  parsed_->required();
  return this;
}

Option* Option::type_name(const std::string& name) {
  parsed_->type_name(name);
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
  return keep(app_->add_option(name, value, help));
}

Option* Options::add_option(const std::string& name, std::size_t& value, const std::string& help) {
  return keep(app_->add_option(name, value, help));
}

Option* Options::add_option(const std::string& name, std::vector<std::uint64_t>& values,
                            const std::string& help) {
  return keep(app_->add_option(name, values, help));
}

Option* Options::add_option(const std::string& name, std::optional<std::uint64_t>& value,
                            const std::string& help) {
  // What reads the number would take one below zero for one near 2^64.
  return keep(app_->add_option(name, value, help)
                  ->check(CLI::Validator(
                      [](const std::string& text) {
                        return text.starts_with('-') ? "it is below zero" : std::string();
                      },
                      "")));
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
