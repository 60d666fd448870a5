#include "dalil/formats/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "json_value.hpp"

namespace dalil::formats {
namespace {

constexpr std::size_t kMaxEntries = 100'000;

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Error(ErrorCode::invalid, fmt::format("{}: {}", where, problem));
}

/// Members of one JSON object, with a place for messages.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) refuse(where_, "is not an object with members");
  }
  const std::string& where() const { return where_; }

  std::string text(const char* name, bool required = false) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) {
      if (required) refuse(where_, fmt::format("has no '{}'", name));
      return {};
    }
    return text_of(*found, name);
  }
  std::optional<double> number(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if (!found->is_number()) refuse(where_, fmt::format("'{}' is no number", name));
    return found->get<double>();
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> all;
    for (const Json& value : list(name)) all.push_back(text_of(value, name));
    return all;
  }
  std::vector<std::pair<std::string, std::string>> by_language(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_object() || found->empty())
      refuse(where_, fmt::format("'{}' is to hold a name by language, as {{\"en\": \"...\"}}", name));
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& [language, value] : found->items()) names.emplace_back(language, text_of(value, name));
    return names;
  }
  /// Empty if it is not there.
  Json list(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return Json::array();
    if (!found->is_array()) refuse(where_, fmt::format("'{}' is no list", name));
    if (found->size() > kMaxEntries) refuse(where_, fmt::format("'{}' is too long", name));
    return *found;
  }
  bool has(const char* name) const { return object_.contains(name); }

 private:
  std::string text_of(const Json& value, const char* name) const {
    if (!value.is_string()) refuse(where_, fmt::format("'{}' is no text", name));
    std::string text = value.get<std::string>();
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
      refuse(where_, fmt::format("'{}' is empty", name));
    return text;
  }

  const Json& object_;
  std::string where_;
};

Json parse(std::string_view json) {
  if (json.size() > kMaxVocabularyBytes) refuse("vocabulary", "is too large");
  if (json.starts_with("\xef\xbb\xbf")) json.remove_prefix(3);
  if (!is_utf8(json)) refuse("vocabulary", "is not UTF-8 text");
  ParsedValue parsed = parse_value(json);
  if (!parsed.value) refuse("vocabulary", parsed.problem);
  return std::move(*parsed.value);
}

/// "term 3 ('isis')": the code if there is one, so that the entry is found in a long file.
std::string place_of(const char* what, std::size_t index, const Json& entry) {
  std::string where = fmt::format("{} {}", what, index + 1);
  if (!entry.is_object()) return where;
  const auto code = entry.find("code");
  if (code != entry.end() && code->is_string())
    where += " ('" + escape_for_display(code->get<std::string>().substr(0, 80)) + "')";
  return where;
}

// What a file may hold; "parent" for "parents" would be a hierarchy silently lost.
constexpr std::string_view kRootMembers[] = {"vocabulary", "title", "licence", "source",
                                             "note",       "terms", "places"};
constexpr std::string_view kTermMembers[] = {"code", "names", "aliases", "parents", "from", "to", "note"};
constexpr std::string_view kPlaceMembers[] = {"code",     "level",     "parent",    "names",    "aliases",
                                              "latitude", "longitude", "radius_km", "geonames", "note"};

void refuse_unknown(const Json& object, const std::string& where, std::span<const std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string names;
    for (const std::string_view one : known) names += (names.empty() ? "" : ", ") + std::string(one);
    refuse(where, fmt::format("'{}' is no member of it; there are: {}", escape_for_display(name), names));
  }
}

/// Reading what was stated earlier overlooks these mistakes; a file that is to be stated must not have them.
void refuse_misspelt(const Json& root) {
  refuse_unknown(root, "vocabulary", kRootMembers);
  const bool gazetteer = root.contains("places");
  if (gazetteer && root.contains("terms")) refuse("vocabulary", "has both 'terms' and 'places'");
  const Json& list = root.at(gazetteer ? "places" : "terms");
  if (list.empty()) refuse("vocabulary", gazetteer ? "has no places" : "has no terms");
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = place_of(gazetteer ? "place" : "term", i, list[i]);
    const std::span<const std::string_view> terms = kTermMembers, places = kPlaceMembers;
    refuse_unknown(list[i], where, gazetteer ? places : terms);
    if (gazetteer) continue;  // places share their names
    std::set<std::string> own;
    for (const auto& [language, name] : list[i].at("names").items())
      own.insert(archive::term_key(name.get<std::string>()));
    for (const std::string& key : own)
      if (const auto [other, first] = names.emplace(key, where); !first)
        refuse(where, fmt::format("bears the name '{}', as {} does", escape_for_display(key), other->second));
  }
}

archive::Term term_from(const Members& members) {
  archive::Term term;
  term.code = members.text("code", true);
  term.parents = members.texts("parents");
  term.names = members.by_language("names");
  term.aliases = members.texts("aliases");
  term.from = members.text("from");
  term.to = members.text("to");
  term.note = members.text("note");
  return term;
}

archive::Place place_from(const Members& members) {
  archive::Place place;
  place.code = members.text("code", true);
  const std::string level = members.text("level", true);
  const auto known = archive::place_level_from(level);
  if (!known)
    refuse(members.where(), "is of no known level: '" + escape_for_display(level) +
                                "'; governorate, district, subdistrict or place");
  place.level = *known;
  place.parent = members.text("parent");
  place.names = members.by_language("names");
  place.aliases = members.texts("aliases");
  place.latitude = members.number("latitude");
  place.longitude = members.number("longitude");
  place.radius_km = members.number("radius_km").value_or(0);
  return place;
}

std::string name_in(const Json& root) {
  return Members(root, "vocabulary").text("vocabulary", true);
}

archive::Vocabulary vocabulary_from(const Json& root) {
  const Members members(root, "vocabulary");
  if (!members.has("terms")) refuse("vocabulary", "has no list of 'terms'");
  std::vector<archive::Term> terms;
  const Json list = members.list("terms");
  for (std::size_t i = 0; i < list.size(); ++i)
    terms.push_back(term_from(Members(list[i], place_of("term", i, list[i]))));
  return {name_in(root), std::move(terms)};
}

archive::Gazetteer gazetteer_from(const Json& root) {
  const Members members(root, "gazetteer");
  if (!members.has("places")) refuse("gazetteer", "has no list of 'places'");
  std::vector<archive::Place> places;
  const Json list = members.list("places");
  for (std::size_t i = 0; i < list.size(); ++i)
    places.push_back(place_from(Members(list[i], place_of("place", i, list[i]))));
  return archive::Gazetteer(std::move(places));
}

}  // namespace

VocabularyFile read_vocabulary_file(std::string_view json) {
  const Json root = parse(json);
  VocabularyFile file;
  file.name = name_in(root);
  if (file.name == kGazetteer) {
    (void)gazetteer_from(root);
  } else {
    (void)vocabulary_from(root);
  }
  refuse_misspelt(root);
  const Members members(root, "vocabulary");
  file.title = members.text("title");
  file.licence = members.text("licence");
  file.source = members.text("source");
  file.canonical = canonical(root);
  return file;
}

archive::Vocabulary read_vocabulary(std::string_view json) {
  const Json root = parse(json);
  if (name_in(root) == kGazetteer) refuse("vocabulary", "is a gazetteer: it has places and no terms");
  return vocabulary_from(root);
}

archive::Gazetteer read_gazetteer(std::string_view json) {
  const Json root = parse(json);
  const std::string name = name_in(root);
  if (name != kGazetteer) refuse("vocabulary '" + escape_for_display(name) + "'", "is no gazetteer");
  return gazetteer_from(root);
}

std::string print_vocabulary(std::string_view json) {
  const Json root = parse(json);
  std::string out = "{";
  const char* separator = "\n";
  for (const auto& [name, value] : root.items()) {
    out += separator + fmt::format(" {}: ", canonical(Json(name)));
    separator = ",\n";
    if (!value.is_array()) {
      out += canonical(value);
      continue;
    }
    out += "[";
    for (std::size_t i = 0; i < value.size(); ++i) out += (i == 0 ? "\n  " : ",\n  ") + canonical(value[i]);
    out += "\n ]";
  }
  return out + "\n}\n";
}

std::vector<Outline> read_outlines(std::string_view json) {
  const Json root = parse(json);
  const Json list = Members(root, "outlines").list("outlines");
  std::vector<Outline> outlines;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Members members(list[i], place_of("outline", i, list[i]));
    Outline outline{members.text("code"), members.text("name", true), {}};
    for (const Json& ring : members.list("rings")) {
      if (!ring.is_array() || ring.size() % 2 != 0 || ring.size() < 6)
        refuse(members.where(), "a ring is to be a list of longitude, latitude, longitude ...");
      auto& points = outline.rings.emplace_back();
      for (std::size_t j = 0; j < ring.size(); j += 2) {
        if (!ring[j].is_number() || !ring[j + 1].is_number())
          refuse(members.where(), "a ring holds no numbers");
        const double longitude = ring[j].get<double>(), latitude = ring[j + 1].get<double>();
        if (!(std::abs(longitude) <= 180 && std::abs(latitude) <= 90))
          refuse(members.where(), "a ring leaves the earth");
        points.emplace_back(longitude, latitude);
      }
    }
    outlines.push_back(std::move(outline));
  }
  return outlines;
}

}  // namespace dalil::formats
