#include "link_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <unordered_set>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

/// PATH_MAX of most tools. Longer paths are looked at from their end, where the telling folder names are.
constexpr std::size_t kLongestSubject = 4096;

// std::regex backtracks: one stack frame and more a character, and exponential time for a careless
// expression. The breadth-first engine of libstdc++ needs neither; its price is that back-references are
// refused.
#ifdef __GLIBCXX__
constexpr auto kEngine = std::regex_constants::__polynomial;
#else
constexpr auto kEngine = std::regex_constants::optimize;
#endif

std::regex compile(const std::string& expression) {
  try {
    return std::regex(expression, std::regex::ECMAScript | kEngine);
  } catch (const std::regex_error& error) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is no regular expression for --incident-from: {}", in_quotes(expression),
                            error.what()),
                "for example 'SNHR-[0-9]{4}-[0-9]{2}-[0-9]{2}-[A-Z0-9-]+'; back-references are not possible");
  }
}

std::string folded_place(std::string text) {
  std::ranges::replace(text, '.', ' ');
  std::string folded = fold_text(text);
  while (!folded.empty() && folded.back() == ' ') folded.pop_back();
  folded.erase(0, folded.find_first_not_of(' ') == std::string::npos ? 0 : folded.find_first_not_of(' '));
  return folded;
}

/// 2017-09-11, also written 2017_09_11, 2017.09.11 or 20170911.
std::optional<DateSpan> lenient_date(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  if (text.size() == 8 && text.find('-') == std::string::npos) text.insert(6, "-").insert(4, "-");
  return parse_date(text);
}

struct Placed {
  std::string id, place;
  DateSpan days;
  const archive::Place* known;  ///< the same by the gazetteer; null if that has none
};

}  // namespace

std::vector<jobs::LinkRule> read_link_map(std::string_view csv, archive::LinkType default_type) {
  const auto rows = parse_csv(csv);
  if (!rows) throw Error(ErrorCode::invalid, "the map is no CSV: a quote is left open");
  std::vector<jobs::LinkRule> rules;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    if (i == 0 && row.size() >= 2 && row[0] == "pattern" && row[1] == "incident") continue;
    if (row.size() < 2 || row.size() > 3 || row[0].empty() || row[1].empty()) {
      throw Error(ErrorCode::invalid, fmt::format("row {} of the map is not pattern,incident[,type]", i + 1));
    }
    const bool typed = row.size() == 3 && !row[2].empty();
    rules.push_back({row[0], row[1], typed ? link_type_named(row[2]) : default_type});
  }
  return rules;
}

struct IncidentFinder::State {
  std::regex expression;
  std::unordered_set<std::string> ids;
  std::shared_ptr<const archive::Gazetteer> gazetteer;
  std::vector<Placed> placed;
};

IncidentFinder::IncidentFinder(const std::string& expression, const std::vector<archive::Incident>& incidents,
                               std::shared_ptr<const archive::Gazetteer> gazetteer)
    : state_(std::make_unique<State>()) {
  state_->gazetteer = std::move(gazetteer);
  state_->expression = compile(expression);
  if (state_->expression.mark_count() > 2) {
    throw Error(ErrorCode::usage, "the expression for --incident-from has more than two groups",
                "one group is an incident's id, two are a date and a place; (?:...) groups without counting");
  }
  for (const archive::Incident& incident : incidents) {
    state_->ids.insert(incident.id);
    const auto days = incident.days();
    if (days && !incident.place.empty())
      state_->placed.push_back(
          {incident.id, folded_place(incident.place), *days,
           state_->gazetteer ? state_->gazetteer->locate(incident.governorate, incident.place) : nullptr});
  }
}

IncidentFinder::~IncidentFinder() = default;

std::optional<std::string> IncidentFinder::find(const std::string& path) {
  const std::string subject =
      path.size() > kLongestSubject ? path.substr(path.size() - kLongestSubject) : path;
  std::smatch match;
  if (!std::regex_search(subject, match, state_->expression)) {
    const std::lock_guard lock(mutex_);
    ++without_match_;
    return std::nullopt;
  }
  if (match.size() == 3) return by_date_and_place(path, match[1], match[2]);
  return by_id(path, match.size() == 2 ? match[1] : match[0]);
}

std::optional<std::string> IncidentFinder::by_id(const std::string& path, const std::string& id) {
  if (state_->ids.contains(id)) return id;
  note(path, "no incident " + in_quotes(id));
  return std::nullopt;
}

std::optional<std::string> IncidentFinder::by_date_and_place(const std::string& path, const std::string& date,
                                                             const std::string& place) {
  const auto days = lenient_date(date);
  if (!days) {
    note(path, in_quotes(date) + " is no date");
    return std::nullopt;
  }
  const std::string wanted = folded_place(place);
  std::vector<std::string> fitting;
  const auto take = [&](const auto& is_there) {
    for (const Placed& incident : state_->placed) {
      const bool same_days = incident.days.first <= days->last && days->first <= incident.days.last;
      if (same_days && is_there(incident)) fitting.push_back(incident.id);
    }
  };
  take([&](const Placed& incident) { return incident.place == wanted; });
  if (fitting.empty() && state_->gazetteer) {
    const auto called_so = state_->gazetteer->find(wanted);
    take([&](const Placed& incident) {
      return incident.known != nullptr && std::ranges::find(called_so, incident.known) != called_so.end();
    });
  }
  if (fitting.size() == 1) return fitting.front();
  const std::string what = in_quotes(date) + " and " + in_quotes(place);
  if (fitting.empty()) {
    note(path, "no incident fits " + what);
  } else {
    std::string names;
    for (const std::string& id : fitting) names += (names.empty() ? "" : ", ") + escape_for_display(id);
    note(path, "several incidents fit " + what + ": " + names);
  }
  return std::nullopt;
}

void IncidentFinder::note(const std::string& path, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  Note& entry = notes_[reason];
  if (entry.files++ == 0) entry.first_path = path;
}

}  // namespace dalil::cli
