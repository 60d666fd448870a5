#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "dalil/archive/model.hpp"
#include "json_value.hpp"

/// The fields of a register in one table: how each is called, what it may hold, and where an Incident keeps
/// it.
namespace dalil::formats {

using archive::Count;
using archive::Incident;

namespace kind {
struct Text {
  std::string Incident::*member;
  std::size_t max_bytes;
};
/// An ID, or a date or time: one line, without anything that cannot be seen.
struct Id {
  std::string Incident::*member;
};
struct Date {
  std::string Incident::*member;
};
struct TimeOfDay {
  std::string Incident::*member;
};
struct Offset {
  std::string Incident::*member;
};
struct Number {
  Count Incident::*member;
};
struct Qualifier {
  Count Incident::*member;
};
struct YesNo {
  std::optional<bool> Incident::*member;
};
struct Whole {
  std::optional<std::int64_t> Incident::*member;
};
struct Degrees {
  std::optional<double> Incident::*member;
  double limit;
};
struct Texts {
  std::vector<std::string> Incident::*member;
};
/// Any JSON value, kept as it was given.
struct Value {
  std::string Incident::*member;
};
struct Relations {};
/// `date_precision`: follows from `date`, and is checked against it rather than kept.
struct Precision {};
}  // namespace kind

using Kind = std::variant<kind::Text, kind::Id, kind::Date, kind::TimeOfDay, kind::Offset, kind::Number,
                          kind::Qualifier, kind::YesNo, kind::Whole, kind::Degrees, kind::Texts, kind::Value,
                          kind::Relations, kind::Precision>;

struct Field {
  std::string_view name;
  Kind kind;
};

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;  // clang 14 does not deduce it for aggregates

std::span<const Field> register_fields();
/// Null if the register has no such field.
const Field* find_field(std::string_view name);

/// Sets a field from JSON; null and empty texts, lists and objects clear it. Returns the problem, or nothing.
/// Types are checked here, values in register_check.cpp.
std::string assign_json(Incident& incident, const Field& field, const Json& value);
/// Absent if the incident does not state it.
std::optional<Json> field_json(const Incident& incident, const Field& field);

/// day, month, year; unknown without a date.
std::string_view precision_of(std::string_view date);
/// Empty, or why `stated` does not fit the date.
std::string precision_problem(const Incident& incident, std::string_view stated);

/// A field that the register does not know; clears it if `value` is empty.
void put_extra(Incident& incident, std::string_view name, std::string value_json);

/// Sets a field from a cell of a table, whose name may be dotted or unknown. Returns the problem, or nothing.
std::string assign_cell(Incident& incident, std::string_view name, std::string_view text);
/// True for register fields and for dotted names that lead into one.
bool is_known_name(std::string_view name);

/// A field of the group's own may be called `extra.NAME`, wherever the register has one that is called nearly
/// so: its name without that.
std::string_view own_name(std::string_view name);
/// As a register has to call it, for `own_name` to give it back.
std::string written_own_name(std::string_view name);
/// Of a name that the register does not know and that differs from one of its fields by a letter or two, or
/// in its case: that field's numbers would silently be those of nobody. Empty for any other.
std::string misspelling_problem(std::string_view name);

/// Problem of one field's value alone; empty if it is acceptable.
std::string field_problem(const Incident& incident, const Field& field);
/// Problem of one field of the group's own: an entry of Incident::extra.
std::string extra_problem(std::string_view name, std::string_view value_json);

}  // namespace dalil::formats
