#include "dalil/archive/custody.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::archive {

namespace {

std::string cosigner_name(const std::string& origin, const ledger::ActorId& actor) {
  return origin + "/cosigner/" + to_hex(actor);
}

std::string origin_of(View& view) {
  const auto note = merkle::Note::parse(view.reader().checkpoint());
  return merkle::Checkpoint::parse(note->text)->origin;
}

/// Why the signature of the entry does not count; empty if it does. Fills in what it says of itself.
std::string read_signature(Cosignature& out, const records::CheckpointCosigned& record,
                           const std::string& origin, const std::optional<std::string>& stored) {
  if (record.root().size() != Digest::kSize) return "its root is no hash";
  out.root = Digest::from_bytes(as_bytes(record.root()));
  const auto key = merkle::NoteKey::parse(record.cosigner());
  if (!key || key->type != merkle::NoteKeyType::cosignature) return "its key is not a cosigner's";
  out.key = *key;
  if (key->name != cosigner_name(origin, out.actor)) return "its key belongs to another actor";
  const merkle::Checkpoint checkpoint{origin, out.tree_size, out.root};
  const auto note = merkle::Note::parse(checkpoint.body() + "\n" + record.signature() + "\n");
  if (!note || note->signatures.size() != 1) return "its signature is ill-formed";
  out.signature = note->signatures.front();
  const auto time = merkle::cosignature_time(*note, *key);
  if (!time) return "its signature is wrong";
  if (*time != record.time_s()) return "its time is not the signed one";
  const auto own = stored ? merkle::Note::parse(*stored) : std::nullopt;
  if (!own || own->text != note->text) return "the archive never had that checkpoint";
  return {};
}

Cosignature read_cosignature(View& view, Seq seq, const std::string& origin) {
  ledger::Reader& reader = view.reader();
  const ledger::Entry entry = reader.entry(seq);
  Cosignature out;
  out.seq = seq;
  out.actor = entry.line.actor;
  out.actor_name = view.actor_name(out.actor);
  if (entry.state != ledger::Entry::State::open) {
    out.fault = "its content was destroyed";
    return out;
  }
  const records::Record record = parse_record(entry.content, seq);
  const auto& cosigned = record.checkpoint_cosigned();
  out.tree_size = cosigned.tree_size();
  constexpr std::uint64_t kLastSecond = 253402300799;  // of the year 9999
  out.signed_at.ms = static_cast<std::int64_t>(std::min(cosigned.time_s(), kLastSecond)) * 1000;
  out.fault = read_signature(out, cosigned, origin, reader.checkpoint_at(out.tree_size));
  return out;
}

}  // namespace

std::vector<Cosignature> cosignatures(View& view, std::optional<std::uint64_t> tree_size) {
  std::vector<Cosignature> found;
  const std::string origin = origin_of(view);
  for (const Anchor& anchor : view.anchors()) {
    if (anchor.kind != AnchorKind::cosignature || (tree_size && anchor.tree_size != *tree_size)) continue;
    found.push_back(read_cosignature(view, anchor.seq, origin));
  }
  return found;
}

std::optional<merkle::Note> signed_checkpoint(View& view, std::uint64_t tree_size) {
  const auto stored = view.reader().checkpoint_at(tree_size);
  if (!stored) return std::nullopt;
  auto note = merkle::Note::parse(*stored);
  if (!note)
    throw Error(ErrorCode::corrupt, fmt::format("the checkpoint of {} entries is ill-formed", tree_size),
                "run 'dalil check'");
  for (Cosignature& cosignature : cosignatures(view, tree_size))
    if (cosignature.fault.empty()) note->signatures.push_back(std::move(cosignature.signature));
  return note;
}

std::vector<CustodyKey> custody_keys(View& view) {
  std::vector<CustodyKey> keys;
  const auto signers = view.reader().signers();
  keys.reserve(signers.size());
  for (const ledger::Signer& signer : signers)
    keys.push_back({signer.key, signer.actor_name, signer.role, signer.removed_at});
  for (const Cosignature& cosignature : cosignatures(view)) {
    if (!cosignature.fault.empty()) continue;
    if (std::ranges::find(keys, cosignature.key, &CustodyKey::key) != keys.end()) continue;
    const auto signer = std::ranges::find_if(signers, [&](const ledger::Signer& one) {
      return ledger::actor_id(one.key.key) == cosignature.actor;
    });
    if (signer == signers.end()) continue;
    keys.push_back({cosignature.key, signer->actor_name, signer->role, signer->removed_at});
  }
  return keys;
}

crypto::SigningKey cosigning_key(const ledger::Keyring& keyring) {
  constexpr std::size_t kSeedSize = 32;
  const crypto::Secret seed =
      crypto::hkdf_sha256(keyring.signing_key().seed().view(), "dalil1 cosigner", kSeedSize);
  return crypto::SigningKey::from_seed(seed.view());
}

merkle::NoteKey cosigner_key(const ledger::Keyring& keyring) {
  return {cosigner_name(ledger::origin_of(keyring.archive_id()), keyring.actor()),
          merkle::NoteKeyType::cosignature, cosigning_key(keyring).public_key()};
}

namespace {

void refuse_unless_continued(View& view, const merkle::Checkpoint& now, const merkle::Checkpoint& before,
                             const std::string& when) {
  const bool smaller = now.size < before.size;
  if (!smaller && (before.size == 0 || merkle::root_at(before.size, view.reader().nodes()) == before.root))
    return;
  throw Error(
      ErrorCode::corrupt,
      fmt::format("not cosigned: you cosigned a checkpoint of {} entries{}, and the archive {}", before.size,
                  when,
                  smaller ? fmt::format("has {}", now.size) : std::string("has another history by now")),
      "entries that you vouched for are gone or were replaced; keep this archive and your cosigned "
      "checkpoint "
      "as they are, and look for the copy that continues it");
}

/// The largest checkpoint that this actor cosigned, by the archive.
std::optional<merkle::Checkpoint> last_cosigned(View& view, const ledger::ActorId& actor,
                                                const std::string& origin) {
  std::optional<merkle::Checkpoint> last;
  for (const Cosignature& one : cosignatures(view))
    if (one.actor == actor && (one.fault.empty()) && (!last || one.tree_size > last->size))
      last = merkle::Checkpoint{origin, one.tree_size, one.root};
  return last;
}

std::string last_line(const std::string& note) {
  const std::string_view text = std::string_view(note).substr(0, note.size() - 1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

Cosigned cosign(Archive& archive, ledger::CheckpointMemory& before) {
  const auto remembered = before.recall();
  Editor editor = archive.edit();  // nobody else commits from here on
  View view = archive.view();
  const ledger::Keyring& keyring = archive.keyring();
  Cosigned result;
  result.note = *merkle::Note::parse(view.reader().checkpoint());
  result.checkpoint = *merkle::Checkpoint::parse(result.note.text);
  result.before = last_cosigned(view, keyring.actor(), result.checkpoint.origin);
  if (result.before) refuse_unless_continued(view, result.checkpoint, *result.before, "");
  if (remembered) {
    refuse_unless_continued(view, result.checkpoint, remembered->checkpoint,
                            " on " + remembered->seen_at.date());
    if (!result.before || remembered->checkpoint.size > result.before->size)
      result.before = remembered->checkpoint;
  }

  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(archive.clock().now().ms, 0) / 1000);
  const merkle::NoteKey key = cosigner_key(keyring);
  merkle::cosign(result.note, key.name, cosigning_key(keyring), seconds);
  const std::string note = result.note.encode();
  // As witnesses do: what was signed is remembered before the signature is given away.
  before.remember(note);
  result.seq = editor.add_cosignature(result.checkpoint, last_line(note), key, seconds);
  editor.commit();
  return result;
}

Comparison compare(View& view, const merkle::Note& note) {
  const auto old = merkle::Checkpoint::parse(note.text);
  if (!old) throw Error(ErrorCode::invalid, "it is a signed note, and not of a checkpoint");
  Comparison result;
  result.old = *old;
  result.now_note = view.reader().checkpoint();
  result.now = *merkle::Checkpoint::parse(merkle::Note::parse(result.now_note)->text);
  if (old->origin != result.now.origin)
    throw Error(ErrorCode::invalid,
                fmt::format("it is a checkpoint of '{}', and this archive is '{}'",
                            escape_for_display(old->origin), result.now.origin),
                "name the archive that it belongs to");
  if (old->size == 0)
    throw Error(ErrorCode::invalid, "it is a checkpoint of no entries: every history continues it");

  std::vector<merkle::NoteKey> known;
  const auto keys = custody_keys(view);
  for (const CustodyKey& one : keys)
    if (!one.removed_at || old->size <= *one.removed_at) known.push_back(one.key);
  const merkle::NoteCheck check = merkle::check(note, known);
  using Outcome = Comparison::Outcome;
  result.outcome = Outcome::unknown_key;
  if (check.rejected) result.outcome = Outcome::bad_signature;
  for (const CustodyKey& one : keys) {
    if (std::ranges::find(check.verified, one.key) == check.verified.end()) continue;
    result.signed_by.push_back(one);
    if (one.key.type == merkle::NoteKeyType::ed25519) result.outcome = Outcome::consistent;
  }
  if (result.outcome != Outcome::consistent) return result;

  if (old->size > result.now.size) {
    result.outcome = Outcome::newer;
    return result;
  }
  result.proof = merkle::consistency_proof(old->size, result.now.size, view.reader().nodes());
  if (!merkle::verify_consistency(old->size, result.now.size, result.proof, old->root, result.now.root))
    result.outcome = Outcome::inconsistent;
  return result;
}

std::string encode_proof(const Comparison& comparison) {
  std::string text = fmt::format("old {}\n", comparison.old.size);
  for (const Digest& hash : comparison.proof) text += to_base64(hash.view()) + "\n";
  return text + "\n" + comparison.now_note;
}

}  // namespace dalil::archive
