#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

#include "dalil/files/read.hpp"
#include "open_directory.hpp"

namespace dalil::files {

namespace {

constexpr std::uint32_t kDirectBlock = 4096;

/// Whether direct reads in blocks of 4,096 bytes work on this file; true where the kernel does not say.
bool takes_direct_reads(int fd) {
#ifdef STATX_DIOALIGN
  struct statx found;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &found) != 0 || (found.stx_mask & STATX_DIOALIGN) == 0) {
    return true;
  }
  return found.stx_dio_offset_align != 0 && found.stx_dio_offset_align <= kDirectBlock &&
         found.stx_dio_mem_align <= kDirectBlock;
#else
  (void)fd;
  return true;
#endif
}

/// Not every kernel tells of their files what is cached.
bool is_in_memory(int fd) {
  constexpr std::uint64_t kTmpfs = 0x01021994, kRamfs = 0x858458F6;
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return false;
  const auto type = static_cast<std::uint64_t>(status.f_type) & 0xFFFFFFFF;
  return type == kTmpfs || type == kRamfs;
}

/// Cached pages are dropped in either case: some file systems accept O_DIRECT and use the cache all the same.
ReadPath go_to_medium(int fd) {
  drop_pages(fd);
  const int flags = ::fcntl(fd, F_GETFL);
  const bool direct = flags >= 0 && takes_direct_reads(fd) && ::fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
  if (direct && !is_in_memory(fd)) return ReadPath::direct;
  return is_in_memory(fd) ? ReadPath::cache_allowed : ReadPath::dropped_pages;
}

/// File systems in memory have nothing else than the cache.
bool first_page_is_cached(int fd) {
  if (is_in_memory(fd)) return true;
  std::uint8_t byte;
  const iovec to{&byte, 1};
  return ::preadv2(fd, &to, 1, 0, RWF_NOWAIT) == 1;
}

Opened refused(int error_number) {
  Opened opened;
  opened.error_number = error_number;
  return opened;
}

Opened open_component(int directory_fd, const char* name, ReadFrom from) {
  OpenedFd raw = open_quietly(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!raw.fd) return refused(raw.error_number);
  const StatResult found = stat_fd(raw.fd.get());
  if (found.error_number != 0) return refused(found.error_number);
  if (found.stat.kind != FileKind::regular) return refused(ENXIO);
  Opened opened;
  opened.stat = found.stat;
  if (from == ReadFrom::medium) opened.path = go_to_medium(raw.fd.get());
  if (from == ReadFrom::dropped_pages) {
    drop_pages(raw.fd.get());
    opened.path = first_page_is_cached(raw.fd.get()) ? ReadPath::cache_allowed : ReadPath::dropped_pages;
  }
  opened.fd = std::move(raw.fd);
  return opened;
}

off_t to_offset(std::uint64_t bytes) {
  return static_cast<off_t>(std::min<std::uint64_t>(bytes, INT64_MAX));
}

}  // namespace

Opened open_regular(int directory_fd, const char* name, ReadFrom from) {
  const std::string_view path = name;
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return open_component(directory_fd, name, from);
  const OpenedFd parent = open_beneath(directory_fd, path.substr(0, slash));
  if (!parent.fd) return refused(parent.error_number);
  return open_component(parent.fd.get(), name + slash + 1, from);
}

void read_ahead(int fd, std::uint64_t bytes) {
  if (bytes > 0) (void)::posix_fadvise(fd, 0, to_offset(bytes), POSIX_FADV_WILLNEED);
}

void drop_pages(int fd) {
  // Dirty pages stay in the cache, so they are written first. Not fsync: that would flush the disk's own
  // cache too, once for each file.
  (void)::sync_file_range(fd, 0, 0,
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

std::uint64_t physical_order_key(int fd, const FileStat& stat) {
  // Room for the one extent that is asked for behind the header, whose array has no size of its own.
  alignas(fiemap) unsigned char room[sizeof(fiemap) + sizeof(fiemap_extent)] = {};
  auto* map = reinterpret_cast<fiemap*>(room);
  map->fm_length = FIEMAP_MAX_OFFSET;
  map->fm_extent_count = 1;
  if (::ioctl(fd, FS_IOC_FIEMAP, map) != 0 || map->fm_mapped_extents == 0) return stat.inode;
  const auto* extent = reinterpret_cast<const fiemap_extent*>(room + sizeof(fiemap));
  constexpr std::uint32_t kNoPlace = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC;
  return (extent->fe_flags & kNoPlace) != 0 ? stat.inode : extent->fe_physical;
}

}  // namespace dalil::files
