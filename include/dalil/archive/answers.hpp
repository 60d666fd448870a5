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
/// embedded time, else the one by the name, as a clock reads it.
void sort_rows(View& view, std::vector<Row>& rows, SortBy by, bool descending);

/// By what results can be counted.
std::vector<std::string> facet_names();
struct FacetCount {
  std::string value;  ///< empty: nothing is known
  std::uint64_t items = 0;
  bool operator==(const FacetCount&) const = default;
};
/// How many of the items have each value; most first, of equal ones by value. An item that is linked to
/// several incidents, or lies on several volumes, counts once for each value that it has. Error(invalid) for
/// a name that is none; Error(wrong_key) if the role cannot see it.
std::vector<FacetCount> count_by(View& view, const std::vector<Row>& rows, std::string_view facet);

/// Whether any test is about a time.
bool asks_for_time(const Condition& condition);
/// The same question, with every time of unknown zone taken for one of any zone.
Condition with_any_zone(Condition condition);
/// Of these items, how many have an embedded time, or else one by their name, whose zone is unknown; and how
/// many have one that is no more precise than a day.
struct TimeDoubts {
  std::uint64_t unknown_zone = 0, day_or_less = 0;
};
TimeDoubts time_doubts(View& view, const std::vector<Row>& rows);

}  // namespace dalil::archive
