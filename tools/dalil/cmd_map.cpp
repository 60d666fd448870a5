#include <fmt/format.h>

#include "command.hpp"
#include "dalil/formats/map.hpp"
#include "dalil/formats/page_text.hpp"
#include "evidence_query.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "page_forms.hpp"
#include "refs.hpp"
#include "vocabularies.hpp"

namespace dalil::cli {
namespace {

struct MapOptions {
  QueryOptions query;
  std::string out, language, title;
};

const char* code_of(formats::PageLanguage language) {
  return language == formats::PageLanguage::arabic ? "ar" : "en";
}

/// Where an incident is: as its register says, else where its place is, else its governorate.
class Placing {
 public:
  Placing(archive::View& view, formats::PageLanguage language)
      : gazetteer_(gazetteer_of(view)), language_(code_of(language)) {}

  std::optional<formats::MapPlace> place(const archive::Incident& incident) const {
    formats::MapPlace where;
    where.name = incident.place;
    where.governorate = incident.governorate;
    const archive::Place* found = gazetteer_.locate(incident.governorate, incident.place);
    const bool by_place = found != nullptr;
    if (!by_place) {
      const auto named = gazetteer_.find(incident.governorate, archive::PlaceLevel::governorate);
      if (named.size() == 1) found = named.front();
    }
    if (found != nullptr) {
      where.governorate = gazetteer_.governorate_of(*found)->name(language_);
      if (by_place) where.name = found->name(language_);
    }
    if (incident.latitude && incident.longitude) {
      where.latitude = *incident.latitude;
      where.longitude = *incident.longitude;
      return where;
    }
    const auto position = found != nullptr ? gazetteer_.position(*found) : std::nullopt;
    if (!position) return std::nullopt;
    where.latitude = position->latitude;
    where.longitude = position->longitude;
    where.known = by_place && position->of == found->code ? formats::Known::place : formats::Known::area;
    return where;
  }

  std::vector<formats::Outline> outlines() const {
    std::vector<formats::Outline> named = shipped_outlines();
    for (formats::Outline& outline : named)
      if (const archive::Place* place = gazetteer_.by_code(outline.code))
        outline.name = place->name(language_);
    return named;
  }

 private:
  archive::Gazetteer gazetteer_;
  std::string language_;
};

/// `verified_items` counts those that lie where an analyst verified it.
formats::Map map_of(archive::View& view, const Evidence& evidence, const MapOptions& options,
                    std::uint64_t& verified_items) {
  formats::Map map;
  map.language = language_named(options.language);
  map.title = options.title.empty() ? formats::page_text(map.language, "Map") : options.title;
  const Placing placing(view, map.language);
  map.outlines = placing.outlines();
  map.remarks.push_back(
      formats::page_text(map.language, "outlines: Natural Earth; places: OCHA, GeoNames (CC BY 4.0)"));
  for (const archive::Row row : evidence.incidents) {
    const archive::Incident incident = view.incident(row).incident;
    const auto where = placing.place(incident);
    const std::string numbers = formats::page_text(map.language, numbers_text(incident));
    if (where) {
      map.add_incident(*where, incident.id, incident.date + (numbers.empty() ? "" : ": " + numbers));
    } else {
      map.add_unplaced_incident(incident.id);
    }
  }
  for (const archive::Row row : evidence.items) {
    if (const auto verified = assessment_of(view, row).made) {
      map.add_item(verified->latitude, verified->longitude);
      ++verified_items;
      continue;
    }
    const auto facts = view.facts(row);
    const auto place = facts ? media::best_place(*facts) : std::nullopt;
    if (place) {
      map.add_item(place->latitude, place->longitude);
    } else {
      map.add_unplaced_item();
    }
  }
  return map;
}

int run_map(Session& session, const MapOptions& options) {
  require_page_name(options.out);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const Evidence evidence = evidence_of(view, options.query);
  std::uint64_t verified = 0;
  const formats::Map map = map_of(view, evidence, options, verified);
  write_page(
      options.out, [&] { return map.page(); }, [&] { return map.picture(); });
  Printer& out = session.out();
  out.line(fmt::format(
      "{}: {} at {}, {}", in_quotes(options.out),
      count_text(evidence.incidents.size() - map.unplaced_incidents(), "incident", "incidents"),
      count_text(map.places().size(), "place", "places"), count_text(map.items(), "item", "items")));
  if (verified > 0)
    out.line(fmt::format("{} where it was verified to have been made, the others as their files say",
                         count_text(verified, "item", "items")));
  if (map.unplaced_incidents() + map.unplaced_items() > 0)
    out.line(fmt::format("without a place: {}, {}",
                         count_text(map.unplaced_incidents(), "incident", "incidents"),
                         count_text(map.unplaced_items(), "item", "items")));
  out.object("summary", {{"command", "map"},
                         {"incidents", evidence.incidents.size() - map.unplaced_incidents()},
                         {"places", map.places().size()},
                         {"items", map.items()},
                         {"verified_items", verified},
                         {"unplaced_incidents", map.unplaced_incidents()},
                         {"unplaced_items", map.unplaced_items()}});
  const bool nothing = evidence.incidents.empty() && evidence.items.empty();
  if (nothing) out.note("nothing matched");
  return nothing ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_map(Options& app) {
  const auto options = std::make_shared<MapOptions>();
  add_query_options(app, options->query);
  app.add_option("--out", options->out, "a new page (.html) or picture (.svg)")
      ->type_name("FILE")
      ->required();
  app.add_option("--language", options->language, "of the page's own words and of places: en, ar")
      ->type_name("LANGUAGE");
  app.add_option("--title", options->title, "heading of the page")->type_name("TEXT");
  app.explain(
      "Evidence lies where it was verified to have been made, else where its own metadata\n"
      "say. Incidents lie where the register says, else where the gazetteer knows their\n"
      "place, else (dashed) in the middle of the area that is known. A page holds places in\n"
      "clear: keep it as you keep the archive.\n\n");
  return [options](Session& session) { return run_map(session, *options); };
}

}  // namespace dalil::cli
