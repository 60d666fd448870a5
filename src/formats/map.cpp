#include "dalil/formats/map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr std::size_t kMostCells = 3000;

std::int64_t floor_half(std::int64_t value) {
  return (value - (value % 2 != 0 && value < 0 ? 1 : 0)) / 2;
}

const char* text_of(Known known, const PageWords& words) {
  switch (known) {
    case Known::itself:
      return words.own_position;
    case Known::place:
      return words.place_position;
    case Known::area:
      return words.area_position;
  }
  return "";
}

constexpr const char* kStyle =
    "body{font-family:'DejaVu Sans','Noto Sans','Noto Sans "
    "Arabic',sans-serif;margin:2em;color:#1c1c1c;max-width:70em}"
    "svg{max-width:100%;height:auto}table{border-collapse:collapse;margin:1em 0;width:100%}"
    "th,td{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:start;vertical-align:top;font-size:.9em}"
    "td.n,th.n{text-align:end}.meta{color:#555;font-size:.9em}";

std::string row_of(const MapPlace& place, const PageWords& words) {
  std::string incidents;
  for (const auto& [id, line] : place.incidents)
    incidents += fmt::format("{}<b dir=\"auto\">{}</b> <span dir=\"auto\">{}</span>",
                             incidents.empty() ? "" : "<br>", markup_text(id), markup_text(line));
  return fmt::format(
      "<tr><td dir=\"auto\">{}</td><td dir=\"auto\">{}</td><td "
      "class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
      markup_text(place.name), markup_text(place.governorate), place.incidents.size(),
      text_of(place.known, words), incidents);
}

}  // namespace

void Map::add_incident(const MapPlace& where, const std::string& id, const std::string& words) {
  const auto same = std::ranges::find_if(places_, [&](const MapPlace& place) {
    return place.latitude == where.latitude && place.longitude == where.longitude &&
           place.known == where.known && place.name == where.name;
  });
  MapPlace& place = same == places_.end() ? places_.emplace_back(where) : *same;
  place.incidents.emplace_back(id, words);
}

void Map::add_item(double latitude, double longitude) {
  ++item_count_;
  ++cells_[{std::llround(std::floor(latitude / cell_degrees_)),
            std::llround(std::floor(longitude / cell_degrees_))}];
  while (cells_.size() > kMostCells) coarsen();
}

/// Four cells become one.
void Map::coarsen() {
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> wider;
  for (const auto& [cell, count] : cells_) wider[{floor_half(cell.first), floor_half(cell.second)}] += count;
  cells_ = std::move(wider);
  cell_degrees_ *= 2;
}

std::vector<MapPlace> Map::item_groups() const {
  std::vector<MapPlace> groups;
  for (const auto& [cell, count] : cells_) {
    MapPlace group;
    group.latitude = (static_cast<double>(cell.first) + 0.5) * cell_degrees_;
    group.longitude = (static_cast<double>(cell.second) + 0.5) * cell_degrees_;
    group.items = count;
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string Map::page() const {
  const PageWords& words = page_words(language);
  std::size_t incidents = unplaced_.size();
  for (const MapPlace& place : places_) incidents += place.incidents.size();
  std::string body = fmt::format("<h1 dir=\"auto\">{}</h1>\n<p>{}: {} · {}: {}</p>\n", markup_text(title),
                                 words.incidents, incidents, words.evidence, item_count_ + unplaced_items_);
  for (const std::string& remark : remarks)
    body += fmt::format("<p class=\"meta\" dir=\"auto\">{}</p>\n", markup_text(remark));
  body += svg(picture(), false);
  std::vector<MapPlace> ordered = places_;
  std::ranges::stable_sort(ordered, {},
                           [](const MapPlace& place) { return std::pair(place.governorate, place.name); });
  body += fmt::format("<table>\n<tr><th>{}</th><th>{}</th><th class=\"n\">{}</th><th>{}</th><th></th></tr>\n",
                      words.place, words.governorate, words.incidents, words.position);
  for (const MapPlace& place : ordered) body += row_of(place, words);
  body += "</table>\n";
  if (!unplaced_.empty() || unplaced_items_ > 0) {
    body += fmt::format("<h2>{}</h2>\n<p>{}: {} · {}: {}</p>\n<p dir=\"auto\">", words.unknown_place,
                        words.incidents, unplaced_.size(), words.evidence, unplaced_items_);
    for (const std::string& id : unplaced_) body += markup_text(id) + " ";
    body += "</p>\n";
  }
  return html_page({language, title, kStyle, body});
}

}  // namespace dalil::formats
