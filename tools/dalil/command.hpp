#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "exit_code.hpp"
#include "options.hpp"
#include "session.hpp"

namespace dalil::cli {

/// Does the work; returns an exit code.
using Runner = std::function<int(Session&)>;

/// A row of the table that the parser, the help texts and `dalil help` are made from.
struct Command {
  std::string_view name;     ///< as it is typed: "scan", "volume add"
  std::string_view summary;  ///< one line
  /// Adds the options to `app`, which lives as long as the runner; the runner owns what they are parsed into.
  Runner (*declare)(Options& app);
};

/// The first word of commands that have two.
struct CommandGroup {
  std::string_view name, summary;
};

std::span<const Command> commands();
std::span<const CommandGroup> command_groups();

Runner declare_init(Options& app);
Runner declare_volume_add(Options& app);
Runner declare_volume_list(Options& app);
Runner declare_volume_show(Options& app);
Runner declare_volume_edit(Options& app);
Runner declare_incident_import(Options& app);
Runner declare_incident_add(Options& app);
Runner declare_incident_edit(Options& app);
Runner declare_incident_show(Options& app);
Runner declare_incident_list(Options& app);
Runner declare_incident_stats(Options& app);
Runner declare_source_add(Options& app);
Runner declare_source_edit(Options& app);
Runner declare_source_show(Options& app);
Runner declare_source_list(Options& app);
Runner declare_source_assign(Options& app);
Runner declare_source_unassign(Options& app);
Runner declare_scan(Options& app);
Runner declare_link(Options& app);
Runner declare_unlink(Options& app);
Runner declare_tag(Options& app);
Runner declare_tag_list(Options& app);
Runner declare_review(Options& app);
Runner declare_review_list(Options& app);
Runner declare_suggest(Options& app);
Runner declare_cover(Options& app);
Runner declare_find(Options& app);
Runner declare_query_save(Options& app);
Runner declare_query_list(Options& app);
Runner declare_query_remove(Options& app);
Runner declare_show(Options& app);
Runner declare_vocabulary_list(Options& app);
Runner declare_vocabulary_show(Options& app);
Runner declare_vocabulary_import(Options& app);
Runner declare_vocabulary_export(Options& app);
Runner declare_timeline(Options& app);
Runner declare_map(Options& app);
Runner declare_fingerprint(Options& app);
Runner declare_thumbnail(Options& app);
Runner declare_sheet(Options& app);
Runner declare_similar(Options& app);
Runner declare_duplicates(Options& app);
Runner declare_verify(Options& app);
Runner declare_report_key(Options& app);
Runner declare_report_show(Options& app);
Runner declare_report_import(Options& app);
Runner declare_backup(Options& app);
Runner declare_repair(Options& app);
Runner declare_verify_bag(Options& app);
Runner declare_status(Options& app);
Runner declare_policy_set(Options& app);
Runner declare_policy_show(Options& app);
Runner declare_check(Options& app);
Runner declare_rebuild(Options& app);
Runner declare_key_add(Options& app);
Runner declare_key_list(Options& app);
Runner declare_key_remove(Options& app);
Runner declare_key_rotate(Options& app);
Runner declare_recovery_key_make(Options& app);
Runner declare_recovery_key_show(Options& app);
Runner declare_recovery_key_export(Options& app);
Runner declare_redact(Options& app);
Runner declare_log(Options& app);
Runner declare_prove(Options& app);
Runner declare_check_proof(Options& app);
Runner declare_checkpoint_show(Options& app);
Runner declare_checkpoint_list(Options& app);
Runner declare_checkpoint_export(Options& app);
Runner declare_checkpoint_verify(Options& app);
Runner declare_checkpoint_keys(Options& app);
Runner declare_checkpoint_accept(Options& app);
Runner declare_cosign(Options& app);
Runner declare_timestamp_request(Options& app);
Runner declare_timestamp_attach(Options& app);
Runner declare_timestamp_fetch(Options& app);
Runner declare_timestamp_list(Options& app);
Runner declare_timestamp_export(Options& app);
Runner declare_snapshot(Options& app);
Runner declare_restore(Options& app);
Runner declare_version(Options& app);

}  // namespace dalil::cli
