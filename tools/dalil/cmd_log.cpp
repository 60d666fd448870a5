#include <fmt/format.h>

#include <algorithm>
#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct LogOptions {
  std::uint64_t limit = 50;
  std::optional<std::uint64_t> from;
};

int run_log(Session& session, const LogOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  ledger::Reader& reader = view.reader();
  const std::uint64_t size = reader.size();
  const std::uint64_t limit = options.limit == 0 ? size : options.limit;
  const std::uint64_t first = options.from.value_or(size > limit ? size - limit : 0);
  const std::uint64_t last = size - std::min(first, size) > limit ? first + limit : size;
  Printer& out = session.out();
  Table table({{"entry", Align::right}, {"time"}, {"actor"}, {"class"}, {"what"}});
  std::uint64_t listed = 0;
  for (std::uint64_t seq = first; seq < last; ++seq) {
    const ledger::PublicLine line = reader.line(seq);
    const std::string actor = view.actor_name(line.actor);
    const std::string what = view.describe_entry(seq);
    table.add({std::to_string(seq), time_text(line.time), escape_for_display(actor),
               ledger::name_of(line.seal_class), escape_for_display(what)});
    if (table.pending() == 500) table.print(out);
    const bool visible = view.can_read(line.seal_class);
    out.object("entry", {{"seq", seq},
                         {"time", line.time.rfc3339_ms()},
                         {"actor", actor},
                         {"actor_id", to_hex(line.actor)},
                         {"class", ledger::name_of(line.seal_class)},
                         {"visible", visible},
                         {"what", visible ? Json(what) : Json()}});
    ++listed;
  }
  table.print(out);
  out.object("summary", {{"command", "log"}, {"listed", listed}, {"entries", size}});
  return kExitOk;
}

}  // namespace

Runner declare_log(Options& app) {
  const auto options = std::make_shared<LogOptions>();
  app.add_option("--limit", options->limit, "the newest so many (default: 50; 0: all)")->type_name("N");
  app.add_option("--from", options->from, "from this entry on")->type_name("SEQ");
  return [options](Session& session) { return run_log(session, *options); };
}

}  // namespace dalil::cli
