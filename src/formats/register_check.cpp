#include <algorithm>
#include <set>

#include "dalil/base/text.hpp"
#include "dalil/base/time.hpp"
#include "dalil/formats/register.hpp"
#include "register_fields.hpp"

namespace dalil::formats {
namespace {

constexpr std::size_t kMaxIdBytes = 200;
constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxValueBytes = 65536;
constexpr std::size_t kMaxItems = 10000;
constexpr std::size_t kMaxOwnFields = 256;
/// Well above what one event can hold, and far below where sums could overflow.
constexpr std::int64_t kMaxCount = 1'000'000'000;

std::string too_long(std::size_t size, std::size_t limit) {
  return "is " + std::to_string(size) + " bytes long; at most " + std::to_string(limit) + " are kept";
}

/// Control and format characters of UTF-8: C0, DEL, C1, soft hyphen, Arabic letter mark, zero-width and
/// bidirectional marks, line separators, byte order mark.
bool holds_invisible(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t k) -> unsigned {
      return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
    };
    const unsigned a = at(i), b = at(i + 1), c = at(i + 2);
    if (a < 0x20 || a == 0x7F) return true;
    if (a == 0xC2 && (b < 0xA0 || b == 0xAD)) return true;
    if (a == 0xD8 && b == 0x9C) return true;
    if (a == 0xE2 && b == 0x80 && ((c >= 0x8B && c <= 0x8F) || (c >= 0xA8 && c <= 0xAE))) return true;
    if (a == 0xE2 && b == 0x81 && c >= 0xA0 && c <= 0xAF) return true;
    if (a == 0xEF && b == 0xBB && c == 0xBF) return true;
  }
  return false;
}

/// Line breaks and tabulators belong to texts; no other control character does.
bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
  });
}

std::string text_problem(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return too_long(text.size(), limit);
  if (!is_utf8(text)) return "is not UTF-8";
  if (holds_control(text)) return "holds a control character";
  return {};
}

std::string id_problem(std::string_view id) {
  if (id.empty()) return "is missing";
  if (id.size() > kMaxIdBytes) return too_long(id.size(), kMaxIdBytes);
  if (!is_utf8(id)) return "is not UTF-8";
  if (holds_invisible(id)) return "holds a control character or one that cannot be seen";
  if (id.front() == ' ' || id.back() == ' ') return "begins or ends with a blank";
  return {};
}

std::string date_problem(std::string_view date) {
  if (date.empty() || parse_date(date)) return {};
  if (date.size() > kMaxNameBytes) return too_long(date.size(), kMaxNameBytes);
  return "'" + escape_for_display(date) + "' is no date that exists; write 2017, 2017-09 or 2017-09-11";
}

std::optional<int> two_digits(std::string_view text) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
    return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

/// HH:MM or HH:MM:SS.
bool is_time_of_day(std::string_view text) {
  if (text.size() != 5 && text.size() != 8) return false;
  for (std::size_t i = 2; i < text.size(); i += 3) {
    if (text[i] != ':') return false;
  }
  const auto hour = two_digits(text.substr(0, 2));
  const auto minute = two_digits(text.substr(3, 2));
  const auto second = text.size() == 8 ? two_digits(text.substr(6, 2)) : 0;
  return hour && minute && second && *hour < 24 && *minute < 60 && *second < 60;
}

std::string time_problem(std::string_view text) {
  return text.empty() || is_time_of_day(text) ? std::string() : "must be a time of day such as 08:30";
}

std::string offset_problem(std::string_view text) {
  if (text.empty() || text == "Z") return {};
  constexpr int kFarthestHours = 14;  // Kiribati
  const bool is_signed = text.size() == 6 && (text[0] == '+' || text[0] == '-');
  const bool fits =
      is_signed && is_time_of_day(text.substr(1)) && *two_digits(text.substr(1, 2)) <= kFarthestHours;
  return fits ? std::string() : "must be an offset from UTC such as +03:00";
}

std::string number_range_problem(const std::optional<std::int64_t>& value) {
  if (value && *value < 0) return "is negative";
  if (value && *value > kMaxCount) return "is too large";
  return {};
}

std::string degrees_problem(const std::optional<double>& value, double limit) {
  // Written so that it also catches what is not a number.
  if (!value || (*value >= -limit && *value <= limit)) return {};
  return "must lie between -" + std::to_string(static_cast<int>(limit)) + " and " +
         std::to_string(static_cast<int>(limit));
}

std::string texts_problem(const std::vector<std::string>& texts) {
  if (texts.size() > kMaxItems) return "has more than " + std::to_string(kMaxItems) + " items";
  for (const std::string& text : texts) {
    if (std::string problem = text_problem(text, kMaxValueBytes); !problem.empty())
      return "an item " + problem;
  }
  return {};
}

std::string value_problem(const std::string& json) {
  if (json.empty()) return {};
  if (json.size() > kMaxValueBytes) return too_long(json.size(), kMaxValueBytes);
  return parse_value(json).problem;
}

std::string relations_problem(const Incident& incident) {
  if (incident.relations.size() > kMaxItems) return "has more than " + std::to_string(kMaxItems) + " items";
  for (const archive::Relation& relation : incident.relations) {
    if (std::string problem = id_problem(relation.type); !problem.empty()) return "a type " + problem;
    if (std::string problem = id_problem(relation.target); !problem.empty()) return "a target " + problem;
    if (relation.target == incident.id) return "an incident cannot relate to itself";
  }
  return {};
}

struct Weekday {
  const char* english;
  const char* arabic;
};
/// From Thursday, which 1970-01-01 was.
constexpr Weekday kWeekdays[] = {{"Thursday", "الخميس"},   {"Friday", "الجمعة"},  {"Saturday", "السبت"},
                                 {"Sunday", "الأحد"},      {"Monday", "الاثنين"}, {"Tuesday", "الثلاثاء"},
                                 {"Wednesday", "الأربعاء"}};
constexpr int kDaysPerWeek = 7;

int weekday_of(Day day) {
  return ((day % kDaysPerWeek) + kDaysPerWeek) % kDaysPerWeek;
}

/// In full or cut ("Mon"), in either language and however it is spelt.
std::optional<int> weekday_from(std::string_view name) {
  constexpr std::size_t kShortest = 3;
  for (int i = 0; i < kDaysPerWeek; ++i) {
    if (name == kWeekdays[i].english) return i;  // nearly always, and without folding
  }
  const std::string wanted = fold_for_search(name);
  for (int i = 0; i < kDaysPerWeek; ++i) {
    const bool english =
        wanted.size() >= kShortest && fold_for_search(kWeekdays[i].english).starts_with(wanted);
    if (english || wanted == fold_for_search(kWeekdays[i].arabic)) return i;
  }
  return std::nullopt;
}

std::string weekday_problem(const Incident& incident) {
  // A report may print the wrong day; the register then says so, and both are kept.
  if (incident.weekday_stated.empty() || incident.weekday_ok == false) return {};
  const std::optional<int> stated = weekday_from(incident.weekday_stated);
  if (!stated) return "is no weekday; if the source prints it so, set weekday_ok to false";
  const std::optional<DateSpan> date = parse_date(incident.date);
  if (!date || date->precision != DatePrecision::day || weekday_of(date->first) == *stated) return {};
  return "is '" + escape_for_display(incident.weekday_stated) + "', but " + incident.date + " was a " +
         kWeekdays[weekday_of(date->first)].english + "; if the source prints it so, set weekday_ok to false";
}

std::string date_end_problem(const Incident& incident) {
  if (incident.date_end.empty()) return {};
  if (incident.date.empty()) return "is given without 'date'";
  const auto first = parse_date(incident.date);
  const auto last = parse_date(incident.date_end);
  return first && last && last->last < first->first ? "lies before 'date'" : std::string();
}

std::string documented_problem(const Incident& incident) {
  const auto happened = parse_date(incident.date);
  const auto documented = parse_date(incident.documented_on);
  return happened && documented && documented->last < happened->first ? "lies before 'date'" : std::string();
}

/// Problems as a list that grows only by those that there are.
class Problems {
 public:
  void add(std::string_view field, std::string problem) {
    if (!problem.empty()) list_.push_back({0, 0, std::string(field), std::move(problem)});
  }
  std::vector<RegisterProblem> take() { return std::move(list_); }

 private:
  std::vector<RegisterProblem> list_;
};

void check_own_fields(const Incident& incident, Problems& problems) {
  if (incident.extra.size() > kMaxOwnFields) {
    problems.add("extra", "has more than " + std::to_string(kMaxOwnFields) + " fields of its own");
    return;
  }
  std::set<std::string_view> seen;
  for (const auto& [name, value] : incident.extra) {
    problems.add(name, extra_problem(name, value));
    if (!seen.insert(name).second) problems.add(name, "appears twice");
  }
}

}  // namespace

std::string field_problem(const Incident& incident, const Field& field) {
  return std::visit(
      Overloaded{
          [&](const kind::Text& f) { return text_problem(incident.*f.member, f.max_bytes); },
          [&](const kind::Id& f) { return id_problem(incident.*f.member); },
          [&](const kind::Date& f) { return date_problem(incident.*f.member); },
          [&](const kind::TimeOfDay& f) { return time_problem(incident.*f.member); },
          [&](const kind::Offset& f) { return offset_problem(incident.*f.member); },
          [&](const kind::Number& f) { return number_range_problem((incident.*f.member).value); },
          [&](const kind::Qualifier& f) {
            return text_problem((incident.*f.member).qualifier, kMaxNameBytes);
          },
          [&](const kind::Whole& f) { return number_range_problem(incident.*f.member); },
          [&](const kind::Degrees& f) { return degrees_problem(incident.*f.member, f.limit); },
          [&](const kind::Texts& f) { return texts_problem(incident.*f.member); },
          [&](const kind::Value& f) { return value_problem(incident.*f.member); },
          [&](const kind::Relations&) { return relations_problem(incident); },
          [&](const auto&) { return std::string(); },
      },
      field.kind);
}

std::string extra_problem(std::string_view name, std::string_view value_json) {
  if (name.empty()) return "a field has no name";
  if (is_known_name(name)) return "is a field of the register, and no field of its own";
  // A single incident with such a field would be taken for a whole register.
  if (name == "incidents") return "is the name of a register's list, and of no field";
  if (name.size() > kMaxNameBytes) return "its name " + too_long(name.size(), kMaxNameBytes);
  if (!is_utf8(name)) return "its name is not UTF-8";
  if (holds_invisible(name)) return "its name holds a control character or one that cannot be seen";
  return value_problem(std::string(value_json));
}

std::vector<RegisterProblem> validate(const Incident& incident) {
  Problems problems;
  for (const Field& field : register_fields()) problems.add(field.name, field_problem(incident, field));
  problems.add("date_end", date_end_problem(incident));
  problems.add("documented_on", documented_problem(incident));
  problems.add("weekday_stated", weekday_problem(incident));
  if (incident.latitude.has_value() != incident.longitude.has_value()) {
    problems.add(incident.latitude ? "longitude" : "latitude", "is missing, but its counterpart is given");
  }
  check_own_fields(incident, problems);
  return problems.take();
}

}  // namespace dalil::formats
