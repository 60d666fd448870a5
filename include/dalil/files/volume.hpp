#pragma once

#include <optional>
#include <string>

#include "dalil/files/handle.hpp"

namespace dalil::files {

/// What tells one medium from another; empty where the system does not tell.
struct VolumeIdentity {
  std::string mount_point;
  std::string device;       ///< /dev/sdb1
  std::string file_system;  ///< ext4, exfat, vfat, ntfs3, fuseblk.exfat ...
  std::string uuid;         ///< of the file system
  std::string serial;       ///< of the disk
  std::string label;        ///< of the file system
  std::uint64_t size_bytes = 0;
  std::optional<std::uint64_t> free_bytes;  ///< absent where the file system does not tell
  std::optional<bool> rotational;           ///< a spinning disk: one reader, in physical order
  bool read_only = false;
};

/// Identity of the file system that holds `path`. Error(not_found), Error(io).
VolumeIdentity identify_volume(const std::string& path);

/// What can still be written to the file system of an open file; absent where that is not told (some that a
/// program serves through FUSE).
std::optional<std::uint64_t> free_bytes(int fd);

/// As it is found from anywhere: what is noted for later must not depend on where somebody stood. Links are
/// not followed, and nothing is folded: "..", behind a link, leads elsewhere. As given if there is no working
/// directory any more.
std::string absolute_path(const std::string& path);

/// The file system's name if it is one on a network (nfs, cifs, 9p, fuse.sshfs ...), where LMDB's locks and
/// maps cannot be trusted; absent if local.
std::optional<std::string> network_file_system(const std::string& path);

}  // namespace dalil::files
