#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "json_forms.hpp"
#include "key_slots.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr const char* kSlotName = "archivist-1.age";

struct InitOptions {
  std::string directory;
  std::string actor = "archivist";
};

/// For a shell's start-up file, which knows no current directory. The path exists.
std::string absolute(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  return escape_for_display(resolved ? resolved.get() : path.c_str());
}

void report(Session& session, const InitOptions& options, const ledger::Keyring& keyring,
            bool key_file_made) {
  Printer& out = session.out();
  const std::string& key_file = session.secrets().key_file;
  out.line("made archive " + in_quotes(options.directory));
  out.line("  archive id  " + to_hex(keyring.archive_id()));
  out.line("  archivist   " + escape_for_display(keyring.actor_name()) + " (" + to_hex(keyring.actor()) +
           ")");
  if (key_file.empty()) {
    out.line("  opens with  the passphrase");
  } else {
    out.line("  opens with  " + in_quotes(key_file) + (key_file_made ? " (new)" : ""));
  }
  out.line();
  out.line("Next:");
  if (key_file.empty()) {
    out.line("  1. Keep the passphrase where it survives this machine: without it nothing can be opened.");
  } else {
    out.line("  1. Back up " + in_quotes(key_file) + " NOW, away from this machine and from the archive:");
    out.line("     without it nothing can be opened, and whoever has both can read everything.");
  }
  out.line("  2. export DALIL_ARCHIVE=" + absolute(options.directory));
  if (!key_file.empty()) out.line("     export DALIL_KEY_FILE=" + absolute(key_file));
  out.line("  3. dalil volume add LABEL --kind working --root FOLDER");
  out.line("  4. dalil scan FOLDER --volume LABEL");

  Json fields = Json::object();
  put_path(fields, "directory", options.directory);
  fields["archive_id"] = to_hex(keyring.archive_id());
  fields["actor"] = to_hex(keyring.actor());
  fields["actor_name"] = keyring.actor_name();
  fields["slot"] = kSlotName;
  if (!key_file.empty()) put_path(fields, "key_file", key_file);
  fields["key_file_made"] = key_file_made;
  out.object("archive", fields);
  out.object("summary", {{"command", "init"}});
}

int run_init(Session& session, const InitOptions& options) {
  if (access(options.directory.c_str(), F_OK) == 0) {
    throw Error(ErrorCode::conflict, in_quotes(options.directory) + " exists already",
                "name a directory that does not; an archive is never made over another");
  }
  const std::string& key_file = session.secrets().key_file;
  const ledger::Keyring keyring = ledger::Keyring::generate(options.actor);
  NewSlot slot = key_file.empty() ? slot_for_passphrase(keyring, "", session.secrets().passphrase_command)
                                  : slot_for_key_file(keyring, "", key_file);
  archive::Archive::create(options.directory, keyring, {{kSlotName, slot.age_file}});
  slot.keep();
  // From its first state on, this machine knows which one it saw last.
  archive::Archive::open(options.directory, keyring.clone(), system_clock(), session.memory_of(keyring));
  report(session, options, keyring, !slot.made_file.empty());
  return kExitOk;
}

}  // namespace

Runner declare_init(Options& app) {
  const auto options = std::make_shared<InitOptions>();
  app.add_option("DIR", options->directory, "the directory to make")->required()->type_name("");
  app.add_option("--name", options->actor, "how the ledger calls you (default: archivist)")
      ->type_name("NAME");
  return [options](Session& session) { return run_init(session, *options); };
}

}  // namespace dalil::cli
