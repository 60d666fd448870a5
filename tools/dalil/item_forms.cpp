#include "item_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/linked.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "verified_forms.hpp"

namespace dalil::cli {

std::vector<archive::CopyInfo> copies_live_first(archive::View& view, archive::Row item) {
  auto copies = view.copies_of(item);
  std::stable_partition(copies.begin(), copies.end(),
                        [](const auto& copy) { return copy.row.state == archive::CopyRow::State::live; });
  return copies;
}

std::vector<IncidentName> incidents_of(archive::View& view, archive::Row item) {
  std::vector<IncidentName> names;
  if (!view.can_read(ledger::SealClass::evidence)) return names;
  for (const archive::LinkedIncident& linked : archive::linked_incidents(view, item))
    names.push_back({view.incident(linked.incident).incident.id, linked.candidate});
  return names;
}

std::string text_of(const IncidentName& incident) {
  return escape_for_display(incident.id) + (incident.candidate ? " (candidate)" : "");
}

std::string evidence_text(const IncidentName& incident) {
  return (incident.candidate ? "may be evidence of " : "evidence of ") + text_of(incident);
}

void put_incidents(Json& object, archive::View& view, archive::Row item) {
  object["incidents"] = object["candidate_incidents"] = nullptr;
  if (!view.can_read(ledger::SealClass::evidence)) return;
  object["incidents"] = object["candidate_incidents"] = Json::array();
  for (const IncidentName& incident : incidents_of(view, item)) {
    object["incidents"].push_back(incident.id);
    if (incident.candidate) object["candidate_incidents"].push_back(incident.id);
  }
}

std::string link_text(const archive::Link& link) {
  std::string text = archive::name_of(link.type);
  if (link.from_ms) text += " " + timecode_text(*link.from_ms);
  if (link.to_ms) text += " to " + timecode_text(*link.to_ms);
  if (link.withdrawn) text += " (withdrawn)";
  return text;
}

archive::Assessment assessment_of(archive::View& view, archive::Row item) {
  if (!view.can_read(ledger::SealClass::evidence)) return {};
  return archive::assessment_of(archive::reviews_of_item(view, item));
}

Json time_json(archive::View& view, archive::Row item) {
  if (const auto verified = assessment_of(view, item).time) {
    Json fields = json_of(*verified);
    fields["time"] = fields["from"];
    fields["origin"] = "verified";
    fields["precision_ms"] = verified->to_ms - verified->from_ms + 1;
    return fields;
  }
  const auto facts = view.facts(item);
  const auto claim = facts ? media::best_time(*facts) : std::nullopt;
  return claim ? json_of(*claim) : Json();
}

ItemLine item_line(archive::View& view, archive::Row row) {
  const archive::Item item = view.item(row);
  ItemLine line;
  line.short_id = item.digest.hex().substr(0, kShortDigits);
  line.kind = "-";
  if (const auto facts = view.facts(row)) {
    line.kind = media::name_of(facts->kind);
    if (const auto time = media::best_time(*facts)) {
      line.time = claim_text(*time);
      if (time->origin != media::TimeOrigin::embedded)
        line.time += fmt::format(" ({})", name_of(time->origin));
    }
  }
  if (const auto verified = assessment_of(view, row).time) line.time = text_of(*verified) + " (verified)";
  line.size = bytes_text(item.size_bytes);
  for (const IncidentName& incident : incidents_of(view, row))
    line.incidents += (line.incidents.empty() ? "" : ", ") + text_of(incident);
  const auto copies = copies_live_first(view, row);
  if (!copies.empty()) {
    const archive::CopyInfo& first = copies.front();
    line.path = escape_for_display(first.volume_label + ":" + first.path);
    if (first.row.state != archive::CopyRow::State::live) line.path += " (vanished)";
    if (copies.size() > 1) line.path += fmt::format(" (+{})", copies.size() - 1);
  }
  return line;
}

}  // namespace dalil::cli
