#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/condition.hpp"

/// What is done with the rows that `find` returned.
namespace dalil::archive {

enum class SortBy : std::uint8_t { added, made, size, duration, copies, name };
std::optional<SortBy> sort_by_from(std::string_view name);
std::vector<std::string> sort_by_names();
/// Ascending, equal ones as they were added; items without a value come last, either way. `made` is the
/// verified time (its beginning), else the embedded one, else the one by the name, in the order of the local
/// clock.
void sort_rows(View& view, std::vector<Row>& rows, SortBy by, bool descending, const LocalClock& local = {});

/// By what results can be counted.
std::vector<std::string> facet_names();
struct FacetCount {
  std::string value;  ///< empty: nothing is known
  std::uint64_t items = 0;
  std::uint64_t candidates = 0;  ///< of those, by a candidate link alone, if the value is an incident's
  bool operator==(const FacetCount&) const = default;
};
/// Whether it is one of the incidents that items are linked to.
bool is_of_incidents(std::string_view facet);
/// How many of the items have each value; most first, of equal ones by value. An item that is linked to
/// several incidents, or lies on several volumes, counts once for each value that it has. Error(invalid) for
/// a name that is none; Error(wrong_key) if the role cannot see it.
std::vector<FacetCount> count_by(View& view, const std::vector<Row>& rows, std::string_view facet,
                                 const LocalClock& local = {});

/// Whether any test is about a time of a file; about a text.
bool asks_for_time(const Condition& condition);
bool asks_for_text(const Condition& condition);
/// Whether one that is denied is about a time: what may lie within it is then left out, also where that is in
/// doubt.
bool denies_time(const Condition& condition);
/// The same question, with every time that is in doubt taken for one of any zone, and `made` for any of an
/// item's times: a clock may have been wrong altogether.
Condition as_wide_as_possible(Condition condition);

/// Whether any test is about where an incident was.
bool asks_for_incident_place(const Condition& condition);
/// The same question, with incidents of which only an area is known that reaches into what is asked for. What
/// is denied stays as it is.
Condition with_whole_areas(Condition condition);

/// On what answers to a question about time rest. Of a verified time neither clock nor zone is in doubt.
struct TimeDoubts {
  std::uint64_t unknown_zone = 0;  ///< by a clock whose zone nobody recorded
  std::uint64_t utc_claimed = 0;   ///< by a time that claims UTC without the format demanding it
  std::uint64_t day_or_less = 0;   ///< by a time that is no more precise than a day, verified or not
};
/// By the verified time, else the embedded, else the one of the name; by that alone if the question is about
/// no other.
TimeDoubts time_doubts(View& view, const std::vector<Row>& rows, const Condition& condition);

}  // namespace dalil::archive
