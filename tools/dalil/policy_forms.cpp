#include "policy_forms.hpp"

#include <fmt/format.h>

#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kIncidentsShown = 10, kStepsShown = 4;

/// A command, and below it what it would be for.
struct Step {
  std::string command, why;
};

void add_copies(std::vector<Step>& steps, const PolicySurvey& survey,
                const std::vector<archive::Volume>& volumes, const Folders& folders) {
  if (survey.too_few_copies == 0) return;
  for (const auto& [volume, by_source] : survey.lacking) {
    std::string sources;
    std::uint64_t lacking = 0, sealed = 0;
    for (const auto& [source, count] : by_source) {
      if (source == ledger::kNoRow) {
        sealed += count;
        continue;
      }
      lacking += count;
      sources += (sources.empty() ? "" : " ") + shell_word(volumes[source].label);
    }
    if (lacking > 0)
      steps.push_back({fmt::format("dalil backup {} --to {} --volume {}", sources,
                                   folder_word(folders, volume, "MOUNT"), shell_word(volumes[volume].label)),
                       fmt::format("{} short of copies {} not on it", count_text(lacking, "item", "items"),
                                   lacking == 1 ? "is" : "are")});
    if (sealed > 0)
      steps.push_back({"dalil restore --from DRIVE --all --to FOLDER",
                       fmt::format("{} on sealed drives alone: restore, scan, and back up from there",
                                   count_text(sealed, "item lies", "items lie"))});
  }
  if (survey.counted_volumes < survey.most_copies)
    steps.push_back(
        {fmt::format("dalil backup {} --to MOUNT --volume NEW-LABEL", source_words(volumes)),
         fmt::format("{} hold evidence where {} are asked for: one more drive",
                     count_text(survey.counted_volumes, "volume", "volumes"), survey.most_copies)});
}

void add_places(std::vector<Step>& steps, const PolicySurvey& survey,
                const std::vector<archive::Volume>& volumes) {
  if (survey.too_few_places == 0) return;
  for (const archive::Row volume : survey.without_place)
    steps.push_back({"dalil volume edit " + shell_word(volumes[volume].label) + " --at PLACE",
                     "nobody said where it is kept"});
  if (survey.without_place.empty())
    steps.push_back({"dalil volume edit VOLUME --at PLACE", "once a drive was taken to another place"});
}

std::vector<Step> steps_for(const PolicySurvey& survey, const std::vector<archive::Volume>& volumes,
                            const Folders& folders) {
  std::vector<Step> steps;
  add_copies(steps, survey, volumes, folders);
  add_places(steps, survey, volumes);
  for (const auto& [volume, overdue] : survey.overdue)
    steps.push_back({fmt::format("dalil verify {} --volume {}", folder_word(folders, volume, "FOLDER"),
                                 shell_word(volumes[volume].label)),
                     count_text(overdue, "copy was", "copies were") + " not read in time"});
  return steps;
}

void print_incidents(Printer& out, const PolicySurvey& survey) {
  if (!survey.incidents_visible) return out.line("  incidents concerned: not visible to this role");
  if (survey.incidents.empty()) return;
  out.line("  incidents below it, the worst first");
  const std::size_t limit = out.verbose() ? SIZE_MAX : kIncidentsShown;
  for (std::size_t i = 0; i < std::min(limit, survey.incidents.size()); ++i) {
    const IncidentShort& incident = survey.incidents[i];
    out.line(
        fmt::format("    {}: {} of {}{}", escape_for_display(incident.id), number_text(incident.below_policy),
                    count_text(incident.items, "item", "items"),
                    incident.policy == survey.policy ? "" : " (" + archive::text_of(incident.policy) + ")"));
  }
  if (survey.incidents.size() > limit)
    out.line(fmt::format("    ... and {} more; -v lists all", number_text(survey.incidents.size() - limit)));
}

}  // namespace

std::string folder_word(const Folders& folders, archive::Row volume, const char* otherwise) {
  const auto found = folders.find(volume);
  return found == folders.end() ? otherwise : shell_word(found->second);
}

std::string source_words(const std::vector<archive::Volume>& volumes) {
  std::string text;
  for (const archive::Volume& volume : volumes)
    if (volume.kind == archive::VolumeKind::working)
      text += (text.empty() ? "" : " ") + shell_word(volume.label);
  return text.empty() ? "VOLUME" : text;
}

void print_policy(Printer& out, const PolicySurvey& survey, const std::vector<archive::Volume>& volumes,
                  const Folders& folders) {
  out.line();
  if (!survey.asks_for_anything()) {
    out.line("no policy yet: dalil policy set --copies 3 --places 2 --verified-within 180d");
    return;
  }
  const std::string own =
      survey.own.empty() ? "" : fmt::format("; {} with one of their own", survey.own.size());
  const std::string text = "policy: " + archive::text_of(survey.policy) + own;
  if (survey.below_policy == 0) {
    out.line(out.styled(Style::good, "KEPT") + "    " + text);
    return;
  }
  out.line(out.styled(Style::warning, "BELOW") + "   " + text);
  const auto row = [&](std::uint64_t count, const char* what) {
    if (count > 0) out.line("  " + pad(number_text(count), 11, Align::right) + "  " + what);
  };
  row(survey.too_few_copies,
      survey.too_few_copies == 1 ? "item with fewer copies" : "items with fewer copies");
  row(survey.too_few_places, survey.too_few_places == 1 ? "item in fewer places" : "items in fewer places");
  row(survey.not_read_in_time,
      survey.not_read_in_time == 1 ? "item not read in time" : "items not read in time");
  print_incidents(out, survey);
  out.line("  what to do next");
  const std::vector<Step> steps = steps_for(survey, volumes, folders);
  const std::size_t limit = out.verbose() ? SIZE_MAX : kStepsShown;
  for (std::size_t i = 0; i < std::min(limit, steps.size()); ++i) {
    out.line("    " + steps[i].command);
    out.line("        " + steps[i].why);
  }
  if (steps.size() > limit) out.line(fmt::format("    ... and {} more; -v lists all", steps.size() - limit));
}

Json policy_json(const PolicySurvey& survey) {
  if (!survey.asks_for_anything()) return {};
  return {{"copies", survey.policy.copies},
          {"places", survey.policy.places},
          {"verified_within_days", survey.policy.verified_within_days},
          {"incident_policies", survey.incidents_visible ? Json(survey.own.size()) : Json()},
          {"items", survey.items},
          {"below_policy", survey.below_policy},
          {"too_few_copies", survey.too_few_copies},
          {"too_few_places", survey.too_few_places},
          {"not_read_in_time", survey.not_read_in_time}};
}

}  // namespace dalil::cli
