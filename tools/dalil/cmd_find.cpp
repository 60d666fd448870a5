#include <fmt/format.h>

#include <unordered_set>

#include "command.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/base/text.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

/// Rows whose widths are looked at together: a million results must not wait in memory for the last one.
constexpr std::size_t kTablePortion = 500;

/// In the place of a scope: items that no source is assigned to.
constexpr const char* kNoConsent = "none";

struct FindOptions {
  std::vector<std::string> incidents, path_parts, sources, consents;
  std::string type, digest, date, claimed, incident_date, kind, min_size, max_size, camera, volume, zone;
  bool linked = false, unlinked = false, paths = false, count = false;
  std::size_t limit = SIZE_MAX;
};

archive::Query query_from(const FindOptions& options) {
  if (options.linked && options.unlinked) {
    throw Error(ErrorCode::usage, "--linked and --unlinked exclude each other");
  }
  archive::Query query;
  query.incidents = options.incidents;
  query.path_parts = options.path_parts;
  query.digest_prefix = options.digest;
  query.camera = options.camera;
  query.volume = options.volume;
  query.sources = options.sources;
  for (const std::string& scope : options.consents) {
    if (scope == kNoConsent)
      query.without_source = true;
    else
      query.consents.push_back(consent_named(scope));
  }
  query.limit = options.limit;
  if (!options.type.empty()) query.link_type = link_type_named(options.type);
  if (!options.date.empty()) query.embedded = date_range_from("--date", options.date);
  if (!options.claimed.empty()) query.claimed = date_range_from("--claimed", options.claimed);
  if (!options.incident_date.empty())
    query.incident_date = date_range_from("--incident-date", options.incident_date);
  if (!options.min_size.empty()) query.min_size = size_from("--min-size", options.min_size);
  if (!options.max_size.empty()) query.max_size = size_from("--max-size", options.max_size);
  if (!options.zone.empty()) query.zone_minutes = zone_from("--zone", options.zone);
  if (options.linked || options.unlinked) query.linked = options.linked;
  if (options.digest.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos ||
      options.digest.size() > 64) {
    throw Error(ErrorCode::usage, in_quotes(options.digest) + " is no beginning of a digest",
                "a digest is 64 hexadecimal digits");
  }
  if (!options.kind.empty()) {
    query.kind = media::media_kind_from(options.kind);
    if (!query.kind) {
      throw Error(ErrorCode::usage, "no kind of media " + in_quotes(options.kind),
                  "one of: photo, video, audio, document, other");
    }
  }
  return query;
}

void print_paths(Printer& out, archive::View& view, const std::vector<archive::Row>& rows,
                 const std::string& volume) {
  std::optional<archive::Row> only;
  if (!volume.empty()) only = volume_named(view, volume).row;
  for (const archive::Row row : rows) {
    for (const archive::CopyInfo& copy : view.copies_of(row)) {
      if (copy.row.state != archive::CopyRow::State::live || (only && copy.volume != *only)) continue;
      out.path(only ? copy.path : copy.volume_label + ":" + copy.path);
    }
  }
}

/// Columns that say something: what was asked for would be the same in every row.
struct ShownColumns {
  bool kind = true, time = true, incidents = true;
};

/// With one incident asked for, its column is worth its room only if an item shows another one, too.
ShownColumns shown_columns(archive::View& view, const std::vector<archive::Row>& rows,
                           const FindOptions& options) {
  if (!view.can_read(ledger::SealClass::evidence)) return {false, false, false};
  ShownColumns shown;
  shown.kind = options.kind.empty();
  if (options.unlinked) shown.incidents = false;
  if (options.incidents.size() != 1) return shown;
  const archive::Row asked = incident_named(view, options.incidents.front());
  const std::unordered_set<archive::Row> found(rows.begin(), rows.end());
  shown.incidents = false;
  view.for_each_link([&](archive::Row item, archive::Row incident, archive::LinkType) {
    if (incident != asked && found.contains(item)) shown.incidents = true;
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
    } else if (const auto facts = view.facts(row)) {
      fields["kind"] = media::name_of(facts->kind);
      fields["format"] = facts->format;
      if (const auto time = media::best_time(*facts)) fields["time"] = json_of(*time);
    }
    fields["incidents"] = whole ? Json(incidents_of(view, row)) : Json();
    put_sources(fields, view, row);
    fields["copies"] = Json::array();
    for (const archive::CopyInfo& copy : view.copies_of(row)) fields["copies"].push_back(json_of(copy));
    out.object("item", fields);
  }
}

int run_find(Session& session, const FindOptions& options) {
  const archive::Query query = query_from(options);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  for (const std::string& id : options.incidents) incident_named(view, id);
  for (const std::string& alias : options.sources) source_named(view, alias);
  if (!options.volume.empty()) volume_named(view, options.volume);
  const auto rows = archive::find(view, query);
  Printer& out = session.out();
  if (options.count) {
    out.line(std::to_string(rows.size()));
  } else if (out.json()) {
    print_objects(out, view, rows);
  } else if (options.paths || out.nul_terminated()) {
    print_paths(out, view, rows, options.volume);
  } else {
    print_table(out, view, rows, options);
  }
  out.object("summary", {{"command", "find"}, {"matched", rows.size()}});
  if (rows.empty() && !options.count) out.note("nothing matched");
  return rows.empty() ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_find(Options& app) {
  const auto options = std::make_shared<FindOptions>();
  app.add_option("--incident", options->incidents, "linked to this incident; several: to any of them")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--type", options->type, "by a link of this type")->type_name("TYPE");
  app.add_option("--path", options->path_parts, "part of a copy's path; several: all of them")
      ->type_name("PART")
      ->allow_extra_args(false);
  app.add_option("--digest", options->digest, "its first digits")->type_name("HEX");
  app.add_option("--date", options->date, "when it was made, by its own metadata")->type_name("RANGE");
  app.add_option("--claimed", options->claimed, "when it was made, by its name")->type_name("RANGE");
  app.add_option("--incident-date", options->incident_date, "when an incident that it is linked to was")
      ->type_name("RANGE");
  app.add_option("--kind", options->kind, "photo, video, audio, document, other")->type_name("KIND");
  app.add_option("--min-size", options->min_size, "at least: 500K, 10M, 2G")->type_name("SIZE");
  app.add_option("--max-size", options->max_size, "at most")->type_name("SIZE");
  app.add_option("--camera", options->camera, "part of make, model or serial number")->type_name("TEXT");
  app.add_option("--source", options->sources, "came from this source; several: from any of them")
      ->type_name("ALIAS")
      ->allow_extra_args(false);
  app.add_option("--consent", options->consents,
                 "strictest of its sources: archive-only, courts, publish, none; several: any")
      ->type_name("SCOPE")
      ->allow_extra_args(false);
  app.add_flag("--linked", options->linked, "linked to some incident");
  app.add_flag("--unlinked", options->unlinked, "linked to none");
  app.add_option("--volume", options->volume, "has a live copy there")->type_name("VOLUME");
  app.add_option("--zone", options->zone, "in which days are meant where UTC is known (default: +03:00)")
      ->type_name("OFFSET");
  app.add_option("--limit", options->limit, "stop after so many")->type_name("N");
  app.add_flag("--paths", options->paths, "print the paths of live copies alone; with -0 raw");
  app.add_flag("--count", options->count, "print only how many");
  return [options](Session& session) { return run_find(session, *options); };
}

}  // namespace dalil::cli
