#include "dalil/files/volume.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <array>
#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "block_device.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "mounts.hpp"

namespace dalil::files {

namespace {

namespace fs = boost::filesystem;

fs::path canonical_or_throw(const std::string& path) {
  boost::system::error_code error;
  fs::path real = fs::canonical(path, error);
  if (!error) return real;
  const Error cause = system_error("find", path, error.value());
  if (error.value() != ENOENT) throw cause;
  throw Error(ErrorCode::not_found, cause.what(), "check the path, and whether the drive is mounted");
}

/// The device's numbers. A file system on several devices (btrfs) shows made-up ones in mountinfo, and its
/// source is one of the real ones.
std::pair<unsigned, unsigned> device_numbers(const Mount& mount) {
  struct stat found;
  if (mount.major == 0 && mount.source.starts_with('/') && ::stat(mount.source.c_str(), &found) == 0 &&
      S_ISBLK(found.st_mode)) {
    return {major(found.st_rdev), minor(found.st_rdev)};
  }
  return {mount.major, mount.minor};
}

/// struct fsuuid2 and FS_IOC_GETFSUUID of Linux 6.9, which Debian 12's headers do not have yet.
struct FileSystemUuid {
  std::uint8_t size;
  std::uint8_t bytes[16];
};
constexpr unsigned long kGetFileSystemUuid = _IOR(0x15, 0, FileSystemUuid);

/// 8-4-4-4-12, as udev and blkid write it.
std::string dashed(const std::string& hex) {
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

/// From the file system itself, for where udev is absent (containers).
void ask_file_system(const std::string& path, VolumeIdentity& identity) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return;
  FileSystemUuid uuid{};
  const FileSystemUuid none{};
  if (identity.uuid.empty() && ::ioctl(fd.get(), kGetFileSystemUuid, &uuid) == 0 &&
      uuid.size == sizeof uuid.bytes && std::memcmp(uuid.bytes, none.bytes, sizeof uuid.bytes) != 0) {
    identity.uuid = dashed(to_hex(uuid.bytes));
  }
  char label[FSLABEL_MAX + 1] = {};
  if (identity.label.empty() && ::ioctl(fd.get(), FS_IOC_GETFSLABEL, label) == 0) identity.label = label;
}

/// Of a file system of this size, or one that says that it has none at all.
std::optional<std::uint64_t> free_of(const struct statvfs& found) {
  if (found.f_blocks == 0) return std::nullopt;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

void measure(const std::string& path, VolumeIdentity& identity) {
  struct statvfs found;
  if (::statvfs(path.c_str(), &found) != 0) throw system_error("examine the file system of", path, errno);
  identity.size_bytes = std::uint64_t{found.f_blocks} * found.f_frsize;
  identity.free_bytes = free_of(found);
  identity.read_only = (found.f_flag & ST_RDONLY) != 0;
}

/// A program that serves a disk's file system tells the kernel "fuseblk", whatever is on the disk.
std::string served_file_system(const std::string& device, const std::string& noted) {
  if (!noted.empty()) return "fuseblk." + noted;
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::array<char, 11> first{};  // a jump of three bytes, then the name in eight
  if (!fd || ::pread(fd.get(), first.data(), first.size(), 0) != static_cast<ssize_t>(first.size()))
    return "fuseblk";
  const std::string_view name(first.data() + 3, 8);
  return name == "EXFAT   " ? "fuseblk.exfat" : name == "NTFS    " ? "fuseblk.ntfs" : "fuseblk";
}

/// Itself or, for something that is yet to be created, the directory that it would be below.
fs::path nearest_existing(const std::string& path) {
  boost::system::error_code error;
  fs::path at = fs::absolute(path);
  while (!fs::exists(at, error) && at.has_parent_path()) at = at.parent_path();
  return at;
}

}  // namespace

VolumeIdentity identify_volume(const std::string& path) {
  const std::string real = canonical_or_throw(path).string();
  VolumeIdentity identity;
  measure(real, identity);
  if (const auto mount = mount_of(real)) {
    identity.mount_point = mount->mount_point;
    identity.device = mount->source;
    identity.file_system = mount->file_system;
    const auto [device_major, device_minor] = device_numbers(*mount);
    BlockDeviceFacts facts = block_device_facts(device_major, device_minor);
    if (identity.file_system == "fuseblk")
      identity.file_system = served_file_system(identity.device, facts.file_system);
    identity.uuid = std::move(facts.uuid);
    identity.label = std::move(facts.label);
    identity.serial = std::move(facts.serial);
    identity.rotational = facts.rotational;
  }
  // In memory or behind a network a file system makes up an identity for each mount.
  if (identity.device.starts_with('/')) ask_file_system(real, identity);
  return identity;
}

std::optional<std::uint64_t> free_bytes(int fd) {
  struct statvfs found {};
  return ::fstatvfs(fd, &found) == 0 ? free_of(found) : std::nullopt;
}

std::optional<std::string> network_file_system(const std::string& path) {
  const std::string real = canonical_or_throw(nearest_existing(path).string()).string();
  struct statfs found;
  if (::statfs(real.c_str(), &found) != 0) throw system_error("examine the file system of", real, errno);
  const auto mount = mount_of(real);
  return network_name(mount ? mount->file_system : std::string(), static_cast<std::uint64_t>(found.f_type));
}

std::string absolute_path(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  boost::system::error_code failure;
  const fs::path here = fs::current_path(failure);
  return failure ? path : (here / path).string();
}

}  // namespace dalil::files
