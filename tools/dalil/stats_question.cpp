#include "stats_question.hpp"

#include <algorithm>
#include <functional>
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

/// What a field is compared by: texts of the register, and what the value means.
struct Comparison {
  std::function<std::vector<std::string>(const Incident&)> texts;
  /// Whether an incident is meant; empty if neither gazetteer nor vocabulary knows the value.
  IncidentFilter means;
  bool by_parts = true;           ///< of texts that are not known: a part will do
  bool by_meaning_alone = false;  ///< of places: a text that names several is no part of one of them
  std::string hint;               ///< where the values are listed
};

std::function<std::vector<std::string>(const Incident&)> texts_of(std::vector<std::string> fields) {
  return [fields = std::move(fields)](const Incident& incident) {
    std::vector<std::string> texts;
    for (const std::string& field : fields) texts.push_back(value_of(incident, field));
    return texts;
  };
}

Comparison by_place(archive::View& view, const std::string& value, std::optional<PlaceLevel> level) {
  Comparison comparison;
  const bool governorate = level == PlaceLevel::governorate;
  if (governorate || !level)
    comparison.texts = texts_of(governorate ? std::vector<std::string>{"governorate"}
                                            : std::vector<std::string>{"place", "subdistrict"});
  else
    comparison.texts = [](const Incident&) { return std::vector<std::string>(); };
  comparison.by_meaning_alone = true;
  const auto places = std::make_shared<Places>(view);
  const auto wholes = places->gazetteer().find(value, level);
  comparison.hint = "'dalil vocabulary show gazetteer' lists those that are known,";
  for (const archive::Place* similar : places->gazetteer().similar(value, 1))
    comparison.hint = "did you mean " + in_quotes(similar->name()) + "? Or";
  if (wholes.empty()) return comparison;
  comparison.means = [places, wholes](const Incident& incident) {
    return places->gazetteer().means_any(wholes, incident.governorate,
                                         incident.place + ", " + incident.subdistrict);
  };
  return comparison;
}

Comparison by_term(archive::View& view, const std::string& vocabulary_name, const std::string& value,
                   std::vector<std::string> fields) {
  Comparison comparison;
  comparison.texts = texts_of(std::move(fields));
  comparison.hint = "'dalil vocabulary show " + vocabulary_name + "' lists those that are known,";
  const archive::Vocabulary vocabulary = vocabulary_of(view, vocabulary_name);
  if (vocabulary.find(value).empty()) return comparison;
  comparison.means = [spellings = vocabulary.spellings(value),
                      texts = comparison.texts](const Incident& incident) {
    return std::ranges::any_of(texts(incident), [&](const std::string& text) {
      return spellings.contains(archive::term_key(text));
    });
  };
  return comparison;
}

Comparison by_text(const std::string& field, bool by_parts) {
  Comparison comparison;
  comparison.texts = texts_of({field});
  comparison.by_parts = by_parts;
  return comparison;
}

Comparison comparison_of(archive::View& view, const std::string& name, const std::string& value) {
  if (name == "governorate") return by_place(view, value, PlaceLevel::governorate);
  if (name == "district" || name == "subdistrict")
    return by_place(view, value, archive::place_level_from(name));
  if (name == "place") return by_place(view, value, std::nullopt);
  if (name == "party") return by_term(view, "parties", value, {"perpetrator_group", "perpetrator_text"});
  if (name == "perpetrator_group") return by_term(view, "parties", value, {"perpetrator_group"});
  if (name == "weapon" || name == "weapon_code")
    return by_term(view, "weapons", value, {"weapon_code", "weapon"});
  if (name == "area" || name == "area_of_control")
    return by_term(view, "areas-of-control", value, {"area_of_control"});
  if (!is_field(view, name))
    throw Error(ErrorCode::usage, "no register has a field " + in_quotes(name),
                "'dalil incident show' lists those of an incident");
  return by_text(name, name == "target" || name == "attribution");
}

IncidentFilter filter_by(const Comparison& comparison, const std::string& value) {
  return [comparison, wanted = fold_text(value)](const Incident& incident) {
    if (comparison.means && comparison.means(incident)) return true;
    if (comparison.means && comparison.by_meaning_alone) return false;
    return std::ranges::any_of(comparison.texts(incident), [&](const std::string& text) {
      const std::string folded = fold_text(text);
      return comparison.by_parts ? folded.find(wanted) != std::string::npos : folded == wanted;
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

IncidentFilter filter_from(archive::View& view, const std::string& text,
                           const std::vector<archive::IncidentRevision>& revisions) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(ErrorCode::usage, in_quotes(text) + " is not of the form FIELD=VALUE",
                "for instance governorate=Idlib");
  const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
  const Comparison comparison = comparison_of(view, name, value);
  const bool nothing = fold_text(value).find_first_not_of(' ') == std::string::npos;
  if (nothing && comparison.by_parts)
    throw Error(ErrorCode::usage, in_quotes(text) + " names no value", "for instance governorate=Idlib");
  IncidentFilter filter = filter_by(comparison, value);
  const auto passes = [&](const archive::IncidentRevision& one) { return filter(one.incident); };
  if (!comparison.means && std::ranges::none_of(revisions, passes) &&
      std::ranges::none_of(view.incidents(), passes))
    throw Error(ErrorCode::not_found, "no incident has " + in_quotes(value) + " as its " + name,
                (comparison.hint.empty() ? "" : comparison.hint + " ") + "'dalil incident stats --by " +
                    name + "' shows what there is");
  return filter;
}

namespace {
/// "2017-10-09T12:00Z" with the seconds that RFC 3339 asks for.
std::string with_seconds(std::string text) {
  constexpr std::size_t kMinutes = 16;
  if (text.size() > kMinutes && text[kMinutes] != ':') text.insert(kMinutes, ":00");
  return text;
}
}  // namespace

UtcTime moment_from(const std::string& option, const std::string& text) {
  constexpr std::int64_t kDayMs = 86'400'000;
  if (const auto time = UtcTime::from_rfc3339(text)) return *time;
  if (const auto time = UtcTime::from_rfc3339(with_seconds(text))) return *time;
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
