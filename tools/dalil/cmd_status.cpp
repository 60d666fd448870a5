#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "command.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/archive/linked.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/unfinished.hpp"
#include "damage_survey.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "place_check.hpp"
#include "policy_forms.hpp"
#include "policy_survey.hpp"
#include "refs.hpp"
#include "repair_sources.hpp"
#include "sandbox_forms.hpp"
#include "table.hpp"
#include "verify_forms.hpp"

namespace dalil::cli {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;
/// After half a year without a look, a drive is an assumption: where no policy says how often.
constexpr std::uint32_t kDaysWithoutPolicy = 180;

/// Of damaged copies, and of incidents; -v shows all.
constexpr std::size_t kShown = 10;
/// Commands for what is unverified for long.
constexpr std::size_t kStepsShown = 4;

/// What a glance at the archive should tell.
struct Findings {
  DamageSurvey damage;
  PolicySurvey policy;
  bool evidence_visible = false;
  std::uint64_t incidents = 0, without_evidence = 0, links = 0, without_incident = 0;
  std::uint64_t sources = 0, without_source = 0;
  std::uint64_t entries = 0, database_bytes = 0;
  std::map<archive::Row, std::uint64_t> hardware_warnings;  ///< by volume
  std::map<archive::Row, drives::UnfinishedBackup> unfinished;
  std::map<archive::Row, std::vector<archive::Row>> repair_sources;  ///< by damaged volume
};

void count_evidence(archive::View& view, Findings& findings) {
  findings.evidence_visible = view.can_read(ledger::SealClass::evidence);
  if (!findings.evidence_visible) return;
  findings.incidents = view.incident_count();
  std::vector<bool> has_evidence(findings.incidents);
  archive::for_each_standing(view, [&](archive::Row, archive::Row incident, archive::Standing standing) {
    ++findings.links;
    if (standing == archive::Standing::evidence && incident < has_evidence.size())
      has_evidence[incident] = true;
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

/// How long a volume may go without a verification.
struct Patience {
  UtcTime now;
  std::uint32_t days = kDaysWithoutPolicy;
};

bool long_unverified(const archive::Volume& volume, const Patience& patience) {
  return volume.live_copies > 0 &&
         (!volume.last_verification || is_to_come(*volume.last_verification, patience.now) ||
          patience.now.ms - volume.last_verification->ms > patience.days * kMsPerDay);
}

Cell verification_cell(const archive::Volume& volume, const VerifiedCopies& copies,
                       const Patience& patience) {
  if (!volume.last_verification) return {"never", volume.live_copies > 0 ? Style::warning : Style::plain};
  if (is_partly(volume, copies)) return {volume.last_verification->date() + " PASS in part", Style::warning};
  const auto days = (patience.now.ms - volume.last_verification->ms) / kMsPerDay;
  const std::string ago =
      is_to_come(*volume.last_verification, patience.now)
          ? "yet to come: a clock was wrong"
          : count_text(static_cast<std::uint64_t>(std::max<std::int64_t>(days, 0)), "day", "days") + " ago";
  const std::string text =
      fmt::format("{} {} ({})", volume.last_verification->date(), volume.last_verification_result, ago);
  const bool passed = volume.last_verification_result == "PASS";
  return {text, !passed ? Style::bad : long_unverified(volume, patience) ? Style::warning : Style::good};
}

constexpr std::size_t kRunsSearched = 1000;

/// Of the latest verification of each volume, all its runs together: what was wrong only at first.
std::map<archive::Row, std::uint64_t> hardware_warnings(archive::View& view) {
  std::map<archive::Row, std::optional<archive::Seq>> latest;  // its pass
  std::map<archive::Row, std::uint64_t> warnings;
  for (const archive::RunSummary& run : view.runs(kRunsSearched)) {
    if (run.kind != "verify") continue;
    const auto [known, first] = latest.try_emplace(run.volume, run.pass);
    if (!first && (!run.pass || run.pass != known->second)) continue;
    if (const std::uint64_t count = run.count(archive::kHardwareWarnings); count > 0)
      warnings[run.volume] += count;
  }
  return warnings;
}

bool failed(const archive::Volume& volume) {
  return archive::is_bad_result(volume.last_verification_result);
}

/// Damage is what status is asked for: it comes before everything else.
bool has_damage(const Findings& findings, const std::vector<archive::Volume>& volumes) {
  return findings.damage.damaged_copies > 0 || findings.damage.lost > 0 ||
         std::any_of(volumes.begin(), volumes.end(), failed);
}

/// What the exit code says.
bool needs_attention(const Findings& findings, const std::vector<archive::Volume>& volumes) {
  return has_damage(findings, volumes) || findings.policy.below_policy > 0;
}

std::string label_of(const std::vector<archive::Volume>& volumes, archive::Row row) {
  for (const archive::Volume& volume : volumes)
    if (volume.row == row) return volume.label;
  return "?";
}

/// "volume 'backup' (V2): 1 corrupt, 2 missing; verified 2026-11-25: FAIL"
std::string damage_text(const DamageSurvey& damage, const archive::Volume& volume) {
  std::string text = fmt::format("volume {} ({}): ", in_quotes(volume.label), volume.id);
  if (const auto found = damage.by_volume.find(volume.row); found != damage.by_volume.end()) {
    const char* separator = "";
    for (const auto& [verdict, count] : found->second) {
      text += fmt::format("{}{} {}", separator, number_text(count), archive::name_of(verdict));
      separator = ", ";
    }
  } else {
    text += volume.last_verification_result == archive::kOlderDrive
                ? "it was found in an older state than is on record"
                : "its last verification failed";
  }
  if (volume.last_verification)
    text +=
        fmt::format("; verified {}: {}", volume.last_verification->date(), volume.last_verification_result);
  return text;
}

std::string risk_text(const IncidentAtRisk& incident) {
  const std::string of = fmt::format("of {}", count_text(incident.items, "item", "items"));
  std::string text = "  " + escape_for_display(incident.id) + ": ";
  if (incident.lost > 0)
    text += fmt::format("{} {} without an undamaged copy anywhere", number_text(incident.lost), of);
  if (incident.damaged > incident.lost)
    text += fmt::format("{}{} {} with a damaged copy, and undamaged ones", incident.lost > 0 ? ", " : "",
                        number_text(incident.damaged - incident.lost), incident.lost > 0 ? "more" : of);
  return text;
}

/// The first `limit` of them, and how many there are.
template <typename Range, typename Text>
void print_some(Printer& out, const Range& all, std::uint64_t count, const Text& text) {
  const std::size_t limit = out.verbose() ? SIZE_MAX : kShown;
  std::size_t shown = 0;
  for (auto at = all.begin(); at != all.end() && shown < limit; ++at, ++shown) out.line(text(*at));
  if (count > shown) out.line(fmt::format("  ... and {} more; -v lists all", number_text(count - shown)));
}

void print_damage(Printer& out, const Findings& findings, const std::vector<archive::Volume>& volumes) {
  const DamageSurvey& damage = findings.damage;
  for (const archive::Volume& volume : volumes)
    if (failed(volume) || damage.by_volume.contains(volume.row))
      out.line(out.styled(Style::bad, "DAMAGE") + "  " + damage_text(damage, volume));
  if (damage.lost > 0)
    out.line(out.styled(Style::bad, "LOST") + "    " + count_text(damage.lost, "item has", "items have") +
             " no undamaged copy on any volume");
  constexpr std::size_t kBeforePath = 14;
  print_some(out, damage.copies, damage.damaged_copies, [&](const DamagedCopy& copy) {
    const std::string path = label_of(volumes, copy.volume) + ":" + copy.path;
    return fmt::format("  {:<11} {}", archive::name_of(copy.verdict), fitting_path(out, path, kBeforePath));
  });
  if (!damage.incidents.empty()) {
    out.line("incidents that this endangers, the worst first");
    print_some(out, damage.incidents, damage.incidents.size(), risk_text);
  } else if (!findings.evidence_visible) {
    out.line("incidents concerned: not visible to this role");
  }
  out.line();
}

/// What mends a volume.
std::string repair_command(const Findings& findings, const std::vector<archive::Volume>& volumes,
                           const archive::Volume& damaged, const Folders& folders) {
  const std::string folder = folder_word(folders, damaged.row, "FOLDER");
  const std::string label = shell_word(damaged.label);
  if (damaged.sealed)
    return fmt::format("dalil backup {} --to {} --volume {}", source_words(volumes), folder, label);
  std::string command = fmt::format("dalil repair {} --volume {}", folder, label);
  const auto found = findings.repair_sources.find(damaged.row);
  if (found == findings.repair_sources.end()) return command;
  for (const archive::Row other : found->second)
    command +=
        fmt::format(" --from {}={}", shell_word(volumes[other].label), folder_word(folders, other, "FOLDER"));
  return command;
}

void print_steps(Printer& out, const Findings& findings, const std::vector<archive::Volume>& volumes,
                 const Folders& folders) {
  bool first = true;
  for (const archive::Volume& volume : volumes) {
    if (!findings.damage.by_volume.contains(volume.row)) continue;
    if (std::exchange(first, false)) out.line("what to do next, with the drives connected");
    out.line("  " + repair_command(findings, volumes, volume, folders));
  }
  if (!first) out.line();
}

void print_warnings(Printer& out, const Findings& findings, const std::vector<archive::Volume>& volumes) {
  for (const archive::Volume& volume : volumes) {
    const auto found = findings.hardware_warnings.find(volume.row);
    if (found == findings.hardware_warnings.end()) continue;
    out.line(
        out.styled(Style::warning, "HARDWARE") +
        fmt::format("  volume {} ({}): {} wrong at first, right when read again:", in_quotes(volume.label),
                    volume.id, count_text(found->second, "file was", "files were")));
    out.line("          check the drive and its cable");
  }
}

void print_unfinished_backups(Printer& out, const Findings& findings,
                              const std::vector<archive::Volume>& volumes) {
  for (const archive::Volume& volume : volumes)
    if (const auto found = findings.unfinished.find(volume.row); found != findings.unfinished.end()) {
      print_unfinished(out, found->second, fmt::format("volume {} ({})", in_quotes(volume.label), volume.id));
    }
}

void put_damage(Printer& out, const Findings& findings, const std::vector<archive::Volume>& volumes) {
  for (const DamagedCopy& copy : findings.damage.copies) {
    Json fields = {{"volume", label_of(volumes, copy.volume)}, {"verdict", archive::name_of(copy.verdict)}};
    put_path(fields, "path", copy.path);
    out.object("damaged_copy", fields);
  }
  for (const IncidentAtRisk& incident : findings.damage.incidents)
    out.object("endangered", {{"incident", incident.id},
                              {"items", incident.items},
                              {"at_risk", incident.damaged},
                              {"without_undamaged_copy", incident.lost}});
}

void print_volumes(Printer& out, const Findings& findings, const std::vector<archive::Volume>& volumes,
                   const Patience& patience) {
  Table table({{"volume", Align::left, Table::Fit::shortened, 12},
               {"kind"},
               {"copies", Align::right},
               {"size", Align::right},
               {"scanned"},
               {"verified"}});
  const auto copies_of = [&](const archive::Volume& volume) {
    const auto found = findings.damage.verified.find(volume.row);
    return found == findings.damage.verified.end() ? VerifiedCopies{} : found->second;
  };
  for (const archive::Volume& volume : volumes) {
    table.add({{escape_for_display(volume.label), Style::bold},
               archive::name_of(volume.kind),
               number_text(volume.live_copies),
               bytes_text(volume.live_bytes),
               volume.last_scan ? volume.last_scan->date() : "never",
               verification_cell(volume, copies_of(volume), patience)});
    Json fields = json_of(volume);
    fields["verified_copies"] = copies_of(volume).verified;
    fields["long_unverified"] = long_unverified(volume, patience);
    if (volume.drive) fields["backup_unfinished"] = findings.unfinished.contains(volume.row);
    if (const auto found = findings.hardware_warnings.find(volume.row);
        found != findings.hardware_warnings.end())
      fields["hardware_warnings"] = found->second;
    out.object("volume", fields);
  }
  table.print(out);
  if (volumes.empty()) out.line("no volumes yet");
  for (const archive::Volume& volume : volumes)
    if (const VerifiedCopies copies = copies_of(volume); is_partly(volume, copies)) {
      out.line(fmt::format("  {}: PASS is for {} of {} copies", escape_for_display(volume.label),
                           number_text(copies.verified), number_text(copies.live)));
      out.line(fmt::format("    {} came later: read {}, not verified yet",
                           number_text(copies.live - copies.verified),
                           volume.drive ? "back when written" : "when taken in"));
    }
}

void print_findings(Printer& out, const Findings& findings) {
  const auto row = [&](std::uint64_t count, const char* text, bool asks_for_action) {
    const Style style = asks_for_action && count > 0 ? Style::warning : Style::plain;
    out.line("  " + out.styled(style, pad(number_text(count), 11, Align::right)) + "  " + text);
  };
  out.line();
  row(findings.damage.items, "items", false);
  row(findings.damage.one_volume_only, "of them with undamaged copies on one volume only", true);
  row(findings.damage.lost, "of them without an undamaged copy", true);
  row(findings.damage.damaged_copies, "copies found damaged or missing", true);
  if (findings.evidence_visible) {
    row(findings.without_incident, "items linked to no incident", true);
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

Json summary_of(const Findings& findings, std::size_t volumes, std::size_t unverified, bool attention) {
  Json summary = {{"command", "status"},
                  {"volumes", volumes},
                  {"long_unverified", unverified},
                  {"items", findings.damage.items},
                  {"one_volume_only", findings.damage.one_volume_only},
                  {"without_live_copy", findings.damage.lost},
                  {"damaged_copies", findings.damage.damaged_copies},
                  {"needs_attention", attention},
                  {"evidence_visible", findings.evidence_visible}};
  const std::pair<const char*, std::uint64_t> evidence[] = {
      {"incidents", findings.incidents},
      {"incidents_without_evidence", findings.without_evidence},
      {"items_without_incident", findings.without_incident},
      {"links", findings.links},
      {"sources", findings.sources},
      {"items_without_source", findings.without_source}};
  for (const auto& [name, count] : evidence) summary[name] = findings.evidence_visible ? Json(count) : Json();
  summary["policy"] = policy_json(findings.policy);
  summary["entries"] = findings.entries;
  summary["database_bytes"] = findings.database_bytes;
  return summary;
}

/// As a command can name them: where a volume is said to lie, or was last looked at.
Folders folders_of(archive::View& view, const std::vector<archive::Volume>& volumes) {
  Folders folders = last_folders(view);
  for (const archive::Volume& volume : volumes)
    if (!volume.root.empty()) folders.try_emplace(volume.row, volume.root);
  return folders;
}

int run_status(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Findings findings;
  findings.entries = view.reader().size();
  findings.database_bytes = archive.ledger().database_bytes();
  Printer& out = session.out();
  findings.damage = survey_damage(view, out.verbose() || out.json() ? SIZE_MAX : kShown);
  if (findings.damage.damaged_copies > 0) findings.repair_sources = repair_sources(view);
  count_evidence(view, findings);
  findings.hardware_warnings = hardware_warnings(view);
  findings.unfinished = drives::unfinished_backups(view);
  const auto volumes = view.volumes();
  findings.policy = survey_policy(view, volumes, archive.clock().now());
  Patience patience{archive.clock().now()};
  if (findings.policy.policy.verified_within_days > 0)
    patience.days = findings.policy.policy.verified_within_days;
  const auto unverified = static_cast<std::size_t>(std::count_if(
      volumes.begin(), volumes.end(), [&](const auto& volume) { return long_unverified(volume, patience); }));
  const bool attention = needs_attention(findings, volumes);
  const Folders folders = folders_of(view, volumes);
  if (has_damage(findings, volumes)) {
    print_damage(out, findings, volumes);
    print_steps(out, findings, volumes, folders);
  }
  print_warnings(out, findings, volumes);
  print_unfinished_backups(out, findings, volumes);
  put_damage(out, findings, volumes);
  print_volumes(out, findings, volumes, patience);
  print_findings(out, findings);
  if (unverified > 0) {
    out.line("  " +
             out.styled(Style::warning, count_text(unverified, "volume", "volumes") +
                                            fmt::format(" not verified within {} days", patience.days)));
    std::size_t shown = 0;
    for (const archive::Volume& volume : volumes)
      if (long_unverified(volume, patience) && ++shown <= kStepsShown)
        out.line(fmt::format("    dalil verify {} --volume {}", folder_word(folders, volume.row, "FOLDER"),
                             shell_word(volume.label)));
    if (shown > kStepsShown) out.line(fmt::format("    ... and {} more", shown - kStepsShown));
  }
  print_policy(out, findings.policy, volumes, folders);
  out.object("summary", summary_of(findings, volumes.size(), unverified, attention));
  return attention ? kExitNo : kExitOk;
}

/// Needs no archive: it is about this machine.
int run_sandbox(Session& session) {
  const media::ParserOptions limits;
  const media::SandboxState state = media::ParserClient(limits).sandbox();
  print_sandbox(session.out(), state, limits);
  return state.complete() ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_status(Options& app) {
  const auto sandbox = std::make_shared<bool>(false);
  app.add_flag("--sandbox", *sandbox, "what protects this machine from the files that are looked into");
  return [sandbox](Session& session) { return *sandbox ? run_sandbox(session) : run_status(session); };
}

}  // namespace dalil::cli
