#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/page_text.hpp"
#include "dalil/formats/timeline.hpp"
#include "evidence_query.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "page_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct TimelineOptions {
  QueryOptions query;
  std::string out, step, language, title;
};

/// "11:30" of a register
std::optional<std::int32_t> minute_from(const std::string& time) {
  constexpr std::size_t kLength = 5;
  const bool clock =
      time.size() >= kLength && time[2] == ':' && std::isdigit(static_cast<unsigned char>(time[0])) != 0;
  if (!clock) return std::nullopt;
  const auto digit = [&](std::size_t at) { return time[at] - '0'; };
  const std::int32_t minute = (digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4);
  if (minute < 0 || minute >= 24 * 60) return std::nullopt;
  return minute;
}

void add_incident(formats::Timeline& timeline, archive::View& view, archive::Row row,
                  const LinkedItems& linked) {
  const archive::Incident incident = view.incident(row).incident;
  const auto days = incident.days();
  if (!days) return timeline.add_undated_incident();
  formats::TimelineIncident shown;
  shown.id = incident.id;
  shown.date = incident.date + (incident.date_end.empty() ? "" : ".." + incident.date_end);
  shown.time = incident.local_time;
  shown.days = *days;
  if (const auto date = parse_date(incident.date)) shown.days.precision = date->precision;
  shown.minute_of_day = minute_from(incident.local_time);
  shown.where = place_text(incident);
  shown.party = incident.perpetrator_group;
  shown.numbers = formats::page_text(timeline.language, numbers_text(incident));
  shown.words = timeline.language == formats::PageLanguage::arabic && !incident.description_ar.empty()
                    ? incident.description_ar
                    : incident.description;
  shown.items = linked.items;
  shown.candidates = linked.candidates;
  timeline.add(std::move(shown));
}

/// By the clocks that the timeline is in.
struct LocalTime {
  std::int64_t from_ms = 0;
  formats::Step known = formats::Step::hour;
};

formats::Step known_by(std::int64_t precision_ms) {
  constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs, kMonthMs = 31 * kDayMs;
  return precision_ms <= kHourMs    ? formats::Step::hour
         : precision_ms <= kDayMs   ? formats::Step::day
         : precision_ms <= kMonthMs ? formats::Step::month
                                    : formats::Step::year;
}

/// As it was verified, else as the file or its name says. Absent if nothing does, or not even the year.
std::optional<LocalTime> local_time_of(archive::View& view, archive::Row row, const LocalClock& local) {
  if (const auto verified = assessment_of(view, row).time) {
    // A day, month or year is one by the clocks of the zone in which it was said.
    const bool by_clock = verified->precision <= archive::TimePrecision::hour;
    const auto shown = [&](std::int64_t ms) {
      return by_clock ? local.to_local(ms) : ms + verified->offset_minutes * std::int64_t{60'000};
    };
    const std::int64_t from = shown(verified->from_ms);
    const auto known = formats::step_of(from, shown(verified->to_ms));
    return known ? std::optional(LocalTime{from, *known}) : std::nullopt;
  }
  const auto facts = view.facts(row);
  const auto time = facts ? media::best_time(*facts) : std::nullopt;
  if (!time) return std::nullopt;
  const bool zone_known = time->basis != media::ZoneBasis::unknown_zone;
  return LocalTime{zone_known ? local.to_local(time->ms) : time->ms, known_by(time->precision_ms)};
}

/// Of a live copy if there is one.
void put_path(formats::TimelineItem& item, const std::vector<archive::CopyInfo>& copies,
              formats::PageLanguage language) {
  if (copies.empty()) return;
  const archive::CopyInfo& first = copies.front();
  item.volume = first.volume_label;
  item.path = first.path;
  if (first.row.state != archive::CopyRow::State::live) item.path_note = "(vanished)";
  if (copies.size() > 1)
    item.path_note += fmt::format("{}(+{})", item.path_note.empty() ? "" : " ", copies.size() - 1);
  item.path_note = formats::page_text(language, item.path_note);
}

void add_item(formats::Timeline& timeline, archive::View& view, archive::Row row, const LocalClock& local) {
  const auto time = local_time_of(view, row, local);
  if (!time) return timeline.add_undated_item();
  formats::TimelineItem item;
  item.local_ms = time->from_ms;
  item.known = time->known;
  // Beyond what a page lists only the hour counts.
  if (timeline.items() < formats::Timeline::kMostItems) {
    const ItemLine line = item_line(view, row);
    item.id = line.short_id;
    item.kind = formats::page_text(timeline.language, line.kind);
    item.time = formats::page_text(timeline.language, line.time);
    put_path(item, copies_live_first(view, row), timeline.language);
    for (const IncidentName& incident : incidents_of(view, row))
      item.incidents.push_back({incident.id, incident.candidate});
  }
  timeline.add(std::move(item));
}

formats::Timeline timeline_of(archive::View& view, const Evidence& evidence, const TimelineOptions& options) {
  formats::Timeline timeline;
  timeline.language = language_named(options.language);
  timeline.title = options.title.empty() ? formats::page_text(timeline.language, "Timeline") : options.title;
  timeline.zone = evidence.zone;
  const auto items = items_by_incident(view, evidence);
  for (const archive::Row row : evidence.incidents) {
    const auto found = items.find(row);
    add_incident(timeline, view, row, found == items.end() ? LinkedItems() : found->second);
  }
  for (const archive::Row row : evidence.items) add_item(timeline, view, row, evidence.local);
  return timeline;
}

void print_counts(Printer& out, const formats::Timeline& timeline, formats::Step step) {
  Table table({{formats::name_of(step)}, {"incidents", Align::right}, {"evidence", Align::right}});
  for (const formats::Timeline::Count& count : timeline.counts(step)) {
    table.add({count.name, number_text(count.incidents), number_text(count.items)});
    out.object("step", {{"name", count.name}, {"incidents", count.incidents}, {"items", count.items}});
  }
  table.print(out);
}

void print_undated(Printer& out, const formats::Timeline& timeline) {
  if (timeline.undated_incidents() + timeline.undated_items() == 0) return;
  out.line(fmt::format("without a date: {}, {}",
                       count_text(timeline.undated_incidents(), "incident", "incidents"),
                       count_text(timeline.undated_items(), "item", "items")));
}

int run_timeline(Session& session, const TimelineOptions& options) {
  require_page_name(options.out);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const Evidence evidence = evidence_of(view, options.query);
  const formats::Timeline timeline = timeline_of(view, evidence, options);
  const formats::Step step = options.step.empty() ? timeline.fitting_step() : step_named(options.step);
  Printer& out = session.out();
  if (options.out.empty()) {
    print_counts(out, timeline, step);
  } else {
    write_page(
        options.out, [&] { return timeline.page(step); }, [&] { return timeline.picture(step); });
    out.line(fmt::format("{}: {} and {}, by {}", in_quotes(options.out),
                         count_text(timeline.incidents(), "incident", "incidents"),
                         count_text(timeline.items(), "item", "items"), formats::name_of(step)));
  }
  print_undated(out, timeline);
  const bool nothing = timeline.incidents() + timeline.items() == 0;
  if (nothing) out.note("nothing matched");
  out.object("summary", {{"command", "timeline"},
                         {"by", formats::name_of(step)},
                         {"incidents", timeline.incidents()},
                         {"items", timeline.items()},
                         {"undated_incidents", timeline.undated_incidents()},
                         {"undated_items", timeline.undated_items()}});
  return nothing ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_timeline(Options& app) {
  const auto options = std::make_shared<TimelineOptions>();
  add_query_options(app, options->query);
  app.add_option("--out", options->out, "write a new page (.html) or picture (.svg)")->type_name("FILE");
  app.add_option("--by", options->step, "hour, day, month or year; what fits unless given")
      ->type_name("STEP");
  app.add_option("--language", options->language, "of the page's own words: en, ar")->type_name("LANGUAGE");
  app.add_option("--title", options->title, "heading of the page")->type_name("TEXT");
  app.explain(
      "Times of evidence are the verified ones, else what the files say; of unknown zone\n"
      "as the camera had it.\n"
      "A page holds names, places and paths in clear: keep it as you keep the\n"
      "archive.\n\n");
  return [options](Session& session) { return run_timeline(session, *options); };
}

}  // namespace dalil::cli
