#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "exit_code.hpp"
#include "session.hpp"

namespace dalil::cli {

/// Does the work; returns an exit code.
using Runner = std::function<int(Session&)>;

/// A row of the table that the parser, the help texts and `dalil help` are made from.
struct Command {
  std::string_view name;     ///< as it is typed: "scan", "volume add"
  std::string_view summary;  ///< one line
  /// Adds the options to `app`; the runner owns what they are parsed into.
  Runner (*declare)(CLI::App& app);
};

/// The first word of commands that have two.
struct CommandGroup {
  std::string_view name, summary;
};

std::span<const Command> commands();
std::span<const CommandGroup> command_groups();

Runner declare_init(CLI::App& app);
Runner declare_volume_add(CLI::App& app);
Runner declare_volume_list(CLI::App& app);
Runner declare_volume_show(CLI::App& app);
Runner declare_incident_import(CLI::App& app);
Runner declare_incident_add(CLI::App& app);
Runner declare_incident_edit(CLI::App& app);
Runner declare_incident_show(CLI::App& app);
Runner declare_incident_list(CLI::App& app);
Runner declare_incident_stats(CLI::App& app);
Runner declare_scan(CLI::App& app);
Runner declare_link(CLI::App& app);
Runner declare_unlink(CLI::App& app);
Runner declare_find(CLI::App& app);
Runner declare_show(CLI::App& app);
Runner declare_verify(CLI::App& app);
Runner declare_status(CLI::App& app);
Runner declare_check(CLI::App& app);
Runner declare_rebuild(CLI::App& app);
Runner declare_key_add(CLI::App& app);
Runner declare_key_list(CLI::App& app);
Runner declare_key_remove(CLI::App& app);
Runner declare_key_rotate(CLI::App& app);
Runner declare_redact(CLI::App& app);
Runner declare_log(CLI::App& app);
Runner declare_prove(CLI::App& app);
Runner declare_check_proof(CLI::App& app);
Runner declare_version(CLI::App& app);

}  // namespace dalil::cli
