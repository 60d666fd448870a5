#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dalil/formats/page.hpp"
#include "dalil/formats/vocabulary.hpp"

/// Incidents and evidence by place, as a page or a picture that stands for itself.
namespace dalil::formats {

/// How well a position is known. The lesser ones are better.
enum class Known : std::uint8_t { itself, place, area };

struct MapPlace {
  double latitude = 0, longitude = 0;
  Known known = Known::itself;
  std::string name, governorate;
  std::vector<std::pair<std::string, std::string>> incidents;  ///< id, a line of words
  std::uint64_t items = 0;
};

/// Gathers what is to be shown. What lies at the same place is shown together; items that lie close to one
/// another, so closely that there are no more than a few thousand groups.
class Map {
 public:
  std::string title;
  std::vector<std::string> remarks;
  PageLanguage language = PageLanguage::english;
  std::vector<Outline> outlines;  ///< with the names to be shown

  void add_incident(const MapPlace& where, const std::string& id, const std::string& words);
  void add_item(double latitude, double longitude);
  void add_unplaced_incident(const std::string& id) { unplaced_.push_back(id); }
  void add_unplaced_item() { ++unplaced_items_; }

  Picture picture() const;
  std::string page() const;

  /// Places of incidents, and then groups of items, each with its count.
  const std::vector<MapPlace>& places() const { return places_; }
  std::vector<MapPlace> item_groups() const;
  std::uint64_t items() const { return item_count_; }
  std::uint64_t unplaced_items() const { return unplaced_items_; }
  std::size_t unplaced_incidents() const { return unplaced_.size(); }

 private:
  void coarsen();

  std::vector<MapPlace> places_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> cells_;  ///< of cell_degrees_
  double cell_degrees_ = 0.01;
  std::uint64_t item_count_ = 0, unplaced_items_ = 0;
  std::vector<std::string> unplaced_;
};

}  // namespace dalil::formats
