#include <algorithm>
#include <array>

#include "mounts.hpp"

namespace dalil::files {

namespace {

/// Types as they stand in mountinfo. Folders that a virtual machine shares with its host are among them:
/// their locks and maps are not seen by the other side either.
constexpr std::array<std::string_view, 40> kNetworkTypes = {
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse.blobfuse",
    "fuse.ceph",
    "fuse.curlftpfs",
    "fuse.davfs",
    "fuse.davfs2",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.goofys",
    "fuse.google-drive-ocamlfuse",
    "fuse.gvfsd-fuse",
    "fuse.juicefs",
    "fuse.kio-fuse",
    "fuse.moosefs",
    "fuse.onedriver",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.simple-mtpfs",
    "fuse.jmtpfs",
    "fuse.smbnetfs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "gfs2",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "prl_fs",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
};

struct Magic {
  std::uint32_t value;
  std::string_view name;
};

/// statfs(2) and linux/magic.h; for where mountinfo cannot be read.
constexpr std::array<Magic, 17> kNetworkMagic = {{
    {0x6969, "nfs"},
    {0x517B, "smbfs"},
    {0xFF534D42, "cifs"},
    {0xFE534D42, "smb3"},
    {0x01021997, "9p"},
    {0x00C36400, "ceph"},
    {0x73757245, "coda"},
    {0x5346414F, "afs"},
    {0x6B414653, "afs"},
    {0x564C, "ncpfs"},
    {0x7461636F, "ocfs2"},
    {0x01161970, "gfs2"},
    {0x0BD00BD0, "lustre"},
    {0x786F4256, "vboxsf"},
    {0xBACBACBC, "vmhgfs"},
    {0x20030528, "orangefs"},
    {0x19830326, "beegfs"},
}};

}  // namespace

std::optional<std::string> network_name(std::string_view mounted_as, std::uint64_t statfs_magic) {
  if (std::find(kNetworkTypes.begin(), kNetworkTypes.end(), mounted_as) != kNetworkTypes.end()) {
    return std::string(mounted_as);
  }
  // f_type is a signed long that some file systems fill with a sign-extended 32-bit number.
  const auto magic = static_cast<std::uint32_t>(statfs_magic);
  const auto* found = std::find_if(kNetworkMagic.begin(), kNetworkMagic.end(),
                                   [magic](const Magic& known) { return known.value == magic; });
  return found == kNetworkMagic.end() ? std::nullopt : std::optional<std::string>(found->name);
}

}  // namespace dalil::files
