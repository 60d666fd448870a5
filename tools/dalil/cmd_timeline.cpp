#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
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

void add_incident(formats::Timeline& timeline, archive::View& view, archive::Row row, std::uint64_t items) {
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
  shown.numbers = numbers_text(incident);
  shown.words = timeline.language == formats::PageLanguage::arabic && !incident.description_ar.empty()
                    ? incident.description_ar
                    : incident.description;
  shown.items = items;
  timeline.add(std::move(shown));
}

void add_item(formats::Timeline& timeline, archive::View& view, archive::Row row, const LocalClock& local) {
  const auto facts = view.facts(row);
  const auto time = facts ? media::best_time(*facts) : std::nullopt;
  if (!time) return timeline.add_undated_item();
  formats::TimelineItem item;
  item.zone_known = time->basis != media::ZoneBasis::unknown_zone;
  item.local_ms = item.zone_known ? local.to_local(time->ms) : time->ms;
  // Beyond what a page lists only the hour counts.
  if (timeline.items() < formats::Timeline::kMostItems) {
    const ItemLine line = item_line(view, row);
    item.id = line.short_id;
    item.kind = line.kind;
    item.time = line.time;
    item.path = line.path;
    item.incidents = incidents_of(view, row);
  }
  timeline.add(std::move(item));
}

formats::Timeline timeline_of(archive::View& view, const Evidence& evidence, const TimelineOptions& options) {
  formats::Timeline timeline;
  timeline.language = language_named(options.language);
  timeline.title = options.title.empty() ? "Timeline" : options.title;
  timeline.zone = evidence.zone;
  const auto items = items_by_incident(view, evidence);
  for (const archive::Row row : evidence.incidents) {
    const auto found = items.find(row);
    add_incident(timeline, view, row, found == items.end() ? 0 : found->second);
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
  if (timeline.undated_incidents() + timeline.undated_items() > 0)
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
  app.add_option("--out", options->out, "write a page (.html) or a picture (.svg)")->type_name("FILE");
  app.add_option("--by", options->step, "hour, day, month or year; what fits unless given")
      ->type_name("STEP");
  app.add_option("--language", options->language, "of the page's own words: en, ar")->type_name("LANGUAGE");
  app.add_option("--title", options->title, "heading of the page")->type_name("TEXT");
  app.explain(
      "Times of evidence are what the files say; of unknown zone as the camera had it.\n"
      "A page holds names, places and paths in clear: keep it as you keep the\n"
      "archive.\n\n");
  return [options](Session& session) { return run_timeline(session, *options); };
}

}  // namespace dalil::cli
