#include <fmt/format.h>

#include <thread>

#include "command.hpp"
#include "dalil/archive/similar.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "looks_forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

struct DuplicatesArguments {
  std::string volume;
  std::size_t limit = SIZE_MAX;
  bool no_flips = false;
};

bool has_live_copy(archive::View& view, archive::Row item, archive::Row volume) {
  for (const archive::CopyInfo& copy : view.copies_of(item))
    if (copy.volume == volume && copy.row.state == archive::CopyRow::State::live) return true;
  return false;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

void print_group(Printer& out, archive::View& view, const archive::VersionGroup& group, std::size_t number) {
  out.line(
      wrapped(out,
              fmt::format("group {}: {}; the first one: {}", number,
                          count_text(group.size(), "version", "versions"), joined(group.front().reasons)),
              4));
  Table table({{"  item"},
               {"bits", Align::right},
               {"how", Align::left, Table::Fit::shortened},
               {"size", Align::right},
               {"path", Align::left, Table::Fit::shortened}});
  Json versions = Json::array();
  for (const archive::Version& version : group) {
    const ItemLine item = item_line(view, version.item);
    const bool first = &version == &group.front();
    table.add({"  " + item.short_id, first ? "" : std::to_string(version.distance),
               first ? "most faithful" : changes_text(version.changes, version.pose), item.size, item.path});
    Json fields = {{"digest", view.item(version.item).digest.hex()},
                   {"size_bytes", view.item(version.item).size_bytes},
                   {"distance", version.distance},
                   {"changes", changes_json(version.changes, version.pose)},
                   {"reasons", version.reasons}};
    fields["copies"] = Json::array();
    for (const archive::CopyInfo& copy : view.copies_of(version.item))
      fields["copies"].push_back(json_of(copy));
    versions.push_back(std::move(fields));
  }
  table.print(out);
  out.line();
  out.object("group", {{"group", number}, {"versions", versions}});
}

int run_duplicates(Session& session, const DuplicatesArguments& arguments) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  std::optional<archive::Row> volume;
  if (!arguments.volume.empty()) volume = volume_named(view, arguments.volume).row;
  archive::SimilarOptions options;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  options.flips = !arguments.no_flips;
  const archive::Looks looks = archive::Looks::load(archive, options.threads);
  auto groups = archive::duplicates(view, looks, options);
  if (volume)
    std::erase_if(groups, [&](const archive::VersionGroup& group) {
      return std::ranges::none_of(group,
                                  [&](const auto& one) { return has_live_copy(view, one.item, *volume); });
    });
  Printer& out = session.out();
  std::size_t items = 0, shown = 0;
  for (const archive::VersionGroup& group : groups) {
    items += group.size();
    if (shown < arguments.limit) print_group(out, view, group, ++shown);
  }
  if (groups.empty())
    out.line("no two items look like versions of each other");
  else
    out.line(fmt::format("{} of {} in all", count_text(groups.size(), "group", "groups"),
                         count_text(items, "item", "items")));
  note_coverage(out, view);
  out.object("summary", {{"command", "duplicates"},
                         {"groups", groups.size()},
                         {"items", items},
                         {"fingerprints", looks.size()}});
  return groups.empty() ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_duplicates(Options& app) {
  const auto options = std::make_shared<DuplicatesArguments>();
  app.add_option("--volume", options->volume, "groups that have a live copy there")->type_name("VOLUME");
  app.add_flag("--no-flips", options->no_flips, "do not look for mirrored versions");
  app.add_option("--limit", options->limit, "show the largest so many")->type_name("N")->at_least_one();
  return [options](Session& session) { return run_duplicates(session, *options); };
}

}  // namespace dalil::cli
