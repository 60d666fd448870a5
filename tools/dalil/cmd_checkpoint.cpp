#include <fmt/format.h>

#include <map>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct ShowOptions {
  std::optional<std::uint64_t> size;
};

struct ListOptions {
  std::uint64_t limit = 50;
};

struct ExportOptions {
  std::string file;
  std::optional<std::uint64_t> size;
  bool cosigned = false;
};

struct AcceptOptions {
  std::string why;
};

int run_show(Session& session, const ShowOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  const Checkpoints checkpoints(view);
  const CheckpointView checkpoint = checkpoints.of(options.size.value_or(view.reader().size()));
  print_checkpoint(out, checkpoint);
  const archive::Cosignature* newest = checkpoints.newest_cosigned();
  if (!options.size && checkpoint.cosignatures.empty()) {
    out.line("  " + (newest
                         ? fmt::format("the newest that is cosigned has {}: {}, {}",
                                       count_text(newest->tree_size, "entry", "entries"),
                                       escape_for_display(newest->actor_name), time_text(newest->signed_at))
                         : std::string("none was cosigned yet; an auditor does so with: dalil cosign")));
  }
  out.object("checkpoint", json_of(checkpoint));
  Json summary = {{"command", "checkpoint show"}};
  if (newest) summary["newest_cosigned_size"] = newest->tree_size;
  out.object("summary", summary);
  return kExitOk;
}

int run_list(Session& session, const ListOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  std::vector<std::uint64_t> sizes;
  view.reader().for_each_checkpoint([&](std::uint64_t size, const std::string&) {
    sizes.push_back(size);
    return options.limit == 0 || sizes.size() < options.limit;
  });
  Printer& out = session.out();
  const Checkpoints checkpoints(view);
  Table table({{"entries", Align::right},
               {"last entry"},
               {"root"},
               {"signed by", Align::left, Table::Fit::shortened},
               {"held in place by", Align::left, Table::Fit::shortened}});
  for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
    const CheckpointView checkpoint = checkpoints.of(*size);
    std::string signers, anchors;
    for (const auto& one : checkpoint.signers) signers += (signers.empty() ? "" : ", ") + one.actor_name;
    for (const auto& one : checkpoint.cosignatures) anchors += (anchors.empty() ? "" : ", ") + one.actor_name;
    if (checkpoint.timestamps > 0) {
      anchors +=
          (anchors.empty() ? "" : ", ") + count_text(checkpoint.timestamps, "time-stamp", "time-stamps");
    }
    table.add({number_text(*size), time_text(checkpoint.time), checkpoint.checkpoint.root.hex().substr(0, 16),
               escape_for_display(signers), escape_for_display(anchors)});
    out.object("checkpoint", json_of(checkpoint));
  }
  table.print(out);
  out.object("summary", {{"command", "checkpoint list"}, {"checkpoints", sizes.size()}});
  return kExitOk;
}

int run_export(Session& session, const ExportOptions& options) {
  if (options.cosigned && options.size)
    throw Error(ErrorCode::usage, "--size and --cosigned exclude each other");
  refuse_existing(options.file, "the file");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const Checkpoints checkpoints(view);
  std::uint64_t size = options.size.value_or(view.reader().size());
  if (options.cosigned) {
    const archive::Cosignature* newest = checkpoints.newest_cosigned();
    if (newest == nullptr) {
      throw Error(ErrorCode::not_found, "no checkpoint was cosigned yet",
                  "an auditor does so with: dalil cosign");
    }
    size = newest->tree_size;
  }
  const CheckpointView checkpoint = checkpoints.of(size);
  files::write_new_file(options.file, as_bytes(checkpoint.note), 0644);
  Printer& out = session.out();
  print_checkpoint(out, checkpoint);
  out.line("written to " + in_quotes(options.file) + "; it is not secret. Keep it where the archive is not.");
  out.object("checkpoint", json_of(checkpoint));
  out.object("summary", {{"command", "checkpoint export"}, {"size", size}});
  return kExitOk;
}

/// When the key of whom was removed: this list is what outsiders are told to trust. No name is used twice.
std::map<std::string, UtcTime> removals(archive::View& view) {
  std::map<std::string, UtcTime> removed;
  for (const archive::KeyInfo& key : view.keys())
    if (key.removed_seq) removed[key.actor_name] = view.reader().line(*key.removed_seq).time;
  return removed;
}

int run_keys(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  std::uint64_t count = 0;
  const std::map<std::string, UtcTime> removed = removals(view);
  for (const archive::CustodyKey& key : archive::custody_keys(view)) {
    const bool cosigns = key.key.type == merkle::NoteKeyType::cosignature;
    const auto removal = removed.find(key.actor_name);
    const bool stands = removal == removed.end();
    out.line(signer_text(key) + (cosigns ? " cosigns" : " signs") + " with" +
             (stands ? "" : "; " + out.styled(Style::warning, "removed " + removal->second.date())));
    out.line("  " + key.key.encode());
    Json fields = json_of(key);
    fields["removed"] = stands ? Json() : Json(removal->second.rfc3339_ms());
    out.object("key", fields);
    ++count;
  }
  out.object("summary", {{"command", "checkpoint keys"}, {"keys", count}});
  return kExitOk;
}

/// What the lost entries took away is there again, and nobody but people knows what it was.
void tell_what_came_back(Printer& out) {
  for (const char* line : {"What was recorded since is undone, and that brings back what it took away:",
                           "  - contents that were destroyed      dalil redact ENTRY --why TEXT",
                           "  - keys that were removed            dalil key remove KEY --why TEXT",
                           "  - what those keys open              dalil key rotate --why TEXT",
                           "  - consent that was withdrawn        dalil source edit ALIAS --consent SCOPE",
                           "If any of it happened, do it again now, before others work with the archive."})
    out.line(line);
}

int run_accept(Session& session, const AcceptOptions& options) {
  archive::Archive archive = session.open();
  const std::optional<archive::Seq> seq = archive.accept_rollback(options.why);
  session.settle_rollback();
  const auto& rollback = archive.ledger().rollback();
  Printer& out = session.out();
  out.line(seq ? fmt::format("accepted, as entry {}: this machine goes on from here", *seq)
               : std::string("an archivist accepted it: this machine goes on from here"));
  out.line(fmt::format("  {} expected, {} found",
                       count_text(rollback->expected.checkpoint.size, "entry", "entries"),
                       number_text(rollback->found.size)));
  out.line("Others who saw more are warned until each of them accepts it as well.");
  if (seq) tell_what_came_back(out);
  Json fields = {{"expected_size", rollback->expected.checkpoint.size},
                 {"found_size", rollback->found.size},
                 {"why", options.why}};
  if (seq) fields["seq"] = *seq;
  out.object("accepted", fields);
  out.object("summary", {{"command", "checkpoint accept"}});
  return kExitOk;
}

}  // namespace

Runner declare_checkpoint_show(Options& app) {
  const auto options = std::make_shared<ShowOptions>();
  app.add_option("--size", options->size, "the one of so many entries (default: the newest)")->type_name("N");
  return [options](Session& session) { return run_show(session, *options); };
}

Runner declare_checkpoint_list(Options& app) {
  const auto options = std::make_shared<ListOptions>();
  app.add_option("--limit", options->limit, "the newest so many (default: 50; 0: all)")->type_name("N");
  return [options](Session& session) { return run_list(session, *options); };
}

Runner declare_checkpoint_export(Options& app) {
  const auto options = std::make_shared<ExportOptions>();
  app.add_option("FILE", options->file, "a new file: a signed note (C2SP)")->required()->type_name("");
  app.add_option("--size", options->size, "the one of so many entries (default: the newest)")->type_name("N");
  app.add_flag("--cosigned", options->cosigned, "the newest that an auditor cosigned");
  return [options](Session& session) { return run_export(session, *options); };
}

Runner declare_checkpoint_keys(Options&) {
  return run_keys;
}

Runner declare_checkpoint_accept(Options& app) {
  const auto options = std::make_shared<AcceptOptions>();
  app.add_option("--why", options->why, "how it came to be; kept on record")->required()->type_name("TEXT");
  return [options](Session& session) { return run_accept(session, *options); };
}

}  // namespace dalil::cli
