#include <algorithm>
#include <cctype>
#include <cmath>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "name_words.hpp"
#include "schema.hpp"
#include "suggest_parts.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// What is known no better than this is suggested for other reasons than its time.
constexpr std::int64_t kKnownWellMs = 8 * kDayMs;
constexpr double kCellDegrees = 0.25, kKmPerDegree = 111.2, kLargestRadiusKm = 100;
constexpr std::size_t kShortestPlace = 4;

int cell_of(double degrees) {
  return static_cast<int>(std::floor(degrees / kCellDegrees));
}

bool known_well(const std::optional<Interval>& time) {
  return time && time->to_ms - time->from_ms <= kKnownWellMs;
}

}  // namespace

std::string spaced_words(std::string_view text) {
  std::string out = " ";
  for (const char c : fold_text(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool part_of_word = byte >= 0x80 || std::isalnum(byte) != 0;
    if (part_of_word)
      out += c;
    else if (out.back() != ' ')
      out += ' ';
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

IncidentTable::IncidentTable(View& view, const SuggestQuestion& question) : spellings_(1) {
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  const auto spellings_of = [&](const Incident& incident) -> std::size_t {
    if (!question.place_names) return 0;
    const auto [found, is_new] = known.try_emplace({incident.governorate, incident.place}, spellings_.size());
    if (is_new) {
      std::vector<Needle>& needles = spellings_.emplace_back();
      for (const std::string& name : question.place_names(incident))
        if (const auto words = words_of(name); !words.empty()) needles.push_back(Needle::name(words));
    }
    return found->second;
  };
  std::vector<Incident> incidents;
  view.reader().scan_variable(kIncidentRecord, [&](Row, ByteView bytes) {
    records::Incident record;
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      throw Error(ErrorCode::corrupt, "an incident's record is ill-formed", "run 'dalil check'");
    incidents.push_back(from_record(record));
    return true;
  });
  for (Row row = 0; row < incidents.size(); ++row) {
    const Incident& incident = incidents[row];
    IncidentClue clue = clue_of(incident);
    if (!clue.place && question.locate) clue.place = question.locate(incident);
    if (known_well(clue.time)) by_time_.emplace_back(clue.time->from_ms, row);
    if (clue.place && clue.place->radius_km <= kLargestRadiusKm)
      by_cell_[{cell_of(clue.place->latitude), cell_of(clue.place->longitude)}].push_back(row);
    Name name{row, spaced_words(incident.id), spaced_words(incident.place), incident.days(),
              spellings_of(incident)};
    if (name.place.size() < kShortestPlace + 2) name.place.clear();
    names_.push_back(std::move(name));
    clues_.push_back(clue);
  }
  std::ranges::sort(by_time_);
}

void IncidentTable::add_near_in_place(const Circle& place, std::vector<Row>& found) const {
  const double km = kFarthestKm + std::min(place.radius_km, kLargestRadiusKm) + kLargestRadiusKm;
  const double north = km / kKmPerDegree;
  const double east = north / std::max(0.1, std::cos(place.latitude * 3.14159265358979 / 180));
  for (int y = cell_of(place.latitude - north); y <= cell_of(place.latitude + north); ++y)
    for (auto at = by_cell_.lower_bound({y, cell_of(place.longitude - east)});
         at != by_cell_.end() && at->first.first == y && at->first.second <= cell_of(place.longitude + east);
         ++at)
      found.insert(found.end(), at->second.begin(), at->second.end());
}

std::vector<Row> IncidentTable::near(const ItemClue& item) const {
  std::vector<Row> found;
  if (known_well(item.time)) {
    const std::int64_t from = item.time->from_ms - kLongestAfterMs - kKnownWellMs;
    const std::int64_t to = item.time->to_ms + kLongestBeforeMs;
    for (auto at = std::ranges::lower_bound(by_time_, std::pair{from, Row{0}});
         at != by_time_.end() && at->first <= to; ++at)
      found.push_back(at->second);
  } else if (item.place) {
    add_near_in_place(*item.place, found);
  }
  return found;
}

PathNames::PathNames(const IncidentTable& incidents) : incidents_(incidents), names_(incidents.names()) {
  std::unordered_map<std::string, std::size_t> frequency;
  const auto for_each_word = [](const std::string& phrase, const auto& visit) {
    for (std::size_t at = 1; at < phrase.size();) {
      const std::size_t end = phrase.find(' ', at);
      visit(phrase.substr(at, end - at));
      at = end + 1;
    }
  };
  for (const IncidentTable::Name& name : names_)
    for (const std::string* phrase : {&name.id, &name.place})
      for_each_word(*phrase, [&](const std::string& word) { ++frequency[word]; });
  for (std::size_t i = 0; i < names_.size(); ++i) {
    for (const bool is_id : {true, false}) {
      std::string rarest;
      for_each_word(is_id ? names_[i].id : names_[i].place, [&](const std::string& word) {
        if (rarest.empty() || frequency[word] < frequency[rarest]) rarest = word;
      });
      if (!rarest.empty()) by_word_[rarest].push_back({i, is_id});
    }
    const auto& days = names_[i].days;
    if (days && days->first == days->last) by_day_.emplace(days->first, i);
  }
}

namespace {
/// Days that a path names: 2017-09-14, 2017_09_14, 20170914, 14.09.2017.
std::set<Day> days_in(const std::string& words) {
  std::set<Day> days;
  const auto add = [&](const std::string& year, const std::string& month, const std::string& day) {
    const auto is_number = [](const std::string& text, std::size_t size) {
      return text.size() == size && text.find_first_not_of("0123456789") == std::string::npos;
    };
    if (!is_number(year, 4) || !is_number(month, 2) || !is_number(day, 2)) return;
    if (const auto known = day_from_civil(std::stoi(year), std::stoi(month), std::stoi(day)))
      days.insert(*known);
  };
  std::vector<std::string> list;
  for (std::size_t at = 1; at < words.size();) {
    const std::size_t end = words.find(' ', at);
    list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].size() == 8) add(list[i].substr(0, 4), list[i].substr(4, 2), list[i].substr(6));
    if (i + 2 >= list.size()) continue;
    add(list[i], list[i + 1], list[i + 2]);
    add(list[i + 2], list[i + 1], list[i]);
  }
  return days;
}
}  // namespace

std::vector<std::pair<Row, Named>> PathNames::find(const std::string& path) const {
  const std::string words = spaced_words(path);
  std::map<Row, std::set<Named>> hits;
  for (std::size_t at = 1; at < words.size();) {
    const std::size_t end = words.find(' ', at);
    const auto phrases = by_word_.find(words.substr(at, end - at));
    at = end + 1;
    if (phrases == by_word_.end()) continue;
    for (const Phrase& phrase : phrases->second) {
      const IncidentTable::Name& name = names_[phrase.name];
      if (words.find(phrase.is_id ? name.id : name.place) != std::string::npos)
        hits[name.incident].insert(phrase.is_id ? Named::id : Named::place);
    }
  }
  for (const Day day : days_in(words))
    for (auto [at, end] = by_day_.equal_range(day); at != end; ++at) {
      const IncidentTable::Name& name = names_[at->second];
      hits[name.incident].insert(Named::day);
      if (stands_in(words, incidents_.spellings(name))) hits[name.incident].insert(Named::place);
    }
  std::vector<std::pair<Row, Named>> found;
  for (const auto& [incident, named] : hits) {
    const bool both = named.contains(Named::place) && named.contains(Named::day);
    found.emplace_back(incident, named.contains(Named::id) ? Named::id
                                 : both                    ? Named::day_and_place
                                                           : *named.begin());
  }
  return found;
}

}  // namespace dalil::archive
