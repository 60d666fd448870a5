#include "dalil/archive/recovery.hpp"

#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::size_t kIdentitySize = 32;

/// Goes from the newest statement of this kind to the first: `visit(seq, statement)`.
template <typename Visit>
void for_each_stated(View& view, const ledger::TokenKind& kind, Visit visit) {
  ledger::Reader& reader = view.reader();
  std::optional<Seq> seq = reader.lookup(reader.token(kind, {}));
  while (seq) {
    if (*seq >= reader.size()) throw broken_reference(*seq, "a recovery key");
    records::Record record = parse_record(reader.entry(*seq).content, *seq);
    auto* stated = record.mutable_recovery_key_stated();
    if (stated->recipient().empty() || (stated->has_previous() && stated->previous() >= *seq))
      throw Error(ErrorCode::corrupt, fmt::format("entry {} does not state a recovery key", *seq),
                  "run 'dalil check'");
    visit(*seq, *stated);
    seq = stated->has_previous() ? std::optional<Seq>(stated->previous()) : std::nullopt;
  }
}

}  // namespace

std::vector<RecoveryRecipient> recovery_recipients(View& view) {
  std::vector<RecoveryRecipient> all;
  for_each_stated(view, kTokenRecoveryRecipient, [&](Seq seq, const records::RecoveryKeyStated& stated) {
    const ledger::PublicLine line = view.reader().line(seq);
    all.push_back({stated.recipient(), seq, line.time, view.actor_name(line.actor), stated.why()});
  });
  return all;
}

std::vector<crypto::age::Identity> recovery_identities(View& view) {
  if (!view.can_read(SealClass::evidence))
    throw Error(ErrorCode::wrong_key, "the recovery key is not visible to this role",
                "open the archive with an archivist's key");
  std::vector<crypto::age::Identity> all;
  for_each_stated(view, kTokenRecoveryKey, [&](Seq seq, records::RecoveryKeyStated& stated) {
    if (stated.identity().size() != kIdentitySize)
      throw Error(ErrorCode::corrupt, fmt::format("entry {} holds an ill-formed key", seq),
                  "run 'dalil check'");
    all.push_back({crypto::Secret(as_bytes(stated.identity()))});
    crypto::wipe(*stated.mutable_identity());
    if (all.back().recipient() != stated.recipient())
      throw Error(ErrorCode::corrupt, fmt::format("entry {} holds the key of another recipient", seq),
                  "run 'dalil check'");
  });
  return all;
}

}  // namespace dalil::archive
