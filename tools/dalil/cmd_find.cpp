#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "command.hpp"
#include "dalil/archive/answers.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/archive/linked.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "query_options.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

/// Rows whose widths are looked at together: a million results must not wait in memory for the last one.
constexpr std::size_t kTablePortion = 500;

struct FindOptions {
  QueryOptions query;
  OrderOptions order;
  std::string count_by;
  bool paths = false, count = false, fields = false;
};

/// Copies that were asked for, where the question was about copies; else all live ones.
void print_paths(Printer& out, archive::View& view, const std::vector<archive::Row>& rows,
                 const archive::Query& query) {
  std::optional<archive::Row> only;
  if (!query.volume.empty()) only = volume_named(view, query.volume).row;
  const auto meant = archive::copies_meant(view, query);
  std::uint64_t without = 0;
  for (const archive::Row row : rows) {
    bool any = false;
    for (const archive::CopyInfo& copy : view.copies_of(row)) {
      if (copy.row.state != archive::CopyRow::State::live || !meant(copy)) continue;
      out.path(only ? copy.path : copy.volume_label + ":" + copy.path);
      any = true;
    }
    without += static_cast<std::uint64_t>(!any);
  }
  if (without > 0)
    out.note(fmt::format("{} of them without a live copy, and so without a path", number_text(without)));
}

/// Columns that say something: what was asked for would be the same in every row.
struct ShownColumns {
  bool kind = true, time = true, incidents = true;
};

/// With one incident asked for, its column is worth its room only if an item shows another one, too, or is
/// tied to it by a candidate.
ShownColumns shown_columns(archive::View& view, const std::vector<archive::Row>& rows,
                           const FindOptions& options) {
  if (!view.can_read(ledger::SealClass::evidence)) return {false, false, false};
  ShownColumns shown;
  shown.kind = options.query.kind.empty();
  if (options.query.unlinked) shown.incidents = false;
  if (options.query.incidents.size() != 1) return shown;
  const archive::Row asked = incident_named(view, options.query.incidents.front());
  const std::unordered_set<archive::Row> found(rows.begin(), rows.end());
  shown.incidents = false;
  view.for_each_link([&](archive::Row item, archive::Row incident, archive::LinkType type) {
    const bool tells = incident != asked || type == archive::LinkType::candidate;
    if (tells && found.contains(item)) shown.incidents = true;
  });
  return shown;
}

void print_table(Printer& out, archive::View& view, const std::vector<archive::Row>& rows,
                 const FindOptions& options) {
  const ShownColumns shown = shown_columns(view, rows, options);
  std::vector<Table::Column> columns{{"item"}};
  if (shown.kind) columns.push_back({"kind"});
  if (shown.time) columns.push_back({"time"});
  columns.push_back({"size", Align::right});
  if (shown.incidents) columns.push_back({"incidents", Align::left, Table::Fit::shortened});
  columns.push_back({"path", Align::left, Table::Fit::shortened});
  Table table(std::move(columns));
  for (const archive::Row row : rows) {
    const ItemLine item = item_line(view, row);
    std::vector<Cell> cells{{item.short_id, Style::bold}};
    if (shown.kind) cells.emplace_back(item.kind);
    if (shown.time) cells.emplace_back(item.time);
    cells.emplace_back(item.size);
    if (shown.incidents) cells.emplace_back(item.incidents);
    cells.emplace_back(item.path);
    table.add(std::move(cells));
    if (table.pending() == kTablePortion) table.print(out);
  }
  table.print(out);
  if (!shown.time) out.note("kinds, times, incidents and sources: not visible to this role");
}

void print_objects(Printer& out, archive::View& view, const std::vector<archive::Row>& rows) {
  for (const archive::Row row : rows) {
    const archive::Item item = view.item(row);
    Json fields = {{"digest", item.digest.hex()}, {"size_bytes", item.size_bytes}};
    const bool whole = view.can_read(ledger::SealClass::evidence);
    if (!whole) {
      for (const char* field : {"kind", "format", "time"}) fields[field] = nullptr;
    } else {
      if (const auto facts = view.facts(row)) {
        fields["kind"] = media::name_of(facts->kind);
        fields["format"] = facts->format;
      }
      if (Json time = time_json(view, row); !time.is_null()) fields["time"] = std::move(time);
    }
    put_incidents(fields, view, row);
    put_sources(fields, view, row);
    fields["copies"] = Json::array();
    for (const archive::CopyInfo& copy : view.copies_of(row)) fields["copies"].push_back(json_of(copy));
    out.object("item", fields);
  }
}

/// What the language of queries knows; needs no archive.
int print_fields(Session& session) {
  Printer& out = session.out();
  Table table({{"field"}, {"of"}, {"takes", Align::left, Table::Fit::shortened}});
  constexpr const char* kScopes[] = {"item", "link", "copy"};
  for (const archive::FieldInfo& info : archive::fields()) {
    const char* scope = kScopes[static_cast<std::size_t>(info.scope)];
    table.add({{info.name, Style::bold}, scope, info.help});
    out.object("field", {{"name", info.name}, {"of", scope}, {"help", info.help}});
  }
  table.print(out);
  return kExitOk;
}

/// All items are counted; of the values the first ones of the list are shown. Returns how many were left out.
std::size_t print_counts(Printer& out, archive::View& view, const std::vector<archive::Row>& rows,
                         const FindOptions& options, const LocalClock& local) {
  const std::string& by = options.count_by;
  // Long values differ in their middle, too: they are not cut, but go on a line of their own.
  constexpr std::size_t kNeverCut = 10'000;
  std::vector<archive::FacetCount> counts = archive::count_by(view, rows, by, local);
  const std::size_t left_out = counts.size() - std::min(counts.size(), options.order.limit);
  counts.resize(counts.size() - left_out);
  const bool candidates =
      std::ranges::any_of(counts, [](const archive::FacetCount& count) { return count.candidates > 0; });
  std::vector<Table::Column> columns{{"items", Align::right}};
  if (candidates) columns.push_back({"candidates", Align::right});
  columns.push_back({by, Align::left, Table::Fit::shortened, kNeverCut});
  Table table(std::move(columns));
  for (const archive::FacetCount& count : counts) {
    std::vector<Cell> cells{number_text(count.items)};
    if (candidates) cells.emplace_back(number_text(count.candidates));
    cells.emplace_back(count.value.empty() ? "(none)" : escape_for_display(count.value));
    table.add(std::move(cells));
    Json fields = {
        {"by", by}, {"value", count.value.empty() ? Json() : Json(count.value)}, {"items", count.items}};
    if (archive::is_of_incidents(by)) fields["candidates"] = count.candidates;
    out.object("count", fields);
  }
  table.print(out);
  if (candidates)
    out.note(
        "candidates: of the items those that nothing but a candidate link ties to it, which is no evidence "
        "yet");
  if (left_out > 0)
    out.line(fmt::format("{} left out by --limit", count_text(left_out, "more line was", "more lines were")));
  return left_out;
}

/// Times are claims: on what the answers rest, and how many more there may be. `rows` ascend.
struct Doubts {
  archive::TimeDoubts times;
  std::uint64_t more = 0;
  bool any_zone = false, denied = false;
};

Doubts doubts_of(archive::View& view, const archive::Query& query, const std::vector<archive::Row>& rows) {
  const archive::Condition whole = archive::condition_of(query);
  Doubts doubts;
  if (!archive::asks_for_time(whole)) return doubts;
  doubts.times = archive::time_doubts(view, rows, whole);
  doubts.denied = archive::denies_time(whole);
  const archive::Condition wider = archive::as_wide_as_possible(whole);
  if (wider == whole) {
    doubts.any_zone = true;
    return doubts;
  }
  std::vector<archive::Row> more;
  std::ranges::set_difference(archive::find(view, wider, query), rows, std::back_inserter(more));
  doubts.more = more.size();
  return doubts;
}

void note_doubts(Printer& out, const Doubts& doubts) {
  if (doubts.times.unknown_zone > 0)
    out.note(fmt::format("{} of them by a clock whose zone nobody recorded: taken for {}",
                         number_text(doubts.times.unknown_zone), doubts.any_zone ? "any" : "local time"));
  if (doubts.times.utc_claimed > 0)
    out.note(fmt::format("{} of them by a time that claims UTC; many cameras write local time there",
                         number_text(doubts.times.utc_claimed)));
  if (doubts.times.day_or_less > 0)
    out.note(fmt::format("{} of them by a date alone", number_text(doubts.times.day_or_less)));
  if (doubts.more > 0)
    out.note(
        fmt::format("{} more could lie within if their clocks ran in another zone, or by another of their "
                    "times: ask for 'time:...~zone'",
                    number_text(doubts.more)));
  if (doubts.denied)
    out.note("'not' leaves out all that may lie within that time, also where it is in doubt");
}

void note_candidates(Printer& out, const archive::CandidateDoubts& doubts) {
  if (doubts.only > 0)
    out.note(
        fmt::format("{} of them by candidate links alone, which are no evidence yet: '{}' leaves them out",
                    number_text(doubts.only), "link(... not type:candidate)"));
  if (doubts.left_out > 0)
    out.note(
        fmt::format("{} more would match if candidate links did not count", number_text(doubts.left_out)));
}

/// How many more items there are if incidents of which only an area is known count where that reaches into
/// what was asked. `rows` ascend.
std::uint64_t may_lie_within(archive::View& view, const archive::Query& query,
                             const std::vector<archive::Row>& rows) {
  const archive::Condition whole = archive::condition_of(query);
  if (!archive::asks_for_incident_place(whole)) return 0;
  const archive::Condition wider = archive::with_whole_areas(whole);
  if (wider == whole) return 0;
  std::vector<archive::Row> more;
  std::ranges::set_difference(archive::find(view, wider, query), rows, std::back_inserter(more));
  return more.size();
}

void print_rows(Printer& out, archive::View& view, const std::vector<archive::Row>& rows,
                const archive::Query& query, const FindOptions& options) {
  if (out.json()) {
    print_objects(out, view, rows);
  } else if (options.paths || out.nul_terminated()) {
    print_paths(out, view, rows, query);
  } else {
    print_table(out, view, rows, options);
  }
}

int run_find(Session& session, const FindOptions& options) {
  if (options.fields) return print_fields(session);
  sort_named(options.order.sort);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Query query = query_from(options.query, view);
  std::vector<archive::Row> rows = archive::find(view, query);
  Printer& out = session.out();
  const Doubts doubts = doubts_of(view, query, rows);
  const archive::CandidateDoubts candidates = archive::candidate_doubts(view, rows, query);
  const std::uint64_t perhaps_there = may_lie_within(view, query, rows);
  const std::size_t matched = rows.size();
  if (options.count_by.empty() && !options.count) put_in_order(view, rows, options.order, query.local);
  std::size_t values_left_out = 0;
  if (!options.count_by.empty())
    values_left_out = print_counts(out, view, rows, options, query.local);
  else if (options.count)
    out.line(std::to_string(rows.size()));
  else
    print_rows(out, view, rows, query, options);
  if (options.count_by.empty() && !options.count && rows.size() < matched)
    out.note(fmt::format("{} left out by --limit",
                         count_text(matched - rows.size(), "more item was", "more items were")));
  note_doubts(out, doubts);
  note_candidates(out, candidates);
  if (perhaps_there > 0)
    out.note(
        fmt::format("{} more by incidents of which only an area is known that reaches into it: ask for "
                    "'incident-near:...~area'",
                    number_text(perhaps_there)));
  if (archive::asks_for_text(query.where) && !view.can_read(ledger::SealClass::evidence))
    out.note("words were looked for in names alone: this role sees no descriptions and no incidents");
  Json summary = {{"command", "find"},
                  {"matched", matched},
                  {"shown", rows.size()},
                  {"unknown_zone", doubts.times.unknown_zone},
                  {"utc_claimed", doubts.times.utc_claimed},
                  {"by_date_alone", doubts.times.day_or_less},
                  {"may_match", doubts.more},
                  {"by_candidates_alone", candidates.only},
                  {"left_out_by_candidates", candidates.left_out},
                  {"may_lie_within", perhaps_there}};
  // Of times and links an auditor sees nothing: 0 would be an answer.
  if (!view.can_read(ledger::SealClass::evidence))
    for (const char* field : {"unknown_zone", "utc_claimed", "by_date_alone", "may_match",
                              "by_candidates_alone", "left_out_by_candidates", "may_lie_within"})
      summary[field] = nullptr;
  if (!options.count_by.empty()) summary["values_left_out"] = values_left_out;
  out.object("summary", summary);
  if (matched == 0 && !options.count) out.note("nothing matched");
  return matched == 0 ? kExitNo : kExitOk;
}

constexpr const char* kLanguage = R"(Queries:
  barrel bomb              both words, in names, descriptions and incidents
  "barrel bomb"            the phrase (quotes within the shell's quotes)
  governorate:Idlib killed>=10        of one and the same incident
  (party:Russian or party:regime) not is:linked     kind!=video
  made:2017-09-11T06:00..07:30~1h     tolerance; ~zone: whatever the zone
  near:35.93,36.63~5km     near:incident:ID~10km   incident-near:Idlib~area
  copy(volume:drive-1 health:damaged)   incident(weapon:barrel not killed:0)
'dalil find --fields' lists the fields; docs/find.md has the rest.)";

}  // namespace

Runner declare_find(Options& app) {
  const auto options = std::make_shared<FindOptions>();
  add_query_options(app, options->query);
  add_order_options(app, options->order);
  app.add_flag("--paths", options->paths, "print the paths of live copies alone; with -0 raw");
  app.add_flag("--count", options->count, "print only how many");
  app.add_option("--count-by", options->count_by, "how many by kind, day, governorate, camera ...")
      ->type_name("BY");
  app.add_flag("--fields", options->fields, "list what a query can ask for");
  app.explain(kLanguage);
  return [options](Session& session) { return run_find(session, *options); };
}

}  // namespace dalil::cli
