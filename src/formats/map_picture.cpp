#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dalil/base/text.hpp"
#include "dalil/formats/map.hpp"
#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr double kWidth = 960, kMargin = 24, kTitle = 60;
constexpr double kMarginDegrees = 0.15;
/// Of places that are far off a map of the country says nothing: they are counted beside it.
constexpr double kFarDegrees = 2.5;
constexpr double kSmallest = 5, kLargest = 26;
constexpr const char* kIncidentColour = "#a8323a";
constexpr const char* kItemColour = "#2f5d8a";
/// Keeps a name readable on what it lies across.
constexpr const char* kHalo = " stroke=\"#f3efe6\" stroke-width=\"3\" paint-order=\"stroke\"";

struct Box {
  double west = 180, south = 90, east = -180, north = -90;
  bool empty() const { return west > east; }
  void include(double longitude, double latitude) {
    west = std::min(west, longitude);
    east = std::max(east, longitude);
    south = std::min(south, latitude);
    north = std::max(north, latitude);
  }
  Box wider(double degrees) const {
    return {west - degrees, south - degrees, east + degrees, north + degrees};
  }
  bool holds(double longitude, double latitude) const {
    return longitude >= west && longitude <= east && latitude >= south && latitude <= north;
  }
};

/// Degrees to pixels: equirectangular, true along the middle parallel; of one country it is off by little.
class Projection {
 public:
  explicit Projection(const Box& box) : box_(box) {
    const double middle = (box.north + box.south) / 2 * std::numbers::pi / 180;
    squeeze_ = std::max(0.05, std::cos(middle));
    scale_ = (kWidth - 2 * kMargin) / std::max(0.01, (box.east - box.west) * squeeze_);
  }
  double x(double longitude) const { return kMargin + (longitude - box_.west) * squeeze_ * scale_; }
  double y(double latitude) const { return kTitle + (box_.north - latitude) * scale_; }
  double height() const { return kTitle + (box_.north - box_.south) * scale_ + kMargin; }

 private:
  Box box_;
  double squeeze_ = 1, scale_ = 1;
};

std::string path_of(const Outline& outline, const Projection& to) {
  std::string path;
  for (const auto& ring : outline.rings) {
    for (std::size_t i = 0; i < ring.size(); ++i)
      path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? 'M' : 'L', to.x(ring[i].first), to.y(ring[i].second));
    path += 'Z';
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"#f3efe6\" stroke=\"#9a9484\" stroke-width=\"1\" fill-rule=\"evenodd\"/>\n",
      path);
}

/// The middle of the area of the first ring, by the shoelace formula.
std::pair<double, double> middle_of(const Outline& outline) {
  const auto& ring = outline.rings.front();
  double area = 0, x = 0, y = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const auto& [x0, y0] = ring[i];
    const auto& [x1, y1] = ring[(i + 1) % ring.size()];
    const double cross = x0 * y1 - x1 * y0;
    area += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  }
  if (std::abs(area) < 1e-9) return ring.front();
  return {x / (3 * area), y / (3 * area)};
}

std::string text(double x, double y, const char* anchor, int size, const std::string& words,
                 const char* colour, const char* more = "") {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y,
      anchor, size, colour, more, markup_text(words));
}

std::string circle(double x, double y, double radius, const char* colour, bool certain,
                   const std::string& title) {
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" fill-opacity=\"{}\" stroke=\"{}\" "
      "stroke-width=\"1.5\"{}><title>{}</title></circle>\n",
      x, y, radius, colour, certain ? "0.55" : "0.12", colour, certain ? "" : " stroke-dasharray=\"4 3\"",
      markup_text(title));
}

double radius_of(std::uint64_t count) {
  return std::min(kLargest, kSmallest + 2.5 * std::sqrt(static_cast<double>(count - 1)));
}

/// Places that lie at the same point, as one mark: villages of which only the governorate's position is
/// known.
struct Mark {
  double latitude = 0, longitude = 0;
  bool certain = true;
  std::size_t incidents = 0;
  std::string title;
};

std::string title_of(const MapPlace& place) {
  std::string title = place.name.empty() ? place.governorate : place.name;
  for (const auto& [id, line] : place.incidents) title += "; " + id + (line.empty() ? "" : " " + line);
  return title;
}

/// The largest first, so that none hides another.
std::vector<Mark> marks_of(const std::vector<MapPlace>& places) {
  std::vector<Mark> marks;
  for (const MapPlace& place : places) {
    const bool certain = place.known != Known::area;
    const auto same = std::ranges::find_if(marks, [&](const Mark& mark) {
      return mark.latitude == place.latitude && mark.longitude == place.longitude && mark.certain == certain;
    });
    Mark& mark = same == marks.end()
                     ? marks.emplace_back(Mark{place.latitude, place.longitude, certain, 0, ""})
                     : *same;
    mark.incidents += place.incidents.size();
    mark.title += (mark.title.empty() ? "" : " | ") + title_of(place);
  }
  std::ranges::stable_sort(marks, std::ranges::greater{}, &Mark::incidents);
  return marks;
}

std::string legend(const PageWords& words) {
  double x = kMargin;
  std::string out;
  const auto entry = [&](const char* colour, bool certain, const std::string& label) {
    out += circle(x + 7, 42, 6, colour, certain, label) + text(x + 18, 46, "start", 12, label, "#1c1c1c");
    x += 34 + 7.4 * static_cast<double>(display_width(label));
  };
  entry(kItemColour, true, words.evidence);
  entry(kIncidentColour, true, words.incidents);
  entry(kIncidentColour, false, std::string(words.incidents) + ": " + words.area_position);
  return out;
}

}  // namespace

Picture Map::picture() const {
  const PageWords& words = page_words(language);
  Box country;
  for (const Outline& outline : outlines)
    for (const auto& ring : outline.rings)
      for (const auto& [longitude, latitude] : ring) country.include(longitude, latitude);
  const std::vector<MapPlace> groups = item_groups();
  const Box near = country.empty() ? Box{-180, -90, 180, 90} : country.wider(kFarDegrees);
  Box shown = country;
  for (const std::vector<MapPlace>* list : {&places_, &groups})
    for (const MapPlace& place : *list)
      if (near.holds(place.longitude, place.latitude)) shown.include(place.longitude, place.latitude);
  if (shown.empty()) shown = {35, 32, 43, 38};
  const Projection to(shown.wider(kMarginDegrees));

  std::string out = text(kMargin, 24, "start", 16, title, "#1c1c1c", " font-weight=\"bold\"") + legend(words);
  for (const Outline& outline : outlines) out += path_of(outline, to);
  std::string names;
  for (const Outline& outline : outlines) {
    if (outline.rings.empty() || outline.code.empty()) continue;
    const auto [longitude, latitude] = middle_of(outline);
    names += text(to.x(longitude), to.y(latitude), "middle", 11, outline.name, "#6f6a5c", kHalo);
  }
  std::uint64_t far_items = 0, far_incidents = 0;
  for (const MapPlace& group : groups) {
    if (!near.holds(group.longitude, group.latitude)) {
      far_items += group.items;
      continue;
    }
    out += circle(to.x(group.longitude), to.y(group.latitude), radius_of(group.items) * 0.6, kItemColour,
                  true, fmt::format("{}: {}", words.evidence, group.items));
  }
  const std::vector<Mark> marks = marks_of(places_);
  std::string numbers;
  for (const Mark& mark : marks) {
    if (!near.holds(mark.longitude, mark.latitude)) {
      far_incidents += mark.incidents;
      continue;
    }
    const double x = to.x(mark.longitude), y = to.y(mark.latitude);
    out += circle(x, y, radius_of(mark.incidents), kIncidentColour, mark.certain, mark.title);
    if (mark.incidents > 1)
      numbers +=
          text(x, y + 4, "middle", 11, std::to_string(mark.incidents), "#1c1c1c", " font-weight=\"bold\"");
  }
  out += names + numbers;
  double height = to.height();
  if (far_items + far_incidents > 0) {
    out += text(kMargin, height, "start", 12,
                fmt::format("{}: {} {}, {} {}", words.outside, far_incidents, words.incidents, far_items,
                            words.evidence),
                "#555555");
    height += kMargin;
  }
  return {kWidth, height, title, std::move(out)};
}

}  // namespace dalil::formats
