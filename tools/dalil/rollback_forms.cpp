#include "rollback_forms.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "forms.hpp"

namespace dalil::cli {
namespace {

std::string state_text(const merkle::Checkpoint& checkpoint) {
  return fmt::format("{} entries, root {}", number_text(checkpoint.size),
                     checkpoint.root.hex().substr(0, 16));
}

/// Lines of at most 64 columns: with "dalil: warning: " before it each fits a terminal of 80.
std::vector<std::string> story(const ledger::Rollback& rollback) {
  const bool smaller = rollback.kind == ledger::Rollback::Kind::smaller;
  std::vector<std::string> lines = {
      smaller ? "THIS ARCHIVE IS OLDER THAN WHAT THIS MACHINE HAS SEEN."
              : "THIS ARCHIVE HAS ANOTHER HISTORY THAN THIS MACHINE HAS SEEN.",
      "It opens for reading only.",
      "  expected  " + state_text(rollback.expected.checkpoint) + ",",
      fmt::format("            or a continuation; seen {}", time_text(rollback.expected.seen_at)),
      "  found     " + state_text(rollback.found),
      "It can mean:",
      "  - this is an older copy, or was restored from one (a backup,",
      "    a synced folder): what was recorded since is not in it;",
      "    look for the newer one"};
  if (!smaller)
    lines.insert(lines.end(),
                 {"  - two copies were both written to, and one now lies in the", "    place of the other"});
  lines.insert(lines.end(), {"  - somebody put another state here to hide entries",
                             "Keep this directory as it is. Compare it with checkpoints that",
                             "were kept elsewhere:", "  dalil checkpoint verify FILE",
                             "If it is to be so, an archivist can say why, on record:",
                             "  dalil checkpoint accept --why TEXT"});
  return lines;
}

}  // namespace

void tell_rollback(Printer& out, const ledger::Rollback& rollback) {
  for (const std::string& line : story(rollback)) out.warn(line);
  out.object("rollback", json_of(rollback));
}

Json json_of(const ledger::Rollback& rollback) {
  const bool smaller = rollback.kind == ledger::Rollback::Kind::smaller;
  return {{"kind", smaller ? "smaller" : "rewritten"},
          {"expected_size", rollback.expected.checkpoint.size},
          {"expected_root", rollback.expected.checkpoint.root.hex()},
          {"expected_note", rollback.expected.note},
          {"seen_at", rollback.expected.seen_at.rfc3339()},
          {"found_size", rollback.found.size},
          {"found_root", rollback.found.root.hex()}};
}

}  // namespace dalil::cli
