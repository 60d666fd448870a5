#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "copy_test.hpp"
#include "dalil/archive/find.hpp"
#include "incident_summary.hpp"
#include "needle.hpp"
#include "schema.hpp"
#include "stretch.hpp"

namespace dalil::archive {

/// What a condition comes to: what is found once for all items has been found (those linked to an incident,
/// for instance), the rest is asked of each stretch's columns.
struct Plan {
  enum class Kind : std::uint8_t { all, any, none, test } kind = Kind::all;
  std::vector<Plan> parts{};
  Narrow narrow{};  ///< of a test
  /// Where known: rows, ascending, of all items that can match.
  std::optional<std::vector<Row>> only{};

  /// Takes out of `matches` the items that do not meet it.
  void apply(const Stretch& stretch, Matches& matches) const;
};

/// Runs on this thread with `view`, and, if there is another view, on a second one with that.
void on_two_threads(View& view, View* twin, const std::function<void(View& view)>& work);

/// Makes plans. What links, descriptions, tags and sources say is found meanwhile.
class Planner {
 public:
  /// `twin`: a second view of the same state, or null.
  Planner(View& view, View* twin, const Query& query);
  /// Of a whole question. Tests that take the copy index are left out of it if they have to be met in any
  /// case: `late` has them, to be asked of what else remains.
  Plan plan(const Condition& condition);
  std::vector<CopyTest> late;

 private:
  using Condition = archive::Condition;

  /// `outermost`: it has to be met in any case.
  Plan part(const Condition& condition, bool outermost);
  Plan all(const Condition& condition, bool outermost);
  Plan any(const std::vector<Condition>& parts);
  Plan copies(const Condition& condition, bool live_only, bool outermost);
  Narrow test(const Test& test);
  // plan_items.cpp
  Narrow camera(const Test& test);
  Narrow words(const schema::Column& column, const Test& test);
  Narrow tag(const Test& test);
  Narrow source(const Test& test);
  Narrow consent(const std::string& scope);
  Narrow is(const std::string& word);
  Narrow has(const std::string& word);
  /// Tags whose names, folded, pass.
  Matches tags_where(const std::function<bool(const std::string& folded)>& passes);
  /// Items that bear one of these tags.
  ItemSet tagged(const Matches& tags);
  Narrow within(ItemSet set) const;
  // plan_places.cpp
  Area located(const Area& area);
  // plan_text.cpp
  Narrow texts(const std::vector<std::string>& words);
  ItemSet with_text_elsewhere(const std::vector<Needle>& needles);
  Matches incidents_with_text(const std::vector<Needle>& needles);
  ItemSet reviewed_with_text(const std::vector<Needle>& needles);
  /// The text itself comes first, then what it may be called otherwise.
  std::vector<Needle> needles_of(const std::string& text) const;
  void add_names_of_runs(const std::vector<std::string>& texts,
                         std::vector<std::vector<Needle>>& needles) const;
  // plan_links.cpp
  struct LinkTest;
  Plan links(const Condition& condition);
  LinkTest link_test(const Condition& condition);
  /// Absent where a scan, which opens each block once, is faster.
  std::optional<std::vector<Row>> follow_chains(const Matches& incidents);
  ItemSet scan_links(const LinkTest& test);
  static void scan_block(ledger::Reader& reader, const LinkTest& test, std::uint32_t block, ItemSet& found);
  ItemSet linked_to(Matches incidents);
  ItemSet linked();
  ItemSet set_of(const std::vector<Row>& items);
  // plan_incidents.cpp
  Matches incidents_where(const Condition& condition);
  Matches incidents_where(const Test& test);
  Matches incidents_that_meet(const Test& test);
  Matches incidents_in(const Query::PlaceMeaning& means);
  Matches incidents_near(const Area& where);
  /// By its own coordinates, else where the place that it names is known to lie: a circle. `any_area`: also
  /// of a district or a governorate, if nothing better is known.
  std::optional<Area> place_of(const IncidentSummary& incident, bool any_area = false);
  std::string word_of(const IncidentSummary& incident, IncidentWord which);
  /// By row of the words plus one; of no text: false.
  Matches words_where(const Test& test);
  const std::vector<std::string>& folded_words();
  const std::vector<IncidentSummary>& summaries();
  // plan_copies.cpp
  Narrow copy_count(const NumberSpan& span);

  View& view_;
  View* twin_;
  const Query& query_;
  ledger::Reader& reader_;
  std::vector<std::string> folded_words_;
  std::vector<IncidentSummary> summaries_;
};

/// Whether every test beneath is about this, so that one and the same link or copy can be asked for all of
/// it.
bool is_about(const Condition& condition, Scope scope);
/// Error(invalid) if no single link or copy could ever meet this.
void refuse_impossible(const Condition& condition);
/// Items among these of which a copy meets the test, by the copy index, which is read whole.
/// `among`: null for all.
ItemSet by_copy_index(View& view, const CopyTest& test, std::size_t items, const ItemSet* among);

// Tests that need nothing but their columns: plan_items.cpp, plan_copies.cpp, plan_times.cpp, plan_places.cpp
Narrow plain_test(const Test& test);
/// With a damaged live copy; without a live copy that is not known to be damaged.
Narrow damaged();
Narrow lost();
Narrow made_in(const TimeSpan& span, const LocalClock& local);
Narrow embedded_in(const TimeSpan& span, const LocalClock& local);
Narrow claimed_in(const TimeSpan& span, const LocalClock& local);
Narrow verified_in(const TimeSpan& span);
/// Whether a time lies, or may lie, in a span.
bool may_lie_within(const TimeSpan& span, std::int64_t ms, media::ZoneBasis basis, std::uint8_t precision,
                    const LocalClock& local);
Narrow made_at(const Area& where);
Narrow shows(const Area& where);
/// Whether a place as a column has it lies in an area that is no name.
bool lies_within(const Area& area, std::uint64_t place);
/// The area with everything that is so near to it.
Area widened(Area area, std::uint32_t by_m);

}  // namespace dalil::archive
