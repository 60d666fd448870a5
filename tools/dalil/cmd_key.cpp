#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "key_slots.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct AddOptions {
  std::string role, name, key_file, recipient;
  bool passphrase = false;
};

ledger::Role role_named(const std::string& text) {
  if (const auto role = ledger::role_from(text)) return *role;
  throw Error(ErrorCode::usage, "no role " + in_quotes(text), "one of: archivist, investigator, auditor");
}

NewSlot slot_from(Session& session, const AddOptions& options, const ledger::Keyring& keyring) {
  if (!options.recipient.empty()) return slot_for_recipient(keyring, options.recipient);
  if (!options.key_file.empty())
    return slot_for_key_file(keyring, session.archive_directory(), options.key_file);
  return slot_for_passphrase(keyring, session.archive_directory(), session.secrets().new_passphrase_command);
}

int run_add(Session& session, const AddOptions& options) {
  const ledger::Role role = role_named(options.role);
  if ((options.passphrase ? 1 : 0) + !options.key_file.empty() + !options.recipient.empty() != 1) {
    throw Error(ErrorCode::usage, "say what the new key opens with",
                "give one of --passphrase, --key-file FILE and --recipient age1...");
  }
  archive::Archive archive = session.open();
  archive::Editor editor = archive.edit();
  archive::View view = archive.view();
  settle_slots(view, session.archive_directory());
  const ledger::Keyring keyring = archive.keyring().derive(role, options.name);
  NewSlot slot = slot_from(session, options, keyring);
  const std::string name = free_slot_name(view, session.archive_directory(), role);
  // The slot opens nothing before the ledger has admitted its key, and a crash in between is mended next
  // time.
  ledger::prepare_slot(session.archive_directory(), name, slot.age_file);
  try {
    editor.add_key(keyring, name, slot.opens_with);
    editor.commit();
  } catch (...) {
    ledger::discard_slot(session.archive_directory(), name);
    throw;
  }
  slot.keep();  // from now on the key counts, whatever becomes of its slot
  ledger::accept_slot(session.archive_directory(), name);

  Printer& out = session.out();
  out.line(fmt::format("added {} {} ({})", ledger::name_of(role), in_quotes(options.name),
                       to_hex(keyring.actor())));
  out.line(fmt::format("  opens with  {}{}", archive::name_of(slot.opens_with),
                       options.key_file.empty() ? "" : " " + in_quotes(options.key_file)));
  out.line("  slot        keys/" + name);
  if (!slot.made_file.empty()) {
    out.line("Hand " + in_quotes(slot.made_file) +
             " to its owner, and keep no copy: whoever has it can act as them.");
  }
  Json fields = {{"actor", to_hex(keyring.actor())},
                 {"actor_name", keyring.actor_name()},
                 {"role", ledger::name_of(role)},
                 {"slot", name},
                 {"opens_with", archive::name_of(slot.opens_with)}};
  if (!options.key_file.empty()) put_path(fields, "key_file", options.key_file);
  out.object("key", fields);
  out.object("summary", {{"command", "key add"}});
  return kExitOk;
}

int run_list(Session& session) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  Table table({{"name", Align::left, Table::Fit::shortened, 12},
               {"role"},
               {"actor"},
               {"opens with", Align::left, Table::Fit::shortened, 10},
               {"added"},
               {"removed"},
               {"slot", Align::left, Table::Fit::shortened}});
  std::uint64_t count = 0;
  for (const archive::KeyInfo& key : view.keys()) {
    std::string removed;
    if (key.removed_seq) removed = view.reader().line(*key.removed_seq).time.date();
    const std::string opens = key.opens_with ? archive::name_of(*key.opens_with) : "made with the archive";
    table.add({{escape_for_display(key.actor_name), key.removed_seq ? Style::dim : Style::bold},
               ledger::name_of(key.role),
               to_hex(key.actor()),
               opens,
               key.added.date(),
               removed,
               key.removed_seq ? "" : escape_for_display(key.slot)});
    Json fields = {{"actor", to_hex(key.actor())},
                   {"actor_name", key.actor_name},
                   {"role", ledger::name_of(key.role)},
                   {"public_key", to_hex(key.public_key)},
                   {"slot", key.slot},
                   {"added", key.added.rfc3339_ms()},
                   {"entry", key.seq},
                   {"removed", key.removed_seq.has_value()},
                   {"takes_new_keys", !key.recipient.empty()}};
    if (key.opens_with) fields["opens_with"] = archive::name_of(*key.opens_with);
    out.object("key", fields);
    ++count;
  }
  table.print(out);
  const auto epoch = archive.keyring().epoch();
  out.line(fmt::format("epoch {}: {} values sealed under these keys so far", epoch,
                       number_text(view.reader().seals())));
  out.object("summary",
             {{"command", "key list"}, {"keys", count}, {"epoch", epoch}, {"seals", view.reader().seals()}});
  return kExitOk;
}

archive::KeyInfo key_named(archive::View& view, const std::string& text) {
  for (const archive::KeyInfo& key : view.keys()) {
    if (!key.removed_seq && (key.actor_name == text || to_hex(key.actor()) == text || key.slot == text))
      return key;
  }
  throw Error(ErrorCode::not_found, "no key of " + in_quotes(text), "see: dalil key list");
}

int run_remove(Session& session, const std::string& who, const std::string& why) {
  archive::Archive archive = session.open();
  archive::Editor editor = archive.edit();
  archive::View view = archive.view();
  settle_slots(view, session.archive_directory());
  const archive::KeyInfo key = key_named(view, who);
  editor.remove_key(key.actor(), why);
  editor.commit();
  ledger::remove_slot(session.archive_directory(), key.slot);
  view.renew();
  ledger::remove_stale_grants(session.archive_directory(), archive.keyring().epoch(),
                              view.reader().signers());
  Printer& out = session.out();
  out.line("removed the key of " + in_quotes(key.actor_name) + ": it signs nothing any more");
  out.line(
      "What it could read it can still read, here and in older copies of the archive. To shut it out of "
      "what");
  out.line("comes: dalil key rotate");
  out.object("key", {{"actor", to_hex(key.actor())}, {"actor_name", key.actor_name}, {"removed", true}});
  out.object("summary", {{"command", "key remove"}});
  return kExitOk;
}

int run_rotate(Session& session, const std::string& why) {
  ledger::Keyring keyring = session.unlock();
  const auto memory = session.memory_of(keyring);
  session.open(keyring.clone());  // tells what is wrong with it, if anything is
  const std::uint32_t epoch =
      archive::rotate_keys(session.archive_directory(), std::move(keyring), why, system_clock(), memory);
  Printer& out = session.out();
  out.line(fmt::format("sealed everything anew: epoch {}", epoch));
  out.line("Keys that were removed open nothing of this archive any more, but older copies of it as before.");
  out.object("summary", {{"command", "key rotate"}, {"epoch", epoch}});
  return kExitOk;
}

}  // namespace

Runner declare_key_add(Options& app) {
  const auto options = std::make_shared<AddOptions>();
  app.add_option("--role", options->role, "archivist, investigator or auditor")
      ->required()
      ->type_name("ROLE");
  app.add_option("--name", options->name, "how the ledger calls its owner; unique for ever")
      ->required()
      ->type_name("NAME");
  app.add_flag("--passphrase", options->passphrase, "opens with a passphrase, which is asked for");
  app.add_option(
         "--key-file", options->key_file,
         "opens with this key file, which is made if it is not there (your own goes before 'key add', or "
         "into DALIL_KEY_FILE)")
      ->type_name("FILE");
  app.add_option("--recipient", options->recipient, "opens with the identity of this age recipient (age1...)")
      ->type_name("AGE1");
  return [options](Session& session) { return run_add(session, *options); };
}

Runner declare_key_list(Options&) {
  return run_list;
}

Runner declare_key_remove(Options& app) {
  struct RemoveOptions {
    std::string who, why;
  };
  const auto options = std::make_shared<RemoveOptions>();
  app.add_option("KEY", options->who, "name, actor id or slot")->required()->type_name("");
  app.add_option("--why", options->why, "the reason, for the ledger")->required()->type_name("TEXT");
  return [options](Session& session) { return run_remove(session, options->who, options->why); };
}

Runner declare_key_rotate(Options& app) {
  const auto why = std::make_shared<std::string>();
  app.add_option("--why", *why, "the reason, for the ledger")->required()->type_name("TEXT");
  return [why](Session& session) { return run_rotate(session, *why); };
}

}  // namespace dalil::cli
