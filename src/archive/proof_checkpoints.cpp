#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "dalil/archive/custody.hpp"
#include "dalil/archive/timestamp.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "proof_parts.hpp"

namespace dalil::archive {

namespace {

/// A proof holds no more (docs/formats/proof.md).
constexpr std::size_t kMostCheckpoints = 16, kMostTimestamps = 16, kMostSignatures = 64, kMostKeys = 64;

/// Time-stamps that cover the entry, the earliest first: what a court asks for is since when it was there.
std::vector<Timestamp> covering_timestamps(View& view, Seq seq) {
  std::vector<Timestamp> found = timestamps(view, seq + 1);
  std::ranges::stable_sort(found, {}, &Timestamp::time);
  return found;
}

/// The sizes that each authority stamped first. An authority is who stands at the end of the chain: a name
/// could be anybody's.
std::set<std::uint64_t> stamped_first(View& view, const std::vector<Timestamp>& stamps) {
  std::set<Bytes> seen;
  std::set<std::uint64_t> sizes;
  for (const Timestamp& one : stamps) {
    if (one.chain.empty() || seen.contains(one.chain.back()) || !fault_of(view, one).empty()) continue;
    seen.insert(one.chain.back());
    sizes.insert(one.checkpoint.tree_size);
    if (sizes.size() + 1 == kMostCheckpoints) break;
  }
  return sizes;
}

/// The smallest size above the entry that each cosigner cosigned.
std::vector<std::uint64_t> cosigned_first(View& view, Seq seq) {
  std::map<ledger::ActorId, std::uint64_t> first;
  for (const Cosignature& one : cosignatures(view)) {
    if (!one.fault.empty() || one.tree_size <= seq) continue;
    const auto [at, is_new] = first.try_emplace(one.actor, one.tree_size);
    if (!is_new) at->second = std::min(at->second, one.tree_size);
  }
  std::vector<std::uint64_t> sizes;
  sizes.reserve(first.size());
  for (const auto& [actor, size] : first) sizes.push_back(size);
  return sizes;
}

std::set<std::uint64_t> chosen_sizes(View& view, Seq seq, const std::vector<Timestamp>& stamps) {
  std::set<std::uint64_t> sizes = stamped_first(view, stamps);
  sizes.insert(view.reader().size());
  for (const std::uint64_t size : cosigned_first(view, seq))
    if (sizes.size() < kMostCheckpoints) sizes.insert(size);
  return sizes;
}

/// Signatures that count, with whose they are. A removed actor's count for what came before.
class SignedNotes {
 public:
  explicit SignedNotes(View& view) : view_(view), known_(custody_keys(view)), used_(known_.size()) {}

  merkle::Note at(std::uint64_t size) {
    auto note = signed_checkpoint(view_, size);
    if (!note)
      throw Error(ErrorCode::not_found,
                  fmt::format("no commit ended with {} entries: there is no such checkpoint", size),
                  "those that there are: dalil checkpoint list");
    std::erase_if(note->signatures, [&](const merkle::NoteSignature& one) { return !use(*note, one, size); });
    if (note->signatures.size() > kMostSignatures) note->signatures.resize(kMostSignatures);
    if (note->signatures.empty())
      throw Error(ErrorCode::corrupt, fmt::format("nobody signed the checkpoint of {} entries", size),
                  "run 'dalil check'");
    return *note;
  }

  /// No name leaves the archive without need.
  std::vector<ProofKey> keys() const {
    std::vector<ProofKey> keys;
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (used_[i])
        keys.push_back(
            {known_[i].key, escape_for_display(known_[i].actor_name), ledger::name_of(known_[i].role)});
    return keys;
  }

 private:
  bool use(const merkle::Note& note, const merkle::NoteSignature& signature, std::uint64_t size) {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const CustodyKey& one = known_[i];
      if (one.key.name != signature.name || one.key.id() != signature.key_id) continue;
      if (one.removed_at && size > *one.removed_at) continue;
      if (merkle::check({note.text, {signature}}, {one.key}).verified.empty()) continue;
      if (!used_[i] && count_ == kMostKeys) continue;
      count_ += used_[i] ? 0 : 1;
      used_[i] = true;
      return true;
    }
    return false;
  }

  View& view_;
  std::vector<CustodyKey> known_;
  std::vector<bool> used_;
  std::size_t count_ = 0;
};

/// The same token may have been attached twice, the second time by somebody who compared its authority.
std::vector<ProofTimestamp> timestamps_of(View& view, std::uint64_t size,
                                          const std::vector<Timestamp>& stamps) {
  std::vector<ProofTimestamp> found;
  for (const bool trusted : {true, false})
    for (const Timestamp& one : stamps) {
      if (one.trusted != trusted || one.checkpoint.tree_size != size || found.size() == kMostTimestamps)
        continue;
      if (std::ranges::find(found, one.token, &ProofTimestamp::token) != found.end()) continue;
      if (fault_of(view, one).empty()) found.push_back({one.checkpoint.note, one.token, one.chain});
    }
  return found;
}

}  // namespace

void add_checkpoints(Proof& proof, View& view, Seq seq, std::optional<std::uint64_t> only) {
  if (only && *only <= seq)
    throw Error(ErrorCode::not_found,
                fmt::format("entry {} is not in the checkpoint of {} entries, which is older", seq, *only),
                "a checkpoint covers the entries with smaller numbers than its own");
  const std::vector<Timestamp> stamps = covering_timestamps(view, seq);
  SignedNotes notes(view);
  for (const std::uint64_t size : only ? std::set{*only} : chosen_sizes(view, seq, stamps)) {
    const std::string note = notes.at(size).encode();
    proof.checkpoints.push_back(
        {{std::nullopt, seq, merkle::inclusion_proof(seq, size, view.reader().nodes()), note},
         timestamps_of(view, size, stamps)});
  }
  proof.keys = notes.keys();
}

}  // namespace dalil::archive
