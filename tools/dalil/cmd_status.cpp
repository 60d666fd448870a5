#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

/// After half a year without a look, a drive is an assumption.
constexpr std::int64_t kLongUnverifiedMs = std::int64_t{180} * 86'400'000;

/// What a glance at the archive should tell.
struct Findings {
  std::uint64_t items = 0, live_items = 0, one_volume_only = 0, no_live_copy = 0, damaged_copies = 0;
  bool evidence_visible = false;
  std::uint64_t incidents = 0, without_evidence = 0, links = 0, without_incident = 0;
  std::uint64_t sources = 0, without_source = 0;
  std::uint64_t entries = 0, database_bytes = 0;
};

/// A copy that the last verification did not find whole is none to rely on.
bool is_damaged(archive::Verdict verdict) {
  using archive::Verdict;
  return verdict == Verdict::corrupt || verdict == Verdict::unreadable || verdict == Verdict::missing ||
         verdict == Verdict::changed;
}

/// For each item the one volume that holds it, or that there are several.
void count_copies(archive::View& view, Findings& findings) {
  constexpr archive::Row kNowhere = ledger::kNoRow, kSeveral = ledger::kNoRow - 1;
  std::vector<archive::Row> holder(view.item_count(), kNowhere);
  view.for_each_copy(ledger::kNoRow,
                     [&](archive::Row volume, const std::string&, const std::vector<archive::CopyRow>& rows) {
                       for (const archive::CopyRow& row : rows) {
                         if (row.state != archive::CopyRow::State::live || row.item >= holder.size())
                           continue;
                         if (is_damaged(row.verdict)) {
                           ++findings.damaged_copies;
                           continue;
                         }
                         archive::Row& known = holder[row.item];
                         known = known == kNowhere || known == volume ? volume : kSeveral;
                       }
                     });
  findings.items = holder.size();
  findings.no_live_copy = static_cast<std::uint64_t>(std::count(holder.begin(), holder.end(), kNowhere));
  findings.live_items = findings.items - findings.no_live_copy;
  const auto several = static_cast<std::uint64_t>(std::count(holder.begin(), holder.end(), kSeveral));
  findings.one_volume_only = findings.live_items - several;
}

void count_evidence(archive::View& view, Findings& findings) {
  findings.evidence_visible = view.can_read(ledger::SealClass::evidence);
  if (!findings.evidence_visible) return;
  findings.incidents = view.incident_count();
  std::vector<bool> has_evidence(findings.incidents);
  view.for_each_link([&](archive::Row, archive::Row incident, archive::LinkType) {
    ++findings.links;
    if (incident < has_evidence.size()) has_evidence[incident] = true;
  });
  findings.without_evidence =
      static_cast<std::uint64_t>(std::count(has_evidence.begin(), has_evidence.end(), false));
  archive::Query unlinked;
  unlinked.linked = false;
  findings.without_incident = archive::find(view, unlinked).size();
  archive::Query sourceless;
  sourceless.without_source = true;
  findings.sources = view.source_count();
  findings.without_source = archive::find(view, sourceless).size();
}

bool long_unverified(const archive::Volume& volume, UtcTime now) {
  return volume.live_copies > 0 &&
         (!volume.last_verification || now.ms - volume.last_verification->ms > kLongUnverifiedMs);
}

Cell verification_cell(const archive::Volume& volume, UtcTime now) {
  if (!volume.last_verification) return {"never", volume.live_copies > 0 ? Style::warning : Style::plain};
  const auto days = (now.ms - volume.last_verification->ms) / 86'400'000;
  const std::string text =
      fmt::format("{} {} ({} ago)", volume.last_verification->date(), volume.last_verification_result,
                  count_text(static_cast<std::uint64_t>(std::max<std::int64_t>(days, 0)), "day", "days"));
  const bool passed = volume.last_verification_result == "PASS";
  return {text, !passed ? Style::bad : long_unverified(volume, now) ? Style::warning : Style::good};
}

void print_volumes(Printer& out, const std::vector<archive::Volume>& volumes, UtcTime now) {
  Table table(
      {{"volume"}, {"kind"}, {"copies", Align::right}, {"size", Align::right}, {"scanned"}, {"verified"}});
  for (const archive::Volume& volume : volumes) {
    table.add({{escape_for_display(volume.label), Style::bold},
               archive::name_of(volume.kind),
               number_text(volume.live_copies),
               bytes_text(volume.live_bytes),
               volume.last_scan ? volume.last_scan->date() : "never",
               verification_cell(volume, now)});
    Json fields = json_of(volume);
    fields["long_unverified"] = long_unverified(volume, now);
    out.object("volume", fields);
  }
  table.print(out);
  if (volumes.empty()) out.line("no volumes yet");
}

void print_findings(Printer& out, const Findings& findings) {
  const auto row = [&](std::uint64_t count, const char* text, bool asks_for_action) {
    const Style style = asks_for_action && count > 0 ? Style::warning : Style::plain;
    out.line("  " + out.styled(style, pad(number_text(count), 11, Align::right)) + "  " + text);
  };
  out.line();
  row(findings.items, "items", false);
  row(findings.one_volume_only, "of them with undamaged copies on one volume only", true);
  row(findings.no_live_copy, "of them without an undamaged copy", true);
  row(findings.damaged_copies, "copies found damaged or missing", true);
  if (findings.evidence_visible) {
    row(findings.without_incident, "of them linked to no incident", true);
    row(findings.incidents, "incidents", false);
    row(findings.without_evidence, "of them without evidence", true);
    row(findings.links, "links", false);
    row(findings.sources, "sources", false);
    row(findings.without_source, "items without a source", false);
  } else {
    for (const char* what : {"incidents", "links", "sources"})
      out.line(fmt::format("  {:>11}  not visible to this role", what));
  }
  out.line();
  out.line(fmt::format("  ledger of {}, {} on disk", count_text(findings.entries, "entry", "entries"),
                       bytes_text(findings.database_bytes)));
}

Json summary_of(const Findings& findings, std::size_t volumes, std::size_t unverified) {
  Json summary = {{"command", "status"},
                  {"volumes", volumes},
                  {"long_unverified", unverified},
                  {"items", findings.items},
                  {"one_volume_only", findings.one_volume_only},
                  {"without_live_copy", findings.no_live_copy},
                  {"damaged_copies", findings.damaged_copies},
                  {"evidence_visible", findings.evidence_visible}};
  const std::pair<const char*, std::uint64_t> evidence[] = {
      {"incidents", findings.incidents},
      {"incidents_without_evidence", findings.without_evidence},
      {"items_without_incident", findings.without_incident},
      {"links", findings.links},
      {"sources", findings.sources},
      {"items_without_source", findings.without_source}};
  for (const auto& [name, count] : evidence) summary[name] = findings.evidence_visible ? Json(count) : Json();
  summary["entries"] = findings.entries;
  summary["database_bytes"] = findings.database_bytes;
  return summary;
}

int run_status(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const UtcTime now = archive.clock().now();
  Findings findings;
  findings.entries = view.reader().size();
  findings.database_bytes = archive.ledger().database_bytes();
  count_copies(view, findings);
  count_evidence(view, findings);
  const auto volumes = view.volumes();
  const auto unverified = static_cast<std::size_t>(std::count_if(
      volumes.begin(), volumes.end(), [&](const auto& volume) { return long_unverified(volume, now); }));
  Printer& out = session.out();
  print_volumes(out, volumes, now);
  print_findings(out, findings);
  if (unverified > 0) {
    out.line("  " + out.styled(Style::warning,
                               count_text(unverified, "volume", "volumes") +
                                   " not verified within 180 days: dalil verify FOLDER --volume VOLUME"));
  }
  out.object("summary", summary_of(findings, volumes.size(), unverified));
  return kExitOk;
}

}  // namespace

Runner declare_status(Options&) {
  return run_status;
}

}  // namespace dalil::cli
