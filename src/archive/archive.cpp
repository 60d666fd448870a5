#include "dalil/archive/archive.hpp"

#include "archive_state.hpp"
#include "convert.hpp"
#include "schema.hpp"

namespace dalil::archive {

namespace {
Bytes creation_record(const ledger::Keyring& keyring, const std::string& slot) {
  records::Record record;
  auto* created = record.mutable_archive_created();
  created->set_actor_name(keyring.actor_name());
  const auto& key = keyring.signing_key().public_key();
  created->set_public_key(key.data(), key.size());
  created->set_program("dalil " DALIL_VERSION);
  created->set_slot(slot);
  return serialize(record);
}
}  // namespace

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive::~Archive() = default;

void Archive::create(const std::string& directory, const ledger::Keyring& keyring,
                     const std::vector<std::pair<std::string, Bytes>>& slots, const Clock& clock) {
  ledger::Ledger::create(directory, keyring, schema::kColumns, slots,
                         {{ledger::SealClass::inventory,
                           creation_record(keyring, slots.empty() ? std::string() : slots.front().first)}},
                         clock);
}

Archive Archive::open(const std::string& directory, ledger::Keyring keyring, const Clock& clock,
                      std::shared_ptr<ledger::CheckpointMemory> memory) {
  return Archive(std::make_unique<State>(
      State{ledger::Ledger::open(directory, std::move(keyring), schema::kColumns, clock,
                                 ledger::Ledger::For::everything, std::move(memory)),
            &clock}));
}

const ledger::Ledger& Archive::ledger() const {
  return state_->ledger;
}
const ledger::Keyring& Archive::keyring() const {
  return state_->ledger.keyring();
}
const Clock& Archive::clock() const {
  return *state_->clock;
}

crypto::Secret Archive::tag_key() const {
  return tag_key(keyring().epoch());
}
crypto::Secret Archive::tag_key(std::uint32_t epoch) const {
  return keyring().tag_key(epoch);
}

}  // namespace dalil::archive
