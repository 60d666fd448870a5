#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/condition.hpp"

namespace dalil::archive {

/// A question: a condition, and filters for what is asked for most, all of which have to be met. An absent
/// filter lets everything pass.
struct Query {
  std::vector<std::string> incidents;  ///< any of these IDs
  std::optional<LinkType> link_type;
  std::vector<std::string> path_parts;  ///< every one occurs in the path of some copy, folded for search
  std::string digest_prefix;            ///< hexadecimal
  std::optional<DateSpan> embedded;  ///< the file's own metadata; unknown zones match if the local day does
  std::optional<DateSpan> claimed;   ///< by the file's name
  std::optional<DateSpan> incident_date;
  std::optional<media::MediaKind> kind;
  std::optional<std::uint64_t> min_size, max_size;  ///< bytes, inclusive
  std::string camera;                               ///< part of make, model or serial, folded
  std::optional<bool> linked;                       ///< to any incident
  std::string volume;                               ///< label or ID: a live copy there
  std::vector<std::string> sources;                 ///< assigned to any of these aliases
  std::vector<Consent> consents;                    ///< the strictest scope among its sources is one of these
  bool without_source = false;                      ///< together with `consents`: or no source is assigned
  LocalClock local{};  ///< by which days and hours are meant, and clocks whose zone nobody recorded are read
  std::size_t limit = SIZE_MAX;
  Condition where;
  /// From so many items on, two threads look, each at one half.
  std::size_t worth_two_threads = 100'000;
  // These are asked from two threads at once.
  /// What a text may be called otherwise: spellings of a place's name. They are looked for as whole words.
  std::function<std::vector<std::string>(const std::string& text)> other_names;
  /// What is meant by a value of this field: whether a register's words say that. Empty if it is not known;
  /// then words that hold the value are taken for it.
  using Meaning = std::function<bool(const std::string& words)>;
  std::function<Meaning(Field field, const std::string& value)> meaning;
  /// What is meant by the name of a place: whether a register's governorate, and what it says of the place,
  /// name it, or what lies in it. Empty if it is not known; then words that hold the name are taken for it.
  using PlaceMeaning = std::function<bool(const std::string& governorate, const std::string& words)>;
  std::function<PlaceMeaning(const std::string& name)> place_meaning;
  /// Where an incident without coordinates was, by its governorate and place: a circle. Absent if nobody
  /// knows.
  std::function<std::optional<Area>(const std::string& governorate, const std::string& place)> incident_place;
  /// The same where nothing better is known than a district or a governorate: what holds it.
  std::function<std::optional<Area>(const std::string& governorate, const std::string& place)> incident_area;
  /// Where a place of this name is: a circle. Absent if none is known.
  std::function<std::optional<Area>(const std::string& name)> place_named;
};

/// Everything that a query asks for, as one condition.
Condition condition_of(const Query& query);

/// Whether a copy of an item that matched is one that was asked for: it meets the tests on copies that stand
/// side by side with everything else. Lives no longer than the view.
std::function<bool(const CopyInfo& copy)> copies_meant(View& view, const Query& query);

/// Rows of the items that match, in ascending order.
///
/// A scan of the sealed columns that the filters need and of no others, and of those blocks alone in which
/// something still matches. Error(wrong_key) if a filter needs a
/// class that the role cannot read, whatever the archive holds; Error(not_found) for an incident, a volume or
/// a source that does not exist.
std::vector<Row> find(View& view, const Query& query);
/// The same by another condition: of the query only its names, its clock and its limit are used.
std::vector<Row> find(View& view, const Condition& condition, const Query& query);

}  // namespace dalil::archive
