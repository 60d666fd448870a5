#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dalil::files {

/// One line of /proc/self/mountinfo (proc(5)).
struct Mount {
  std::uint64_t id = 0;
  unsigned major = 0;
  unsigned minor = 0;
  std::string mount_point;
  std::string file_system;  ///< with the subtype: "fuse.sshfs"
  std::string source;       ///< "/dev/sdb1", "server:/export", "none" ...
};

/// Undoes the octal escapes of mountinfo (\040) and the hexadecimal ones of udev's names (\x20).
std::string unescape_kernel_name(std::string_view text);

/// Lines that are not understood are left out.
std::vector<Mount> parse_mountinfo(std::string_view text);

/// The mount that holds `canonical_path`: the one with this id if it is known and listed, else the deepest
/// mount point above the path, the later of two equal ones.
std::optional<Mount> find_mount(const std::vector<Mount>& mounts, std::string_view canonical_path,
                                std::optional<std::uint64_t> mount_id);

/// The mount that holds an existing path, as the system tells; absent where it does not (no /proc).
std::optional<Mount> mount_of(const std::string& canonical_path);

/// The name of a network file system: by the type that it is mounted as, else by its statfs magic number.
std::optional<std::string> network_name(std::string_view mounted_as, std::uint64_t statfs_magic);

}  // namespace dalil::files
