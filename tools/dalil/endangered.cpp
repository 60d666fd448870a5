#include "endangered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "dalil/archive/linked.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr std::string_view kWord = "ENDANGERED";
/// With -v all.
constexpr std::size_t kShown = 10;

/// Answers for one volume: has this item an intact copy here, and a live one elsewhere?
class Survey {
 public:
  Survey(archive::View& view, archive::Row volume, const jobs::VerifyReport& report)
      : view_(view), volume_(volume) {
    for (const auto& exception : report.exceptions) {
      if (is_damage(exception.verdict)) damaged_.insert(exception.path);
    }
  }

  void add(archive::Row item, EndangeredIncident& incident) {
    bool belongs = false, intact = false, elsewhere = false;
    for (const archive::CopyInfo& copy : view_.copies_of(item)) {
      if (copy.row.state != archive::CopyRow::State::live) continue;
      if (copy.volume != volume_) {
        elsewhere = true;
        continue;
      }
      belongs = true;
      intact = intact || !damaged_.contains(copy.path);
    }
    incident.items += belongs ? 1 : 0;
    if (!belongs || intact) return;
    ++incident.without_copy;
    incident.nowhere_else += elsewhere ? 0 : 1;
  }

 private:
  archive::View& view_;
  archive::Row volume_;
  std::unordered_set<std::string> damaged_;
};

std::set<archive::Row> incidents_hit(archive::View& view, const jobs::VerifyReport& report) {
  std::set<archive::Row> incidents;
  for (const auto& exception : report.exceptions) {
    if (!is_damage(exception.verdict)) continue;
    const auto item = view.find_item(exception.digest);
    if (!item) continue;
    for (const archive::LinkedIncident& linked : archive::linked_incidents(view, *item))
      if (!linked.candidate) incidents.insert(linked.incident);
  }
  return incidents;
}

}  // namespace

void print_endangered(Printer& out, const std::vector<EndangeredIncident>& incidents) {
  constexpr std::size_t kHanging = 12;
  const std::size_t shown = out.verbose() ? incidents.size() : std::min(incidents.size(), kShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const EndangeredIncident& incident = incidents[i];
    const std::string text =
        fmt::format("ENDANGERED  incident {}: {} of {} {} no intact copy here",
                    escape_for_display(incident.id), number_text(incident.without_copy),
                    count_text(incident.items, "item", "items"), incident.without_copy == 1 ? "has" : "have");
    std::string line = wrapped(out, text, kHanging);
    line.replace(0, kWord.size(), out.styled(Style::bad, kWord));
    out.line(line);
    if (incident.nowhere_else > 0)
      out.line(fmt::format("            {} of them on no other volume either",
                           number_text(incident.nowhere_else)));
  }
  if (shown < incidents.size())
    out.line(fmt::format("{}  and {} more incidents; -v lists all", out.styled(Style::bad, kWord),
                         number_text(incidents.size() - shown)));
}

Json json_of(const EndangeredIncident& incident) {
  return {{"incident", incident.id},
          {"items", incident.items},
          {"without_intact_copy_here", incident.without_copy},
          {"on_no_other_volume", incident.nowhere_else}};
}

std::vector<EndangeredIncident> endangered_incidents(archive::View& view, const archive::Volume& volume,
                                                     const jobs::VerifyReport& report) {
  std::vector<EndangeredIncident> endangered;
  if (!view.can_read(ledger::SealClass::evidence)) return endangered;
  Survey survey(view, volume.row, report);
  for (const archive::Row row : incidents_hit(view, report)) {
    EndangeredIncident incident{view.incident(row).incident.id};
    std::set<archive::Row> items;
    for (const archive::Link& link : view.links_of_incident(row))
      if (link.type != archive::LinkType::candidate) items.insert(link.item);
    for (const archive::Row item : items) survey.add(item, incident);
    if (incident.without_copy > 0) endangered.push_back(std::move(incident));
  }
  std::stable_sort(endangered.begin(), endangered.end(), [](const auto& a, const auto& b) {
    return std::pair(a.nowhere_else, a.without_copy) > std::pair(b.nowhere_else, b.without_copy);
  });
  return endangered;
}

}  // namespace dalil::cli
