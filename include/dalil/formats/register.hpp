#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/archive/stats.hpp"

/// Registers of incidents as groups keep them (docs/formats/register.md).
namespace dalil::formats {

inline constexpr std::size_t kMaxRegisterBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxRegisterDepth = 32;
inline constexpr std::size_t kMaxRegisterRows = 250'000;
/// More are not listed; the last one then says so.
inline constexpr std::size_t kMaxRegisterProblems = 1000;

/// Every way in which a register is not acceptable, each with its place: "row 7 (line 212), field 'killed':
/// ...".
struct RegisterProblem {
  std::size_t row = 0;   ///< 1-based, of the incident; 0: the file as a whole
  std::size_t line = 0;  ///< 1-based, in the file; 0: unknown
  std::string field;     ///< may be empty
  std::string problem;
  bool operator==(const RegisterProblem&) const = default;
  /// As above, without what is unknown; safe for a terminal.
  std::string text() const;
};

struct Register {
  std::vector<archive::Incident> incidents;
  std::vector<RegisterProblem> problems;  ///< when there are any, nothing may be imported
  std::string published_totals_json;      ///< the report's own totals if the file carries them; else empty
  std::vector<std::pair<std::string, std::string>>
      extra;  ///< what else stands beside the incidents: name, JSON
};

/// {"incidents": [...]}, a bare array, or one incident. UTF-8, with or without a byte order mark.
/// Never throws for bad content.
Register read_register_json(std::string_view text);
/// RFC 4180 with a header line of the same field names (nested ones with dots: source.report); `,` or `;` or
/// TAB. Never throws for bad content.
Register read_register_csv(std::string_view text);

/// One incident in the same JSON that read_register_json takes. Fields that the register does not state are
/// left out; `indent` as in nlohmann's dump: -1 for one line.
std::string incident_to_json(const archive::Incident& incident, int indent = -1);

/// Sets one field by its register name, as in a cell of a CSV register. Empty text clears it.
///
/// A field of the group's own is set as `extra.NAME`; without the prefix only if the incident has it already,
/// so that a misspelt name is no new field. Returns the problem, or nothing; the incident is unchanged if
/// there is one. What concerns several fields (an end before its beginning) is left to `validate`.
std::string set_incident_field(archive::Incident& incident, std::string_view field, std::string_view text);
/// The field of the register whose name is nearest to one that it does not know; empty if none is near.
std::string similar_field_name(std::string_view name);
/// In the register's order; without `date_precision`, which follows from `date`.
std::vector<std::string> incident_field_names();
/// Problems of one incident (missing id, impossible date, negative count ...).
std::vector<RegisterProblem> validate(const archive::Incident& incident);

/// What a published percentage by party is a share of.
enum class ShareOf { incidents, killed };

/// What a figure may rest on beside the plain sum of what happened in the period. Bits of a set.
enum class Assumption : unsigned {
  fetuses_as_children = 1,  ///< unborn children are counted as children
  confirmed = 2,            ///< an event counts in the period in which it was confirmed
  inferred = 4,             ///< numbers count that the register's author inferred, and says so
  heading = 8,  ///< party and governorate are those it is listed under, where its paragraph names others
};
const char* name_of(Assumption assumption);  ///< "fetuses_as_children"
/// "unborn children are counted as children"
const char* text_of(Assumption assumption);

/// An assumption that a figure needs.
struct Need {
  Assumption assumption = Assumption::heading;
  std::string without;  ///< what follows without it; empty if nothing does
};

/// One figure that a report prints, beside the one that follows from its own list of incidents.
struct PublishedFigure {
  std::string figure;     ///< its place in the totals: "killed_by_party.ISIS.children"
  std::string published;  ///< as printed; empty if the report leaves out a group that the register has
  std::string computed;   ///< empty if no incident gives a number
  bool follows = false;
  std::string note;  ///< what the computed figure rests on: "137 stated + 2 fetuses; 6 of 43 give no number"
  std::vector<Need> needs{};  ///< of one that follows: without any of these it would not
  /// Of one that does not follow: a set of assumptions under which it would; empty if there is none.
  std::optional<std::vector<Assumption>> follows_under{};
};

struct PublishedComparison {
  /// Of all readings the one under which most figures follow; all figures are computed under it.
  archive::Reading reading = archive::Reading::as_stated;
  ShareOf shares_of = ShareOf::incidents;
  std::vector<Assumption> assumptions;  ///< of that reading, as far as they change anything
  std::optional<DateSpan> period;  ///< that the totals are of; absent: no incident is left out for its date
  std::vector<PublishedFigure> figures;
  std::vector<std::string> not_compared;  ///< names in the totals that are no figure known here, as `note`
};

/// Compares a report's own totals (Register::published_totals_json) with those of the incidents.
///
/// `period` is what the totals are of. Without one it is the month (else the year) in which all incidents
/// were confirmed, or happened where the register does not say when they were confirmed.
PublishedComparison compare_published(std::string_view published_totals_json,
                                      std::span<const archive::Incident> incidents,
                                      std::optional<DateSpan> period = std::nullopt);

}  // namespace dalil::formats
