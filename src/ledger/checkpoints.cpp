#include <fmt/format.h>

#include <algorithm>

#include "core.hpp"
#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {

/// Walks entries and stored checkpoints side by side: each checkpoint is of the tree that the entries make,
/// and covers entries of nobody but its signer.
class CheckpointCheck {
 public:
  explicit CheckpointCheck(const Core& core)
      : core_(core), txn_(core.env, true), seals_(core.keyring), signers_(read_signers(core, txn_, seals_)) {}

  std::vector<std::string> run() {
    const std::uint64_t entries = read_state(core_, txn_, seals_).tree_size;
    lmdb::Cursor cursor(txn_, core_.checkpoints);
    std::optional<std::uint64_t> last;
    for (bool more = cursor.seek(layout::seq_key(0)); more; more = cursor.next()) {
      if (cursor.key().size() != sizeof(std::uint64_t)) {
        problems_.emplace_back("a checkpoint has no size");
        continue;
      }
      last = load_u64(cursor.key().data());
      if (*last > entries) {
        problems_.push_back(
            fmt::format("there is a checkpoint of {} entries, and there are {}", *last, entries));
        break;
      }
      check(*last, as_chars(cursor.value()));
    }
    if (last != entries)
      problems_.push_back(fmt::format("there is no checkpoint of all {} entries", entries));
    return std::move(problems_);
  }

 private:
  void check(std::uint64_t size, std::string_view stored) {
    const auto problem = [&](const char* what) {
      problems_.push_back(fmt::format("the checkpoint of {} entries {}", size, what));
    };
    const auto note = merkle::Note::parse(stored);
    const auto checkpoint = note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
    std::vector<ActorId> actors;
    if (!checkpoint) {
      problem("is ill-formed");
    } else {
      if (checkpoint->origin != core_.origin || checkpoint->size != size)
        problem("says that it is another one");
      actors = signed_by(*note, size);
      if (actors.empty()) problem("is not signed by a key that may sign for the archive");
    }
    const std::string names = names_of(actors);
    while (tree_.size() < size) add_entry(size, actors, names);
    if (checkpoint && checkpoint->root != tree_.root()) problem("does not have the root of its entries");
  }

  /// Whose signature on it is right; nobody's if one of them is wrong.
  std::vector<ActorId> signed_by(const merkle::Note& note, std::uint64_t size) const {
    std::vector<merkle::NoteKey> keys;
    for (const Signer& signer : signers_)
      if (signer.counts_at(size)) keys.push_back(signer.key);
    std::vector<ActorId> actors;
    for (const merkle::NoteKey& key : merkle::check(note, keys).verified) actors.push_back(actor_id(key.key));
    return actors;
  }

  void add_entry(std::uint64_t covered_by, const std::vector<ActorId>& actors, const std::string& names) {
    const Seq seq = tree_.size();
    const auto value = txn_.get(core_.entries, layout::seq_key(seq));
    if (!value) throw not_committed(fmt::format("entry {} is missing", seq));
    const PublicLine line = layout::parse_public(seq, *value);
    tree_.append(merkle::leaf_hash(as_bytes(line.text())));
    if (actors.empty() || std::ranges::find(actors, line.actor) != actors.end()) return;
    problems_.push_back(
        fmt::format("entry {} bears the name of {}, and the checkpoint that covers it ({} entries) "
                    "is signed by {}",
                    seq, names_of({line.actor}), covered_by, names));
  }

  std::string names_of(const std::vector<ActorId>& actors) const {
    std::string names;
    for (const ActorId& actor : actors) {
      const auto signer =
          std::ranges::find_if(signers_, [&](const Signer& one) { return actor_id(one.key.key) == actor; });
      names += (names.empty() ? "" : ", ") + (signer == signers_.end() ? to_hex(actor) : signer->actor_name);
    }
    return names;
  }

  const Core& core_;
  lmdb::Txn txn_;
  SealBox seals_;
  std::vector<Signer> signers_;
  merkle::Frontier tree_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_checkpoints(const Ledger& ledger) {
  return CheckpointCheck(ledger.core()).run();
}

}  // namespace dalil::ledger
