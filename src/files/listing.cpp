#include "listing.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <numeric>

namespace dalil::files {

namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

void examine(int directory_fd, DirectoryEntry& entry) {
  const StatResult result = stat_at(directory_fd, entry.name.c_str());
  entry.stat = result.stat;
  entry.error_number = result.error_number;
  if (entry.stat.kind != FileKind::symlink) return;
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(directory_fd, entry.name.c_str(), target, sizeof target);
  if (size >= 0) {
    entry.link_target.assign(target, static_cast<std::size_t>(size));
  } else {
    entry.error_number = errno;
    entry.stat = {};
  }
}

}  // namespace

DirectoryLister::DirectoryLister() : buffer_(kBufferBytes / sizeof(std::uint64_t)) {}

DirectoryLister::Listing DirectoryLister::list(int directory_fd) {
  Listing listing;
  listing.error_number = read_names(directory_fd);
  sort_names();
  listing.entries.resize(raw_.size());
  for (std::size_t i = 0; i < raw_.size(); ++i) listing.entries[i].name = name_of_raw(raw_[i]);
  // In the order of the inode table: on a disk that is cold this saves most of the seeks.
  stat_order_.resize(raw_.size());
  std::iota(stat_order_.begin(), stat_order_.end(), 0U);
  std::sort(stat_order_.begin(), stat_order_.end(),
            [this](std::uint32_t a, std::uint32_t b) { return raw_[a].inode < raw_[b].inode; });
  for (const std::uint32_t i : stat_order_) examine(directory_fd, listing.entries[i]);
  return listing;
}

int DirectoryLister::read_names(int directory_fd) {
  names_.clear();
  raw_.clear();
  while (true) {
    const ssize_t size = ::getdents64(directory_fd, buffer_.data(), kBufferBytes);
    if (size == 0) return 0;
    if (size > 0) {
      take_names(reinterpret_cast<const char*>(buffer_.data()), static_cast<std::size_t>(size));
    } else if (errno != EINTR) {
      return errno;
    }
  }
}

void DirectoryLister::take_names(const char* from, std::size_t size) {
  for (std::size_t at = 0; at < size;) {
    const auto* record = reinterpret_cast<const dirent64*>(from + at);
    at += record->d_reclen;
    const std::size_t name_size = std::strlen(record->d_name);
    const std::string_view name(record->d_name, name_size);
    // A slash would lead out of the directory; only a damaged or hostile file system has one.
    if (name == "." || name == ".." || name.empty() || name.find('/') != name.npos) continue;
    raw_.push_back({names_.size(), name_size, record->d_ino});
    names_.append(name);
  }
}

void DirectoryLister::sort_names() {
  std::sort(raw_.begin(), raw_.end(),
            [this](const RawEntry& a, const RawEntry& b) { return name_of_raw(a) < name_of_raw(b); });
  // A directory that changes while it is read may give a name twice.
  const auto same = [this](const RawEntry& a, const RawEntry& b) { return name_of_raw(a) == name_of_raw(b); };
  raw_.erase(std::unique(raw_.begin(), raw_.end(), same), raw_.end());
}

}  // namespace dalil::files
