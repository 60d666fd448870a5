#include <algorithm>
#include <charconv>
#include <cmath>

#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "register_fields.hpp"

namespace dalil::formats {
namespace {

constexpr std::string_view kExtraPrefix = "extra.";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Arabic-Indic digits, U+0660 (D9 A0) to U+0669 and U+06F0 (DB B0) to U+06F9, as ASCII.
std::string ascii_digits(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const unsigned char next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const unsigned char zero = lead == 0xD9 ? 0xA0 : lead == 0xDB ? 0xB0 : 0xFF;
    if (next >= zero && next <= zero + 9) {
      out += static_cast<char>('0' + (next - zero));
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string assign_number(std::optional<std::int64_t>& member, std::string_view cell) {
  const std::string digits = ascii_digits(trim(cell));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) return "is too large";
  if (error != std::errc() || end != digits.data() + digits.size()) return "must be a whole number";
  member = value;
  return {};
}

std::string assign_degrees(std::optional<double>& member, std::string_view cell) {
  const std::string digits = ascii_digits(trim(cell));
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    return "must be a number of degrees, such as 35.336";
  }
  member = value;
  return {};
}

std::string assign_yes_no(std::optional<bool>& member, std::string_view cell) {
  std::string word(trim(cell));
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word == "true" || word == "yes" || word == "1") {
    member = true;
  } else if (word == "false" || word == "no" || word == "0") {
    member = false;
  } else {
    return "must be true or false";
  }
  return {};
}

std::vector<std::string_view> split_list(std::string_view cell) {
  std::vector<std::string_view> items;
  while (true) {
    const std::size_t bar = cell.find('|');
    const std::string_view item = trim(cell.substr(0, bar));
    if (!item.empty()) items.push_back(item);
    if (bar == std::string_view::npos) return items;
    cell.remove_prefix(bar + 1);
  }
}

std::string assign_relations(std::vector<archive::Relation>& member, std::string_view cell) {
  std::vector<archive::Relation> relations;
  for (const std::string_view item : split_list(cell)) {
    const std::size_t blank = item.find(' ');
    if (blank == std::string_view::npos) return "must be 'TYPE INCIDENT', several of them joined by |";
    relations.push_back({std::string(item.substr(0, blank)), std::string(trim(item.substr(blank)))});
  }
  member = std::move(relations);
  return {};
}

std::string assign_from_json(Incident& incident, const Field& field, std::string_view text) {
  const ParsedValue parsed = parse_value(text);
  return parsed.value ? assign_json(incident, field, *parsed.value) : parsed.problem;
}

std::string assign_texts(Incident& incident, const Field& field, std::vector<std::string>& member,
                         std::string_view cell) {
  if (trim(cell).starts_with('[')) return assign_from_json(incident, field, cell);
  member.clear();
  for (const std::string_view item : split_list(cell)) member.emplace_back(item);
  return {};
}

std::string assign_filled(Incident& incident, const Field& field, std::string_view cell) {
  const std::string_view start = trim(cell).substr(0, 1);
  const bool like_json = start == "[" || start == "{" || start == "\"";
  return std::visit(
      Overloaded{
          [&](const kind::Number& f) { return assign_number((incident.*f.member).value, cell); },
          [&](const kind::YesNo& f) { return assign_yes_no(incident.*f.member, cell); },
          [&](const kind::Whole& f) { return assign_number(incident.*f.member, cell); },
          [&](const kind::Degrees& f) { return assign_degrees(incident.*f.member, cell); },
          [&](const kind::Texts& f) { return assign_texts(incident, field, incident.*f.member, cell); },
          [&](const kind::Value&) {
            return like_json ? assign_from_json(incident, field, cell)
                             : assign_json(incident, field, std::string(cell));
          },
          [&](const kind::Relations&) {
            return start == "[" ? assign_from_json(incident, field, cell)
                                : assign_relations(incident.relations, cell);
          },
          [&](const auto&) { return assign_json(incident, field, std::string(cell)); },
      },
      field.kind);
}

/// The field that keeps any JSON value and into which a dotted name leads, with the rest of the name.
struct Dotted {
  const kind::Value* value = nullptr;
  std::string_view path;
};
Dotted dotted(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const Field* field = find_field(name.substr(0, dot));
  if (field == nullptr || !std::holds_alternative<kind::Value>(field->kind)) return {};
  return {&std::get<kind::Value>(field->kind), name.substr(dot + 1)};
}

std::string assign_dotted(Incident& incident, const Dotted& into, std::string_view cell) {
  std::string& member = incident.*into.value->member;
  Json root = member.empty() ? Json::object() : parse_value(member).value.value_or(Json());
  Json* at = &root;
  std::string_view path = into.path;
  for (std::size_t depth = 1;; ++depth) {
    if (!at->is_object()) return "leads into a value that has no named parts";
    const std::size_t dot = path.find('.');
    const std::string name(path.substr(0, dot));
    if (name.empty() || depth > kMaxValueDepth) return "is no name of a part";
    if (dot == std::string_view::npos) {
      if (cell.empty()) {
        at->erase(name);
      } else {
        (*at)[name] = std::string(cell);
      }
      member = root.empty() ? std::string() : canonical(root);
      return {};
    }
    if (!at->contains(name)) {
      if (cell.empty()) return {};
      (*at)[name] = Json::object();
    }
    at = &(*at)[name];
    path.remove_prefix(dot + 1);
  }
}

std::string assign_extra(Incident& incident, std::string_view name, std::string_view cell) {
  put_extra(incident, own_name(name), cell.empty() ? std::string() : canonical(std::string(cell)));
  return {};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row[b.size()];
}

constexpr std::size_t kLongestName = 64;

/// As somebody may write it: small letters, and one sign between words.
std::string folded_name(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  return folded;
}

/// "description_en": a field of the register in another language, and no misspelling of "description_ar".
bool is_translation(std::string_view name) {
  constexpr std::size_t kLanguage = 3;
  if (name.size() <= kLanguage || name[name.size() - kLanguage] != '_') return false;
  return find_field(name.substr(0, name.size() - kLanguage)) != nullptr;
}

/// How many letters may differ for a name to be taken for this one.
std::size_t near_enough(std::string_view field) {
  constexpr std::size_t kTooShort = 4, kShort = 6;
  return field.size() < kTooShort ? 0 : field.size() < kShort ? 1 : 2;
}

std::string unknown_name(std::string_view name) {
  const std::string similar = similar_field_name(name);
  return "no such field" + (similar.empty() ? "" : "; did you mean '" + similar + "'?") +
         "; a field of your own is set as 'extra." + escape_for_display(name) + "'";
}

bool has_extra(const Incident& incident, std::string_view name) {
  return std::any_of(incident.extra.begin(), incident.extra.end(),
                     [&](const auto& field) { return field.first == name; });
}

/// Problem of the one field that has just been set.
std::string problem_of(const Incident& incident, std::string_view name) {
  const Dotted into = dotted(name);
  const Field* field = find_field(into.value == nullptr ? name : name.substr(0, name.find('.')));
  if (field != nullptr) return field_problem(incident, *field);
  for (const auto& [extra, value] : incident.extra) {
    if (extra == own_name(name)) return extra_problem(extra, value);
  }
  return {};
}

std::string refused(const Incident& incident, std::string_view field, std::string_view text) {
  if (!is_utf8(text)) return "is not UTF-8";
  if (field == "date_precision") return precision_problem(incident, text);
  const bool may_be_own = field.starts_with(kExtraPrefix) || has_extra(incident, field);
  if (!is_known_name(field) && !may_be_own) return unknown_name(field);
  return {};
}

}  // namespace

std::string_view own_name(std::string_view name) {
  return name.starts_with(kExtraPrefix) ? name.substr(kExtraPrefix.size()) : name;
}

std::string written_own_name(std::string_view name) {
  const bool taken_for_another = name.starts_with(kExtraPrefix) || !misspelling_problem(name).empty();
  return (taken_for_another ? std::string(kExtraPrefix) : std::string()) + std::string(name);
}

std::string similar_field_name(std::string_view name) {
  constexpr std::size_t kFarthest = 3;
  if (name.size() > kLongestName) return {};
  const std::string folded = folded_name(name);
  std::string_view nearest;
  std::size_t distance = kFarthest;
  for (const Field& field : register_fields()) {
    const std::size_t here =
        field.name.starts_with(folded) && name.size() > 3 ? 1 : edit_distance(folded, field.name);
    if (here < distance) {
      distance = here;
      nearest = field.name;
    }
  }
  return std::string(nearest);
}

std::string misspelling_problem(std::string_view name) {
  if (name.size() > kLongestName || name.starts_with(kExtraPrefix) || is_known_name(name)) return {};
  const std::string folded = folded_name(name);
  if (is_translation(folded)) return {};
  for (const Field& field : register_fields())
    if (edit_distance(folded, field.name) <= near_enough(field.name))
      return "the register has no such field; did you mean '" + std::string(field.name) +
             "'? A field of your own is called 'extra." + escape_for_display(name) + "'";
  return {};
}

bool is_known_name(std::string_view name) {
  return find_field(name) != nullptr || dotted(name).value != nullptr;
}

std::string assign_cell(Incident& incident, std::string_view name, std::string_view text) {
  if (const Field* field = find_field(name)) {
    return text.empty() ? assign_json(incident, *field, nullptr) : assign_filled(incident, *field, text);
  }
  if (const Dotted into = dotted(name); into.value != nullptr) return assign_dotted(incident, into, text);
  return assign_extra(incident, name, text);
}

std::string set_incident_field(Incident& incident, std::string_view field, std::string_view text) {
  if (std::string problem = refused(incident, field, text); !problem.empty()) return problem;
  Incident changed = incident;
  std::string problem = assign_cell(changed, field, text);
  // Nothing is wrong with a cleared field; that an incident must have an ID is for `validate` to say.
  if (problem.empty() && !text.empty()) problem = problem_of(changed, field);
  if (problem.empty()) incident = std::move(changed);
  return problem;
}

std::vector<std::string> incident_field_names() {
  std::vector<std::string> names;
  for (const Field& field : register_fields()) {
    if (!std::holds_alternative<kind::Precision>(field.kind)) names.emplace_back(field.name);
  }
  return names;
}

}  // namespace dalil::formats
