#include "tag_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "layout.hpp"
#include "store.hpp"

namespace dalil::drives {

TagFiles::TagFiles(std::shared_ptr<const files::Fd> root, std::string mount)
    : root_(std::move(root)), mount_(std::move(mount)), folders_(root_->get()) {
  int error_number = 0;
  partial_ = folders_.make(layout::kPartial, error_number);
  if (!partial_) throw DriveFailure::from("make the folder", layout::kPartial, error_number);
}

TagFiles::File TagFiles::begin() {
  std::string part = fmt::format("tag-{}.part", next_++);
  ::unlinkat(partial_->get(), part.c_str(), 0);
  files::Fd fd(
      ::openat(partial_->get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) throw DriveFailure::from("create a list on", mount_, errno);
  return {*this, std::move(part), std::move(fd)};
}

TagFiles::File::~File() {
  if (fd_) ::unlinkat(owner_.partial_->get(), part_.c_str(), 0);
}

void TagFiles::File::write(ByteView bytes) {
  hash_.update(bytes);
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw DriveFailure::from("write a list to", owner_.mount_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void TagFiles::File::finish(const std::string& path, bool listed) {
  fd_.reset();
  owner_.parts_.emplace_back(part_, path);
  if (listed) owner_.digests_.emplace_back(path, hash_.finish());
}

void TagFiles::add(const std::string& path, std::string_view content, bool listed) {
  File file = begin();
  file.write(content);
  file.finish(path, listed);
}

std::vector<std::pair<std::string, Digest>> TagFiles::digests() const {
  auto sorted = digests_;
  std::ranges::sort(sorted);
  return sorted;
}

void TagFiles::publish() {
  sync();
  for (const auto& [part, path] : parts_) {
    const auto [directory, name] = split_path(path);
    int error_number = 0;
    const auto folder = folders_.make(directory, error_number);
    if (!folder) throw DriveFailure::from("make a folder on", mount_, error_number);
    if (::renameat(partial_->get(), part.c_str(), folder->get(), name.c_str()) != 0)
      throw DriveFailure::from("put a list in place on", mount_, errno);
  }
  sync();
}

void TagFiles::remove(const std::string& path) {
  const auto [directory, name] = split_path(path);
  int error_number = 0;
  if (const auto folder = folders_.open(directory, error_number)) ::unlinkat(folder->get(), name.c_str(), 0);
}

void TagFiles::sync() {
  if (::syncfs(root_->get()) != 0) throw DriveFailure::from("write everything to", mount_, errno);
}

}  // namespace dalil::drives
