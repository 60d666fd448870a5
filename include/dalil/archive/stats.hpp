#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/model.hpp"

/// Sums over incidents, each under a reading that is named (docs/incident-statistics.md).
namespace dalil::archive {

/// What rows are grouped by.
enum class Dimension {
  party,
  governorate,
  area_of_control,
  attribution,
  weapon_code,
  day,
  month,
  quarter,
  year,
};
const char* name_of(Dimension dimension);  ///< "party", "area_of_control" ...
std::optional<Dimension> dimension_from(std::string_view name);
std::vector<std::string> dimension_names();

/// Who is a child. Some reports add unborn children to the children, others do not: it is never guessed.
enum class Reading { as_stated, fetuses_as_children };

/// Which day decides on the month, the year and the range: that of the event, or (where the register gives
/// one) the day on which it was documented. Monthly reports count by the latter.
enum class DateBasis { happened, confirmed };

/// An incident that is `part_of` another is contained in the other's numbers. Counted once, its number is
/// left out of every row that holds a whole which states the same number.
enum class Parts { counted_once, added_up };

/// An incident that precedes or causes another is one story with it, and a register does not say whether both
/// state the same people. Added up, each has its own number; counted once, a row takes the greatest of them.
enum class Chains { added_up, counted_once };

/// A number that the register's author inferred, and says so in the incident's notes ("women=1 is inferred").
enum class Inferred { counted, left_out };

/// One way of grouping: a dimension, or a key of the caller's own.
struct Grouping {
  std::string name;
  /// As in the register; empty: the register does not say.
  std::function<std::string(const Incident&, DateBasis)> key;
  Grouping(Dimension dimension);
  Grouping(std::string grouping_name, std::function<std::string(const Incident&, DateBasis)> grouping_key)
      : name(std::move(grouping_name)), key(std::move(grouping_key)) {}
};

struct StatsQuestion {
  std::vector<Grouping> by;      ///< none: the sum over all is the only answer
  std::optional<DateSpan> days;  ///< the event's first day lies within
  Reading reading = Reading::as_stated;
  DateBasis basis = DateBasis::happened;
  Parts parts = Parts::counted_once;
  Chains chains = Chains::added_up;
  Inferred inferred = Inferred::counted;
};

/// The sum of one number over some incidents, and how much it rests on. Absent is not zero:
/// incidents = stated + not_stated + in_whole + in_chain.
struct Total {
  std::uint64_t sum = 0;
  std::uint64_t stated = 0;      ///< incidents whose number is in the sum
  std::uint64_t not_stated = 0;  ///< incidents that give no number
  std::uint64_t in_whole = 0;  ///< incidents left out, because a whole in the same row contains their number
  std::uint64_t in_chain = 0;  ///< incidents left out for a greater number of the same chain in the same row
  std::uint64_t inexact = 0;   ///< of `stated`: "at least", "about" ...
  std::uint64_t approximate = 0;  ///< of `inexact`: those that are no lower bound, "about" ...
  std::uint64_t at_least() const { return inexact - approximate; }
  /// Absent if no incident gave a number.
  std::optional<std::uint64_t> value() const { return stated > 0 ? std::optional(sum) : std::nullopt; }
  bool operator==(const Total&) const = default;
};

/// Whether a count's qualifier says that it is the least there were: "at least", "no less than", "more than",
/// in English or Arabic. Whatever else is said ("about", "up to") makes it approximate.
bool is_lower_bound(std::string_view qualifier);
/// ">=" of a sum of numbers that are exact or lower bounds, "~" if some are approximate, ">=~" of both kinds.
std::string mark_of(const Total& total);

struct StatsRow {
  std::vector<std::string> keys;  ///< one a dimension, as in the register; empty: the register does not say
  std::uint64_t incidents = 0;
  /// Incidents of the row that contain, precede or cause one another are one event.
  std::uint64_t events = 0;
  Total killed, children, women, fetuses, wounded, detained;
  bool operator==(const StatsRow&) const = default;
};

struct Stats {
  std::vector<StatsRow> rows;  ///< ascending by keys, an empty key last
  StatsRow all;                ///< over all rows, without keys; not always their sum (see Parts)
  std::uint64_t undated = 0;   ///< incidents without a date; left out if a range was asked for
  std::uint64_t outside = 0;   ///< left out by the range, without those undated
  std::uint64_t across =
      0;  ///< incidents whose possible days lie partly in the range, whether counted or not
};

Stats count_incidents(std::span<const Incident> incidents, const StatsQuestion& question);

/// 100 * part / whole; absent if either is absent, or the whole is zero.
std::optional<double> percent(std::optional<std::uint64_t> part, std::optional<std::uint64_t> whole);

}  // namespace dalil::archive
