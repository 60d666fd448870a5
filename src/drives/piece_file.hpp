#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dalil/base/digest.hpp"
#include "dalil/crypto/tags.hpp"
#include "dalil/files/read.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::drives {

inline constexpr std::uint64_t kChunk = crypto::kTagChunkSize;
/// Smallest piece that is combined: what disks lose at once.
inline constexpr std::size_t kBlock = 4096;

/// Size of chunk `i` of a content.
constexpr std::size_t chunk_size(std::uint64_t content_size, std::uint64_t i) {
  return static_cast<std::size_t>(std::min(kChunk, content_size - std::min(content_size, i * kChunk)));
}

/// Proves chunks of one content by the tags that some copy of it has.
class ChunkProof {
 public:
  ChunkProof(ByteView key, const crypto::TagNonce& nonce, std::vector<crypto::ChunkTag> tags,
             std::uint64_t content_size)
      : tagger_(key), nonce_(nonce), tags_(std::move(tags)), size_(content_size) {}
  bool holds(std::uint64_t i, ByteView chunk) const {
    return chunk.size() == chunk_size(size_, i) && tagger_.tag(nonce_, i, chunk) == tags_[i];
  }
  std::uint64_t chunks() const { return tags_.size(); }
  std::uint64_t content_size() const { return size_; }

 private:
  crypto::ChunkTagger tagger_;
  crypto::TagNonce nonce_;
  std::vector<crypto::ChunkTag> tags_;
  std::uint64_t size_;
};

/// A file that may hold pieces of a content, read from the medium.
class PieceFile {
 public:
  PieceFile(int root_fd, const std::string& path);
  int error_number() const { return opened_.error_number; }
  const files::FileStat& stat() const { return opened_.stat; }
  int fd() const { return opened_.fd.get(); }

  struct Chunk {
    ByteView bytes;  ///< until the next reading; zeros where it could not be read
    std::vector<files::BadRange> bad;
    bool whole() const { return bad.empty(); }
    bool has_block(std::size_t block) const;
  };
  /// At most `size` bytes of chunk `i`.
  Chunk read(std::uint64_t i, std::size_t size);

  /// All of it, once.
  struct Survey {
    std::vector<bool> good;        ///< for each chunk of the content
    std::optional<Digest> digest;  ///< of the file; absent if some of it could not be read
    std::uint64_t unreadable_bytes = 0;
    bool stopped = false;
  };
  Survey survey(const ChunkProof& proof, jobs::Progress& progress, const jobs::StopFlag& stop);

 private:
  files::Opened opened_;
  files::AlignedBuffer buffer_;
};

}  // namespace dalil::drives
