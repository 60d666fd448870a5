#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dalil/base/local_time.hpp"
#include "dalil/ledger/keyring.hpp"

namespace dalil::archive {

/// What a condition can ask for. The table `fields()` says what each takes and where it looks.
enum class Field : std::uint8_t {
  // of an item
  text,
  digest,
  size,
  kind,
  format,
  width,
  height,
  duration,
  camera,
  software,
  made,
  time,
  embedded,
  claimed,
  verified,
  near,
  box,
  shows_near,
  shows_box,
  source,
  consent,
  tag,
  state,
  copies,
  is,
  has,
  // of a link, and of the incident that it leads to
  link_type,
  link_state,
  incident,
  incident_date,
  governorate,
  place,
  party,
  weapon,
  area,
  target,
  attribution,
  killed,
  children,
  women,
  fetuses,
  wounded,
  detained,
  incident_near,
  incident_box,
  incident_text,
  // of a copy
  volume,
  on,
  health,
  path,
  checked,
};

/// Inclusive.
struct NumberSpan {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  bool contains(std::uint64_t value) const { return value >= least && value <= most; }
  bool operator==(const NumberSpan&) const = default;
};

/// Milliseconds since 1970, UTC; the end is exclusive.
struct TimeSpan {
  std::int64_t begin_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t end_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t tolerance_ms = 0;  ///< by which it is wider at both ends
  /// A time of unknown zone, or one that claims UTC without the format demanding it, may be of any zone
  /// (UTC-12 to UTC+14).
  bool any_zone = false;
  bool operator==(const TimeSpan&) const = default;
};

/// A part of the Earth: a circle around a point, or around what a name or an incident stands for, or a box.
struct Area {
  enum class Kind : std::uint8_t { circle, box, named, incident } kind = Kind::circle;
  double latitude = 0, longitude = 0;               ///< degrees: of a circle
  double south = 0, west = 0, north = 0, east = 0;  ///< of a box; west may be greater than east
  double radius_m = 0;                              ///< 0: of a name, what its place has
  /// Of incidents: also those of which only an area is known, a district for instance, that reaches into it.
  bool any_area = false;
  std::string name;  ///< a place's, or an incident's ID
  bool operator==(const Area&) const = default;
};

using Value = std::variant<std::string, NumberSpan, TimeSpan, Area>;

struct Test {
  Field field = Field::text;
  bool exact = false;  ///< a text: the whole of it, not a part
  Value value;
  bool negated = false;  ///< of a link or a copy: this very one is something else
  bool operator==(const Test&) const = default;
};

/// A question to every item, link or copy: tests joined by and, or, not.
struct Condition {
  enum class Kind : std::uint8_t {
    all,   ///< of the parts; of none: true
    any,   ///< of the parts; of none: false
    none,  ///< the opposite of its one part
    test,
    link,  ///< one and the same link (and its incident) meets the one part
    copy,  ///< one and the same live copy meets it
  } kind = Kind::all;
  Test test{};
  std::vector<Condition> parts{};
  bool operator==(const Condition&) const = default;

  static Condition of(Field field, Value value, bool exact = false) {
    return {Kind::test, {field, exact, std::move(value), false}, {}};
  }
  static Condition any_of(std::vector<Condition> parts) { return {Kind::any, {}, std::move(parts)}; }
  static Condition all_of(std::vector<Condition> parts) { return {Kind::all, {}, std::move(parts)}; }
  static Condition not_of(Condition part) { return {Kind::none, {}, {std::move(part)}}; }
  bool is_nothing() const { return kind == Kind::all && parts.empty(); }
};

/// Which thing a test is about.
enum class Scope : std::uint8_t { item, link, copy };
enum class ValueKind : std::uint8_t { text, word, number, size, duration, time, area, box };

struct FieldInfo {
  Field field;
  const char* name;  ///< as queries write it
  Scope scope;
  ValueKind value;
  ledger::SealClass seal_class;  ///< which must be readable
  const char* help;
};
std::span<const FieldInfo> fields();
const FieldInfo& info_of(Field field);
/// Null if there is none.
const FieldInfo* field_named(std::string_view name);

/// Reads a query (docs/find.md): `governorate:Idlib (weapon:barrel or killed>=10) not is:reviewed "text"`.
/// Days and hours without an offset are by the local clock. `saved` gives the text of a saved
/// query, which `@NAME` stands for. Error(invalid) says where it could not be understood and what was
/// expected; so do queries that are nested deeper than 64 or longer than 64 KiB.
struct QueryReader {
  LocalClock local{};
  std::function<std::string(const std::string& name)> saved{};
  Condition read(std::string_view query) const;
};

}  // namespace dalil::archive
