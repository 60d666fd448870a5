#include "rollback.hpp"

#include <fmt/format.h>

#include "core.hpp"

namespace dalil::ledger {

std::optional<Rollback> find_rollback(Reader& reader, const SeenCheckpoint& seen,
                                      const std::vector<merkle::NoteKey>& signers) {
  const std::string note = reader.checkpoint();
  if (note == seen.note) return std::nullopt;
  if (merkle::check(*merkle::Note::parse(seen.note), signers).rejected)
    throw Error(ErrorCode::invalid,
                "what this machine remembers of the archive bears a wrong signature: somebody changed it",
                "find out who had access to your account; 'dalil help checkpoint' says where it is kept");
  const auto found = merkle::Checkpoint::parse(merkle::Note::parse(note)->text);
  const std::uint64_t expected = seen.checkpoint.size;
  if (found->size < expected) return Rollback{Rollback::Kind::smaller, seen, note, *found};
  const Digest root = expected == 0 ? merkle::empty_root() : merkle::root_at(expected, reader.nodes());
  if (root != seen.checkpoint.root) return Rollback{Rollback::Kind::rewritten, seen, note, *found};
  return std::nullopt;
}

std::string describe(const Rollback& rollback) {
  const merkle::Checkpoint &expected = rollback.expected.checkpoint, &found = rollback.found;
  if (rollback.kind == Rollback::Kind::smaller)
    return fmt::format("it has {} entries, and had {} when this machine saw it last", found.size,
                       expected.size);
  return fmt::format("its first {} entries are not those that this machine has seen", expected.size);
}

Error refusal(const Rollback& rollback) {
  return Error(
      ErrorCode::corrupt, "nothing is written to this archive: " + describe(rollback),
      "find out why; files can be checked meanwhile: dalil verify --no-record; if it is to be so, an "
      "archivist can say: dalil checkpoint accept --why TEXT");
}

}  // namespace dalil::ledger
