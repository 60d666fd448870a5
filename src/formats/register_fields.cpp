#include "register_fields.hpp"

#include <algorithm>
#include <limits>

#include "dalil/base/time.hpp"

namespace dalil::formats {
namespace {

constexpr std::size_t kShort = 1024;
constexpr std::size_t kLong = 65536;

constexpr Field kFields[] = {
    {"id", kind::Id{&Incident::id}},
    {"date", kind::Date{&Incident::date}},
    {"date_end", kind::Date{&Incident::date_end}},
    {"date_precision", kind::Precision{}},
    {"local_time", kind::TimeOfDay{&Incident::local_time}},
    {"local_time_source", kind::Text{&Incident::local_time_source, kShort}},
    {"utc_offset", kind::Offset{&Incident::utc_offset}},
    {"weekday_stated", kind::Text{&Incident::weekday_stated, kShort}},
    {"weekday_ok", kind::YesNo{&Incident::weekday_ok}},
    {"governorate", kind::Text{&Incident::governorate, kShort}},
    {"place", kind::Text{&Incident::place, kShort}},
    {"subdistrict_text", kind::Text{&Incident::subdistrict, kShort}},
    {"latitude", kind::Degrees{&Incident::latitude, 90}},
    {"longitude", kind::Degrees{&Incident::longitude, 180}},
    {"perpetrator_group", kind::Text{&Incident::perpetrator_group, kShort}},
    {"perpetrator_text", kind::Text{&Incident::perpetrator_text, kLong}},
    {"attribution", kind::Text{&Incident::attribution, kShort}},
    {"weapon", kind::Text{&Incident::weapon, kShort}},
    {"weapon_code", kind::Text{&Incident::weapon_code, kShort}},
    {"target", kind::Text{&Incident::target, kShort}},
    {"area_of_control", kind::Text{&Incident::area_of_control, kShort}},
    {"killed", kind::Number{&Incident::killed}},
    {"killed_qualifier", kind::Qualifier{&Incident::killed}},
    {"killed_described_as", kind::Text{&Incident::killed_described_as, kShort}},
    {"killed_provisional", kind::YesNo{&Incident::killed_provisional}},
    {"children", kind::Number{&Incident::children}},
    {"children_qualifier", kind::Qualifier{&Incident::children}},
    {"women", kind::Number{&Incident::women}},
    {"women_qualifier", kind::Qualifier{&Incident::women}},
    {"fetuses", kind::Number{&Incident::fetuses}},
    {"fetuses_qualifier", kind::Qualifier{&Incident::fetuses}},
    {"wounded", kind::Number{&Incident::wounded}},
    {"wounded_qualifier", kind::Qualifier{&Incident::wounded}},
    {"detained", kind::Number{&Incident::detained}},
    {"detained_qualifier", kind::Qualifier{&Incident::detained}},
    {"description", kind::Text{&Incident::description, kLong}},
    {"description_ar", kind::Text{&Incident::description_ar, kLong}},
    {"evidence_links_in_text", kind::Whole{&Incident::evidence_links_in_text}},
    {"evidence_link_texts", kind::Texts{&Incident::evidence_link_texts}},
    {"photo_captions", kind::Texts{&Incident::photo_captions}},
    {"witness_accounts", kind::YesNo{&Incident::witness_accounts}},
    {"witness", kind::Value{&Incident::witness_json}},
    {"documented_on", kind::Date{&Incident::documented_on}},
    {"relations", kind::Relations{}},
    {"notes", kind::Text{&Incident::notes, kLong}},
    {"source", kind::Value{&Incident::source_json}},
};

std::string wrong_type(const char* wanted, const Json& value) {
  const char* given = value.is_number_float() ? "number with a fraction" : value.type_name();
  return std::string("must be ") + wanted + ", not " +
         (value.is_array() || value.is_object() ? "an " : "a ") + given;
}

std::string assign_text(std::string& member, const Json& value) {
  if (!value.is_null() && !value.is_string()) return wrong_type("text", value);
  member = value.is_null() ? std::string() : value.get<std::string>();
  return {};
}

std::string assign_whole(std::optional<std::int64_t>& member, const Json& value) {
  member.reset();
  if (value.is_null()) return {};
  if (!value.is_number_integer()) return wrong_type("a whole number", value);
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return "is too large";
  }
  member = value.get<std::int64_t>();
  return {};
}

std::string assign_yes_no(std::optional<bool>& member, const Json& value) {
  member.reset();
  if (value.is_null()) return {};
  if (!value.is_boolean()) return wrong_type("true or false", value);
  member = value.get<bool>();
  return {};
}

std::string assign_degrees(std::optional<double>& member, const Json& value) {
  member.reset();
  if (value.is_null()) return {};
  if (!value.is_number()) return wrong_type("a number of degrees", value);
  member = value.get<double>();
  return {};
}

std::string assign_texts(std::vector<std::string>& member, const Json& value) {
  member.clear();
  if (value.is_null()) return {};
  if (!value.is_array()) return wrong_type("a list of texts", value);
  for (const Json& item : value) {
    if (!item.is_string()) return wrong_type("a list of texts, each of them text", item);
    member.push_back(item.get<std::string>());
  }
  return {};
}

std::string assign_value(std::string& member, const Json& value) {
  const bool says_nothing =
      value.is_null() || value == "" || ((value.is_array() || value.is_object()) && value.empty());
  member = says_nothing ? std::string() : canonical(value);
  return {};
}

std::string assign_relations(std::vector<archive::Relation>& member, const Json& value) {
  member.clear();
  if (value.is_null()) return {};
  if (!value.is_array()) return wrong_type("a list of relations", value);
  for (const Json& item : value) {
    const bool fits = item.is_object() && item.size() == 2 && item.contains("type") &&
                      item["type"].is_string() && item.contains("target") && item["target"].is_string();
    if (!fits) return "must be a list of {\"type\": text, \"target\": incident ID} and nothing else";
    member.push_back({item["type"].get<std::string>(), item["target"].get<std::string>()});
  }
  return {};
}

std::string check_precision_word(const Json& value) {
  if (value.is_null()) return {};
  if (!value.is_string()) return wrong_type("text", value);
  const std::string word = value.get<std::string>();
  for (const char* known : {"", "day", "month", "year", "unknown"}) {
    if (word == known) return {};
  }
  return "must be day, month, year or unknown";
}

std::optional<Json> text_json(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<Json>(text);
}

template <typename T>
std::optional<Json> optional_json(const std::optional<T>& value) {
  return value ? std::optional<Json>(*value) : std::nullopt;
}

std::optional<Json> value_json(const std::string& text) {
  if (text.empty()) return std::nullopt;
  ParsedValue parsed = parse_value(text);
  return parsed.value ? std::move(parsed.value) : std::optional<Json>(text);
}

std::optional<Json> relations_json(const std::vector<archive::Relation>& relations) {
  if (relations.empty()) return std::nullopt;
  Json list = Json::array();
  for (const archive::Relation& relation : relations) {
    list.push_back({{"type", relation.type}, {"target", relation.target}});
  }
  return list;
}

}  // namespace

std::span<const Field> register_fields() {
  return kFields;
}

const Field* find_field(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const Field& field) { return field.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

std::string assign_json(Incident& incident, const Field& field, const Json& value) {
  return std::visit(
      Overloaded{
          [&](const kind::Number& f) { return assign_whole((incident.*f.member).value, value); },
          [&](const kind::Qualifier& f) { return assign_text((incident.*f.member).qualifier, value); },
          [&](const kind::YesNo& f) { return assign_yes_no(incident.*f.member, value); },
          [&](const kind::Whole& f) { return assign_whole(incident.*f.member, value); },
          [&](const kind::Degrees& f) { return assign_degrees(incident.*f.member, value); },
          [&](const kind::Texts& f) { return assign_texts(incident.*f.member, value); },
          [&](const kind::Value& f) { return assign_value(incident.*f.member, value); },
          [&](const kind::Relations&) { return assign_relations(incident.relations, value); },
          [&](const kind::Precision&) { return check_precision_word(value); },
          [&](const auto& f) { return assign_text(incident.*f.member, value); },
      },
      field.kind);
}

std::optional<Json> field_json(const Incident& incident, const Field& field) {
  return std::visit(Overloaded{
                        [&](const kind::Number& f) { return optional_json((incident.*f.member).value); },
                        [&](const kind::Qualifier& f) { return text_json((incident.*f.member).qualifier); },
                        [&](const kind::YesNo& f) { return optional_json(incident.*f.member); },
                        [&](const kind::Whole& f) { return optional_json(incident.*f.member); },
                        [&](const kind::Degrees& f) { return optional_json(incident.*f.member); },
                        [&](const kind::Texts& f) {
                          const std::vector<std::string>& texts = incident.*f.member;
                          return texts.empty() ? std::nullopt : std::optional<Json>(texts);
                        },
                        [&](const kind::Value& f) { return value_json(incident.*f.member); },
                        [&](const kind::Relations&) { return relations_json(incident.relations); },
                        [&](const kind::Precision&) {
                          return std::optional<Json>(std::string(precision_of(incident.date)));
                        },
                        [&](const auto& f) { return text_json(incident.*f.member); },
                    },
                    field.kind);
}

std::string_view precision_of(std::string_view date) {
  const std::optional<DateSpan> span = parse_date(date);
  if (!span) return "unknown";
  switch (span->precision) {
    case DatePrecision::day:
      return "day";
    case DatePrecision::month:
      return "month";
    case DatePrecision::year:
      return "year";
  }
  return "unknown";
}

std::string precision_problem(const Incident& incident, std::string_view stated) {
  const std::string_view known = precision_of(incident.date);
  // A date that does not exist is a problem of its own.
  if (stated.empty() || stated == known || (known == "unknown" && !incident.date.empty())) return {};
  if (incident.date.empty()) return "is '" + std::string(stated) + "', but there is no 'date'";
  return "is '" + std::string(stated) + "', but 'date' is known to the " + std::string(known) +
         "; write the date as precisely as it is known: 2017, 2017-09 or 2017-09-11";
}

void put_extra(Incident& incident, std::string_view name, std::string value_json) {
  auto& extra = incident.extra;
  const auto found =
      std::find_if(extra.begin(), extra.end(), [&](const auto& field) { return field.first == name; });
  if (value_json.empty()) {
    if (found != extra.end()) extra.erase(found);
  } else if (found != extra.end()) {
    found->second = std::move(value_json);
  } else {
    extra.emplace_back(name, std::move(value_json));
  }
}

}  // namespace dalil::formats
