#include "dalil/archive/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::archive {

namespace stamp = crypto::timestamp;

namespace {

Timestamp timestamp_from(const records::TimestampAttached& record, Seq seq) {
  const auto copy = [](const std::string& bytes) { return Bytes(bytes.begin(), bytes.end()); };
  Timestamp out;
  out.seq = seq;
  out.checkpoint = {record.tree_size(), record.note()};
  out.token = copy(record.token());
  for (const std::string& certificate : record.chain()) out.chain.push_back(copy(certificate));
  out.time = {record.time_ms()};
  out.authority = record.authority();
  out.trusted = record.trusted();
  return out;
}

/// Why the archive's history and the note do not go together; empty if they do.
std::string history_fault(View& view, const StampedCheckpoint& checkpoint) {
  const auto note = merkle::Note::parse(checkpoint.note);
  const auto body = note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
  if (!body || body->size != checkpoint.tree_size) return "what was stamped is no checkpoint of that size";
  ledger::Reader& reader = view.reader();
  if (body->size == 0 || body->size > reader.size() ||
      merkle::root_at(body->size, reader.nodes()) != body->root)
    return "the archive never had the checkpoint that was stamped";
  return {};
}

}  // namespace

Error invalid_timestamp(const std::string& problem) {
  return Error(ErrorCode::invalid, "the time-stamp is not valid: " + problem,
               "nothing was attached; ask the authority again, or name its certificates with --ca");
}

Digest StampedCheckpoint::imprint() const {
  return crypto::sha256(as_bytes(note));
}

StampedCheckpoint checkpoint_to_stamp(View& view) {
  ledger::Reader& reader = view.reader();
  const auto note = reader.checkpoint_at(reader.size());
  if (!note)
    throw Error(ErrorCode::corrupt, fmt::format("the checkpoint of {} entries is missing", reader.size()),
                "run 'dalil check'");
  return {reader.size(), *note};
}

std::optional<StampedCheckpoint> find_stamped(View& view, const Digest& imprint) {
  std::optional<StampedCheckpoint> found;
  view.reader().for_each_checkpoint([&](std::uint64_t tree_size, const std::string& note) {
    if (crypto::sha256(as_bytes(note)) == imprint) found = StampedCheckpoint{tree_size, note};
    return !found;
  });
  return found;
}

std::vector<Timestamp> timestamps(View& view, std::uint64_t min_tree_size) {
  std::vector<Timestamp> found;
  for (const Anchor& anchor : view.anchors()) {
    if (anchor.kind != AnchorKind::timestamp || anchor.tree_size < min_tree_size) continue;
    const ledger::Entry entry = view.reader().entry(anchor.seq);
    if (entry.state != ledger::Entry::State::open) continue;
    const records::Record record = parse_record(entry.content, anchor.seq);
    found.push_back(timestamp_from(record.timestamp_attached(), anchor.seq));
  }
  return found;
}

std::string fault_of(View& view, const Timestamp& timestamp) {
  stamp::Expected expected{timestamp.checkpoint.imprint(), std::nullopt, {}, timestamp.chain};
  if (timestamp.trusted && !timestamp.chain.empty()) expected.trusted = {timestamp.chain.back()};
  const stamp::Check check = stamp::check_token(timestamp.token, expected);
  if (!check.valid()) return check.problem;
  if (check.trusted != timestamp.trusted || check.token->time != timestamp.time ||
      check.token->authority != timestamp.authority)
    return "the entry says something else than the token";
  return history_fault(view, timestamp.checkpoint);
}

namespace {

void refuse_known(View& view, const TimestampToAttach& what, const StampedCheckpoint& about) {
  for (const Timestamp& known : timestamps(view, about.tree_size))
    if (known.token == what.token && (known.trusted || what.trusted.empty()))
      throw Error(ErrorCode::conflict,
                  fmt::format("the time-stamp is attached already, by entry {}", known.seq),
                  "see: dalil timestamp list");
}

Timestamp attached_by(View& view, Seq seq) {
  for (Timestamp& timestamp : timestamps(view))
    if (timestamp.seq == seq) return std::move(timestamp);
  throw Error(ErrorCode::corrupt, fmt::format("nothing was derived from entry {}", seq),
              "run 'dalil rebuild'");
}

}  // namespace

Timestamp attach_timestamp(Archive& archive, const TimestampToAttach& what) {
  Editor editor = archive.edit();  // nobody else commits from here on
  View view = archive.view();
  const auto token = stamp::read_token(what.token);
  if (!token) throw invalid_timestamp("it is no time-stamp over a SHA-256");
  const auto about = find_stamped(view, token->imprint);
  if (!about)
    throw Error(ErrorCode::invalid, "the time-stamp is about no checkpoint of this archive",
                "nothing was attached; attach it to the archive that its request was made for");
  if (const std::string fault = history_fault(view, *about); !fault.empty())
    throw Error(ErrorCode::corrupt, fault, "run 'dalil check'");
  refuse_known(view, what, *about);
  const Seq seq = editor.add_timestamp(what, *about);
  editor.commit();
  view.renew();
  return attached_by(view, seq);
}

}  // namespace dalil::archive
