#include "sandbox_forms.hpp"

#include <fmt/format.h>

#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

void print_locks(Printer& out, const media::SandboxState& state) {
  Table table({{"  layer"}, {"state"}, {"what it does, or why it is missing"}});
  for (const media::SandboxLock& lock : state.locks) {
    const bool active = lock.active();
    table.add({std::string("  ") + lock.title,
               {active ? "active" : "MISSING", active ? Style::good : Style::warning},
               active ? lock.purpose : media::reason_of(lock)});
    Json fields = {{"name", lock.name}, {"active", active}};
    if (!active) {
      fields["errno"] = lock.error;
      fields["reason"] = media::reason_of(lock);
    }
    out.object("lock", fields);
  }
  table.print(out);
}

}  // namespace

void print_sandbox(Printer& out, const media::SandboxState& state, const media::ParserOptions& limits) {
  out.line("the process that looks into foreign files, as it has locked itself in here");
  print_locks(out, state);
  if (state.landlock_version > 0)
    out.line(fmt::format("  Landlock is that of version {}", state.landlock_version));
  out.line();
  out.line("and whatever happens in it, this process holds to");
  out.line(fmt::format("  {} s a file, then it is ended; {} files, then a new one takes over",
                       limits.wall_limit.count() / 1000, number_text(limits.renew_after_files)));
  out.line("  answers of at most 1 MiB, each checked; a file is tried twice");
  Json fields = {{"command", "status"}, {"complete", state.complete()}};
  put_path(fields, "program", state.program);
  fields["landlock_version"] = state.landlock_version;
  fields["wall_limit_ms"] = limits.wall_limit.count();
  fields["renew_after_files"] = limits.renew_after_files;
  out.object("summary", fields);
}

}  // namespace dalil::cli
