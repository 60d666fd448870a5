#include "piece_file.hpp"

#include <unistd.h>

#include <algorithm>

#include "dalil/crypto/hash.hpp"

namespace dalil::drives {

PieceFile::PieceFile(int root_fd, const std::string& path)
    : opened_(files::open_regular(root_fd, path.c_str(), files::ReadFrom::medium)), buffer_(kChunk) {}

bool PieceFile::Chunk::has_block(std::size_t block) const {
  const std::uint64_t first = block * kBlock;
  if (first >= bytes.size()) return false;
  return std::ranges::none_of(bad, [&](const files::BadRange& range) {
    return range.offset < first + kBlock && first < range.offset + range.size_bytes;
  });
}

PieceFile::Chunk PieceFile::read(std::uint64_t i, std::size_t size) {
  const std::uint64_t base = i * kChunk;
  Chunk chunk;
  const files::ReadResult result = files::read_through(
      opened_.fd.get(), buffer_, [&](std::uint64_t, ByteView bytes, bool) { chunk.bytes = bytes; }, size,
      [base](int fd, void* to, std::size_t want, std::uint64_t offset) {
        return std::int64_t{::pread(fd, to, want, static_cast<off_t>(base + offset))};
      });
  chunk.bad = result.bad;
  return chunk;
}

PieceFile::Survey PieceFile::survey(const ChunkProof& proof, jobs::Progress& progress,
                                    const jobs::StopFlag& stop) {
  Survey survey;
  survey.good.resize(proof.chunks());
  crypto::Sha256Stream hash;
  const auto on_piece = [&](std::uint64_t offset, ByteView bytes, bool readable) {
    hash.update(bytes);
    progress.bytes_done += bytes.size();
    const std::uint64_t i = offset / kChunk;
    if (i >= proof.chunks() || !readable) return;
    const std::size_t size = chunk_size(proof.content_size(), i);
    survey.good[i] = bytes.size() >= size && proof.holds(i, bytes.first(size));
  };
  // A stop is seen as the end of the file.
  const files::ReadResult result =
      files::read_through(opened_.fd.get(), buffer_, on_piece, UINT64_MAX,
                          [&stop](int fd, void* to, std::size_t want, std::uint64_t offset) {
                            if (stop.requested()) return std::int64_t{0};
                            return std::int64_t{::pread(fd, to, want, static_cast<off_t>(offset))};
                          });
  survey.stopped = stop.requested();
  for (const files::BadRange& bad : result.bad) survey.unreadable_bytes += bad.size_bytes;
  if (result.ok() && !survey.stopped) survey.digest = hash.finish();
  if (proof.content_size() == 0) survey.good[0] = proof.holds(0, {});
  return survey;
}

}  // namespace dalil::drives
