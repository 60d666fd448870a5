#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct LogOptions {
  std::uint64_t limit = 50;
  std::optional<std::uint64_t> from;
  std::vector<std::string> actors, kinds;
  std::string since, until, seal_class, item, incident, volume;
};

/// A day (its beginning or its end, in UTC) or a moment.
UtcTime moment_from(const std::string& option, const std::string& text, bool end) {
  if (const auto time = UtcTime::from_rfc3339(text)) return *time;
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto days = parse_date(text);
  if (!days) {
    throw Error(ErrorCode::usage, option + " " + in_quotes(text) + " is no date",
                "give 2017, 2017-09, 2017-09-11 or 2017-09-11T08:30:00Z; days are those of UTC");
  }
  return {end ? (std::int64_t{days->last} + 1) * kDayMs - 1 : std::int64_t{days->first} * kDayMs};
}

/// By name (there may be several of it) or by id.
std::vector<ledger::ActorId> actors_named(archive::View& view, const std::string& text) {
  std::vector<ledger::ActorId> found;
  for (const ledger::Signer& signer : view.reader().signers()) {
    const ledger::ActorId id = ledger::actor_id(signer.key.key);
    if (signer.actor_name == text || to_hex(id) == text) found.push_back(id);
  }
  if (found.empty()) {
    throw Error(ErrorCode::not_found, "nobody here is called " + in_quotes(text),
                "names and ids are listed by: dalil checkpoint keys");
  }
  return found;
}

unsigned kind_named(const std::string& text) {
  if (const auto kind = archive::entry_kind_from(text)) return *kind;
  std::string names;
  for (const std::string& name : archive::entry_kind_names()) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::usage, "no kind of entry is called " + in_quotes(text), "one of: " + names);
}

ledger::SealClass class_named(const std::string& text) {
  if (const auto seal_class = ledger::seal_class_from(text)) return *seal_class;
  throw Error(ErrorCode::usage, "no class is called " + in_quotes(text),
              "one of: inventory, evidence, source");
}

archive::LogQuery query_from(archive::View& view, const LogOptions& options) {
  archive::LogQuery query;
  for (const std::string& text : options.actors) {
    for (const ledger::ActorId& actor : actors_named(view, text)) query.actors.push_back(actor);
  }
  for (const std::string& text : options.kinds) query.kinds.push_back(kind_named(text));
  if (!options.since.empty()) query.since = moment_from("--since", options.since, false);
  if (!options.until.empty()) query.until = moment_from("--until", options.until, true);
  if (!options.seal_class.empty()) query.seal_class = class_named(options.seal_class);
  if (!options.item.empty()) query.item = item_named(view, options.item);
  if (!options.incident.empty()) query.incident = incident_named(view, options.incident);
  if (!options.volume.empty()) query.volume = volume_named(view, options.volume).row;
  if (options.limit > 0) query.limit = options.limit;
  query.from = options.from.value_or(0);
  // Without a place to begin, the newest are meant; all of them are given as they come.
  query.newest_first = !options.from && options.limit > 0;
  return query;
}

Json json_of(const archive::LoggedEntry& entry) {
  Json fields = {{"seq", entry.line.seq},
                 {"time", entry.line.time.rfc3339_ms()},
                 {"actor", entry.actor_name},
                 {"actor_id", to_hex(entry.line.actor)},
                 {"class", ledger::name_of(entry.line.seal_class)}};
  fields["visible"] = entry.visible;
  if (!entry.kind.empty()) fields["kind"] = entry.kind;
  fields["what"] = entry.visible ? Json(entry.what) : Json();
  Json main = Json::object();
  for (const archive::EntryField& field : entry.fields) {
    if (const auto* number = std::get_if<std::uint64_t>(&field.value)) {
      main[field.name] = *number;
    } else {
      put_path(main, field.name, std::get<std::string>(field.value));
    }
  }
  if (!main.empty()) fields["fields"] = main;
  return fields;
}

class LogPrinter {
 public:
  explicit LogPrinter(Printer& out) : out_(out) {}

  void print(const archive::LoggedEntry& entry) {
    table_.add({std::to_string(entry.line.seq), time_text(entry.line.time),
                escape_for_display(entry.actor_name), ledger::name_of(entry.line.seal_class), entry.what});
    if (table_.pending() == kRowsAtOnce) table_.print(out_);
    out_.object("entry", json_of(entry));
    ++listed_;
  }
  std::uint64_t finish() {
    table_.print(out_);
    return listed_;
  }

 private:
  static constexpr std::size_t kRowsAtOnce = 500;
  Printer& out_;
  Table table_{{{"entry", Align::right},
                {"time"},
                {"actor", Align::left, Table::Fit::shortened, 12},
                {"class"},
                {"what", Align::left, Table::Fit::shortened}}};
  std::uint64_t listed_ = 0;
};

/// By their public lines.
std::uint64_t entries_of_class(archive::View& view, ledger::SealClass seal_class) {
  std::uint64_t count = 0;
  for (archive::Seq seq = 0; seq < view.reader().size(); ++seq)
    count += view.reader().line(seq).seal_class == seal_class ? 1 : 0;
  return count;
}

int run_log(Session& session, const LogOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::LogQuery query = query_from(view, options);
  Printer& out = session.out();
  LogPrinter printer(out);
  std::vector<archive::LoggedEntry> newest;
  archive::log(view, query, [&](const archive::LoggedEntry& entry) {
    if (query.newest_first) {
      newest.push_back(entry);
    } else {
      printer.print(entry);
    }
    return !session.stop().requested();
  });
  // As a diary is read: the newest at the end.
  for (auto entry = newest.rbegin(); entry != newest.rend(); ++entry) printer.print(*entry);
  const std::uint64_t listed = printer.finish();
  Json summary = {{"command", "log"}, {"listed", listed}, {"entries", view.reader().size()}};
  if (query.item && !view.can_read(ledger::SealClass::evidence)) {
    const std::uint64_t sealed = entries_of_class(view, ledger::SealClass::evidence);
    summary["not_visible"] = sealed;
    out.note(
        fmt::format("{} of class evidence: not visible to this role, nor which of them are about this item",
                    count_text(sealed, "entry", "entries")));
  }
  out.object("summary", summary);
  if (session.stop().requested()) return kExitInterrupted;
  if (listed == 0) out.note("no entry matches");
  return listed == 0 ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_log(Options& app) {
  const auto options = std::make_shared<LogOptions>();
  app.add_option("--limit", options->limit, "the newest so many (default: 50; 0: all)")->type_name("N");
  app.add_option("--from", options->from, "from this entry on")->type_name("SEQ");
  app.add_option("--actor", options->actors, "what this person did: name or id")->type_name("NAME");
  app.add_option("--since", options->since, "by the writer's clock: a day (UTC) or a moment")
      ->type_name("DATE");
  app.add_option("--until", options->until, "the same, the day included")->type_name("DATE");
  app.add_option("--kind", options->kinds, "copy_seen, incident_revised, link_made, run ...")
      ->type_name("KIND");
  app.add_option("--class", options->seal_class, "inventory, evidence or source")->type_name("CLASS");
  app.add_option("--item", options->item, "digest, VOLUME:PATH, or a file")->type_name("ITEM");
  app.add_option("--incident", options->incident, "its revisions and links")->type_name("ID");
  app.add_option("--volume", options->volume, "what was seen or done there: label or id")
      ->type_name("VOLUME");
  return [options](Session& session) { return run_log(session, *options); };
}

}  // namespace dalil::cli
