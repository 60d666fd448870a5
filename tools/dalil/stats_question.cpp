#include "stats_question.hpp"

#include <algorithm>
#include <memory>

#include "dalil/base/text.hpp"
#include "dalil/formats/register.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "vocabularies.hpp"

namespace dalil::cli {
namespace {

using archive::Incident;
using archive::PlaceLevel;

/// What people call a field, and what the register does.
struct FieldName {
  const char* shown;
  const char* field;
};
constexpr FieldName kFieldNames[] = {{"party", "perpetrator_group"}, {"area", "area_of_control"}};

std::string field_name(const std::string& name) {
  for (const FieldName& row : kFieldNames)
    if (name == row.shown) return row.field;
  return name;
}

/// As a cell of the register; empty if it is not stated. A field of the group's own is found by its name.
std::string value_of(const Incident& incident, const std::string& field) {
  const Json fields = json_of(incident);
  const auto found = fields.find(field);
  const Json value = found != fields.end() ? *found : Json();
  if (value.is_null() || (value.is_array() && value.empty())) return {};
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_field(archive::View& view, const std::string& name) {
  const std::vector<std::string> known = formats::incident_field_names();
  if (std::ranges::find(known, name) != known.end()) return true;
  return std::ranges::any_of(view.incidents(), [&](const archive::IncidentRevision& revision) {
    return std::ranges::any_of(revision.incident.extra,
                               [&](const auto& extra) { return extra.first == name; });
  });
}

std::string all_groupings() {
  std::string names;
  for (const std::string& name : archive::dimension_names()) names += name + ", ";
  return names + "district, subdistrict, or any field of the register (dalil incident show)";
}

/// Where an incident is, as far as its register and the gazetteer tell.
class Places {
 public:
  explicit Places(archive::View& view) : gazetteer_(gazetteer_of(view)) {}
  const archive::Gazetteer& gazetteer() const { return gazetteer_; }
  const archive::Place* of(const Incident& incident) const {
    if (const archive::Place* place = gazetteer_.locate(incident.governorate, incident.place)) return place;
    const auto named = gazetteer_.find(incident.governorate, PlaceLevel::governorate);
    return named.size() == 1 ? named.front() : nullptr;
  }
  /// What it lies in of this level; empty if that is not known.
  std::string name_at(const Incident& incident, PlaceLevel level) const {
    for (const archive::Place* at = of(incident); at != nullptr; at = gazetteer_.by_code(at->parent))
      if (at->level == level) return at->name();
    return {};
  }

 private:
  archive::Gazetteer gazetteer_;
};

IncidentFilter within_place(archive::View& view, const std::string& value, std::optional<PlaceLevel> level) {
  const auto places = std::make_shared<Places>(view);
  const auto wholes = places->gazetteer().find(value, level);
  if (wholes.empty()) {
    std::string hint = "'dalil vocabulary show gazetteer' lists them";
    for (const archive::Place* similar : places->gazetteer().similar(value, 1))
      hint = "did you mean " + in_quotes(similar->name()) + "?";
    throw Error(ErrorCode::not_found, "the gazetteer knows no place " + in_quotes(value), hint);
  }
  return [places, wholes](const Incident& incident) {
    const archive::Place* place = places->of(incident);
    return place != nullptr && std::ranges::any_of(wholes, [&](const archive::Place* whole) {
             return places->gazetteer().within(*place, *whole);
           });
  };
}

/// By the vocabulary, or for words that it does not know by themselves.
IncidentFilter covered(archive::View& view, const char* vocabulary, const std::string& value,
                       std::vector<std::string> fields) {
  const auto spellings = vocabulary_of(view, vocabulary).spellings(value);
  return [spellings, fields = std::move(fields)](const Incident& incident) {
    return std::ranges::any_of(fields, [&](const std::string& field) {
      return spellings.contains(archive::term_key(value_of(incident, field)));
    });
  };
}

}  // namespace

archive::Grouping grouping_named(archive::View& view, const std::string& name) {
  if (const auto dimension = archive::dimension_from(name)) return *dimension;
  if (const auto level = archive::place_level_from(name); level && *level != PlaceLevel::place) {
    const auto places = std::make_shared<Places>(view);
    return {name, [places, level](const Incident& incident, archive::DateBasis) {
              return places->name_at(incident, *level);
            }};
  }
  const std::string field = field_name(name);
  if (!is_field(view, field))
    throw Error(ErrorCode::usage, "incidents cannot be grouped by " + in_quotes(name),
                "one or more of: " + all_groupings());
  return {name, [field](const Incident& incident, archive::DateBasis) { return value_of(incident, field); }};
}

IncidentFilter filter_from(archive::View& view, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(ErrorCode::usage, in_quotes(text) + " is not of the form FIELD=VALUE",
                "for instance governorate=Idlib");
  const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
  if (name == "governorate") return within_place(view, value, PlaceLevel::governorate);
  if (name == "district" || name == "subdistrict")
    return within_place(view, value, archive::place_level_from(name));
  if (name == "place") return within_place(view, value, std::nullopt);
  if (name == "party" || name == "perpetrator_group")
    return covered(view, "parties", value, {"perpetrator_group"});
  if (name == "weapon" || name == "weapon_code")
    return covered(view, "weapons", value, {"weapon_code", "weapon"});
  if (name == "area" || name == "area_of_control")
    return covered(view, "areas-of-control", value, {"area_of_control"});
  const std::string field = field_name(name);
  if (!is_field(view, field))
    throw Error(ErrorCode::usage, "no register has a field " + in_quotes(name),
                "'dalil incident show' lists those of an incident");
  const std::string wanted = fold_for_search(value);
  return [field, wanted](const Incident& incident) {
    return fold_for_search(value_of(incident, field)) == wanted;
  };
}

UtcTime moment_from(const std::string& option, const std::string& text) {
  constexpr std::int64_t kDayMs = 86'400'000;
  if (const auto time = UtcTime::from_rfc3339(text)) return *time;
  const auto days = parse_date(text);
  if (!days)
    throw Error(ErrorCode::usage, option + " " + in_quotes(text) + " is no day and no time",
                "for instance 2017-10-09, or 2017-10-09T12:00:00Z");
  return {(std::int64_t{days->last} + 1) * kDayMs - 1};
}

std::vector<archive::IncidentRevision> incidents_as_of(archive::View& view, UtcTime moment) {
  std::vector<archive::IncidentRevision> standing;
  for (archive::Row row = 0; row < view.incident_count(); ++row) {
    std::optional<archive::IncidentRevision> newest;
    for (archive::IncidentRevision& revision : view.incident_history(row))
      if (revision.time <= moment && (!newest || revision.seq > newest->seq)) newest = std::move(revision);
    if (newest) standing.push_back(std::move(*newest));
  }
  return standing;
}

}  // namespace dalil::cli
