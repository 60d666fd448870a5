#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/find.hpp"
#include "incident_summary.hpp"
#include "schema.hpp"

namespace dalil::archive {

/// One byte an item (or an incident, or a word): whether it still matches.
using Matches = std::vector<std::uint8_t>;

/// Leaves what is in both.
inline void keep(Matches& matches, const Matches& also) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] &= also[i];
}
/// Leaves what is not in the other.
inline void take_out(Matches& matches, const Matches& others) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] &= static_cast<std::uint8_t>(others[i] ^ 1);
}
inline void add(Matches& matches, const Matches& more) {
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] |= more[i];
}

/// Whether any row of a stretch is still of interest.
inline bool any_in(const Matches& matches, Row first, Row count) {
  return std::memchr(matches.data() + first, 1, std::min<std::size_t>(count, matches.size() - first)) !=
         nullptr;
}

/// Answers a condition from the columns, narrowing what still matches: blocks in which nothing does are not
/// opened.
class Evaluator {
 public:
  Evaluator(View& view, const Query& query);
  /// Takes out of `matches` the items that do not meet the condition.
  void narrow(const Condition& condition, Matches& matches);

 private:
  using Condition = archive::Condition;

  void narrow_all(const Condition& all, Matches& matches);
  void narrow_any(const std::vector<Condition>& parts, Matches& matches);
  void narrow_test(const Test& test, Matches& matches);
  // evaluate_items.cpp
  void narrow_digest(const std::string& prefix, Matches& matches);
  void narrow_number(const Test& test, Matches& matches);
  void narrow_camera(const Test& test, Matches& matches);
  void narrow_time(Field field, const TimeSpan& span, Matches& matches);
  void narrow_verified(const TimeSpan& span, Matches& matches, Matches* without);
  void narrow_area(const Area& area, Matches& matches);
  void narrow_shown(const Area& area, Matches& matches);
  void narrow_verified_place(const Area& where, const schema::Column& place, const schema::Column& radius,
                             Matches& matches, Matches* without);
  void narrow_tag(const Test& test, Matches& matches);
  /// Items that bear one of these tags.
  Matches tagged(const Matches& tags);
  void narrow_words(const schema::Column& column, const Test& test, Matches& matches);
  void narrow_source(const Test& test, Matches& matches);
  void narrow_consent(const std::string& scope, Matches& matches);
  void narrow_is(const std::string& word, Matches& matches);
  void narrow_has(const std::string& word, Matches& matches);
  // evaluate_text.cpp
  void narrow_text(const std::string& words, Matches& matches);
  void find_in_texts(const schema::Column& column, const std::vector<std::string>& needles,
                     const Matches& among, Matches& found);
  void find_tagged(const std::vector<std::string>& needles, Matches& found);
  // evaluate_links.cpp
  struct LinkTest;
  void narrow_links(const Condition& condition, Matches& matches);
  LinkTest link_test(const Condition& condition);
  bool follow_chains(const Matches& incidents, Matches& found);
  void follow_chain(Row incident, Matches& found);
  void find_linked(Matches incidents, Matches& found);
  void scan_links(const LinkTest& test, Matches& found);
  Matches linked();
  Matches incidents_where(const Condition& condition);
  Matches incidents_where(const Test& test);
  Matches incidents_with_text(const std::vector<std::string>& needles);
  Matches incidents_near(const Area& where);
  /// By row of the words plus one; of no text: false.
  Matches words_where(const Test& test);
  const std::vector<std::string>& folded_words();
  const std::vector<IncidentSummary>& summaries();
  // evaluate_copies.cpp
  void narrow_copies(const Condition& condition, bool live_only, Matches& matches);
  void narrow_by_copy_index(const Condition& condition, bool live_only, Matches& matches);
  /// Calls for each volume with live copies of the item, for the items that match.
  void narrow_live(Matches& matches, const std::function<bool(Row volume, bool sound, bool damaged)>& any);
  void narrow_copy_count(const NumberSpan& span, Matches& matches);
  Row volume_row(const std::string& label);

  /// What a text may be called otherwise, folded; itself first.
  std::vector<std::string> needles_of(const std::string& text) const;
  Area located(const Area& area);

  View& view_;
  const Query& query_;
  ledger::Reader& reader_;
  std::vector<std::string> folded_words_;
  std::vector<IncidentSummary> summaries_;
  std::optional<std::vector<Volume>> volumes_;
};

/// Scans a fixed column and keeps the items whose value passes.
template <typename Passes>
void filter(ledger::Reader& reader, const schema::Column& column, Matches& matches, Passes passes) {
  for (Row first = 0, block = 0; first < matches.size(); first += column.rows_per_block, ++block) {
    if (!any_in(matches, first, column.rows_per_block)) continue;
    reader.scan(
        column,
        [&](Row begin, Row count, ByteView values) {
          for (Row i = 0; i < count && begin + i < matches.size(); ++i)
            if (matches[begin + i] != 0)
              matches[begin + i] =
                  static_cast<std::uint8_t>(passes(values.data() + std::size_t{i} * column.width, begin + i));
          return true;
        },
        block, block + 1);
  }
}

/// Error(invalid) if no single link or copy could ever meet this.
void refuse_impossible(const Condition& condition);
/// Whether a place as a column has it lies in an area that is no name.
bool lies_within(const Area& area, std::uint64_t place);
/// The area with everything that is so near to it.
Area widened(Area area, std::uint32_t by_m);
/// Whether a time lies, or may lie, in a span.
bool may_lie_within(const TimeSpan& span, std::int64_t ms, media::ZoneBasis basis, std::uint8_t precision,
                    const LocalClock& local);

}  // namespace dalil::archive
