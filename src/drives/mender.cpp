#include "mender.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace dalil::drives {

namespace {

/// So many ways to put a chunk together are tried: a second or two.
constexpr std::uint64_t kMostCombinations = 1 << 13;

const char* words_of(crypto::age::Failure failure) {
  using crypto::age::Failure;
  return failure == Failure::no_match  ? "is encrypted to another key"
         : failure == Failure::payload ? "is damaged or cut"
                                       : "is no whole age file";
}

/// Every content that a block of a chunk has in some copy, with the copy that has it.
struct Variants {
  std::vector<std::pair<Bytes, std::size_t>> of_block;
};

}  // namespace

/// A source while it is read; opened once.
struct Mender::Opened {
  const MendSource& source;
  PieceFile file;
  explicit Opened(const MendSource& from) : source(from), file(from.root_fd, from.path) {}
};

Mender::Mender(const ChunkProof& proof, std::vector<MendSource> sources, std::vector<MendSource> strays,
               const std::vector<crypto::age::Identity>& identities, const jobs::StopFlag& stop)
    : proof_(proof),
      sources_(std::move(sources)),
      proper_(sources_.size()),
      identities_(identities),
      stop_(stop) {
  sources_.insert(sources_.end(), std::move_iterator(strays.begin()), std::move_iterator(strays.end()));
  opened_.resize(sources_.size());
}
Mender::~Mender() = default;

Mender::Opened& Mender::open(std::size_t number) {
  if (!opened_[number]) {
    opened_[number] = std::make_unique<Opened>(sources_[number]);
    const Opened& now = *opened_[number];
    if (number < proper_ && now.file.error_number() != 0)
      mended_.faults[now.source.shown] =
          now.file.error_number() == ENOENT ? "is missing" : std::strerror(now.file.error_number());
  }
  return *opened_[number];
}

void Mender::join(const archive::Repair::Piece& piece) {
  auto& pieces = mended_.pieces;
  if (!pieces.empty() && pieces.back().offset + pieces.back().size_bytes == piece.offset &&
      pieces.back().volume == piece.volume && pieces.back().path == piece.path)
    pieces.back().size_bytes += piece.size_bytes;
  else
    pieces.push_back(piece);
}

bool Mender::take(Opened& from, std::uint64_t i, const PutChunk& put) {
  if (from.file.error_number() != 0) return false;
  const std::size_t size = chunk_size(proof_.content_size(), i);
  const PieceFile::Chunk chunk = from.file.read(i, size);
  if (!chunk.whole() || !proof_.holds(i, chunk.bytes)) {
    const auto number = static_cast<std::size_t>(&from.source - sources_.data());
    if (number < proper_)
      mended_.faults.try_emplace(from.source.shown,
                                 fmt::format("is not intact either, from byte {}", i * kChunk));
    return false;
  }
  put(i * kChunk, chunk.bytes);
  join({i * kChunk, size, from.source.volume, from.source.name()});
  return true;
}

/// No copy has the whole chunk: each block has as many variants as the copies differ, and the tag tells which
/// combination is the content.
bool Mender::combine(PieceFile* own, std::uint64_t i, const PutChunk& put) {
  const std::size_t size = chunk_size(proof_.content_size(), i);
  const std::size_t blocks = (size + kBlock - 1) / kBlock;
  constexpr std::size_t kOwn = SIZE_MAX;
  std::vector<Variants> variants(blocks);
  const auto gather = [&](PieceFile& file, std::size_t number) {
    if (file.error_number() != 0) return;
    const PieceFile::Chunk chunk = file.read(i, size);
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t first = block * kBlock, length = std::min(kBlock, size - first);
      if (first + length > chunk.bytes.size() || !chunk.has_block(block)) continue;
      const ByteView bytes = chunk.bytes.subspan(first, length);
      auto& known = variants[block].of_block;
      if (std::ranges::none_of(known, [&](const auto& one) { return std::ranges::equal(one.first, bytes); }))
        known.emplace_back(Bytes(bytes.begin(), bytes.end()), number);
    }
  };
  if (own != nullptr) gather(*own, kOwn);
  for (std::size_t number = 0; number < proper_; ++number)
    if (!sources_[number].sealed) gather(open(number).file, number);

  std::uint64_t combinations = 1;
  for (const Variants& block : variants) {
    combinations *= block.of_block.size();
    if (combinations == 0 || combinations > kMostCombinations) return false;
  }
  std::vector<std::size_t> choice(blocks, 0);
  Bytes chunk(size);
  const auto set = [&](std::size_t block) {
    std::ranges::copy(variants[block].of_block[choice[block]].first,
                      chunk.begin() + static_cast<std::ptrdiff_t>(block * kBlock));
  };
  for (std::size_t block = 0; block < blocks; ++block) set(block);
  while (!proof_.holds(i, chunk)) {
    std::size_t block = 0;
    for (; block < blocks; ++block) {
      if (variants[block].of_block.size() == 1) continue;
      choice[block] = (choice[block] + 1) % variants[block].of_block.size();
      set(block);
      if (choice[block] != 0) break;
    }
    if (block == blocks || stop_.requested()) return false;
  }
  put(i * kChunk, chunk);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t number = variants[block].of_block[choice[block]].second;
    const std::size_t length = std::min(kBlock, size - block * kBlock);
    if (number == kOwn) continue;
    join({i * kChunk + block * kBlock, length, sources_[number].volume, sources_[number].name()});
  }
  return true;
}

/// Everything of an object whose encryption holds; what does not is left out in pieces of 64 KiB.
void Mender::take_sealed(const MendSource& from, std::vector<std::uint64_t>& wanted, const PutChunk& put) {
  const files::Opened opened = files::open_regular(from.root_fd, from.path.c_str());
  if (opened.error_number != 0) {
    mended_.faults[from.shown] =
        opened.error_number == ENOENT ? "is missing" : std::strerror(opened.error_number);
    return;
  }
  if (identities_.empty()) {
    mended_.faults[from.shown] = "is sealed, and no recovery key was given";
    return;
  }
  Bytes chunk;
  std::uint64_t i = 0;
  auto next = wanted.begin();
  std::vector<std::uint64_t> left;
  const auto full = [&] {
    if (next != wanted.end() && *next == i) {
      if (proof_.holds(i, chunk)) {
        put(i * kChunk, chunk);
        join({i * kChunk, chunk.size(), from.volume, from.name()});
      } else {
        left.push_back(i);
      }
      ++next;
    }
    chunk.clear();
    ++i;
  };
  const auto add = [&](ByteView plain) {
    while (!plain.empty() && i < proof_.chunks()) {
      const std::size_t size = chunk_size(proof_.content_size(), i);
      const std::size_t part = std::min(plain.size(), size - chunk.size());
      chunk.insert(chunk.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(part));
      plain = plain.subspan(part);
      if (chunk.size() == size) full();
    }
  };
  // Zeros stand for what is lost: no proof holds for them, unless they are what was there.
  const Bytes zeros(kChunk);
  bool holes = false;
  crypto::age::Decryptor decryptor(identities_, add, [&](std::size_t size) {
    holes = true;
    for (std::size_t part; size > 0; size -= part) {
      part = std::min(size, zeros.size());
      add(ByteView(zeros).first(part));
    }
  });
  Bytes buffer(kChunk);
  auto failure = crypto::age::Failure::none;
  std::string fault;
  std::size_t step = buffer.size();
  for (std::uint64_t at = 0; next != wanted.end() && !stop_.requested();) {
    ssize_t got = ::pread(opened.fd.get(), buffer.data(), step, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && std::exchange(step, kBlock) > kBlock) continue;
    if (got < 0) {
      if (fault.empty()) fault = fmt::format("cannot be read at byte {}: {}", at, std::strerror(errno));
      if (at >= opened.stat.size_bytes) break;
      got = static_cast<ssize_t>(std::min<std::uint64_t>(kBlock, opened.stat.size_bytes - at));
      std::fill_n(buffer.begin(), got, 0);
    }
    if (got == 0) break;
    if (at % kChunk == 0) step = buffer.size();
    failure = decryptor.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    if (failure != crypto::age::Failure::none) break;
    at += static_cast<std::uint64_t>(got);
  }
  if (failure == crypto::age::Failure::none && next != wanted.end() && !stop_.requested())
    failure = decryptor.finish();
  if (fault.empty() && failure != crypto::age::Failure::none) fault = words_of(failure);
  if (fault.empty() && holes) fault = words_of(crypto::age::Failure::payload);
  if (!fault.empty()) mended_.faults[from.shown] = fault;
  left.insert(left.end(), next, wanted.end());
  wanted = std::move(left);
}

Mended Mender::run(PieceFile* own, const std::vector<bool>& own_good, const PutChunk& put) {
  mended_ = Mended();
  std::vector<std::uint64_t> wanted;
  for (std::uint64_t i = 0; i < proof_.chunks() && !stop_.requested(); ++i) {
    if (proof_.content_size() == 0) break;  // there is nothing to take
    if (own != nullptr && own_good[i]) {
      const PieceFile::Chunk chunk = own->read(i, chunk_size(proof_.content_size(), i));
      if (chunk.whole() && proof_.holds(i, chunk.bytes)) {
        put(i * kChunk, chunk.bytes);
        continue;
      }
    }
    bool found = false;
    for (std::size_t number = 0; number < proper_ && !found; ++number)
      found = !sources_[number].sealed && take(open(number), i, put);
    if (!found) wanted.push_back(i);
  }
  for (std::size_t number = 0; number < proper_ && !wanted.empty(); ++number)
    if (sources_[number].sealed) take_sealed(sources_[number], wanted, put);
  std::erase_if(wanted, [&](std::uint64_t i) {
    for (std::size_t number = proper_; number < sources_.size(); ++number)
      if (take(open(number), i, put)) return true;
    return !stop_.requested() && combine(own, i, put);
  });
  for (const std::uint64_t i : wanted) {
    const std::size_t size = chunk_size(proof_.content_size(), i);
    if (!mended_.lost.empty() && mended_.lost.back().first + mended_.lost.back().second == i * kChunk)
      mended_.lost.back().second += size;
    else
      mended_.lost.emplace_back(i * kChunk, size);
  }
  std::vector<archive::Repair::Piece> pieces = std::exchange(mended_.pieces, {});
  std::ranges::sort(pieces, {}, &archive::Repair::Piece::offset);
  for (const archive::Repair::Piece& piece : pieces) join(piece);
  return std::move(mended_);
}

}  // namespace dalil::drives
