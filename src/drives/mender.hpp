#pragma once

#include <functional>
#include <map>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age_stream.hpp"
#include "piece_file.hpp"

namespace dalil::drives {

/// A file that a content may be taken from.
struct MendSource {
  int root_fd = -1;
  archive::Row volume = ledger::kNoRow;
  std::string path;
  std::string shown;          ///< "VOLUME:PATH", for people
  bool sealed = false;        ///< encrypted: read from its start, as far as it is whole
  std::string recorded = {};  ///< what the record names in the path's stead, if that is temporary
  const std::string& name() const { return recorded.empty() ? path : recorded; }
};

/// Where each chunk of a content comes from.
struct Mended {
  /// What the damaged copy has not itself, joined where ranges touch and have one source.
  std::vector<archive::Repair::Piece> pieces;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lost;  ///< offset, size
  std::map<std::string, std::string> faults;                  ///< of sources: what is wrong with them
  bool complete() const { return lost.empty(); }
};

/// Takes chunks that were proved by their tags.
using PutChunk = std::function<void(std::uint64_t offset, ByteView bytes)>;

/// Puts a content together from files that each have a part of it.
class Mender {
 public:
  /// `strays` are files of other contents' names, tried last.
  Mender(const ChunkProof& proof, std::vector<MendSource> sources, std::vector<MendSource> strays,
         const std::vector<crypto::age::Identity>& identities, const jobs::StopFlag& stop);
  ~Mender();
  /// `own` may be null; `own_good` says which of its chunks were whole when it was surveyed.
  Mended run(PieceFile* own, const std::vector<bool>& own_good, const PutChunk& put);

 private:
  struct Opened;
  bool take(Opened& from, std::uint64_t i, const PutChunk& put);
  bool combine(PieceFile* own, std::uint64_t i, const PutChunk& put);
  void take_sealed(const MendSource& from, std::vector<std::uint64_t>& wanted, const PutChunk& put);
  void join(const archive::Repair::Piece& piece);
  Opened& open(std::size_t number);

  const ChunkProof& proof_;
  std::vector<MendSource> sources_;  ///< strays behind the others
  const std::size_t proper_;         ///< how many are no strays
  const std::vector<crypto::age::Identity>& identities_;
  const jobs::StopFlag& stop_;
  std::vector<std::unique_ptr<Opened>> opened_;
  Mended mended_;
};

}  // namespace dalil::drives
