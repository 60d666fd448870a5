#include "dalil/archive/proof.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "entry_kinds.hpp"
#include "proof_parts.hpp"
#include "schema.hpp"

namespace dalil::archive {

using ledger::SealClass;
using namespace schema;

namespace {

ledger::Entry open_entry(View& view, Seq seq) {
  ledger::Entry entry = view.reader().entry(seq);
  if (entry.state == ledger::Entry::State::redacted)
    throw Error(ErrorCode::not_found, fmt::format("the content of entry {} was destroyed", seq),
                "its public line is still in the tree, but there is nothing left to disclose");
  if (entry.state == ledger::Entry::State::not_visible)
    throw Error(ErrorCode::wrong_key,
                fmt::format("entry {} ({}) is not visible to this role", seq, name_of(entry.line.seal_class)),
                "open the archive with a key whose role may see it");
  return entry;
}

}  // namespace

namespace {
/// Somebody else's proof would hold the key that opens every sealed drive.
void refuse_secret(ByteView content) {
  if (kind_number(content) != records::Record::kRecoveryKeyStated) return;  // also what is not known here
  if (parse_record(content, 0).recovery_key_stated().identity().empty()) return;
  throw Error(ErrorCode::invalid, "the entry holds the recovery key, which a proof would give away",
              "the entry before it states the key's recipient, and can be proven");
}
}  // namespace

Proof prove(View& view, Seq seq, std::optional<std::uint64_t> checkpoint) {
  ledger::Entry entry = open_entry(view, seq);
  refuse_secret(entry.content);
  require_consents(view, entry.content);
  Statement statement = read_statement(entry.content);
  Proof proof;
  proof.kind = std::move(statement.kind);
  proof.states = std::move(statement.text);
  proof.line = entry.line.text();
  proof.salt = entry.salt;
  proof.content = std::move(entry.content);
  add_checkpoints(proof, view, seq, checkpoint);
  return proof;
}

Seq first_entry_of(View& view, Row item) {
  return view.item(item).first_seq;
}

Seq copy_entry(View& view, Row volume, std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string_view directory = slash == path.npos ? std::string_view() : path.substr(0, slash);
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  for (const CopyRow& row : view.directory(volume, directory))
    if (row.name == name && row.item != ledger::kNoRow) return row.seq;
  throw Error(ErrorCode::not_found,
              fmt::format("volume '{}' has no copy '{}'", escape_for_display(view.volume(volume).label),
                          escape_for_display(path)),
              "paths are relative to the volume's root");
}

std::optional<Seq> facts_entry(View& view, Row item) {
  if (!view.can_read(SealClass::evidence))
    throw Error(ErrorCode::wrong_key, "media facts are not visible to this role",
                "open the archive with an investigator's or archivist's key");
  const std::uint64_t seq = load_u64(view.reader().cell(kFactSeq, item).data());
  return seq == 0 ? std::nullopt : std::optional<Seq>(seq - 1);
}

namespace {

/// Whether a verification's entry holds this very verdict: the same directory at the same time.
bool states_verdict(ByteView content, Seq seq, const Copy& copy, std::int64_t verified_at_s) {
  const records::Record record = parse_record(content, seq);
  if (!record.has_directories_verified() || record.directories_verified().volume() != copy.volume)
    return false;
  return std::ranges::any_of(record.directories_verified().directories(), [&](const auto& one) {
    return one.directory() == copy.directory && one.verified_at_s() == verified_at_s;
  });
}

}  // namespace

std::optional<Seq> verdict_entry(View& view, Row item, Row volume) {
  ledger::Reader& reader = view.reader();
  std::optional<CopyInfo> newest;
  for (CopyInfo& copy : view.copies_of(item)) {
    if (copy.volume != volume || copy.row.verified_at_s == 0) continue;
    if (!newest || copy.row.verified_at_s > newest->row.verified_at_s) newest = std::move(copy);
  }
  if (!newest) return std::nullopt;
  const Copy copy = view.copy(newest->row.seq);
  for (Seq seq = reader.size(); seq > newest->row.seq + 1; --seq) {
    // The public lines alone rule most entries out; nothing of these is decrypted.
    if (reader.line(seq - 1).seal_class != SealClass::inventory) continue;
    const ledger::Entry entry = reader.entry(seq - 1);
    if (entry.state == ledger::Entry::State::open &&
        states_verdict(entry.content, seq - 1, copy, newest->row.verified_at_s))
      return seq - 1;
  }
  return std::nullopt;
}

}  // namespace dalil::archive
