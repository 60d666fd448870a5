#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct LinkOptions {
  std::vector<std::string> items_and_incident;
  std::string type, from, to, why;
};

struct UnlinkOptions {
  std::string item, incident, type, why;
};

bool same_link(const archive::Link& link, archive::Row incident, archive::LinkType type,
               std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms) {
  return link.incident == incident && link.type == type && link.from_ms == from_ms && link.to_ms == to_ms;
}

int run_link(Session& session, LinkOptions options) {
  const std::string incident_id = options.items_and_incident.back();
  options.items_and_incident.pop_back();
  const archive::LinkType type = link_type_named(options.type);
  std::optional<std::int64_t> from_ms, to_ms;
  if (!options.from.empty()) from_ms = timecode_from("--from", options.from);
  if (!options.to.empty()) to_ms = timecode_from("--to", options.to);
  if (from_ms && to_ms && *to_ms < *from_ms) {
    throw Error(ErrorCode::usage, "the part of the recording ends before it begins",
                "--from comes first, then --to");
  }
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row incident = incident_named(view, incident_id);
  std::vector<archive::Row> items;
  for (const std::string& text : options.items_and_incident) items.push_back(item_named(view, text));

  Printer& out = session.out();
  archive::Editor editor = archive.edit();
  std::vector<bool> existed;
  for (const archive::Row item : items) {
    const auto links = editor.links_of_item(item);
    const bool exists = std::any_of(links.begin(), links.end(), [&](const archive::Link& link) {
      return !link.withdrawn && same_link(link, incident, type, from_ms, to_ms);
    });
    if (!exists) editor.add_link(item, incident, type, from_ms, to_ms, options.why);
    existed.push_back(exists);
  }
  editor.commit();
  std::size_t made = 0, known = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool exists = existed[i];
    (exists ? known : made) += 1;
    const std::string digest = view.item(items[i]).digest.hex();
    out.line(fmt::format("{} {} {} {}", exists ? "linked already" : "linked", digest.substr(0, kShortDigits),
                         archive::name_of(type), escape_for_display(incident_id)));
    out.object("link", {{"item", digest},
                        {"incident", incident_id},
                        {"link_type", archive::name_of(type)},
                        {"result", exists ? "unchanged" : "new"}});
  }
  out.object("summary", {{"command", "link"}, {"links", made}, {"unchanged", known}});
  return kExitOk;
}

int run_unlink(Session& session, const UnlinkOptions& options) {
  std::optional<archive::LinkType> type;
  if (!options.type.empty()) type = link_type_named(options.type);
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row incident = incident_named(view, options.incident);
  const archive::Row item = item_named(view, options.item);
  const std::string short_id = view.item(item).digest.hex().substr(0, kShortDigits);

  Printer& out = session.out();
  archive::Editor editor = archive.edit();
  std::size_t withdrawn = 0;
  for (const archive::Link& link : editor.links_of_item(item)) {
    if (link.withdrawn || link.incident != incident || (type && link.type != *type)) continue;
    editor.withdraw_link(link.row, options.why);
    ++withdrawn;
    out.line(fmt::format("withdrew {} {} {}; it stays on record", short_id, link_text(link),
                         escape_for_display(options.incident)));
    Json fields = json_of(view, link);
    fields["result"] = "withdrawn";
    out.object("link", fields);
  }
  if (withdrawn == 0) {
    throw Error(ErrorCode::not_found,
                fmt::format("no such link between {} and {}", short_id, in_quotes(options.incident)),
                "links of an item are listed by: dalil show " + short_id);
  }
  editor.commit();
  out.object("summary", {{"command", "unlink"}, {"withdrawn", withdrawn}});
  return kExitOk;
}

}  // namespace

Runner declare_link(Options& app) {
  const auto options = std::make_shared<LinkOptions>();
  app.add_option("ITEM... INCIDENT", options->items_and_incident,
                 "digest or its first digits, VOLUME:PATH, or a file; last the incident's id")
      ->required()
      ->at_least(2)
      ->type_name("");
  app.add_option("--type", options->type, "depicts, aftermath, corroborates, contradicts, context ...")
      ->required()
      ->type_name("TYPE");
  app.add_option("--from", options->from, "where in the recording it begins")->type_name("TIME");
  app.add_option("--to", options->to, "where it ends")->type_name("TIME");
  app.add_option("--why", options->why, "on what this rests")->type_name("TEXT");
  app.explain("A part has to lie within the recording, where the file tells how long that is.\n\n");
  return [options](Session& session) { return run_link(session, *options); };
}

Runner declare_unlink(Options& app) {
  const auto options = std::make_shared<UnlinkOptions>();
  app.add_option("ITEM", options->item, "digest or its first digits, VOLUME:PATH, or a file")
      ->required()
      ->type_name("");
  app.add_option("INCIDENT", options->incident, "the incident's id")->required()->type_name("");
  app.add_option("--type", options->type, "only links of this type")->type_name("TYPE");
  app.add_option("--why", options->why, "why it does not hold; kept on record")
      ->required()
      ->type_name("TEXT");
  return [options](Session& session) { return run_unlink(session, *options); };
}

}  // namespace dalil::cli
