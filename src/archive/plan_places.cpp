#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dalil/archive/gazetteer.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr double kMetresPerDegree = 110'574;  // of latitude, at the equator, where a degree is shortest

/// An area, and between which values of a column's upper half its latitudes lie: that tells of most places
/// that they are outside.
class PlaceTest {
 public:
  explicit PlaceTest(const Area& area) : area_(area) {
    const double reach = area.radius_m / kMetresPerDegree;
    const bool box = area.kind == Area::Kind::box;
    south_ = stored(box ? area.south : area.latitude - reach, -1.0);
    north_ = stored(box ? area.north : area.latitude + reach, 1.0);
  }
  bool passes(std::uint64_t place) const {
    const std::uint64_t latitude = place >> 32;
    return latitude >= south_ && latitude <= north_ && lies_within(area_, place);
  }

 private:
  /// One step wider than it has to be.
  static std::uint64_t stored(double degrees, double wider) {
    const double value = std::clamp(degrees, -90.0, 90.0) * 1e7 + 0x1p31 + wider;
    return static_cast<std::uint64_t>(value);
  }

  Area area_;
  std::uint64_t south_ = 0, north_ = 0;
};

/// It could lie anywhere within the radius that was stated with it.
void narrow_verified(const Area& where, const Column& place, const Column& radius, const Stretch& stretch,
                     Matches& matches, Matches* without) {
  const auto places = take_values(stretch, place, matches, without);
  filter(stretch, radius, matches, [&](const std::uint8_t* value, std::size_t i) {
    return lies_within(widened(where, load_u32(value)), places[i]);
  });
}

}  // namespace

Area widened(Area area, std::uint32_t by_m) {
  if (by_m == 0) return area;
  area.radius_m += by_m;
  if (area.kind != Area::Kind::box) return area;
  const double north = by_m / kMetresPerDegree;
  const double farthest = std::min(89.0, std::max(std::abs(area.south), std::abs(area.north)) + north);
  const double east = north / std::cos(farthest * std::numbers::pi / 180);
  area.south -= north;
  area.north += north;
  area.west = std::max(-180.0, area.west - east);
  area.east = std::min(180.0, area.east + east);
  return area;
}

bool lies_within(const Area& area, std::uint64_t place) {
  if (place == 0) return false;
  const auto [latitude, longitude] = unshift_place(place);
  if (area.kind == Area::Kind::box) {
    if (latitude < area.south || latitude > area.north) return false;
    return area.west <= area.east ? longitude >= area.west && longitude <= area.east
                                  : longitude >= area.west || longitude <= area.east;
  }
  if (std::abs(latitude - area.latitude) * kMetresPerDegree > area.radius_m) return false;
  return distance_km(area.latitude, area.longitude, latitude, longitude) * 1000 <= area.radius_m;
}

Area Planner::located(const Area& area) {
  if (area.kind == Area::Kind::incident) {
    const auto row = view_.find_incident(area.name);
    if (!row)
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no incident '{}'", escape_for_display(area.name)),
                  "'dalil incident list' shows them");
    const auto place = place_of(summaries()[*row]);
    if (!place)
      throw Error(ErrorCode::invalid,
                  fmt::format("incident '{}' has no coordinates, and of its place none are known",
                              escape_for_display(area.name)),
                  "'dalil incident edit' adds them; or name a place or a point");
    // It may lie anywhere in its place.
    Area circle = widened(area, static_cast<std::uint32_t>(place->radius_m));
    circle.kind = Area::Kind::circle;
    circle.latitude = place->latitude;
    circle.longitude = place->longitude;
    return circle;
  }
  if (area.kind != Area::Kind::named) return area;
  if (query_.place_named)
    if (auto place = query_.place_named(area.name)) {
      if (area.radius_m > 0) place->radius_m = area.radius_m;
      place->any_area = area.any_area;
      return *place;
    }
  throw Error(ErrorCode::not_found,
              fmt::format("no place is known by the name '{}'", escape_for_display(area.name)),
              "name a point: near:35.93,36.63~5km");
}

/// Where it was made: as it was verified, else as the file says.
Narrow made_at(const Area& where) {
  return [where, test = PlaceTest(where)](const Stretch& stretch, Matches& matches) {
    Matches unverified;
    narrow_verified(where, kItemVerifiedMade, kItemMadeRadius, stretch, matches, &unverified);
    filter(
        stretch, kFactPlace, unverified,
        [&](const std::uint8_t* value, std::size_t) { return test.passes(load_u64(value)); }, Zero::fails);
    add(matches, unverified);
  };
}

Narrow shows(const Area& where) {
  return [where](const Stretch& stretch, Matches& matches) {
    narrow_verified(where, kItemVerifiedShown, kItemShownRadius, stretch, matches, nullptr);
  };
}

}  // namespace dalil::archive
