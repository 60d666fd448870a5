#include "file_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dalil::parser {
namespace {

/// Most photos' EXIF, its thumbnail included, and the size that follows. More costs more than a second read.
constexpr std::size_t kHead = 16 << 10;
constexpr std::size_t kPlace = 4 << 10;
constexpr std::size_t kLongestView = 2 << 20;
/// Of one file, in all: a file that sends its reader in circles ends here.
constexpr std::uint64_t kBudget = 64 << 20;

}  // namespace

FileSource::FileSource(int fd, std::uint64_t size) : fd_(fd), size_(size), budget_(kBudget) {
  fill(head_, 0, kHead);
}

void FileSource::fill(Window& window, std::uint64_t offset, std::size_t length) {
  window.begin = offset;
  window.bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>({length, size_ - offset, budget_})));
  std::size_t got = 0;
  while (got < window.bytes.size()) {
    const ssize_t size =
        pread(fd_, window.bytes.data() + got, window.bytes.size() - got, static_cast<off_t>(offset + got));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;  // unreadable or shorter by now: as if it ended here
    got += static_cast<std::size_t>(size);
  }
  window.bytes.resize(got);
  budget_ -= got;
}

ByteView FileSource::view(std::uint64_t offset, std::size_t length) {
  if (offset > size_ || size_ - offset < length || length > kLongestView) return {};
  Window& window = head_.holds(offset, length) ? head_ : place_;
  if (!window.holds(offset, length)) fill(window, offset, std::max(length, kPlace));
  if (!window.holds(offset, length)) return {};
  return ByteView(window.bytes).subspan(static_cast<std::size_t>(offset - window.begin), length);
}

}  // namespace dalil::parser
