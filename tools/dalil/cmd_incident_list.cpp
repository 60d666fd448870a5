#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "command.hpp"
#include "dalil/archive/linked.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct ListOptions {
  std::string party, governorate, from, to;
  bool without_evidence = false;
};

/// The same filters with the work done once.
struct Filter {
  std::string party, governorate;
  std::optional<Day> from, to;

  explicit Filter(const ListOptions& options)
      : party(fold_text(options.party)), governorate(fold_text(options.governorate)) {
    if (!options.from.empty()) from = date_range_from("--from", options.from).first;
    if (!options.to.empty()) to = date_range_from("--to", options.to).last;
  }
  bool passes(const archive::Incident& incident) const {
    if (!party.empty() && !contains(party_of(incident), party)) return false;
    if (!governorate.empty() && !contains(incident.governorate, governorate)) return false;
    if (!from && !to) return true;
    const auto days = incident.days();
    return days && (!from || days->last >= *from) && (!to || days->first <= *to);
  }

 private:
  /// The register's own grouping; its wording ("Syrian or Russian warplanes") only where it does not group.
  static const std::string& party_of(const archive::Incident& incident) {
    return incident.perpetrator_group.empty() ? incident.perpetrator_text : incident.perpetrator_group;
  }
  static bool contains(const std::string& text, const std::string& folded) {
    return fold_text(text).find(folded) != std::string::npos;
  }
};

int run_list(Session& session, const ListOptions& options) {
  const Filter filter(options);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  auto revisions = view.incidents();
  std::stable_sort(revisions.begin(), revisions.end(),
                   [](const auto& a, const auto& b) { return a.incident.date < b.incident.date; });
  // By incident, what each item is for it.
  std::map<archive::Row, std::map<archive::Row, archive::Standing>> standings;
  archive::for_each_standing(view, [&](archive::Row item, archive::Row incident, archive::Standing standing) {
    const auto known = standings[incident].emplace(item, standing).first;
    known->second = std::min(known->second, standing);
  });
  Printer& out = session.out();
  // An ID that was cut names nothing.
  Table table({{"incident"},
               {"date"},
               {"killed", Align::right},
               {"items", Align::right},
               {"governorate", Align::left, Table::Fit::shortened, 8},
               {"party", Align::left, Table::Fit::shortened, 8}});
  std::size_t matched = 0, with_candidates = 0;
  for (const auto& revision : revisions) {
    const archive::Incident& incident = revision.incident;
    if (!filter.passes(incident)) continue;
    std::array<std::size_t, 3> counts{};  // by Standing
    if (const auto found = standings.find(revision.row); found != standings.end())
      for (const auto& [item, standing] : found->second) ++counts.at(static_cast<std::size_t>(standing));
    const auto [items, candidates, rejected] = counts;
    if (options.without_evidence && items > 0) continue;
    ++matched;
    with_candidates += items == 0 && candidates > 0 ? 1 : 0;
    table.add({{escape_for_display(incident.id), Style::bold},
               incident.date.empty() ? "-" : escape_for_display(incident.date),
               text_of(incident.killed),
               {number_text(items), items == 0 ? Style::warning : Style::plain},
               escape_for_display(incident.governorate),
               escape_for_display(incident.perpetrator_group)});
    out.object("incident", {{"id", incident.id},
                            {"items", items},
                            {"candidates", candidates},
                            {"rejected", rejected},
                            {"incident", json_of(incident)}});
  }
  table.print(out);
  if (with_candidates > 0)
    out.note(fmt::format("{} no evidence, but candidates to look at: dalil cover",
                         count_text(with_candidates, "incident has", "incidents have")));
  if (matched == 0) out.note(revisions.empty() ? "no incidents yet" : "no incident matches");
  out.object("summary",
             {{"command", "incident list"}, {"matched", matched}, {"incidents", revisions.size()}});
  return matched > 0 ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_incident_list(Options& app) {
  const auto options = std::make_shared<ListOptions>();
  app.add_option("--party", options->party, "part of the perpetrator's name")->type_name("TEXT");
  app.add_option("--governorate", options->governorate, "part of its name")->type_name("TEXT");
  app.add_option("--from", options->from, "on or after")->type_name("DATE");
  app.add_option("--to", options->to, "on or before")->type_name("DATE");
  app.add_flag("--without-evidence", options->without_evidence,
               "only those that nothing but candidates and what was rejected is linked to");
  return [options](Session& session) { return run_list(session, *options); };
}

}  // namespace dalil::cli
