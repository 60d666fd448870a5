#include "rollback_forms.hpp"

#include <fmt/format.h>

#include "forms.hpp"

namespace dalil::cli {
namespace {

std::string state_text(const merkle::Checkpoint& checkpoint) {
  return fmt::format("{} entries, root {}", number_text(checkpoint.size),
                     checkpoint.root.hex().substr(0, 16));
}

}  // namespace

void tell_rollback(Printer& out, const ledger::Rollback& rollback) {
  const bool smaller = rollback.kind == ledger::Rollback::Kind::smaller;
  out.warn(smaller
               ? "THIS ARCHIVE IS OLDER THAN WHAT THIS MACHINE HAS SEEN. It opens for reading only."
               : "THIS ARCHIVE HAS ANOTHER HISTORY THAN THIS MACHINE HAS SEEN. It opens for reading only.");
  out.warn(fmt::format("  expected  {}, or a continuation", state_text(rollback.expected.checkpoint)));
  out.warn("            last seen " + time_text(rollback.expected.seen_at));
  out.warn("  found     " + state_text(rollback.found));
  out.warn("It can mean:");
  out.warn("  - this is an older copy, or was restored from one (a backup, a synced folder):");
  out.warn("    what was recorded since is not in it; look for the newer one");
  if (!smaller) out.warn("  - two copies were both written to, and one now lies in the place of the other");
  out.warn("  - somebody put another state here to hide entries");
  out.warn("Keep this directory as it is. Compare with checkpoints kept elsewhere:");
  out.warn("  dalil checkpoint verify FILE");
  out.warn("If it is to be so, an archivist can say why, on record:");
  out.warn("  dalil checkpoint accept --why TEXT");
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
