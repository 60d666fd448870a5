#include "query_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "dalil/base/error.hpp"
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
    return area->kind == archive::Area::Kind::named;
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

  std::vector<std::string> of_places(const std::string& text,
                                     std::optional<archive::PlaceLevel> level) const {
    std::vector<std::string> names;
    for (const archive::Place* place : gazetteer->find(text, level)) {
      for (const auto& [language, name] : place->names) names.push_back(name);
      names.insert(names.end(), place->aliases.begin(), place->aliases.end());
    }
    return names;
  }

  std::vector<std::string> of_terms(const archive::Vocabulary& vocabulary, const std::string& text) const {
    std::vector<std::string> names;
    for (const archive::Term* term : vocabulary.expand(text)) {
      names.push_back(term->code);
      for (const auto& [language, name] : term->names) names.push_back(name);
      names.insert(names.end(), term->aliases.begin(), term->aliases.end());
    }
    return names;
  }

  std::vector<std::string> others(Field field, const std::string& text) const {
    if (const auto found = vocabularies.find(vocabulary_for(field)); found != vocabularies.end())
      return of_terms(found->second, text);
    if (!gazetteer) return {};
    if (field == Field::governorate) return of_places(text, archive::PlaceLevel::governorate);
    if (field == Field::place) return of_places(text, std::nullopt);
    if (field != Field::text && field != Field::incident_text) return {};
    // Within texts a short name would be found inside other words.
    constexpr std::size_t kTooShort = 4;
    std::vector<std::string> names = of_places(text, std::nullopt);
    std::erase_if(names, [](const std::string& name) { return name.size() < kTooShort; });
    return names;
  }

  std::optional<archive::Area> area(const std::string& name) const {
    if (!gazetteer) return std::nullopt;
    const auto places = gazetteer->find_towns(name);
    if (places.empty()) return unknown(name);
    if (places.size() > 1) {
      std::string which;
      for (const archive::Place* place : places)
        which += (which.empty() ? "" : ", ") + fmt::format("{} ({})", place->code, place->name());
      throw Error(ErrorCode::conflict, fmt::format("several places are called {}", in_quotes(name)),
                  "use a code, or a point: " + which);
    }
    const auto position = gazetteer->position(*places.front());
    if (!position) return std::nullopt;
    archive::Area circle;
    circle.latitude = position->latitude;
    circle.longitude = position->longitude;
    constexpr double kMetresPerKm = 1000, kLeastRadiusKm = 1;
    circle.radius_m = std::max(position->radius_km, kLeastRadiusKm) * kMetresPerKm;
    return circle;
  }

  std::optional<archive::Area> unknown(const std::string& name) const {
    std::string similar;
    for (const archive::Place* place : gazetteer->similar(name))
      similar += (similar.empty() ? "" : ", ") + place->name();
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
  query.other_names = [names](Field field, const std::string& text) { return names->others(field, text); };
  query.place_named = [names](const std::string& name) { return names->area(name); };
}

}  // namespace dalil::cli
