#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dalil/base/time.hpp"
#include "dalil/ledger/keyring.hpp"
#include "dalil/merkle/note.hpp"

namespace dalil::ledger {

/// A signed checkpoint as somebody saw it.
struct SeenCheckpoint {
  std::string note;
  merkle::Checkpoint checkpoint;  ///< what the note says
  UtcTime seen_at;
};

/// A place outside of the archive that remembers the newest checkpoint seen, so that an older archive, or one
/// with another history, is noticed when it lies in the place of the right one.
///
/// Whoever commits remembers afterwards, and whoever opens recalls before looking: so the archive never has
/// less than what is remembered, unless something is wrong.
class CheckpointMemory {
 public:
  virtual ~CheckpointMemory() = default;
  /// Absent if nothing ever was remembered. Error that names the place if it cannot be read, or is no
  /// checkpoint: never "nothing".
  virtual std::optional<SeenCheckpoint> recall() = 0;
  /// Keeps the larger of this one and what is there. Throws nothing: the commit stands, remembered or not.
  virtual void remember(const std::string& note) noexcept = 0;
  /// Puts this one in the place of whatever is there. Error(io).
  virtual void replace(const std::string& note) = 0;
};

/// One file that holds the signed note, for one user of one machine (docs/custody.md).
class FileMemory final : public CheckpointMemory {
 public:
  using Warning = std::function<void(const std::string& message)>;
  /// `path` is made when there is something to remember: the directories above it 0700, the file 0600. `warn`
  /// is called once if that fails.
  FileMemory(std::string path, std::string origin, Warning warn);
  std::optional<SeenCheckpoint> recall() override;
  void remember(const std::string& note) noexcept override;
  void replace(const std::string& note) override;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string origin_;
  Warning warn_;
  bool warned_ = false;
};

/// Below the state directory of a user: `seen/ARCHIVE`, and `cosigned/ARCHIVE-ACTOR`.
std::string seen_path(const std::string& state_directory, const ArchiveId& archive);
std::string cosigned_path(const std::string& state_directory, const ArchiveId& archive, const ActorId& actor);

/// "dalil/" and the archive's id: the origin of its checkpoints.
std::string origin_of(const ArchiveId& id);

/// The archive is not a continuation of what was seen.
struct Rollback {
  enum class Kind : std::uint8_t {
    smaller,   ///< fewer entries: an older state
    rewritten  ///< enough of them, but another history
  } kind = Kind::smaller;
  SeenCheckpoint expected;
  std::string found_note;
  merkle::Checkpoint found;
};
/// One line: what was expected and what was found.
std::string describe(const Rollback& rollback);

}  // namespace dalil::ledger
