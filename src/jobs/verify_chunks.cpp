#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "verify_parts.hpp"

namespace dalil::jobs {

using archive::Verdict;

namespace {

constexpr std::uint64_t kChunk = crypto::kTagChunkSize;

/// What one chunk turned out to be.
struct ChunkFinding {
  bool right = false;
  std::uint64_t bytes = 0;
  std::vector<files::BadRange> bad, recovered;
};

class ChunkReader {
 public:
  ChunkReader(const archive::Copy& copy, const crypto::ChunkTagger& tagger)
      : copy_(copy), tagger_(tagger), buffer_(kChunk) {}

  ChunkFinding read(int fd, std::uint64_t chunk) {
    const std::uint64_t start = chunk * kChunk;
    ChunkFinding finding;
    crypto::ChunkTag tag = tagger_.tag(copy_.tag_nonce, chunk, {});  // of the empty file
    const auto on_piece = [&](std::uint64_t, ByteView bytes, bool) {
      tag = tagger_.tag(copy_.tag_nonce, chunk, bytes);
    };
    const auto from_start = [start](int from, void* to, std::size_t size, std::uint64_t offset) {
      return std::int64_t{pread(from, to, size, static_cast<off_t>(start + offset))};
    };
    const std::uint64_t size = std::min(kChunk, copy_.size_on_volume() - start);
    files::ReadResult result = files::read_through(fd, buffer_, on_piece, size, from_start);
    finding.bytes = result.size_bytes;
    finding.bad = moved(std::move(result.bad), start);
    finding.recovered = moved(std::move(result.recovered), start);
    finding.right = finding.bad.empty() && chunk < copy_.tags.size() && tag == copy_.tags[chunk];
    return finding;
  }

 private:
  static std::vector<files::BadRange> moved(std::vector<files::BadRange> ranges, std::uint64_t by) {
    for (files::BadRange& range : ranges) range.offset += by;
    return ranges;
  }
  const archive::Copy& copy_;
  const crypto::ChunkTagger& tagger_;
  files::AlignedBuffer buffer_;
};

/// The chunks of one reading of a copy that are wrong, and what could not be read.
struct Reading {
  int error_number = 0;
  files::ReadPath path = files::ReadPath::cache_allowed;
  std::uint64_t bytes = 0;
  bool newer = false;  ///< than when it was recorded: an edit rather than damage
  std::vector<std::uint64_t> wrong;
  std::vector<files::BadRange> bad, recovered;
};

Reading read_chunks(const CheckTask& task, const std::vector<std::uint64_t>& chunks, files::ReadFrom from,
                    const archive::Copy& copy, ChunkReader& reader) {
  Reading reading;
  const files::Opened opened =
      files::open_regular(task.file.directory_fd->get(), task.file.name.c_str(), from);
  reading.error_number = opened.error_number;
  reading.path = opened.path;
  if (opened.error_number != 0) return reading;
  reading.newer = opened.stat.mtime_ns > copy.mtime_ns;
  for (const std::uint64_t chunk : chunks) {
    const ChunkFinding found = reader.read(opened.fd.get(), chunk);
    reading.bytes += found.bytes;
    if (!found.right) reading.wrong.push_back(chunk);
    std::ranges::copy(found.bad, std::back_inserter(reading.bad));
    std::ranges::copy(found.recovered, std::back_inserter(reading.recovered));
  }
  return reading;
}

/// Puts what a reading found into the verdict.
void describe(const Reading& reading, const archive::Copy& copy, Exception& e) {
  e.unreadable = reading.bad;
  const auto could_be_read = [&](std::uint64_t chunk) {
    return std::ranges::none_of(reading.bad,
                                [&](const files::BadRange& bad) { return bad.offset / kChunk == chunk; });
  };
  for (const std::uint64_t chunk : reading.wrong)
    if (could_be_read(chunk))
      e.ranges.emplace_back(chunk * kChunk, std::min(kChunk, copy.size_on_volume() - chunk * kChunk));
  e.verdict = !e.ranges.empty()      ? reading.newer ? Verdict::changed : Verdict::corrupt
              : !reading.bad.empty() ? Verdict::unreadable
                                     : Verdict::intact;
  if (!reading.bad.empty()) {
    e.error_number = reading.bad.front().error_number;
    e.detail = std::strerror(e.error_number);
  }
  if (e.verdict == Verdict::unreadable)
    for (const files::BadRange& bad : reading.bad) e.ranges.emplace_back(bad.offset, bad.size_bytes);
}

}  // namespace

Judged check_sample(const CheckTask& task, const archive::Copy& copy, const crypto::ChunkTagger& tagger,
                    bool from_medium, Progress& progress) {
  Judged judged = judged_for(task, copy);
  Exception& e = judged.exception;
  std::vector<std::uint64_t> chunks = task.chunks;
  chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
  ChunkReader reader(copy, tagger);
  const Reading first = read_chunks(
      task, chunks, from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere, copy, reader);
  if (first.error_number != 0) {
    refuse_if_out_of_descriptors(first.error_number);
    e.verdict = first.error_number == ENOENT ? Verdict::missing : Verdict::unreadable;
    e.error_number = first.error_number;
    e.detail = fmt::format("cannot be opened: {}", std::strerror(first.error_number));
    judged.drawn_bad = judged.drawn;
    return judged;
  }
  judged.was_read = true;
  judged.read_path = first.path;
  judged.bytes = first.bytes;
  progress.bytes_done += first.bytes;
  describe(first, copy, e);
  std::vector<std::uint64_t> wrong = first.wrong;
  if (!wrong.empty()) {
    const Reading second = read_chunks(task, wrong, files::ReadFrom::medium, copy, reader);
    Exception again;
    again.path = e.path;
    again.digest = e.digest;
    if (second.error_number == 0) {
      describe(second, copy, again);
      compare_readings(e, again);
      e = again;
      wrong = second.wrong;
    }
  } else if (!first.recovered.empty()) {
    e.at_first = Verdict::unreadable;
    e.unreadable = first.recovered;
    e.error_number = first.recovered.front().error_number;
    e.detail = std::strerror(e.error_number);
    for (const files::BadRange& bad : first.recovered) e.ranges.emplace_back(bad.offset, bad.size_bytes);
  }
  judged.drawn_bad = static_cast<std::uint64_t>(std::ranges::count_if(
      task.chunks, [&](std::uint64_t chunk) { return std::ranges::find(wrong, chunk) != wrong.end(); }));
  return judged;
}

}  // namespace dalil::jobs
