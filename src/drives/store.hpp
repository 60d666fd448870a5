#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/base/error.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/jobs/progress.hpp"
#include "dalil/jobs/seal.hpp"

namespace dalil::drives {

/// What ends a drive's part of a run: it is full, gone, or fails. Others go on.
class DriveFailure : public Error {
 public:
  enum class Kind : std::uint8_t { full, gone, failed } kind;
  DriveFailure(Kind what, const std::string& message) : Error(ErrorCode::io, message), kind(what) {}
  /// By errno.
  static DriveFailure from(const std::string& action, const std::string& subject, int error_number);
};

/// A file that is to be copied, as the ledger and the one reading of its source know it.
struct SourceFile {
  std::size_t index = 0;  ///< in the plan
  std::string target;     ///< path on the drive
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  unsigned mode = 0600;
  std::vector<files::Attribute> attributes;
};

/// A file that was written and is not at its place yet.
struct Pending {
  SourceFile file;
  std::string part;  ///< its temporary name
  Digest digest;     ///< of what was written, as is the following
  std::uint64_t size_bytes = 0;
  std::optional<jobs::SealedObject> object;  ///< on a sealed drive
};

/// Where a copy came to lie.
struct Stored {
  std::string path;  ///< on the drive
  files::FileStat stat;
  std::optional<jobs::SealedObject> object;
};

/// The one seam between the job and what a drive holds: plain files, or sealed objects. Used by two threads:
/// one begins, writes, seals and syncs, the other reads back and publishes. Throws DriveFailure when the
/// drive cannot go on; what concerns one file is in the return values.
class DriveStore {
 public:
  virtual ~DriveStore() = default;
  /// Begins a file under a temporary name.
  virtual void prepare() = 0;
  virtual void write(ByteView bytes) = 0;
  /// The file is whole. Times and attributes are set; `lost` names what could not be.
  virtual Pending seal(SourceFile file, std::string& lost) = 0;
  /// What was written since `prepare` is worth nothing; also if there was no `prepare`.
  virtual void abandon() = 0;
  /// Everything that was sealed or published so far is durable.
  virtual void sync() = 0;
  /// Reads from the medium; one answer a file: empty if it is what was written.
  virtual std::vector<std::string> read_back(const std::vector<Pending>& files,
                                             const jobs::StopFlag& stop) = 0;
  /// Puts it at its place. Never replaces anything: absent, with a reason, if something is there.
  virtual std::optional<Stored> publish(const Pending& file, std::string& why) = 0;
  virtual void discard(const Pending& file) = 0;
  /// DriveFailure(gone) unless the drive is where it was, and the same one.
  virtual void check_identity() = 0;
  virtual std::string read_path() const = 0;
};

}  // namespace dalil::drives
