#include "evidence_query.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::int32_t kMinutesAnHour = 60;

/// Whether anything but incidents and their days was asked for.
bool asks_for_items(QueryOptions options) {
  options.incidents.clear();
  options.incident_date.clear();
  return !options.empty();
}

}  // namespace

std::string zone_text(const LocalClock& local) {
  if (!local.fixed_minutes) return "Asia/Damascus";
  const std::int32_t minutes = *local.fixed_minutes;
  return fmt::format("UTC{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / kMinutesAnHour,
                     std::abs(minutes) % kMinutesAnHour);
}

Evidence evidence_of(archive::View& view, const QueryOptions& options) {
  const archive::Query query = query_from(options, view);
  std::set<archive::Row> incidents;
  for (const std::string& id : options.incidents) incidents.insert(incident_named(view, id));
  Evidence evidence;
  evidence.items = archive::find(view, query);
  evidence.local = query.local;
  evidence.zone = zone_text(query.local);
  std::vector<bool> found(view.item_count());
  for (const archive::Row item : evidence.items) found[item] = true;
  // A link of an item that matches for another incident does not bring that one in.
  const bool only_named = !options.incidents.empty();
  view.for_each_link([&](archive::Row item, archive::Row incident, archive::LinkType type) {
    if (found[item] && !only_named && (!query.link_type || type == *query.link_type))
      incidents.insert(incident);
  });
  if (!only_named && !asks_for_items(options))
    for (archive::Row row = 0; row < view.incident_count(); ++row) incidents.insert(row);
  for (const archive::Row row : incidents) {
    const auto days = view.incident(row).incident.days();
    const bool then = !query.incident_date || (days && days->first <= query.incident_date->last &&
                                               days->last >= query.incident_date->first);
    if (then) evidence.incidents.push_back(row);
  }
  return evidence;
}

}  // namespace dalil::cli
