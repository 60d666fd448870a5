#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Places by name, in any of their spellings (docs/vocabularies.md).
namespace dalil::archive {

enum class PlaceLevel : std::uint8_t { governorate = 1, district = 2, subdistrict = 3, place = 4 };
const char* name_of(PlaceLevel level);
std::optional<PlaceLevel> place_level_from(std::string_view name);

struct Place {
  std::string code;  ///< unique: a P-code ("SY07", "SY0700"), or one that the group chose
  PlaceLevel level = PlaceLevel::place;
  std::string parent;                                      ///< code; empty for a governorate
  std::vector<std::pair<std::string, std::string>> names;  ///< language ("en", "ar"), text; one at least
  std::vector<std::string> aliases;                        ///< further spellings, of any language
  std::optional<double> latitude, longitude;               ///< WGS 84, degrees; both or neither
  double radius_km = 0;  ///< of a circle around them that holds what belongs to it; an estimate
  /// By language, or else the first.
  const std::string& name(std::string_view language = "en") const;
};

/// Where a place is, as well as is known: of a village without coordinates, where its governorate is.
struct Position {
  double latitude = 0, longitude = 0;
  double radius_km = 0;
  std::string of;  ///< code of the place whose position it is
};

/// Kilometres along the surface of a sphere of the earth's mean radius: within 0.6 % of the ellipsoid.
double distance_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b);

/// What two spellings of one name have in common: folded for search (base/text.hpp); without apostrophes, the
/// definite article (al-, ar-, ash- ..., ال), and words that say what kind of place it is (city, village,
/// مدينة); without blanks and hyphens. "Ar-Raqqa" and "Raqqa city" are "raqqa", "الرقّة" is "رقه".
/// Empty if nothing is left.
std::string place_key(std::string_view name);

class Gazetteer {
 public:
  Gazetteer() = default;
  /// Error(invalid) for a code that is empty or appears twice, a place without a name, a parent that does not
  /// exist or is not of a higher level, or impossible coordinates.
  explicit Gazetteer(std::vector<Place> places);

  const std::vector<Place>& places() const { return places_; }
  const Place* by_code(std::string_view code) const;
  /// All that are called so (or have this code), the highest level first: "Idlib" is a governorate, its
  /// district and the town. Only those of `level`, if one is given. Pointers live as long as the gazetteer.
  std::vector<const Place*> find(std::string_view name, std::optional<PlaceLevel> level = std::nullopt) const;
  /// The same, but of those that lie within one another the lowest level only: "Idlib" is one town, "Suran"
  /// are two. What a point and a radius are meant by.
  std::vector<const Place*> find_towns(std::string_view name) const;
  /// Places whose names sound alike, for a hint when `find` finds nothing; at most `limit`.
  std::vector<const Place*> similar(std::string_view name, std::size_t limit = 5) const;
  /// The place that a register's words name: the longest name found in them, of the lowest level, preferably
  /// within `governorate` (any spelling; may be empty). "al Mayadeen city" is Al Mayadin. Null if there is
  /// none, or if several are equally good.
  const Place* locate(std::string_view governorate, std::string_view words) const;

  /// Every place that a register's words name: in each run of them (commas and brackets part runs) the
  /// longest names found, of the lowest level, within `governorate` if that is known.
  std::vector<const Place*> named_in(std::string_view governorate, std::string_view words) const;
  /// Whether a register's words name one of these places, or one that lies within. Words that name no place
  /// leave the governorate. Names from several governorates, or one that nobody knows, say only that it is a
  /// wide area.
  bool means_any(const std::vector<const Place*>& wholes, std::string_view governorate,
                 std::string_view words) const;

  /// True if they are the same, or `place` lies within `whole` by its parents.
  bool within(const Place& place, const Place& whole) const;
  const Place* governorate_of(const Place& place) const;
  /// Absent if neither it nor any that it lies within has coordinates.
  std::optional<Position> position(const Place& place) const;

 private:
  using Indices = std::vector<std::size_t>;
  const Place* parent_of(const Place& place) const;
  const Place* best(const Indices& candidates, const Place* governorate) const;
  std::vector<const Place*> lowest(std::vector<const Place*> places) const;
  /// For each name in one run of words: how many of its own words it has, and which places are called so.
  void for_each_name(const std::vector<std::string>& run,
                     const std::function<void(std::size_t words, const Indices& places)>& visit) const;

  std::vector<Place> places_;
  std::map<std::string, std::size_t, std::less<>> by_code_;
  std::map<std::string, Indices, std::less<>> by_key_;  ///< ascending by level
  std::map<std::string, Indices, std::less<>> by_sound_;
};

}  // namespace dalil::archive
