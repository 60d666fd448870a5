#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/base/time.hpp"
#include "dalil/formats/page.hpp"

/// Incidents and evidence in the order of their time, as a page or a picture that stands for itself.
namespace dalil::formats {

/// What is shown together. Longer ones take in what is known less precisely.
enum class Step : std::uint8_t { hour, day, month, year };
const char* name_of(Step step);
std::optional<Step> step_from(std::string_view name);
/// The shortest one that a time between these (inclusive, local) lies in as a whole; absent if it may have
/// been in several years.
std::optional<Step> step_of(std::int64_t from_ms, std::int64_t to_ms);

struct TimelineIncident {
  std::string id, date, time;  ///< as the register has them
  DateSpan days;
  std::optional<std::int32_t> minute_of_day;  ///< by the clocks there
  std::string where, party, numbers, words;   ///< may be empty
  std::uint64_t items = 0;                    ///< evidence that is linked to it
  std::uint64_t candidates = 0;               ///< items that candidate links alone lead to it
};

struct TimelineItem {
  std::string id, kind, time;  ///< as lists show them, with what is known of the zone
  std::string volume, path;    ///< of a copy; both empty: there is none
  std::string path_note;       ///< "(vanished)", "(+2)" for further copies
  /// By the clocks of the zone that the timeline is in; of an unknown zone as the camera's clock had it.
  std::int64_t local_ms = 0;
  Step known = Step::hour;  ///< as exactly as it is known: of `day` it is in no hour
  struct Incident {
    std::string id;
    bool candidate = false;
  };
  std::vector<Incident> incidents;
};

/// Gathers what is to be shown. Counts everything, and keeps so many items as a page can hold.
class Timeline {
 public:
  static constexpr std::size_t kMostItems = 2000;

  std::string title, zone;  ///< zone: "Asia/Damascus", "UTC+03:00"
  std::vector<std::string> remarks;
  PageLanguage language = PageLanguage::english;

  void add(TimelineIncident incident);
  void add(TimelineItem item);
  void add_undated_incident() { ++undated_incidents_; }
  void add_undated_item() { ++undated_items_; }

  /// Hours of a few days; else the shortest step that makes at most a hundred or so of what there is.
  Step fitting_step() const;
  std::string page(Step step) const;
  Picture picture(Step step) const;
  /// Of each step that has any: its name ("2017-09-11 08:00", "2017-09"), incidents and items.
  struct Count {
    std::string name;
    std::uint64_t incidents = 0, items = 0;
  };
  std::vector<Count> counts(Step step) const;

  std::uint64_t incidents() const { return incidents_.size(); }
  std::uint64_t items() const { return item_count_; }
  std::uint64_t undated_incidents() const { return undated_incidents_; }
  std::uint64_t undated_items() const { return undated_items_; }

 private:
  struct Slot {
    std::vector<const TimelineIncident*> incidents;
    std::vector<const TimelineItem*> items;
    std::uint64_t item_count = 0;
  };
  std::map<std::string, Slot> slots(Step step) const;

  std::vector<TimelineIncident> incidents_;
  std::vector<TimelineItem> shown_items_;
  std::map<std::pair<std::int64_t, Step>, std::uint64_t> items_by_hour_;  ///< since 1970, as far as known
  std::uint64_t item_count_ = 0, undated_incidents_ = 0, undated_items_ = 0;
};

}  // namespace dalil::formats
