#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/archive/cover.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "policy_survey.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using archive::Cover;
using archive::Gap;

struct CoverOptions {
  std::vector<std::string> incidents, gaps;
  bool missing = false;
};

/// What an incident's numbers are read with.
struct Subject {
  Printer& out;
  const std::vector<archive::Volume>& volumes;
  const PolicySurvey& policy;
};

std::string items_text(std::uint64_t count, const char* singular, const char* plural) {
  return fmt::format("{} {}", number_text(count), count == 1 ? singular : plural);
}

/// "no evidence yet, 2 candidates, 1 rejected", "no evidence but 1 rejected"
std::string no_evidence_text(const Cover& cover) {
  const std::string rejected = number_text(cover.rejected) + " rejected";
  if (cover.candidates == 0) return cover.rejected > 0 ? "no evidence but " + rejected : "no evidence";
  return "no evidence yet, " + count_text(cover.candidates, "candidate", "candidates") +
         (cover.rejected > 0 ? ", " + rejected : "");
}

std::string gap_text(const Cover& cover, Gap gap) {
  switch (gap) {
    case Gap::no_evidence:
      return no_evidence_text(cover);
    case Gap::fewer_than_told:
      return fmt::format("its text links to {}", number_text(static_cast<std::uint64_t>(*cover.told_links)));
    case Gap::unreviewed:
      return fmt::format("{} not reviewed", number_text(cover.items - cover.reviewed()));
    case Gap::one_volume:
      return fmt::format("{} on one volume only", number_text(cover.one_volume));
    case Gap::no_copy:
      return fmt::format("{} without an undamaged copy", number_text(cover.no_copy));
    case Gap::below_policy:
      return fmt::format("{} below policy", number_text(cover.below_policy));
  }
  return "";
}

std::string gaps_text(const Cover& cover) {
  std::string text;
  for (const Gap gap : cover.gaps()) text += (text.empty() ? "" : ", ") + gap_text(cover, gap);
  return text;
}

template <typename Map>
std::string counts_text(const Map& counts) {
  std::string text;
  for (const auto& [what, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(count), name_of(what));
  return text;
}

std::string states_text(const Cover& cover) {
  std::string text;
  for (std::size_t state = 0; state < cover.by_state.size(); ++state)
    if (cover.by_state[state] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(cover.by_state[state]),
                          archive::name_of(static_cast<archive::ReviewState>(state)));
  return text;
}

std::string volumes_text(const Subject& subject, const Cover& cover) {
  std::string text;
  for (const auto& [volume, count] : cover.on_volume)
    text += fmt::format("{}{} on {}", text.empty() ? "" : ", ", number_text(count),
                        escape_for_display(subject.volumes.at(volume).label));
  return text;
}

/// What the register itself points to.
std::string told_text(const Cover& cover) {
  std::string text = !cover.told_links ? "does not say whether there is evidence"
                     : *cover.told_links == 0
                         ? "its text links to no evidence"
                         : "its text links to " + items_text(static_cast<std::uint64_t>(*cover.told_links),
                                                             "piece of evidence", "pieces of evidence");
  if (cover.told_captions > 0)
    text += ", describes " + items_text(cover.told_captions, "picture", "pictures");
  if (cover.told_witnesses) text += ", prints accounts of witnesses";
  return text;
}

void print_whole(const Subject& subject, const Cover& cover) {
  Printer& out = subject.out;
  const auto field = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.line(wrapped(out, fmt::format("  {:<10} {}", name, text), 13));
  };
  out.line(out.styled(Style::bold, escape_for_display(cover.id)));
  field("items",
        number_text(cover.items) + (cover.items > 0 ? ": " + counts_text(cover.by_kind) : "") +
            (cover.candidates > 0 ? fmt::format("; {} more, candidates only", cover.candidates) : "") +
            (cover.rejected > 0 ? fmt::format("; {} more, rejected", cover.rejected) : ""));
  field("links", counts_text(cover.by_type));
  field("reviews", cover.items == 0 ? ""
                                    : states_text(cover) + fmt::format("; {} of {} links reviewed",
                                                                       cover.links_reviewed, cover.links));
  field("copies", volumes_text(subject, cover));
  field("register", told_text(cover));
  const std::string missing = gaps_text(cover);
  field("missing", missing.empty() ? "nothing" : missing);
}

void print_object(const Subject& subject, const Cover& cover) {
  Json fields = {{"incident", cover.id},
                 {"items", cover.items},
                 {"candidates", cover.candidates},
                 {"rejected", cover.rejected},
                 {"links", cover.links},
                 {"links_reviewed", cover.links_reviewed},
                 {"reviewed", cover.reviewed()},
                 {"one_volume_only", cover.one_volume},
                 {"without_undamaged_copy", cover.no_copy}};
  if (subject.policy.asks_for_anything()) fields["below_policy"] = cover.below_policy;
  fields["by_type"] = fields["by_kind"] = fields["by_state"] = fields["on_volume"] = Json::object();
  for (const auto& [type, count] : cover.by_type) fields["by_type"][archive::name_of(type)] = count;
  for (const auto& [kind, count] : cover.by_kind) fields["by_kind"][media::name_of(kind)] = count;
  for (std::size_t state = 0; state < cover.by_state.size(); ++state)
    if (cover.by_state[state] > 0)
      fields["by_state"][archive::name_of(static_cast<archive::ReviewState>(state))] = cover.by_state[state];
  for (const auto& [volume, count] : cover.on_volume)
    fields["on_volume"][subject.volumes.at(volume).label] = count;
  if (cover.told_links) fields["register_links"] = *cover.told_links;
  fields["register_captions"] = cover.told_captions;
  fields["register_witnesses"] = cover.told_witnesses;
  fields["missing"] = Json::array();
  for (const Gap gap : cover.gaps()) fields["missing"].push_back(archive::name_of(gap));
  subject.out.object("cover", fields);
}

/// Sums over all incidents that were asked about, also those that are not shown.
struct Totals {
  std::uint64_t incidents = 0, with_gap = 0, with_candidates = 0, with_rejected = 0, of_one_volume = 0;
  std::map<Gap, std::uint64_t> by_gap;
  /// Without evidence here, by what the register's text says: links to some, to none, nothing about it.
  std::uint64_t told = 0, told_none = 0, not_told = 0;
  /// All of them, with and without.
  std::uint64_t register_none = 0, register_some = 0;

  void add(const Cover& cover) {
    ++incidents;
    const auto gaps = cover.gaps();
    with_gap += gaps.empty() ? 0 : 1;
    for (const Gap gap : gaps) ++by_gap[gap];
    of_one_volume += cover.items > 0 && cover.on_volume.size() == 1 ? 1 : 0;
    register_none += cover.told_links && *cover.told_links == 0 ? 1 : 0;
    register_some += cover.told_links && *cover.told_links > 0 ? 1 : 0;
    if (cover.items > 0) return;
    with_candidates += cover.candidates > 0 ? 1 : 0;
    with_rejected += cover.candidates == 0 && cover.rejected > 0 ? 1 : 0;
    ++(!cover.told_links ? not_told : *cover.told_links == 0 ? told_none : told);
  }
  std::uint64_t of(Gap gap) const {
    const auto found = by_gap.find(gap);
    return found == by_gap.end() ? 0 : found->second;
  }
};

void print_totals(const Subject& subject, const Totals& totals) {
  Printer& out = subject.out;
  const auto row = [&](std::uint64_t count, const std::string& what, bool wanting) {
    const Style style = wanting && count > 0 ? Style::warning : Style::plain;
    out.line("  " + out.styled(style, pad(number_text(count), 9, Align::right)) + "  " + what);
  };
  const auto below = [&](std::uint64_t count, const std::string& what) {
    if (count > 0) out.line(fmt::format("               {} {}", number_text(count), what));
  };
  out.line();
  row(totals.incidents, totals.incidents == 1 ? "incident" : "incidents", false);
  row(totals.of(Gap::no_evidence), "without evidence", true);
  below(totals.with_candidates, "of them with candidates to look at");
  below(totals.with_rejected, "of them with nothing but what was rejected");
  below(totals.told, "whose text in the register links to evidence");
  below(totals.told_none, "whose text in the register links to none");
  below(totals.not_told, "of which the register does not say whether there is any");
  row(totals.of(Gap::fewer_than_told), "with less evidence than their text links to", true);
  row(totals.of(Gap::unreviewed), "with evidence that nobody reviewed to an end", true);
  row(totals.of_one_volume, "with all their evidence on one volume only", true);
  row(totals.of(Gap::one_volume), "with some of it on one volume only", true);
  row(totals.of(Gap::no_copy), "with evidence of which no undamaged copy is left", true);
  if (subject.policy.asks_for_anything())
    row(totals.of(Gap::below_policy), "below the policy (" + archive::text_of(subject.policy.policy) + ")",
        true);
}

Json summary_of(const Totals& totals, std::size_t shown) {
  return {{"command", "cover"},
          {"incidents", totals.incidents},
          {"shown", shown},
          {"with_gaps", totals.with_gap},
          {"without_evidence", totals.of(Gap::no_evidence)},
          {"without_evidence_register_links", totals.told},
          {"without_evidence_register_links_none", totals.told_none},
          {"without_evidence_register_silent", totals.not_told},
          {"candidates_only", totals.with_candidates},
          {"rejected_only", totals.with_rejected},
          {"fewer_than_told", totals.of(Gap::fewer_than_told)},
          {"unreviewed", totals.of(Gap::unreviewed)},
          {"all_on_one_volume", totals.of_one_volume},
          {"one_volume_only", totals.of(Gap::one_volume)},
          {"without_undamaged_copy", totals.of(Gap::no_copy)},
          {"below_policy", totals.of(Gap::below_policy)},
          {"register_links", totals.register_some},
          {"register_links_none", totals.register_none}};
}

std::vector<Gap> gaps_named(const std::vector<std::string>& names) {
  std::vector<Gap> gaps;
  for (const std::string& name : names) {
    const auto gap = archive::gap_from(name);
    if (!gap) {
      std::string all;
      for (const std::string& one : archive::gap_names()) all += (all.empty() ? "" : ", ") + one;
      throw Error(ErrorCode::usage, "nothing that is called " + in_quotes(name) + " can be missing",
                  "one of: " + all);
    }
    gaps.push_back(*gap);
  }
  return gaps;
}

void add_policy(std::vector<Cover>& covers, const PolicySurvey& survey) {
  std::map<std::string, std::uint64_t> below;
  for (const IncidentShort& incident : survey.incidents) below[incident.id] = incident.below_policy;
  for (Cover& cover : covers)
    if (const auto found = below.find(cover.id); found != below.end()) cover.below_policy = found->second;
}

int run_cover(Session& session, const CoverOptions& options) {
  const std::vector<Gap> gaps = gaps_named(options.gaps);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  std::vector<archive::Row> incidents;
  for (const std::string& id : options.incidents) incidents.push_back(incident_named(view, id));
  auto covers = archive::cover(view, incidents);
  const auto volumes = view.volumes();
  const PolicySurvey policy = survey_policy(view, volumes, archive.clock().now());
  add_policy(covers, policy);

  Printer& out = session.out();
  const Subject subject{out, volumes, policy};
  Table table({{"incident", Align::left, Table::Fit::shortened},
               {"items", Align::right},
               {"reviewed", Align::right},
               {"missing", Align::left, Table::Fit::shortened}});
  const bool whole = !options.incidents.empty() || out.verbose();
  const bool only_gaps = options.missing || !gaps.empty();
  Totals totals;
  std::size_t shown = 0, wanting = 0;
  for (const Cover& cover : covers) {
    totals.add(cover);
    const bool lacks = gaps.empty() ? !cover.gaps().empty()
                                    : std::ranges::any_of(gaps, [&](Gap gap) { return cover.has(gap); });
    wanting += lacks ? 1 : 0;
    if (only_gaps && !lacks) continue;
    ++shown;
    print_object(subject, cover);
    if (whole)
      print_whole(subject, cover);
    else
      table.add({{escape_for_display(cover.id), Style::bold},
                 number_text(cover.items),
                 number_text(cover.reviewed()),
                 {gaps_text(cover), cover.has(Gap::no_evidence) ? Style::warning : Style::plain}});
  }
  table.print(out);
  if (covers.empty()) out.note("no incidents yet; they come in with: dalil incident import FILE");
  print_totals(subject, totals);
  out.object("summary", summary_of(totals, shown));
  return wanting > 0 ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_cover(Options& app) {
  const auto options = std::make_shared<CoverOptions>();
  app.add_option("INCIDENT...", options->incidents, "these only, with all that is known")->type_name("");
  app.add_flag("--missing", options->missing, "only incidents that lack something");
  app.add_option("--gap", options->gaps,
                 "only those that lack this: no-evidence, fewer-than-told, unreviewed, one-volume, no-copy, "
                 "below-policy; several: any of them")
      ->type_name("GAP")
      ->allow_extra_args(false);
  app.explain(
      "An item with nothing but a candidate link is no evidence yet, and one that was\n"
      "rejected, or all of whose links were, is none any more. The exit code is 1 if\n"
      "anything is missing of what was asked for.\n\n");
  return [options](Session& session) { return run_cover(session, *options); };
}

}  // namespace dalil::cli
