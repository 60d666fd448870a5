#include "thumbnail_pixels.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/files/handle.hpp"
#include "forms.hpp"

namespace dalil::cli {
namespace {

/// A file without a name, in memory alone.
files::Fd in_memory(ByteView content) {
  files::Fd fd(memfd_create("thumbnail", MFD_CLOEXEC));
  if (!fd) throw system_error("create", "a file in memory", errno);
  while (!content.empty()) {
    const ssize_t written = write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw system_error("write", "a file in memory", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return fd;
}

media::ParserOptions for_pixels() {
  media::ParserOptions options;
  options.work = media::ParserWork::pixels;
  return options;
}

}  // namespace

ThumbnailDecoder::ThumbnailDecoder() : parser_(for_pixels()) {}

std::vector<media::Pixels> ThumbnailDecoder::decode(const std::vector<media::Thumbnail>& thumbnails) {
  std::vector<files::Fd> held;  // until the answer
  for (const media::Thumbnail& one : thumbnails) {
    held.push_back(in_memory(one.jpeg));
    parser_.submit(held.back().get(), {media::MediaKind::photo, "jpeg"});
  }
  std::vector<media::Pixels> pixels;
  for (std::size_t i = 0; i < thumbnails.size(); ++i) {
    pixels.push_back(parser_.collect_pixels());
    if (pixels.back().empty()) ++failures_;
  }
  return pixels;
}

std::string not_decoded_text(std::uint64_t count) {
  return count_text(count, "picture", "pictures") +
         " could not be decoded by the sandboxed process ('dalil status --sandbox' tells of it)";
}

}  // namespace dalil::cli
