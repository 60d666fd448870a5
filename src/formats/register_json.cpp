#include <algorithm>
#include <iterator>
#include <set>

#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "json_value.hpp"
#include "register_fields.hpp"
#include "register_rows.hpp"

namespace dalil::formats {
namespace {

constexpr std::size_t kMaxValues = 1'000'000;

/// Counts the lines that the parser has read. Its tokens do not tell where they stand, but when it reports a
/// name or an opening bracket it has read just as far.
class LineCounter {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, std::size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCounter& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  LineCounter operator++(int) {
    LineCounter before = *this;
    ++*this;
    return before;
  }
  bool operator==(const LineCounter& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

/// A named value with the line of its name.
struct Located {
  std::string name;
  Json value;
  std::size_t line = 0;
  std::vector<std::string> problems;
};

void fill_row(std::vector<Located> fields, RowSink& sink) {
  Incident incident;
  std::string precision;
  for (Located& field : fields) {
    if (!sink.begin_field(field.name, field.line)) continue;
    for (std::string& problem : field.problems) sink.field_problem(field.name, std::move(problem));
    const Field* known = find_field(field.name);
    if (known != nullptr) {
      std::string problem = assign_json(incident, *known, field.value);
      const bool is_precision = std::holds_alternative<kind::Precision>(known->kind);
      if (is_precision && problem.empty() && field.value.is_string())
        precision = field.value.get<std::string>();
      sink.field_problem(field.name, std::move(problem));
    } else if (!field.value.is_null()) {
      sink.field_problem(field.name, misspelling_problem(field.name));
      incident.extra.emplace_back(own_name(field.name), canonical(field.value));
    }
  }
  sink.end_row(std::move(incident), precision);
}

/// Turns the parser's events into rows, one at a time, so that a large file needs no tree in memory.
class RegisterHandler final : public nlohmann::json_sax<Json> {
 public:
  RegisterHandler(std::string_view text, const std::size_t& line, Register& out, RowSink& sink)
      : text_(text), line_(line), out_(out), sink_(sink) {}

  /// What only the whole file can tell.
  void finish() {
    if (!seen_incidents_ && has_root_field("id") && !has_root_field("incidents")) {
      sink_.begin_row(root_line_);
      fill_row(std::move(root_fields_), sink_);
      return;
    }
    if (!seen_incidents_) sink_.file_problem(root_line_, "there is no list of 'incidents'");
    std::set<std::string> names;
    if (seen_incidents_ && in_object_) names.insert("incidents");
    for (Located& field : root_fields_) {
      if (names.insert(field.name).second) {
        keep_root_field(std::move(field));
      } else {
        root_problem(field, "appears twice");
      }
    }
  }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& written) override {
    if (std::string problem = number_problem(written); !problem.empty()) {
      number_problems_.push_back("a number in it " + problem);
    }
    return put(value);
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& name) override {
    if (builder_.active()) {
      builder_.key(std::move(name));
    } else {
      key_ = std::move(name);
      key_line_ = line_;
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (builder_.active()) return open(Json::object());
    switch (place_) {
      case Place::outside:
        root_line_ = line_;
        place_ = Place::root;
        return true;
      case Place::incidents:
        place_ = Place::incident;
        row_values_ = 0;
        return begin_row(line_);
      default:
        return open(Json::object());
    }
  }

  bool start_array(std::size_t) override {
    if (builder_.active()) return open(Json::array());
    const bool named = place_ == Place::root && key_ == "incidents" && !seen_incidents_;
    if (place_ == Place::outside || named) {
      in_object_ = named;
      seen_incidents_ = true;
      place_ = Place::incidents;
      return true;
    }
    return open(Json::array());
  }

  bool end_object() override {
    if (builder_.active()) return close();
    if (place_ == Place::incident) {
      fill_row(std::exchange(fields_, {}), sink_);
      place_ = Place::incidents;
    } else {
      place_ = Place::outside;
    }
    return true;
  }

  bool end_array() override {
    if (builder_.active()) return close();
    place_ = in_object_ ? Place::root : Place::outside;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const std::size_t last_break = before.rfind('\n');
    const std::size_t line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t column =
        before.size() - (last_break == std::string_view::npos ? 0 : last_break + 1) + 1;
    return stop(line, "column " + std::to_string(column) + ": " + parser_message(error));
  }

 private:
  enum class Place { outside, root, incidents, incident };

  bool stop(std::size_t line, std::string problem) {
    sink_.file_problem(line, std::move(problem));
    return false;
  }
  bool begin_row(std::size_t line) {
    if (sink_.rows() >= kMaxRegisterRows) return stop(line, too_many_rows());
    sink_.begin_row(line);
    return true;
  }
  /// Trees take twenty times the room of their text, so that the file's size does not bound them well enough.
  bool afford() {
    std::size_t& values = place_ == Place::incident ? row_values_ : root_values_;
    return ++values <= kMaxValues || stop(line_, "there are too many values here");
  }
  bool open(Json container) {
    if (!afford()) return false;
    if (!builder_.active()) value_line_ = line_;
    if (builder_.start(std::move(container))) return true;
    return stop(line_,
                "nested too deeply; at most " + std::to_string(kMaxRegisterDepth) + " levels are read");
  }
  bool close() {
    std::optional<Json> done = builder_.end();
    return !done || deliver(std::move(*done), value_line_);
  }
  bool put(Json value) {
    if (!afford()) return false;
    if (!builder_.active()) return deliver(std::move(value), line_);
    builder_.add(std::move(value));
    return true;
  }

  /// False if reading is to stop.
  bool deliver(Json value, std::size_t line) {
    std::vector<std::string> problems = builder_.take_problems();
    problems.insert(problems.end(), number_problems_.begin(), number_problems_.end());
    number_problems_.clear();
    switch (place_) {
      case Place::outside:
        root_line_ = line;
        break;  // `finish` says that there are no incidents
      case Place::incidents:
        if (!begin_row(line)) return false;
        sink_.row_problem(line, "is not an object with fields");
        break;
      case Place::root:
        root_fields_.push_back({std::move(key_), std::move(value), key_line_, std::move(problems)});
        break;
      case Place::incident:
        fields_.push_back({std::move(key_), std::move(value), key_line_, std::move(problems)});
        break;
    }
    key_.clear();
    return true;
  }

  bool has_root_field(std::string_view name) const {
    return std::any_of(root_fields_.begin(), root_fields_.end(),
                       [&](const Located& f) { return f.name == name; });
  }

  void root_problem(const Located& field, const std::string& problem) {
    sink_.file_problem(field.line, "'" + escape_for_display(field.name) + "' " + problem);
  }

  void keep_root_field(Located field) {
    for (const std::string& problem : field.problems) root_problem(field, problem);
    if (field.value.is_null() || field.name == "incidents") return;
    if (field.name != "published_totals") {
      out_.extra.emplace_back(std::move(field.name), canonical(field.value));
    } else if (field.value.is_object()) {
      out_.published_totals_json = canonical(field.value);
    } else {
      root_problem(field, "must be an object");
    }
  }

  std::string_view text_;
  const std::size_t& line_;
  Register& out_;
  RowSink& sink_;

  Place place_ = Place::outside;
  bool in_object_ = false;  ///< the list of incidents is a field of the root
  bool seen_incidents_ = false;
  std::size_t root_line_ = 1;
  std::string key_;
  std::size_t key_line_ = 0;
  std::size_t value_line_ = 0;
  ValueBuilder builder_;  ///< of the value that is being read below a field
  std::vector<std::string> number_problems_;
  std::vector<Located> root_fields_, fields_;
  std::size_t root_values_ = 0, row_values_ = 0;
};

}  // namespace

Register read_register_json(std::string_view text) {
  Register result;
  RowSink sink(result);
  if (!accept_text(text, sink)) return result;
  std::size_t line = 1;
  RegisterHandler handler(text, line, result, sink);
  const char* begin = text.data();
  if (Json::sax_parse(LineCounter(begin, &line), LineCounter(begin + text.size(), &line), &handler))
    handler.finish();
  return result;
}

std::string incident_to_json(const archive::Incident& incident, int indent) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const Field& field : register_fields()) {
    if (std::optional<Json> value = field_json(incident, field)) out[std::string(field.name)] = *value;
  }
  for (const auto& [name, value] : incident.extra) {
    const ParsedValue parsed = parse_value(value);
    const std::string written = written_own_name(name);
    if (!out.contains(written)) out[written] = parsed.value ? *parsed.value : Json(value);
  }
  return out.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dalil::formats
