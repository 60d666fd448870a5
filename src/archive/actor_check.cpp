#include "actor_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "permissions.hpp"

namespace dalil::archive {

using ledger::ActorId;

namespace {
ActorId actor_of(const std::string& public_key) {
  crypto::PublicKey key{};
  std::copy_n(public_key.begin(), std::min(public_key.size(), key.size()), key.begin());
  return ledger::actor_id(key);
}
}  // namespace

void ActorCheck::see(const ledger::Entry& entry) {
  const auto say = [&](const char* what) {
    problems_.push_back(
        fmt::format("entry {}: its actor {} {}", entry.line.seq, to_hex(entry.line.actor), what));
  };
  const bool open = entry.state == ledger::Entry::State::open;
  if (open && entry.line.seq == 0) see_keys(entry);
  const auto actor = actors_.find(entry.line.actor);
  if (actor == actors_.end()) return say("was not admitted by then");
  if (!actor->second.active) say("had been removed by then");
  if (!ledger::may_read(actor->second.role, entry.line.seal_class)) say("may not read its class");
  if (!open) return;
  if (!may_state(actor->second.role, parse_record(entry.content, entry.line.seq)))
    say("may not state such a thing in its role");
  if (entry.line.seq > 0) see_keys(entry);
}

void ActorCheck::see_keys(const ledger::Entry& entry) {
  const records::Record record = parse_record(entry.content, entry.line.seq);
  if (record.has_archive_created())
    actors_[actor_of(record.archive_created().public_key())] = {ledger::Role::archivist};
  if (record.has_key_added())
    actors_[actor_of(record.key_added().public_key())] = {
        static_cast<ledger::Role>(record.key_added().role())};
  if (!record.has_key_removed()) return;
  const auto removed = actors_.find(actor_of(record.key_removed().public_key()));
  if (removed != actors_.end()) removed->second.active = false;
}

void ActorCheck::finish() {
  std::set<ActorId> listed;
  for (const ledger::Signer& signer : signers_) {
    listed.insert(signer.actor());
    const auto actor = actors_.find(signer.actor());
    const auto name = escape_for_display(signer.actor_name);
    if (actor == actors_.end())
      problems_.push_back(fmt::format("'{}' is among the signers, and no entry admits them", name));
    else if (actor->second.role != signer.role || actor->second.active == signer.removed_at.has_value())
      problems_.push_back(
          fmt::format("'{}' is listed among the signers otherwise than the entries say", name));
  }
  for (const auto& [actor, state] : actors_)
    if (!listed.contains(actor))
      problems_.push_back(fmt::format("actor {} was admitted, and is not among the signers", to_hex(actor)));
}

}  // namespace dalil::archive
