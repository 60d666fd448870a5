#include "query_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "refs.hpp"
#include "vocabularies.hpp"

namespace dalil::cli {

namespace {

using archive::Condition;
using archive::Field;

/// Which vocabulary the values of a field are of; empty: of none.
const char* vocabulary_for(Field field) {
  switch (field) {
    case Field::party:
      return "parties";
    case Field::weapon:
      return "weapons";
    case Field::area:
      return "areas-of-control";
    default:
      return "";
  }
}

bool names_places(const archive::Test& test) {
  if (const auto* area = std::get_if<archive::Area>(&test.value))
    return area->kind == archive::Area::Kind::named || area->kind == archive::Area::Kind::incident ||
           test.field == Field::incident_near || test.field == Field::incident_box;
  return test.field == Field::governorate || test.field == Field::place || test.field == Field::text ||
         test.field == Field::incident_text;
}

void for_each_test(const Condition& condition, const std::function<void(const archive::Test&)>& visit) {
  if (condition.kind == Condition::Kind::test) visit(condition.test);
  for (const Condition& part : condition.parts) for_each_test(part, visit);
}

/// What was read, for as long as the query lives.
struct Names {
  std::optional<archive::Gazetteer> gazetteer;
  std::map<std::string, archive::Vocabulary, std::less<>> vocabularies;

  /// Spellings of a place's name that is looked for in texts.
  std::vector<std::string> others(const std::string& text) const {
    std::vector<std::string> names;
    if (!gazetteer) return names;
    for (const archive::Place* place : gazetteer->find(text))
      std::ranges::copy(spellings_of(*gazetteer, *place), std::back_inserter(names));
    return names;
  }

  archive::Query::Meaning meaning(Field field, const std::string& value) const {
    if (const auto found = vocabularies.find(vocabulary_for(field)); found != vocabularies.end()) {
      const archive::Vocabulary& vocabulary = found->second;
      if (vocabulary.find(value).empty()) return {};
      return [&vocabulary, value](const std::string& words) { return vocabulary.covers(value, words); };
    }
    if (!gazetteer || field != Field::governorate) return {};
    static constexpr auto kLevel = archive::PlaceLevel::governorate;
    const auto places = gazetteer->find(value, kLevel);
    if (places.empty()) return {};
    return [this, places](const std::string& words) {
      return std::ranges::any_of(gazetteer->find(words, kLevel), [&](const archive::Place* place) {
        return std::ranges::find(places, place) != places.end();
      });
    };
  }

  archive::Query::PlaceMeaning place_meaning(const std::string& name) const {
    if (!gazetteer) return {};
    const auto places = gazetteer->find(name);
    if (places.empty()) return {};
    return
        [this, places, folded = fold_text(name)](const std::string& governorate, const std::string& words) {
          if (gazetteer->means_any(places, governorate, words)) return true;
          // Without a governorate that is known, the register's words are all there is.
          return gazetteer->find(governorate, archive::PlaceLevel::governorate).size() != 1 &&
                 fold_text(words).find(folded) != std::string::npos;
        };
  }

  /// By a place's own coordinates, and not by those of the governorate that it lies in.
  std::optional<archive::Area> incident_place(const std::string& governorate,
                                              const std::string& words) const {
    const archive::Place* place = gazetteer ? gazetteer->locate(governorate, words) : nullptr;
    const auto position = place == nullptr ? std::nullopt : gazetteer->position(*place);
    if (!position || position->of != place->code) return std::nullopt;
    return circle_of(*position);
  }

  /// What surely holds it: the least that is known to.
  std::optional<archive::Area> incident_area(const std::string& governorate, const std::string& words) const {
    if (!gazetteer) return std::nullopt;
    const archive::Place* place = gazetteer->locate(governorate, words);
    if (place == nullptr) {
      const auto found = gazetteer->find(governorate, archive::PlaceLevel::governorate);
      if (found.size() == 1) place = found.front();
    }
    const auto position = place == nullptr ? std::nullopt : gazetteer->position(*place);
    return position ? std::optional(circle_of(*position)) : std::nullopt;
  }

  static archive::Area circle_of(const archive::Position& position) {
    constexpr double kMetresPerKm = 1000, kLeastRadiusKm = 1;
    archive::Area circle;
    circle.latitude = position.latitude;
    circle.longitude = position.longitude;
    circle.radius_m = std::max(position.radius_km, kLeastRadiusKm) * kMetresPerKm;
    return circle;
  }

  std::optional<archive::Area> area(const std::string& name) const {
    if (!gazetteer) return std::nullopt;
    const auto places = gazetteer->find_towns(name);
    if (places.empty()) return unknown(name);
    if (places.size() > 1) {
      std::string which;
      for (const archive::Place* place : places)
        which += (which.empty() ? "" : ", ") + fmt::format("{} ({})", place->code, whereabouts(*place));
      throw Error(ErrorCode::conflict, fmt::format("several places are called {}", in_quotes(name)),
                  "use a code, or a point: " + which);
    }
    const archive::Place& place = *places.front();
    const auto position = gazetteer->position(place);
    if (!position) return std::nullopt;
    if (position->of != place.code)
      throw Error(
          ErrorCode::invalid,
          fmt::format("it is not known where {} lies, but that it is within {:.0f} km of {:.4f},{:.4f}",
                      in_quotes(name), position->radius_km, position->latitude, position->longitude),
          "name a point: near:35.93,36.63~5km; or ask for incidents there: place:NAME");
    return circle_of(*position);
  }

  std::string whereabouts(const archive::Place& place) const {
    const archive::Place* governorate = gazetteer->governorate_of(place);
    return governorate == nullptr || governorate == &place ? place.name()
                                                           : place.name() + " in " + governorate->name();
  }

  std::optional<archive::Area> unknown(const std::string& name) const {
    std::string similar;
    std::set<std::string> told;
    for (const archive::Place* place : gazetteer->similar(name))
      if (told.insert(place->name()).second) similar += (similar.empty() ? "" : ", ") + place->name();
    if (similar.empty()) return std::nullopt;
    throw Error(ErrorCode::not_found, fmt::format("no place is known by the name {}", in_quotes(name)),
                "similar names: " + similar + "; or name a point: near:35.93,36.63~5km");
  }
};

}  // namespace

void understand_names(archive::Query& query, archive::View& view) {
  const auto names = std::make_shared<Names>();
  for_each_test(query.where, [&](const archive::Test& test) {
    if (names_places(test) && !names->gazetteer) names->gazetteer = gazetteer_of(view);
    const std::string vocabulary = vocabulary_for(test.field);
    if (!vocabulary.empty() && !names->vocabularies.contains(vocabulary))
      names->vocabularies.emplace(vocabulary, vocabulary_of(view, vocabulary));
  });
  query.other_names = [names](const std::string& text) { return names->others(text); };
  query.meaning = [names](Field field, const std::string& value) { return names->meaning(field, value); };
  query.incident_place = [names](const std::string& governorate, const std::string& place) {
    return names->incident_place(governorate, place);
  };
  query.place_meaning = [names](const std::string& name) { return names->place_meaning(name); };
  query.incident_area = [names](const std::string& governorate, const std::string& place) {
    return names->incident_area(governorate, place);
  };
  query.place_named = [names](const std::string& name) { return names->area(name); };
}

}  // namespace dalil::cli
