#include "item_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::vector<std::string> incidents_of(archive::View& view, archive::Row item) {
  std::vector<std::string> ids;
  if (!view.can_read(ledger::SealClass::evidence)) return ids;
  for (const archive::Row incident : view.incidents_of_item(item))
    ids.push_back(view.incident(incident).incident.id);
  return ids;
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
  for (const std::string& id : incidents_of(view, row)) {
    line.incidents += (line.incidents.empty() ? "" : ", ") + escape_for_display(id);
  }
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
