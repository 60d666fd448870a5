#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "needle.hpp"
#include "suggest_score.hpp"

/// What suggestions are made from: the items' columns and links, the incidents by time and place, and what
/// came in one batch.
namespace dalil::archive {

/// What is known of all items, by row.
class ItemTable {
 public:
  explicit ItemTable(View& view);

  Row count() const { return static_cast<Row>(taken_.size()); }
  ItemClue clue(Row item) const;
  /// Some link stands, candidates included.
  bool is_linked(Row item) const { return linked_[item]; }
  /// Incidents of which it is evidence: of links that stand and are no candidates. Null if there are none.
  const std::vector<Row>* evidence_of(Row item) const;
  /// A link between them stands, or was withdrawn.
  bool was_tied(Row item, Row incident) const;
  /// Its clock's reading, to be compared with that of the same camera; absent if it has none.
  std::optional<std::int64_t> reading(Row item) const;
  bool reads_alike(Row a, Row b) const { return (basis_[a] == 0) == (basis_[b] == 0); }
  std::uint32_t camera(Row item) const { return camera_[item]; }  ///< row + 1; 0: none
  const std::unordered_map<Row, std::vector<Row>>& all_evidence() const { return evidence_; }

 private:
  void read_links(View& view);
  void read_verified(View& view);
  struct Verified {
    std::optional<Interval> time;
    std::optional<Circle> place;
  };

  std::vector<std::uint64_t> taken_, claimed_, place_;
  std::vector<std::uint8_t> basis_, precision_, claimed_basis_, claimed_precision_;
  std::vector<std::uint32_t> camera_;
  std::vector<bool> linked_;
  std::unordered_map<Row, Verified> verified_;
  std::unordered_map<Row, std::vector<Row>> evidence_;
  std::unordered_set<std::uint64_t> ties_;  ///< item and incident
};

/// Incidents by time and place.
class IncidentTable {
 public:
  /// Of the question it takes where places are, and what they are called.
  IncidentTable(View& view, const SuggestQuestion& question);
  Row count() const { return static_cast<Row>(clues_.size()); }
  const IncidentClue& clue(Row incident) const { return clues_[incident]; }
  /// Those that may be near in time, or, of an item without a time, in place.
  std::vector<Row> near(const ItemClue& item) const;

  struct Name {
    Row incident;
    std::string id, place;  ///< as `spaced_words` gives them; a place of fewer than four letters is empty
    std::optional<DateSpan> days;
    std::size_t spellings;  ///< in `spellings`
  };
  const std::vector<Name>& names() const { return names_; }
  /// What a place is called otherwise.
  const std::vector<Needle>& spellings(const Name& name) const { return spellings_[name.spellings]; }

 private:
  void add_near_in_place(const Circle& place, std::vector<Row>& found) const;
  std::vector<IncidentClue> clues_;
  std::vector<std::pair<std::int64_t, Row>> by_time_;  ///< begin; of those that are known to some days
  std::map<std::pair<int, int>, std::vector<Row>> by_cell_;
  std::vector<Name> names_;
  std::vector<std::vector<Needle>> spellings_;
};

/// Folded for search, with one blank between words and one at each end; hyphens and the like are blanks.
std::string spaced_words(std::string_view text);

/// Which incidents a folder's path names.
class PathNames {
 public:
  explicit PathNames(const IncidentTable& incidents);
  std::vector<std::pair<Row, Named>> find(const std::string& path) const;

 private:
  struct Phrase {
    std::size_t name;  ///< in `names`
    bool is_id;
  };
  const IncidentTable& incidents_;
  const std::vector<IncidentTable::Name>& names_;
  std::unordered_map<std::string, std::vector<Phrase>> by_word_;  ///< the rarest of each phrase
  std::multimap<Day, std::size_t> by_day_;
};

/// One sign that an item came together with evidence of an incident.
struct BatchSign {
  Row incident;
  Ground ground;
  std::int64_t a = 0;   ///< folder: of it; camera, source: ms apart; path: Named
  std::uint32_t b = 0;  ///< folder: linked; source: its row
  int points = 0;
};

/// What came in one batch with evidence that is linked: same folder, same camera or source at about the same
/// time.
class Batches {
 public:
  /// Of the items that `wanted` says.
  Batches(View& view, const ItemTable& items, const IncidentTable& incidents,
          const std::vector<bool>& wanted);
  /// The weightiest sign of each incident and ground.
  std::vector<BatchSign> of(Row item) const;

 private:
  void read_folders(View& view, const IncidentTable& incidents, const std::vector<bool>& wanted);
  void read_sources(View& view);
  void add_cameras(Row item, std::vector<BatchSign>& signs) const;
  void add_sources(Row item, std::vector<BatchSign>& signs) const;

  const ItemTable& items_;
  std::unordered_map<Row, std::vector<BatchSign>> by_item_;
  /// Evidence by its clock's reading: of each camera, of each source.
  using Timed = std::vector<std::pair<std::int64_t, Row>>;
  std::unordered_map<std::uint32_t, Timed> by_camera_;
  std::unordered_map<Row, Timed> by_source_;
  std::unordered_map<Row, std::vector<Row>> sources_of_;
};

}  // namespace dalil::archive
