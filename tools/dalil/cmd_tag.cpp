#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "command.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct TagOptions {
  std::vector<std::string> items, add, remove;
  std::string why;
};

/// Items that bear the tag now.
std::unordered_set<archive::Row> bearers(archive::View& view, const std::string& name) {
  std::unordered_set<archive::Row> items;
  const auto tag = archive::find_tag(view, name);
  if (!tag) return items;
  archive::for_each_tagging(view, [&](archive::Row item, archive::Row of) {
    if (of == *tag) items.insert(item);
  });
  return items;
}

void report(Printer& out, archive::View& view, archive::Row item, const std::string& tag,
            std::string_view words, std::string_view result) {
  const std::string digest = view.item(item).digest.hex();
  out.line(fmt::format("{} {} {}", digest.substr(0, kShortDigits), words, in_quotes(tag)));
  out.object("tagging", {{"item", digest}, {"tag", tag}, {"result", result}});
}

void refuse_absent(archive::View& view, const std::vector<archive::Row>& items,
                   const std::unordered_set<archive::Row>& known, const std::string& name) {
  for (const archive::Row item : items) {
    if (known.contains(item)) continue;
    const std::string short_id = view.item(item).digest.hex().substr(0, kShortDigits);
    throw Error(ErrorCode::not_found, fmt::format("item {} has no tag {}", short_id, in_quotes(name)),
                "nothing was changed; tags of an item are listed by: dalil show " + short_id);
  }
}

struct Counts {
  std::size_t added = 0, unchanged = 0, removed = 0;
};

/// What cannot be done ends it before the commit, and then nothing is changed.
Counts change(Printer& out, archive::View& view, archive::Editor& editor,
              const std::vector<archive::Row>& items, const TagOptions& options) {
  Counts counts;
  for (const std::string& name : options.remove) {
    const auto known = bearers(view, name);
    refuse_absent(view, items, known, name);
    counts.removed += archive::remove_tag(editor, name, items, options.why);
    for (const archive::Row item : items) report(out, view, item, name, "has no longer", "removed");
  }
  for (const std::string& name : options.add) {
    const auto known = bearers(view, name);
    counts.added += archive::add_tag(editor, name, items, options.why);
    for (const archive::Row item : items) {
      const bool had = known.contains(item);
      counts.unchanged += had ? 1 : 0;
      report(out, view, item, name, had ? "has already" : "tagged", had ? "unchanged" : "new");
    }
  }
  return counts;
}

int run_tag(Session& session, const TagOptions& options) {
  if (options.items.empty())
    throw Error(ErrorCode::usage, "which items?",
                "a digest or its first digits, VOLUME:PATH, or a file; 'dalil tag list' lists tags");
  if (options.add.empty() && options.remove.empty())
    throw Error(ErrorCode::usage, "what is to become of the items?", "give --add NAME or --remove NAME");
  archive::Archive archive = session.open();
  archive::View view = archive.view();
  std::vector<archive::Row> items;
  for (const std::string& text : options.items)
    if (const archive::Row item = item_named(view, text); !std::ranges::count(items, item))
      items.push_back(item);
  archive::Editor editor = archive.edit();
  view.renew();
  const Counts counts = change(session.out(), view, editor, items, options);
  editor.commit();
  session.out().object("summary", {{"command", "tag"},
                                   {"items", items.size()},
                                   {"added", counts.added},
                                   {"unchanged", counts.unchanged},
                                   {"removed", counts.removed}});
  return kExitOk;
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const auto tags = archive::tags(view);
  Printer& out = session.out();
  Table table({{"tag"}, {"items", Align::right}});
  for (const archive::Tag& tag : tags) {
    table.add({{escape_for_display(tag.name), Style::bold}, number_text(tag.items)});
    out.object("tag", {{"tag", tag.name}, {"items", tag.items}});
  }
  table.print(out);
  if (tags.empty()) out.note("no tags yet; put one on items with: dalil tag ITEM --add NAME");
  out.object("summary", {{"command", "tag list"}, {"tags", tags.size()}});
  return kExitOk;
}

}  // namespace

Runner declare_tag(Options& app) {
  const auto options = std::make_shared<TagOptions>();
  app.add_option("ITEM...", options->items, "digest or its first digits, VOLUME:PATH, or a file")
      ->type_name("");
  app.add_option("--add", options->add, "from now on they bear this tag; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--remove", options->remove, "they do not any more; it stays on record")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--why", options->why, "on what this rests")->type_name("TEXT");
  return [options](Session& session) { return run_tag(session, *options); };
}

Runner declare_tag_list(Options&) {
  return run_list;
}

}  // namespace dalil::cli
