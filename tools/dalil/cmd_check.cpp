#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kProblemsShown = 50;

int run_check(Session& session) {
  const archive::Archive archive = session.open();
  const archive::CheckReport report = archive::check(archive);
  const bool sound = report.problems.empty();
  Printer& out = session.out();
  out.line(fmt::format("{}  {} ledger entries, {} derived rows, {} records checked",
                       sound ? out.styled(Style::good, "SOUND") : out.styled(Style::bad, "DAMAGED"),
                       number_text(report.entries), number_text(report.rows), number_text(report.records)));
  for (std::size_t i = 0; i < report.problems.size(); ++i) {
    if (i < kProblemsShown || out.verbose()) out.line("  " + escape_for_display(report.problems[i]));
    out.object("problem", {{"problem", report.problems[i]}});
  }
  if (report.problems.size() > kProblemsShown && !out.verbose()) {
    out.line(fmt::format("  ... and {} more; -v lists all", report.problems.size() - kProblemsShown));
  }
  if (!report.derived_compared && sound)
    out.line(
        fmt::format("  the contents of {} and all that is derived: not visible to this role, not checked",
                    count_text(report.not_visible, "entry", "entries")));
  if (!sound) out.line("what is derived can be made again from the ledger: dalil rebuild");
  out.object("summary", {{"command", "check"},
                         {"sound", sound},
                         {"entries", report.entries},
                         {"rows", report.rows},
                         {"records", report.records},
                         {"entries_not_visible", report.not_visible},
                         {"derived_compared", report.derived_compared},
                         {"problems", report.problems.size()}});
  return sound ? kExitOk : kExitDamaged;
}

void note_dropped(Printer& out, const archive::Rebuilt& rebuilt, bool wanted) {
  if (rebuilt.thumbnails_dropped == 0) return;
  const std::string items = count_text(rebuilt.thumbnails_dropped, "item", "items");
  if (wanted) return out.line("dropped the thumbnails of " + items);
  out.warn(
      fmt::format("thumbnails of {} were damaged or of no item, and are dropped; 'dalil thumbnail' makes "
                  "them again",
                  items));
}

int run_rebuild(Session& session, bool without_thumbnails) {
  const ledger::Keyring keyring = session.unlock();
  const archive::Rebuilt rebuilt = archive::rebuild(
      session.archive_directory(), keyring.clone(), system_clock(), session.memory_of(keyring),
      without_thumbnails ? archive::Thumbnails::drop : archive::Thumbnails::keep);
  const archive::Archive archive = session.open(keyring.clone());
  archive::View view = archive.view();
  Printer& out = session.out();
  const auto entries = view.reader().size();
  out.line(fmt::format("rebuilt {} from {} ledger entries: {} items, {} volumes",
                       in_quotes(session.archive_directory()), number_text(entries),
                       number_text(view.item_count()), view.volumes().size()));
  note_dropped(out, rebuilt, without_thumbnails);
  out.object("summary", {{"command", "rebuild"},
                         {"entries", entries},
                         {"items", view.item_count()},
                         {"thumbnails_kept", rebuilt.thumbnails_kept},
                         {"thumbnails_dropped", rebuilt.thumbnails_dropped}});
  return kExitOk;
}

}  // namespace

Runner declare_check(Options&) {
  return run_check;
}
Runner declare_rebuild(Options& app) {
  const auto without = std::make_shared<bool>(false);
  app.add_flag("--without-thumbnails", *without, "drop them: 'dalil thumbnail' makes them again");
  return [without](Session& session) { return run_rebuild(session, *without); };
}

}  // namespace dalil::cli
