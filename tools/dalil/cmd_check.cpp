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

int run_rebuild(Session& session) {
  const ledger::Keyring keyring = session.unlock();
  archive::rebuild(session.archive_directory(), keyring.clone(), system_clock(), session.memory_of(keyring));
  const archive::Archive archive = session.open(keyring.clone());
  archive::View view = archive.view();
  Printer& out = session.out();
  const auto entries = view.reader().size();
  out.line(fmt::format("rebuilt {} from {} ledger entries: {} items, {} volumes",
                       in_quotes(session.archive_directory()), number_text(entries),
                       number_text(view.item_count()), view.volumes().size()));
  out.object("summary", {{"command", "rebuild"}, {"entries", entries}, {"items", view.item_count()}});
  return kExitOk;
}

}  // namespace

Runner declare_check(Options&) {
  return run_check;
}
Runner declare_rebuild(Options&) {
  return run_rebuild;
}

}  // namespace dalil::cli
