#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"

namespace dalil::cli {
namespace {

struct RedactOptions {
  std::vector<std::uint64_t> entries;
  std::string why;
  bool dry_run = false;
};

void list(Session& session, archive::View& view, const std::vector<std::uint64_t>& entries, bool done) {
  Printer& out = session.out();
  for (const std::uint64_t seq : entries) {
    const ledger::PublicLine line = view.reader().line(seq);
    const std::string what = view.describe_entry(seq);
    out.line(fmt::format("  {} entry {} of {}: {}", done ? "destroyed" : "would destroy", seq,
                         time_text(line.time), escape_for_display(what)));
    out.object("entry", {{"seq", seq},
                         {"class", ledger::name_of(line.seal_class)},
                         {"commitment", line.commitment.hex()},
                         {"redacted", done}});
  }
}

int run_redact(Session& session, const RedactOptions& options) {
  ledger::Keyring keyring = session.unlock();
  {
    const archive::Archive archive = session.open(keyring.clone());
    archive::View view = archive.view();
    for (const std::uint64_t seq : options.entries) {
      if (seq >= view.reader().size())
        throw Error(ErrorCode::not_found, fmt::format("there is no entry {}", seq), "see: dalil log");
    }
    if (options.dry_run) list(session, view, options.entries, false);
  }
  if (!options.dry_run) {
    archive::redact(session.archive_directory(), keyring.clone(), options.entries, options.why,
                    system_clock(), session.memory_of(keyring));
    const archive::Archive archive = session.open(std::move(keyring));
    archive::View view = archive.view();
    list(session, view, options.entries, true);
    session.out().line(
        "The tree still verifies. Older copies of the archive still hold these contents, and so may the "
        "disk's");
    session.out().line(
        "free blocks, unreadable without keys: 'dalil key rotate' makes the old keys worthless.");
    session.out().line(
        "Metadata that was destroyed is in its file, too: 'dalil scan --look-again' would read it again.");
  }
  session.out().object(
      "summary", {{"command", "redact"}, {"entries", options.entries.size()}, {"dry_run", options.dry_run}});
  return kExitOk;
}

}  // namespace

Runner declare_redact(Options& app) {
  const auto options = std::make_shared<RedactOptions>();
  app.add_option("ENTRY", options->entries, "numbers of entries, as 'dalil log' and 'dalil show' print them")
      ->required()
      ->type_name("");
  app.add_option("--why", options->why, "the reason, for the ledger; it stays readable")
      ->required()
      ->type_name("TEXT");
  app.add_flag("--dry-run", options->dry_run, "show what would be destroyed");
  return [options](Session& session) { return run_redact(session, *options); };
}

}  // namespace dalil::cli
