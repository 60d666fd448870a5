// Every stored checkpoint is checked: its root, its signature, and that it covers the signer's entries only.

#include "core.hpp"
#include "ledger_fixture.hpp"
#include "tree_tiles.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

struct Case : Fixture {
  Keyring other = ring.derive(Role::archivist, "Huda");
  Case() {
    Ledger ledger = open();
    Writer writer = ledger.write();
    writer.add_signer(other);
    writer.append({SealClass::inventory, text("Huda may sign")});
    writer.commit();
  }
  void add(const Keyring& as, const std::string& content) {
    Ledger ledger = Ledger::open(path, as.clone(), kColumns, clock);
    Writer writer = ledger.write();
    writer.append({SealClass::inventory, text(content)});
    writer.commit();
  }
  std::vector<std::string> problems() { return check_checkpoints(open()); }
  /// Whether some problem mentions all of these.
  bool found(std::initializer_list<const char*> words) {
    for (const std::string& problem : problems()) {
      bool all = true;
      for (const char* word : words) all = all && problem.find(word) != std::string::npos;
      if (all) return true;
    }
    return false;
  }
  /// Changes the database behind the program's back.
  void tamper(const std::function<void(const Core&, lmdb::Txn&)>& act) {
    const auto core = Core::open(path, ring.clone(), kColumns, clock, false);
    lmdb::Txn txn(core->env, false);
    act(*core, txn);
    txn.commit();
  }
};

/// What an insider can do who holds `signer`: an entry under `actor`'s name, the tree and the state with it,
/// signed.
void forge_entry(const Core& core, lmdb::Txn& txn, const ActorId& actor, const crypto::SigningKey& signer) {
  SealBox seals(core.keyring);
  layout::State state = read_state(core, txn, seals);
  PublicLine line;
  line.seq = state.tree_size;
  line.time = core.clock->now();
  line.actor = actor;
  const Salt salt{};
  const Bytes content = text("I never said that");
  line.commitment = commit(salt, content);
  Bytes value, plain(salt.begin(), salt.end());
  append(plain, content);
  layout::append_public(value, line);
  const Bytes bound = value;
  const auto key = layout::seq_key(line.seq);
  seals.seal(value, line.seal_class, layout::Place::entry, key, plain, 64, bound);
  txn.put(core.entries, key, value);

  const auto read = [&](unsigned level, std::uint64_t index) { return read_tile(core, txn, level, index); };
  const auto write = [&](unsigned level, std::uint64_t index, ByteView hashes) {
    txn.put(core.tiles, layout::tile_key(level, index), hashes);
  };
  TreeTiles tree(state.tree_size, read);
  tree.append(merkle::leaf_hash(as_bytes(line.text())), write);
  tree.flush(write);
  state.tree_size = tree.size();
  Bytes sealed;
  seals.seal(sealed, SealClass::inventory, layout::Place::meta, as_bytes(layout::kMetaState), state.encode(),
             64);
  txn.put(core.meta, as_bytes(layout::kMetaState), sealed);
  const std::string note =
      merkle::sign_checkpoint({core.origin, tree.size(), tree.root(read)}, signer).encode();
  txn.put(core.meta, as_bytes(layout::kMetaCheckpoint), as_bytes(note));
  txn.put(core.checkpoints, layout::seq_key(tree.size()), as_bytes(note));
}

}  // namespace

TEST_CASE("a history of several actors has sound checkpoints") {
  Case c;
  for (int i = 0; i < 300; ++i) c.add(i % 3 == 0 ? c.other : c.ring, "entry");
  CHECK(c.problems().empty());
}

TEST_CASE("an entry that an insider forged in another's name is found") {
  Case c;
  c.add(c.ring, "Amal's");
  c.add(c.other, "Huda's");
  c.tamper([&](const Core& core, lmdb::Txn& txn) {
    forge_entry(core, txn, c.ring.actor(), c.other.signing_key());
  });
  CHECK(c.open().read().entry(3).content == text("I never said that"));  // it opens, and reads well
  CHECK(c.problems().size() == 1);
  CHECK(c.found({"entry 3", "the name of Amal", "signed by Huda"}));
}

TEST_CASE("the same forged in one's own name is an entry like any other") {
  Case c;
  c.tamper([&](const Core& core, lmdb::Txn& txn) {
    forge_entry(core, txn, c.other.actor(), c.other.signing_key());
  });
  CHECK(c.problems().empty());
}

TEST_CASE("dropping the checkpoint of another's entries does not hide that they were taken over") {
  Case c;
  c.add(c.ring, "Amal's");
  c.add(c.other, "Huda's");
  c.tamper([](const Core& core, lmdb::Txn& txn) {
    auto bytes = layout::seq_key(2);
    MDB_val key{bytes.size(), bytes.data()};
    REQUIRE(mdb_del(txn.get(), core.checkpoints, &key, nullptr) == 0);
  });
  CHECK(c.found({"entry 1", "the name of Amal", "signed by Huda"}));
}

TEST_CASE("a stored checkpoint that is altered, foreign, unsigned, or of other entries is found") {
  Case c;
  for (int i = 0; i < 5; ++i) c.add(c.ring, "entry");
  const std::string good = *c.open().read().checkpoint_at(3);
  const auto with = [&](const std::string& note) {
    c.tamper([&](const Core& core, lmdb::Txn& txn) {
      txn.put(core.checkpoints, layout::seq_key(3), as_bytes(note));
    });
  };
  const std::string origin = origin_of(c.ring.archive_id());
  const Digest root = merkle::Checkpoint::parse(merkle::Note::parse(good)->text)->root;
  const auto signed_by = [](const merkle::Checkpoint& checkpoint, const crypto::SigningKey& key) {
    return merkle::sign_checkpoint(checkpoint, key).encode();
  };
  with("rubbish");
  CHECK(c.found({"checkpoint of 3", "ill-formed"}));
  with(signed_by({origin, 3, root}, crypto::SigningKey::generate()));
  CHECK(c.found({"checkpoint of 3", "not signed"}));
  with(signed_by({origin, 2, root}, c.ring.signing_key()));
  CHECK(c.found({"checkpoint of 3", "another one"}));
  with(signed_by({origin_of({}), 3, root}, c.ring.signing_key()));
  CHECK(c.found({"checkpoint of 3"}));
  with(signed_by({origin, 3, merkle::empty_root()}, c.ring.signing_key()));
  CHECK(c.found({"checkpoint of 3", "root"}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    with(bad);
    CHECK_FALSE(c.problems().empty());
  }
  with(good);
  CHECK(c.problems().empty());
  c.tamper([&](const Core& core, lmdb::Txn& txn) {
    txn.put(core.checkpoints, layout::seq_key(99), as_bytes(good));
  });
  CHECK(c.found({"checkpoint of 99"}));
}

TEST_CASE("a removed actor's key signs no checkpoint that is larger than the ledger was then") {
  Case c;
  c.add(c.other, "Huda's");
  {
    Ledger ledger = c.open();
    Writer writer = ledger.write();
    writer.remove_signer(c.other.actor());
    writer.append({SealClass::inventory, text("Huda was removed")});
    writer.commit();
  }
  c.add(c.ring, "Amal's");
  CHECK(c.problems().empty());
  const std::string good = *c.open().read().checkpoint_at(4);
  const auto root = merkle::Checkpoint::parse(merkle::Note::parse(good)->text)->root;
  const std::string bad =
      merkle::sign_checkpoint({origin_of(c.ring.archive_id()), 4, root}, c.other.signing_key()).encode();
  c.tamper([&](const Core& core, lmdb::Txn& txn) {
    txn.put(core.checkpoints, layout::seq_key(4), as_bytes(bad));
  });
  CHECK(c.found({"checkpoint of 4", "not signed"}));
}

TEST_CASE("checkpoints are listed from the newest on") {
  Case c;
  c.add(c.ring, "one");
  c.add(c.ring, "two");
  std::vector<std::uint64_t> sizes;
  c.open().read().for_each_checkpoint([&](std::uint64_t size, const std::string& note) {
    CHECK(merkle::Checkpoint::parse(merkle::Note::parse(note)->text)->size == size);
    sizes.push_back(size);
    return sizes.size() < 2;
  });
  CHECK(sizes == std::vector<std::uint64_t>{3, 2});
  CHECK(!c.open().read().checkpoint_at(17));
}
