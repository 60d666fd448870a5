#include "block_device.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>
#include <map>

#include "dalil/base/error.hpp"
#include "dalil/files/handle.hpp"
#include "mounts.hpp"

namespace dalil::files {

namespace {

namespace fs = boost::filesystem;

constexpr std::uint64_t kAttributeLimit = 64 * 1024;
constexpr int kMaxLayers = 8;  ///< LUKS on LVM on RAID ... on a disk

/// A small text file without the blanks at its ends; empty if it is not there.
std::string attribute(const fs::path& path) {
  struct stat found;
  if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  try {
    const Bytes content = read_small_file(path.string(), kAttributeLimit);
    const std::string_view text = as_chars(content);
    // The kernel ends some attributes with NUL; a binary one (vpd_pg80) may begin with it.
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    constexpr std::string_view kTail(" \t\r\n\0", 5);
    const std::size_t last = text.find_last_not_of(kTail);
    return last == text.npos ? std::string() : std::string(text.substr(first, last + 1 - first));
  } catch (const Error&) {
    return {};
  }
}

std::optional<fs::path> resolve(const fs::path& path) {
  boost::system::error_code error;
  fs::path real = fs::canonical(path, error);
  return error ? std::nullopt : std::optional(real);
}

bool is_there(const fs::path& path) {
  boost::system::error_code error;
  return fs::exists(path, error);
}

/// The one device below a mapped one; absent if there is none or more than one.
std::optional<fs::path> only_slave(const fs::path& block) {
  boost::system::error_code error;
  std::optional<fs::path> only;
  for (fs::directory_iterator at(block / "slaves", error), end; !error && at != end; at.increment(error)) {
    if (only) return std::nullopt;
    only = at->path();
  }
  return only ? resolve(*only) : std::nullopt;
}

/// The directory of the whole disk in sysfs.
std::optional<fs::path> disk_of(fs::path block) {
  for (int layer = 0; layer < kMaxLayers; ++layer) {
    if (is_there(block / "partition")) block = block.parent_path();
    if (is_there(block / "device")) return block;
    const auto below = only_slave(block);
    if (!below) return block;
    block = *below;
  }
  return block;
}

/// A USB bridge hides the disk's own number but has one itself, some levels above the block device.
std::string serial_of_ancestor(const fs::path& disk, const fs::path& sys) {
  const auto top = resolve(sys);
  const auto device = resolve(disk / "device");
  if (!device || !top) return {};
  for (fs::path at = *device; at.has_parent_path() && at != *top; at = at.parent_path()) {
    // Only USB devices have idVendor; a host controller's "serial" is its bus address.
    if (!is_there(at / "idVendor")) continue;
    return attribute(at / "serial");
  }
  return {};
}

std::string disk_serial(const fs::path& disk, const fs::path& sys) {
  for (const char* name : {"device/serial", "serial"}) {
    if (std::string found = attribute(disk / name); !found.empty()) return found;
  }
  // SCSI page 0x80, unit serial number: four bytes of header, then text.
  if (const std::string page = attribute(disk / "device/vpd_pg80"); page.size() > 4) {
    const std::size_t first = page.find_first_not_of(' ', 4);
    if (first != page.npos) return page.substr(first);
  }
  if (std::string found = serial_of_ancestor(disk, sys); !found.empty()) return found;
  for (const char* name : {"device/wwid", "wwid"}) {
    if (std::string found = attribute(disk / name); !found.empty()) return found;
  }
  return {};
}

/// udev's notes on a device: lines "E:KEY=value".
std::map<std::string, std::string> udev_properties(const fs::path& file) {
  std::map<std::string, std::string> properties;
  const std::string text = attribute(file);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::size_t equals = line.find('=');
    if (line.starts_with("E:") && equals != line.npos)
      properties[line.substr(2, equals - 2)] = line.substr(equals + 1);
    at = end + 1;
  }
  return properties;
}

/// The name under /dev/disk/by-... that leads to this device.
std::string link_name(const fs::path& directory, unsigned major, unsigned minor) {
  boost::system::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    struct stat found;
    if (::stat(at->path().c_str(), &found) == 0 && S_ISBLK(found.st_mode) &&
        found.st_rdev == makedev(major, minor)) {
      return unescape_kernel_name(at->path().filename().string());
    }
  }
  return {};
}

void fill_if_empty(std::string& target, std::string value) {
  if (target.empty()) target = std::move(value);
}

}  // namespace

BlockDeviceFacts block_device_facts(unsigned major, unsigned minor, const SystemPlaces& places) {
  const std::string number = std::to_string(major) + ':' + std::to_string(minor);
  auto noted = udev_properties(fs::path(places.udev) / ('b' + number));
  BlockDeviceFacts facts;
  facts.uuid = link_name(fs::path(places.dev) / "disk/by-uuid", major, minor);
  fill_if_empty(facts.uuid, noted["ID_FS_UUID"]);
  facts.label = link_name(fs::path(places.dev) / "disk/by-label", major, minor);
  fill_if_empty(facts.label, unescape_kernel_name(noted["ID_FS_LABEL_ENC"]));
  facts.file_system = noted["ID_FS_TYPE"];
  facts.serial = noted["ID_SERIAL_SHORT"];

  const auto block = resolve(fs::path(places.sys) / "dev/block" / number);
  const auto disk = block ? disk_of(*block) : std::nullopt;
  if (!disk) return facts;
  fill_if_empty(facts.serial, disk_serial(*disk, places.sys));
  // A virtual disk says 1 whatever lies below it.
  const bool is_virtual =
      disk->filename().string().starts_with("vd") || disk->filename().string().starts_with("xvd");
  const std::string rotational = is_virtual ? "" : attribute(*disk / "queue/rotational");
  if (rotational == "0" || rotational == "1") facts.rotational = rotational == "1";
  return facts;
}

}  // namespace dalil::files
