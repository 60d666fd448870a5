#include "dalil/formats/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int32_t kHoursADay = 24, kMinutesAnHour = 60;
constexpr std::size_t kMostSteps = 120, kDaysByHour = 3;

struct StepName {
  Step step;
  const char* name;
  std::size_t length;  ///< of "2017-09-11 08"
};
constexpr StepName kSteps[] = {
    {Step::hour, "hour", 13}, {Step::day, "day", 10}, {Step::month, "month", 7}, {Step::year, "year", 4}};

const StepName& row_of(Step step) {
  return *std::ranges::find_if(kSteps, [&](const StepName& row) { return row.step == step; });
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// "2017-09-11 08" of hours since 1970, cut to the step and to what is known.
std::string slot_name(std::int64_t hour, Step step, Step known) {
  const std::int64_t day = floor_div(hour, kHoursADay);
  if (day < INT32_MIN || day > INT32_MAX) return "?";
  const std::string name =
      fmt::format("{} {:02}", format_day(static_cast<Day>(day)), hour - day * kHoursADay);
  return name.substr(0, std::min(row_of(step).length, row_of(known).length));
}

/// As precise as it is known, but not more than the step: an event of "2017-09" is in no day.
std::string slot_name(const TimelineIncident& incident, Step step) {
  std::size_t known = 10;
  if (incident.days.precision == DatePrecision::month) known = 7;
  if (incident.days.precision == DatePrecision::year) known = 4;
  const std::size_t wanted = row_of(step).length;
  std::string day = format_day(incident.days.first);
  if (step == Step::hour && incident.minute_of_day && known == 10)
    return fmt::format("{} {:02}", day, *incident.minute_of_day / kMinutesAnHour);
  return day.substr(0, std::min(known, wanted));
}

std::string shown_name(const std::string& slot) {
  return slot.size() == row_of(Step::hour).length ? slot + ":00" : slot;
}

constexpr const char* kStyle =
    "body{font-family:'DejaVu Sans','Noto Sans','Noto Sans "
    "Arabic',sans-serif;margin:2em;color:#1c1c1c;max-width:70em}"
    "svg{max-width:100%;height:auto}h2{border-bottom:2px solid #2f5d8a;margin-top:1.6em;font-size:1.1em}"
    ".incident{border-inline-start:4px solid #a8323a;padding:.3em .8em;margin:.5em 0;background:#faf3f3}"
    ".incident b{color:#a8323a}.meta{color:#555;font-size:.9em}"
    "table{border-collapse:collapse;margin:.5em 0;width:100%}td{padding:.15em .6em;border-bottom:1px solid "
    "#ddd;"
    "font-size:.9em;text-align:start;vertical-align:top}.more{color:#555}";

std::string incident_html(const TimelineIncident& incident, const PageWords& words) {
  std::string out = fmt::format(
      "<div class=\"incident\"><b dir=\"auto\">{}</b> <span class=\"meta\" dir=\"auto\">{}{}{}</span>",
      markup_text(incident.id), markup_text(incident.date), incident.time.empty() ? "" : " ",
      markup_text(incident.time));
  // Each part apart: of a line in two writings the numbers would change places.
  std::string line;
  const auto add = [&line](const std::string& part) {
    if (!part.empty()) line += (line.empty() ? "" : " · ") + isolated_html(part);
  };
  add(incident.where);
  add(incident.party);
  add(incident.numbers);
  if (incident.items > 0) add(fmt::format("{}: {}", words.evidence, incident.items));
  if (incident.candidates > 0) add(fmt::format("{}: {}", words.candidates, incident.candidates));
  if (!line.empty()) out += "<br>" + line;
  if (!incident.words.empty())
    out += fmt::format("<br><span dir=\"auto\">{}</span>", markup_text(incident.words));
  return out + "</div>\n";
}

std::string item_html(const TimelineItem& item, const PageWords& words) {
  std::string incidents;
  for (const TimelineItem::Incident& incident : item.incidents)
    incidents += fmt::format("{}{}{}", incidents.empty() ? "" : ", ", isolated_html(incident.id),
                             incident.candidate ? fmt::format(" ({})", words.candidate) : "");
  if (incidents.empty()) incidents = words.not_linked;
  std::string path = item.volume.empty() && item.path.empty() ? "" : path_html(item.volume, item.path);
  if (!item.path_note.empty()) path += " " + isolated_html(item.path_note);
  return fmt::format(
      "<tr><td dir=\"auto\">{}</td><td>{}</td><td dir=\"auto\">{}</td><td>{}</td><td>{}</td></tr>\n",
      markup_text(item.time), markup_text(item.id), markup_text(item.kind), incidents, path);
}

}  // namespace

const char* name_of(Step step) {
  return row_of(step).name;
}

std::optional<Step> step_from(std::string_view name) {
  for (const StepName& row : kSteps)
    if (row.name == name) return row.step;
  return std::nullopt;
}

std::optional<Step> step_of(std::int64_t from_ms, std::int64_t to_ms) {
  const std::int64_t from = floor_div(from_ms, kHourMs), to = floor_div(to_ms, kHourMs);
  for (const StepName& row : kSteps)
    if (slot_name(from, row.step, row.step) == slot_name(to, row.step, row.step)) return row.step;
  return std::nullopt;
}

void Timeline::add(TimelineIncident incident) {
  incidents_.push_back(std::move(incident));
}

void Timeline::add(TimelineItem item) {
  ++item_count_;
  ++items_by_hour_[{floor_div(item.local_ms, kHourMs), item.known}];
  if (shown_items_.size() < kMostItems) shown_items_.push_back(std::move(item));
}

std::map<std::string, Timeline::Slot> Timeline::slots(Step step) const {
  std::map<std::string, Slot> slots;
  for (const TimelineIncident& incident : incidents_)
    slots[slot_name(incident, step)].incidents.push_back(&incident);
  for (const TimelineItem& item : shown_items_)
    slots[slot_name(floor_div(item.local_ms, kHourMs), step, item.known)].items.push_back(&item);
  for (const auto& [hour, count] : items_by_hour_)
    slots[slot_name(hour.first, step, hour.second)].item_count += count;
  for (auto& [name, slot] : slots) {
    std::ranges::stable_sort(slot.incidents, {}, [](const TimelineIncident* incident) {
      return std::pair(incident->days.first, incident->minute_of_day.value_or(-1));
    });
    std::ranges::stable_sort(slot.items, {}, &TimelineItem::local_ms);
  }
  return slots;
}

Step Timeline::fitting_step() const {
  if (slots(Step::day).size() <= kDaysByHour) return Step::hour;
  for (const Step step : {Step::day, Step::month})
    if (slots(step).size() <= kMostSteps) return step;
  return Step::year;
}

std::vector<Timeline::Count> Timeline::counts(Step step) const {
  std::vector<Count> counts;
  for (const auto& [name, slot] : slots(step))
    counts.push_back({shown_name(name), slot.incidents.size(), slot.item_count});
  return counts;
}

std::string Timeline::page(Step step) const {
  const PageWords& words = page_words(language);
  std::string body =
      fmt::format("<h1 dir=\"auto\">{}</h1>\n<p>{}: {} · {}: {} · {} {}</p>\n", markup_text(title),
                  words.incidents, incidents(), words.evidence, items(), words.times_are, markup_text(zone));
  for (const std::string& remark : remarks)
    body += fmt::format("<p class=\"meta\" dir=\"auto\">{}</p>\n", markup_text(remark));
  body += svg(picture(step), false);
  for (const auto& [name, slot] : slots(step)) {
    body +=
        fmt::format("<section>\n<h2>{} <span class=\"meta\">{}: {} · {}: {}</span></h2>\n", shown_name(name),
                    words.incidents, slot.incidents.size(), words.evidence, slot.item_count);
    for (const TimelineIncident* incident : slot.incidents) body += incident_html(*incident, words);
    if (!slot.items.empty()) {
      body += "<table>\n";
      for (const TimelineItem* item : slot.items) body += item_html(*item, words);
      body += "</table>\n";
    }
    if (const std::uint64_t more = slot.item_count - slot.items.size(); more > 0)
      body += fmt::format("<p class=\"more\">+ {} {}</p>\n", more, words.more_items);
    body += "</section>\n";
  }
  if (undated_incidents_ + undated_items_ > 0)
    body += fmt::format("<h2>{}</h2>\n<p>{}: {} · {}: {}</p>\n", words.undated, words.incidents,
                        undated_incidents_, words.evidence, undated_items_);
  return html_page({language, title, kStyle, body});
}

}  // namespace dalil::formats
