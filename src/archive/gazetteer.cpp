#include "dalil/archive/gazetteer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "name_words.hpp"
#include "place_words.hpp"

namespace dalil::archive {
namespace {

constexpr double kEarthRadiusKm = 6371.0088;  // mean radius of WGS 84
constexpr std::size_t kLongestName = 6;       // words
/// "is", "no" and the like name nothing in running text.
constexpr std::size_t kShortestKey = 3;

struct LevelName {
  PlaceLevel level;
  const char* name;
};
constexpr LevelName kLevels[] = {
    {PlaceLevel::governorate, "governorate"},
    {PlaceLevel::district, "district"},
    {PlaceLevel::subdistrict, "subdistrict"},
    {PlaceLevel::place, "place"},
};

[[noreturn]] void refuse(const Place& place, const std::string& problem) {
  throw Error(ErrorCode::invalid, "place '" + escape_for_display(place.code) + "' " + problem);
}

void require_sound(const Place& place) {
  if (place.code.empty()) throw Error(ErrorCode::invalid, "a place has no code");
  if (place.names.empty()) refuse(place, "has no name");
  if (place.latitude.has_value() != place.longitude.has_value())
    refuse(place, "has one coordinate without the other");
  if (place.latitude && !(std::abs(*place.latitude) <= 90 && std::abs(*place.longitude) <= 180))
    refuse(place, "has impossible coordinates");
  if (!(place.radius_km >= 0 && place.radius_km <= 20'000)) refuse(place, "has an impossible radius");
  if ((place.level == PlaceLevel::governorate) != place.parent.empty())
    refuse(place,
           place.parent.empty() ? "lies in nothing: name its parent" : "is a governorate with a parent");
}

std::set<std::string> keys_of(const Place& place) {
  std::set<std::string> keys{place_key(place.code)};
  for (const auto& [language, text] : place.names) keys.insert(place_key(text));
  for (const std::string& alias : place.aliases) keys.insert(place_key(alias));
  keys.erase(std::string());
  return keys;
}

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

}  // namespace

const char* name_of(PlaceLevel level) {
  for (const LevelName& row : kLevels)
    if (row.level == level) return row.name;
  return "";
}

std::optional<PlaceLevel> place_level_from(std::string_view name) {
  for (const LevelName& row : kLevels)
    if (row.name == name) return row.level;
  return std::nullopt;
}

const std::string& Place::name(std::string_view language) const {
  const auto found = std::ranges::find_if(names, [&](const auto& name) { return name.first == language; });
  return found == names.end() ? names.front().second : found->second;
}

double distance_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  const double a = radians(latitude_a), b = radians(latitude_b);
  const double across = std::sin((b - a) / 2), along = std::sin(radians(longitude_b - longitude_a) / 2);
  const double h = across * across + std::cos(a) * std::cos(b) * along * along;
  return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(h)));
}

Gazetteer::Gazetteer(std::vector<Place> places) : places_(std::move(places)) {
  std::ranges::stable_sort(places_, {}, &Place::level);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    require_sound(places_[i]);
    if (!by_code_.emplace(places_[i].code, i).second) refuse(places_[i], "appears twice");
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    const Place* parent = parent_of(place);
    if (!place.parent.empty() && parent == nullptr)
      refuse(place, "lies in '" + escape_for_display(place.parent) + "', which does not exist");
    // So nothing lies in itself, by whatever detour.
    if (parent != nullptr && parent->level >= place.level)
      refuse(place, "lies in '" + escape_for_display(parent->code) + "', which is not of a higher level");
    std::set<std::string> sounds;
    for (const std::string& key : keys_of(place)) {
      by_key_[key].push_back(i);
      sounds.insert(sound_key(key));
    }
    for (const std::string& sound : sounds) by_sound_[sound].push_back(i);
  }
}

const Place* Gazetteer::by_code(std::string_view code) const {
  const auto found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : &places_[found->second];
}

const Place* Gazetteer::parent_of(const Place& place) const {
  return place.parent.empty() ? nullptr : by_code(place.parent);
}

bool Gazetteer::within(const Place& place, const Place& whole) const {
  for (const Place* at = &place; at != nullptr; at = parent_of(*at))
    if (at->code == whole.code) return true;
  return false;
}

const Place* Gazetteer::governorate_of(const Place& place) const {
  const Place* at = &place;
  while (const Place* parent = parent_of(*at)) at = parent;
  return at;
}

std::optional<Position> Gazetteer::position(const Place& place) const {
  for (const Place* at = &place; at != nullptr; at = parent_of(*at))
    if (at->latitude) return Position{*at->latitude, *at->longitude, at->radius_km, at->code};
  return std::nullopt;
}

std::vector<const Place*> Gazetteer::find(std::string_view name, std::optional<PlaceLevel> level) const {
  std::vector<const Place*> found;
  const auto add = [&](const Place* place) {
    if (!level || place->level == *level) found.push_back(place);
  };
  if (const Place* place = by_code(name)) {
    add(place);
    return found;
  }
  const auto hits = by_key_.find(place_key(name));
  if (hits == by_key_.end()) return found;
  for (const std::size_t hit : hits->second) add(&places_[hit]);
  return found;
}

std::vector<const Place*> Gazetteer::find_towns(std::string_view name) const {
  return lowest(find(name));
}

std::vector<const Place*> Gazetteer::lowest(std::vector<const Place*> all) const {
  std::vector<const Place*> out;
  for (const Place* place : all) {
    const bool holds_another = std::ranges::any_of(
        all, [&](const Place* other) { return other != place && within(*other, *place); });
    if (!holds_another) out.push_back(place);
  }
  return out;
}

std::vector<const Place*> Gazetteer::similar(std::string_view name, std::size_t limit) const {
  std::vector<const Place*> found;
  const auto hits = by_sound_.find(sound_key(place_key(name)));
  if (hits == by_sound_.end()) return found;
  for (const std::size_t hit : hits->second)
    if (found.size() < limit) found.push_back(&places_[hit]);
  return found;
}

/// Of candidates for one name the lowest within the governorate; null if that is not one place.
const Place* Gazetteer::best(const Indices& candidates, const Place* governorate) const {
  const Place* best = nullptr;
  for (const std::size_t index : candidates) {
    const Place& place = places_[index];
    if (governorate != nullptr && !within(place, *governorate)) continue;
    if (best == nullptr || within(place, *best)) {
      best = &place;
    } else if (!within(*best, place)) {
      return nullptr;
    }
  }
  return best;
}

void Gazetteer::for_each_name(
    const std::vector<std::string>& run,
    const std::function<void(std::size_t words, const Indices& places)>& visit) const {
  const std::vector<std::string> stems = name_words(run);
  for (std::size_t first = 0; first < stems.size(); ++first) {
    std::string key;
    for (std::size_t count = 1; count <= kLongestName && first + count <= stems.size(); ++count) {
      key += stems[first + count - 1];
      const auto hits = by_key_.find(key);
      if (key.size() >= kShortestKey && hits != by_key_.end()) visit(count, hits->second);
    }
  }
}

const Place* Gazetteer::locate(std::string_view governorate, std::string_view words) const {
  const std::vector<const Place*> named = find(governorate, PlaceLevel::governorate);
  if (!governorate.empty() && named.size() != 1) return nullptr;
  const Place* inside = governorate.empty() ? nullptr : named.front();
  const Place* best_place = nullptr;
  std::size_t best_words = 0;
  bool ambiguous = false;
  for (const std::vector<std::string>& run : word_runs(words))
    for_each_name(run, [&](std::size_t count, const Indices& hits) {
      const Place* here = best(hits, inside);
      if (here == nullptr) return;
      // Without a governorate, names from several of them say only that it is a wide area.
      if (inside == nullptr && best_place != nullptr && governorate_of(*here) != governorate_of(*best_place))
        ambiguous = true;
      if (count > best_words) {
        best_words = count;
        best_place = here;
      }
    });
  return ambiguous ? nullptr : best_place;
}

std::vector<const Place*> Gazetteer::named_in(std::string_view governorate, std::string_view words) const {
  const std::vector<const Place*> known = find(governorate, PlaceLevel::governorate);
  const Place* inside = known.size() == 1 ? known.front() : nullptr;
  std::vector<const Place*> named;
  for (const std::vector<std::string>& run : word_runs(words)) {
    std::vector<const Place*> longest;
    std::size_t most = 0;
    for_each_name(run, [&](std::size_t count, const Indices& hits) {
      std::vector<const Place*> here;
      for (const std::size_t hit : hits)
        if (inside == nullptr || within(places_[hit], *inside)) here.push_back(&places_[hit]);
      if (here.empty() || count < most) return;
      if (count > most) longest.clear();
      most = count;
      here = lowest(std::move(here));
      longest.insert(longest.end(), here.begin(), here.end());
    });
    named.insert(named.end(), longest.begin(), longest.end());
  }
  return named;
}

bool Gazetteer::means_any(const std::vector<const Place*>& wholes, std::string_view governorate,
                          std::string_view words) const {
  const std::vector<const Place*> known = find(governorate, PlaceLevel::governorate);
  if (!governorate.empty() && known.size() != 1) return false;
  std::vector<const Place*> named = named_in(governorate, words);
  if (named.empty()) named = known;
  const auto elsewhere = [&](const Place* place) {
    return governorate_of(*place) != governorate_of(*named.front());
  };
  if (governorate.empty() && std::ranges::any_of(named, elsewhere)) return false;
  return std::ranges::any_of(named, [&](const Place* place) {
    return std::ranges::any_of(wholes, [&](const Place* whole) { return within(*place, *whole); });
  });
}

}  // namespace dalil::archive
