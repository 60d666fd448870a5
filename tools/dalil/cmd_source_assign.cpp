#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct AssignOptions {
  std::string alias, why;
  std::vector<std::string> items;
};

std::vector<archive::Row> items_named(archive::View& view, const std::vector<std::string>& texts) {
  std::vector<archive::Row> rows;
  for (const std::string& text : texts) rows.push_back(item_named(view, text));
  return rows;
}

bool is_assigned(archive::View& view, archive::Row item, archive::Row source) {
  const auto assignments = view.sources_of_item(item);
  return std::any_of(assignments.begin(), assignments.end(),
                     [source](const archive::Assignment& one) { return one.source == source; });
}

void report(Printer& out, archive::View& view, archive::Row item, const std::string& alias,
            std::string_view result, std::string_view words, std::string_view more = {}) {
  const std::string digest = view.item(item).digest.hex();
  out.line(fmt::format("{} {} {}{}", digest.substr(0, kShortDigits), words, escape_for_display(alias), more));
  out.object("assignment", {{"item", digest}, {"alias", alias}, {"result", result}});
}

int run_assign(Session& session, const AssignOptions& options) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row source = source_named(view, options.alias);
  const auto items = items_named(view, options.items);
  archive::Editor editor = archive.edit();
  view.renew();
  const std::size_t made = editor.assign(source, items, options.why);
  editor.commit();
  Printer& out = session.out();
  for (const archive::Row item : items) {
    const bool known = is_assigned(view, item, source);
    report(out, view, item, options.alias, known ? "unchanged" : "new", known ? "was from" : "is from",
           known ? " already" : "");
  }
  out.object("summary",
             {{"command", "source assign"}, {"assigned", made}, {"unchanged", items.size() - made}});
  return kExitOk;
}

int run_unassign(Session& session, const AssignOptions& options) {
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row source = source_named(view, options.alias);
  const auto items = items_named(view, options.items);
  archive::Editor editor = archive.edit();
  view.renew();
  for (const archive::Row item : items) {
    if (is_assigned(view, item, source)) continue;
    const std::string short_id = view.item(item).digest.hex().substr(0, kShortDigits);
    throw Error(ErrorCode::not_found,
                fmt::format("item {} does not come from source {}", short_id, in_quotes(options.alias)),
                "nothing was changed; sources of an item are listed by: dalil show " + short_id);
  }
  const std::size_t withdrawn = editor.unassign(source, items, options.why);
  editor.commit();
  Printer& out = session.out();
  for (const archive::Row item : items)
    report(out, view, item, options.alias, "withdrawn", "is no longer from", "; it stays on record");
  out.object("summary", {{"command", "source unassign"}, {"withdrawn", withdrawn}});
  return kExitOk;
}

void declare_common(Options& app, AssignOptions& options) {
  app.add_option("ALIAS", options.alias, "the source")->required()->type_name("");
  app.add_option("ITEM...", options.items, "digest or its first digits, VOLUME:PATH, or a file")
      ->required()
      ->at_least(1)
      ->type_name("");
}

}  // namespace

Runner declare_source_assign(Options& app) {
  const auto options = std::make_shared<AssignOptions>();
  declare_common(app, *options);
  app.add_option("--why", options->why, "on what this rests")->type_name("TEXT");
  return [options](Session& session) { return run_assign(session, *options); };
}

Runner declare_source_unassign(Options& app) {
  const auto options = std::make_shared<AssignOptions>();
  declare_common(app, *options);
  app.add_option("--why", options->why, "why it does not; kept on record")->required()->type_name("TEXT");
  return [options](Session& session) { return run_unassign(session, *options); };
}

}  // namespace dalil::cli
