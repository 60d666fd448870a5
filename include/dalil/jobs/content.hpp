#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/digest.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/crypto/tags.hpp"
#include "dalil/files/read.hpp"
#include "dalil/jobs/progress.hpp"
#include "dalil/media/facts.hpp"

namespace dalil::jobs {

/// Files up to this size are read whole and hashed side by side; longer ones piece by piece.
inline constexpr std::uint64_t kSmallFile = crypto::kTagChunkSize;

/// What the index has under a name that is read anew.
struct Expected {
  bool changed = false;  ///< another content, or other times
  /// What was known under the name until now; UINT32_MAX: nothing.
  std::uint32_t former = UINT32_MAX;
  /// With this very size and modification time it has this item: another content would be damage, not an
  /// edit.
  std::uint32_t item = UINT32_MAX;
};

/// A file that is to be read: opened relative to its directory, whatever happens to the path meanwhile.
struct FileTask {
  std::shared_ptr<const files::Fd> directory_fd;
  std::string directory;  ///< in the volume
  std::string name;
  files::FileStat stat;  ///< as the walk saw it
  Expected expected{};
};

/// What one reading of a file gave.
struct Content {
  files::FileStat stat;  ///< of the descriptor, before the reading
  Digest digest;
  std::vector<Bytes> further;  ///< one for each of the further hashes that were wanted
  std::vector<crypto::ChunkTag> tags;
  std::vector<std::uint8_t> readable;  ///< for each tag: whether its chunk could be read whole
  std::uint64_t size_bytes = 0;        ///< as read
  std::vector<files::BadRange> bad;
  std::vector<files::BadRange> recovered;  ///< could not be read at first, and then could
  bool complete = false;                   ///< it was read to its end, or cannot be opened
  media::Sniffed sniffed;
  int error_number = 0;    ///< could not be opened
  bool changing = false;   ///< differed before and after, twice
  bool holds_key = false;  ///< a small file with a secret key in it, of age's or a report's signer
  files::ReadPath path = files::ReadPath::cache_allowed;
  files::Fd fd;                ///< still open
  std::uint64_t position = 0;  ///< on the disk, when that order is wanted
  bool ok() const { return error_number == 0 && bad.empty() && !changing; }
};

/// What a reading is to compute.
struct ContentNeeds {
  bool digest = true;  ///< SHA-256
  std::vector<crypto::HashKind> further = {};
  bool tags = true;
  bool sniff = true;
  files::ReadFrom from = files::ReadFrom::anywhere;
  bool physical_order = false;  ///< a spinning disk: each batch is read in the order of its place on the disk
};

/// Reads files once and computes everything from that one reading. One per thread.
class ContentReader {
 public:
  /// The key may be empty if no tags are needed.
  ContentReader(ByteView tag_key, ContentNeeds needs);

  /// Opens the files and has the kernel fetch their beginnings, so that they arrive while others are hashed.
  std::vector<Content> open(const std::vector<FileTask>& tasks);
  /// Reads what was opened. `nonces` has one a file. Counts bytes into `progress` as they are read.
  void read(const std::vector<FileTask>& tasks, std::vector<Content>& contents,
            const std::vector<crypto::TagNonce>& nonces, Progress& progress, const StopFlag& stop);
  const char* hash_backend() const { return batch_.backend(); }
  /// True if the last `read` ended early because of the stop flag; contents are then incomplete.
  bool stopped() const { return stopped_; }

 private:
  void fetch(const std::vector<Content>& contents);
  bool read_small(Content& content, std::size_t at);
  void read_large(Content& content, const crypto::TagNonce& nonce, Progress& progress, const StopFlag& stop);
  void finish_small(std::vector<Content>& contents, const std::vector<crypto::TagNonce>& nonces);

  ContentNeeds needs_;
  std::optional<crypto::ChunkTagger> tagger_;
  crypto::Sha256Batch batch_;
  crypto::Sha256Stream stream_;
  std::vector<crypto::HashStream> further_;
  files::AlignedBuffer piece_;
  files::AlignedBuffer slab_;
  std::optional<files::Prefetcher> prefetcher_;  ///< made when something is not in memory
  struct Small {
    std::size_t index, offset, size;
  };
  std::vector<Small> small_;
  bool stopped_ = false;
};

/// For people: "direct", or how many files were read in which way; "nothing was read" if none was.
std::string describe_read_paths(const std::map<files::ReadPath, std::uint64_t>& paths);

/// The most that one batch may hold.
inline constexpr std::size_t kBatchFiles = 64;
inline constexpr std::size_t kBatchBytes = 8 << 20;

}  // namespace dalil::jobs
