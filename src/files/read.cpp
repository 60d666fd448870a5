#include "dalil/files/read.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "dalil/base/error.hpp"

namespace dalil::files {

namespace {

/// Smallest unit that is given up on, and the alignment of everything that is asked for: what disks call a
/// sector today, and what direct reading needs.
constexpr std::uint64_t kBlock = 4096;

constexpr std::uint64_t round_down(std::uint64_t value) {
  return value / kBlock * kBlock;
}
constexpr std::uint64_t round_up(std::uint64_t value) {
  return value > UINT64_MAX - kBlock ? round_down(UINT64_MAX) : round_down(value + kBlock - 1);
}

/// Some file systems accept O_DIRECT and then want an alignment of their own (EINVAL). That is no fault of
/// the file: it is read through the cache, which was dropped when it was opened. True if this has just been
/// changed.
bool leave_direct_mode(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DIRECT) != 0 && ::fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

/// One sequential reading; see read_through.
class Reading {
 public:
  Reading(int fd, const AlignedBuffer& buffer, const PreadFunction& pread_function, std::uint64_t size_limit)
      : fd_(fd), buffer_(buffer), pread_(pread_function), limit_(size_limit) {}

  struct Piece {
    std::size_t size = 0;
    bool readable = true;
    bool last = false;
  };
  Piece read_piece(std::uint64_t offset);
  ReadResult result;

 private:
  struct Fill {
    std::size_t size = 0;  ///< bytes from the start of the buffer
    int error_number = 0;
    bool at_end = false;
  };
  std::int64_t read_some(std::size_t at, std::size_t size, std::uint64_t piece_offset) const;
  Fill fill(std::size_t begin, std::size_t end, std::uint64_t piece_offset) const;
  Piece salvage(std::size_t begin, std::size_t end, std::uint64_t piece_offset);
  void record(BadRange range);
  bool reaches_end(std::uint64_t offset) const;

  int fd_;
  const AlignedBuffer& buffer_;
  const PreadFunction& pread_;
  std::uint64_t limit_;
};

/// Bytes read, or minus errno.
std::int64_t Reading::read_some(std::size_t at, std::size_t size, std::uint64_t piece_offset) const {
  while (true) {
    const std::uint64_t offset = piece_offset + at;
    const std::int64_t got = pread_ ? pread_(fd_, buffer_.data() + at, size, offset)
                                    : ::pread(fd_, buffer_.data() + at, size, static_cast<off_t>(offset));
    if (got >= 0) return std::min<std::int64_t>(got, static_cast<std::int64_t>(size));
    const int error_number = errno;
    if (error_number == EINTR || (error_number == EINVAL && leave_direct_mode(fd_))) continue;
    return -error_number;
  }
}

bool Reading::reaches_end(std::uint64_t offset) const {
  const StatResult now = stat_fd(fd_);
  return now.error_number == 0 && offset >= now.stat.size_bytes;
}

/// Fills the buffer from `begin` to `end`, both multiples of the block size.
///
/// A short read that is not the end of the file is continued from the block's start, as direct reads must be
/// aligned. Two reads that end at the same place are the end of the file, whatever fstat says.
Reading::Fill Reading::fill(std::size_t begin, std::size_t end, std::uint64_t piece_offset) const {
  std::size_t have = begin;
  while (have < end) {
    const auto from = static_cast<std::size_t>(round_down(have));
    const std::int64_t got = read_some(from, end - from, piece_offset);
    if (got < 0) return {from, static_cast<int>(-got), false};
    const std::size_t reached = from + static_cast<std::size_t>(got);
    if (reached <= have) return {reached, 0, true};
    have = reached;
    if (have < end && reaches_end(piece_offset + have)) return {have, 0, true};
  }
  return {have, 0, false};
}

Reading::Piece Reading::read_piece(std::uint64_t offset) {
  const std::uint64_t wanted = std::min<std::uint64_t>(buffer_.size(), limit_ - offset);
  const auto end = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), round_up(wanted)));
  const Fill filled = fill(0, end, offset);
  Piece piece{filled.size, true, filled.at_end};
  if (filled.error_number != 0) {
    piece = salvage(filled.size, end, offset);
    if (piece.readable && piece.size > filled.size)
      result.recovered.push_back({offset + filled.size, piece.size - filled.size, filled.error_number});
  }
  // Whole blocks are asked for, so the limit may lie before what came.
  if (piece.size >= wanted) piece.last = piece.last || offset + wanted == limit_;
  piece.size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size, wanted));
  return piece;
}

/// Block by block from `begin`, with zeros for those that cannot be read.
Reading::Piece Reading::salvage(std::size_t begin, std::size_t end, std::uint64_t piece_offset) {
  const StatResult now = stat_fd(fd_);
  // Without a size nobody could say where a file ends that cannot be read: then this piece is the last one.
  const bool size_known = now.error_number == 0 && now.stat.kind == FileKind::regular;
  const std::uint64_t file_end = std::min(limit_, size_known ? now.stat.size_bytes : piece_offset + end);
  Piece piece{begin, true, false};
  for (std::size_t at = begin; at < end; at += kBlock) {
    const std::uint64_t offset = piece_offset + at;
    const Fill block = fill(at, at + kBlock, piece_offset);
    piece.size = block.size;
    piece.last = block.at_end;
    if (block.error_number != 0) {
      const std::uint64_t lost = offset < file_end ? std::min(kBlock, file_end - offset) : 0;
      std::memset(buffer_.data() + at, 0, kBlock);
      record({offset, lost, block.error_number});
      piece.readable = piece.readable && lost == 0;
      piece.size = at + static_cast<std::size_t>(lost);
      piece.last = offset + lost >= file_end;
    }
    if (piece.last) break;
  }
  return piece;
}

void Reading::record(BadRange range) {
  if (range.size_bytes == 0) return;
  if (!result.bad.empty()) {
    BadRange& before = result.bad.back();
    if (before.offset + before.size_bytes == range.offset && before.error_number == range.error_number) {
      before.size_bytes += range.size_bytes;
      return;
    }
  }
  result.bad.push_back(range);
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t size) : size_(size) {
  data_ = static_cast<std::uint8_t*>(std::aligned_alloc(kBlock, std::max(round_up(size), kBlock)));
  if (data_ == nullptr) throw std::bad_alloc();
}

AlignedBuffer::~AlignedBuffer() {
  std::free(data_);
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

ReadResult read_through(
    int fd, AlignedBuffer& buffer,
    const std::function<void(std::uint64_t offset, ByteView bytes, bool readable)>& on_piece,
    std::uint64_t size_limit, const PreadFunction& pread_function) {
  if (buffer.size() == 0 || buffer.size() % kBlock != 0) {
    throw Error(ErrorCode::invalid, "the reading buffer is not a multiple of 4096 bytes");
  }
  Reading reading(fd, buffer, pread_function, size_limit);
  std::uint64_t offset = 0;
  while (offset < size_limit) {
    const Reading::Piece piece = reading.read_piece(offset);
    if (piece.size > 0) on_piece(offset, {buffer.data(), piece.size}, piece.readable);
    offset += piece.size;
    if (piece.last || piece.size < buffer.size()) break;
  }
  reading.result.size_bytes = offset;
  return std::move(reading.result);
}

}  // namespace dalil::files
