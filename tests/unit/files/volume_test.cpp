#include "dalil/files/volume.hpp"

#include <sys/mount.h>

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>

#include "block_device.hpp"
#include "dalil/base/error.hpp"
#include "mounts.hpp"
#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

namespace {

const std::string kMounts =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "23 22 0:21 / /proc rw,nosuid - proc proc rw\n"
    "garbage\n"
    "40 22 8:17 / /media/My\\040Drive rw - exfat /dev/sdb1 rw\n"
    "41 22 0:50 / /media/remote rw shared:7 master:2 - fuse.sshfs user@host:/x rw\n"
    "42 22 8:33 / /media/My\\040Drive/inner rw - vfat /dev/sdc1 rw\n"
    "43 22 8:49 / /media/My\\040Drive rw - ntfs3 /dev/sdd1 rw\n"
    "44 22 bad:1 / /x rw - ext4 /dev/sde1 rw\n"
    "45 22 8:65 / /y rw - ext4\n";

void write_attribute(const boost::filesystem::path& path, const std::string& content) {
  boost::filesystem::create_directories(path.parent_path());
  write_file(path.string(), content);
}

/// Trees like /sys and /run/udev, with what a test puts there.
struct FakeSystem {
  TempDir root;
  boost::filesystem::path top = root.path();
  SystemPlaces places{root / "sys", root / "dev", root / "udev"};

  void attribute(const std::string& path, const std::string& content) {
    write_attribute(top / path, content);
  }
  void directory(const std::string& path) { boost::filesystem::create_directories(top / path); }
  /// sys/dev/block/8:1 leads to the device's directory.
  void number(const std::string& number, const std::string& device) {
    directory("sys/dev/block");
    boost::filesystem::create_symlink(top / device, top / "sys/dev/block" / number);
  }
};

}  // namespace

TEST_CASE("mounts are read from mountinfo, what is not understood is left out") {
  const auto mounts = parse_mountinfo(kMounts);
  REQUIRE(mounts.size() == 7);
  CHECK(mounts[2].mount_point == "/media/My Drive");
  CHECK(mounts[2].major == 8);
  CHECK(mounts[2].minor == 17);
  CHECK(mounts[3].file_system == "fuse.sshfs");
  CHECK(mounts[6].source.empty());
}

TEST_CASE("mountinfo cut short at every byte does no harm") {
  for (std::size_t size = 0; size < kMounts.size(); ++size) {
    CHECK(parse_mountinfo(kMounts.substr(0, size)).size() <= 7);
  }
}

TEST_CASE("a path belongs to the deepest mount above it, the later one of two") {
  const auto mounts = parse_mountinfo(kMounts);
  CHECK(find_mount(mounts, "/home/x", {})->source == "/dev/sda1");
  CHECK(find_mount(mounts, "/media/My Drive/a", {})->source == "/dev/sdd1");
  CHECK(find_mount(mounts, "/media/My Drive", {})->source == "/dev/sdd1");
  CHECK(find_mount(mounts, "/media/My Drive/inner/a", {})->source == "/dev/sdc1");
  CHECK(find_mount(mounts, "/media/My Drive2", {})->source == "/dev/sda1");
  CHECK(find_mount(mounts, "/home/x", 40)->source == "/dev/sdb1");
  CHECK(find_mount(mounts, "/home/x", 999)->source == "/dev/sda1");
  CHECK_FALSE(find_mount({}, "/home/x", {}));
}

TEST_CASE("escapes of the kernel and of udev are undone") {
  CHECK(unescape_kernel_name("My\\040Drive\\134\\012") == "My Drive\\\n");
  CHECK(unescape_kernel_name("My\\x20Drive") == "My Drive");
  CHECK(unescape_kernel_name("\\") == "\\");
  CHECK(unescape_kernel_name("\\04") == "\\04");
  CHECK(unescape_kernel_name("\\999\\xzz\\777") == "\\999\\xzz\\777");
  CHECK(unescape_kernel_name("\\303\\251") == "\u00e9");
}

TEST_CASE("a partition has its disk's serial and kind") {
  FakeSystem system;
  system.attribute("sys/devices/ata1/block/sda/sda1/partition", "1\n");
  system.attribute("sys/devices/ata1/block/sda/queue/rotational", "1\n");
  system.attribute("sys/devices/ata1/block/sda/device/wwid", "naa.5000c500a1b2c3d4\n");
  system.number("8:1", "sys/devices/ata1/block/sda/sda1");
  BlockDeviceFacts facts = block_device_facts(8, 1, system.places);
  CHECK(facts.serial == "naa.5000c500a1b2c3d4");
  CHECK(facts.rotational == true);
  CHECK(facts.uuid.empty());
  system.attribute("sys/devices/ata1/block/sda/device/vpd_pg80",
                   std::string("\0\x80\0\x0c    WD-1234 \0", 17));
  CHECK(block_device_facts(8, 1, system.places).serial == "WD-1234");
  system.attribute("udev/b8:1",
                   "S:disk/by-uuid/x\nE:ID_FS_UUID=1234-ABCD\nE:ID_FS_LABEL_ENC=My\\x20Card\n"
                   "E:ID_SERIAL_SHORT=SN42\nE:ID_FS_TYPE=exfat\nE:broken\n");
  facts = block_device_facts(8, 1, system.places);
  CHECK(facts.serial == "SN42");
  CHECK(facts.uuid == "1234-ABCD");
  CHECK(facts.label == "My Card");
  CHECK(facts.file_system == "exfat");
}

TEST_CASE("a solid-state disk with its own serial, and a card without any") {
  FakeSystem system;
  system.attribute("sys/block/nvme0n1/queue/rotational", "0\n");
  system.attribute("sys/block/nvme0n1/device/serial", "S4EWNX0R  \n");
  system.number("259:0", "sys/block/nvme0n1");
  CHECK(block_device_facts(259, 0, system.places).serial == "S4EWNX0R");
  CHECK(block_device_facts(259, 0, system.places).rotational == false);
  system.directory("sys/block/mmcblk0/device");
  system.number("179:0", "sys/block/mmcblk0");
  CHECK(block_device_facts(179, 0, system.places).serial.empty());
  CHECK_FALSE(block_device_facts(179, 0, system.places).rotational);
}

TEST_CASE("a disk behind a USB bridge answers with the bridge's serial") {
  FakeSystem system;
  system.attribute("sys/devices/usb2/serial", "0000:00:14.0\n");
  system.attribute("sys/devices/usb2/2-1/serial", "BRIDGE7\n");
  system.attribute("sys/devices/usb2/2-1/idVendor", "1058\n");
  system.directory("sys/devices/usb2/2-1/2-1:1.0/host/target");
  system.directory("sys/devices/usb2/2-1/2-1:1.0/host/target/block/sdb/queue");
  boost::filesystem::create_symlink("../..",
                                    system.top / "sys/devices/usb2/2-1/2-1:1.0/host/target/block/sdb/device");
  system.number("8:16", "sys/devices/usb2/2-1/2-1:1.0/host/target/block/sdb");
  CHECK(block_device_facts(8, 16, system.places).serial == "BRIDGE7");
}

TEST_CASE("an encrypted volume answers with the disk under it, one of several disks with none") {
  FakeSystem system;
  system.attribute("sys/block/sda/device/serial", "UNDER\n");
  system.attribute("sys/block/sda/queue/rotational", "1\n");
  system.attribute("sys/block/sda/sda2/partition", "2\n");
  system.directory("sys/block/dm-0/slaves");
  system.attribute("sys/block/dm-0/queue/rotational", "1\n");
  boost::filesystem::create_symlink("../../sda/sda2", system.top / "sys/block/dm-0/slaves/sda2");
  system.number("253:0", "sys/block/dm-0");
  CHECK(block_device_facts(253, 0, system.places).serial == "UNDER");
  boost::filesystem::create_symlink("../../dm-0", system.top / "sys/block/dm-0/slaves/loop");
  CHECK(block_device_facts(253, 0, system.places).serial.empty());
  CHECK(block_device_facts(253, 0, system.places).rotational == true);
}

TEST_CASE("where nothing is known of devices nothing is said") {
  const FakeSystem system;
  const BlockDeviceFacts facts = block_device_facts(8, 1, system.places);
  CHECK(facts.uuid.empty());
  CHECK(facts.serial.empty());
  CHECK_FALSE(facts.rotational);
}

TEST_CASE("this machine's volumes have a mount point and a size") {
  const TempDir root;
  const VolumeIdentity identity = identify_volume(root.path());
  CHECK_FALSE(identity.mount_point.empty());
  CHECK_FALSE(identity.file_system.empty());
  CHECK(identity.size_bytes > 0);
  REQUIRE(identity.free_bytes);
  CHECK(*identity.free_bytes <= identity.size_bytes);
  write_file(root / "f", "x");
  CHECK(identify_volume(root / "f").mount_point == identity.mount_point);
  CHECK_FALSE(network_file_system(root.path()));
  CHECK_FALSE(network_file_system(root / "yet/to/be/made"));
  CHECK(identify_volume("/proc").file_system == "proc");
}

TEST_CASE("a read-only mount is told from its parent") {
  const TempDir root;
  const std::string point = root / "with blank\n";
  REQUIRE(::mkdir(point.c_str(), 0700) == 0);
  if (::mount("none", point.c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) return;
  const VolumeIdentity identity = identify_volume(point);
  ::umount(point.c_str());
  CHECK(identity.mount_point == point);
  CHECK(identity.file_system == "tmpfs");
  CHECK(identity.read_only);
  CHECK(identity.size_bytes == 1 << 20);
  CHECK(identity.uuid.empty());
  CHECK(identity.serial.empty());
  CHECK_FALSE(identity.rotational);
}

TEST_CASE("a missing path is not_found") {
  const TempDir root;
  try {
    identify_volume(root / "absent");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
  }
}

TEST_CASE("network file systems are known by type and by magic number") {
  CHECK(network_name("nfs4", 0x6969) == "nfs4");
  CHECK(network_name("fuse.sshfs", 0x65735546) == "fuse.sshfs");
  CHECK(network_name("9p", 0) == "9p");
  CHECK(network_name("", 0xFF534D42) == "cifs");
  CHECK(network_name("", 0xFFFFFFFFFF534D42) == "cifs");
  for (const char* local :
       {"ext4", "exfat", "vfat", "ntfs3", "fuseblk", "btrfs", "tmpfs", "overlay", "fuse.gocryptfs"}) {
    CHECK_FALSE(network_name(local, 0xEF53));
  }
}
