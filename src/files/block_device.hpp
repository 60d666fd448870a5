#pragma once

#include <optional>
#include <string>

namespace dalil::files {

/// Where the system describes its disks; tests build trees of their own. Any of them may be absent.
struct SystemPlaces {
  std::string sys = "/sys";
  std::string dev = "/dev";
  std::string udev = "/run/udev/data";
};

/// What is known of a block device; empty where nothing is.
struct BlockDeviceFacts {
  std::string uuid;         ///< of the file system on it
  std::string label;        ///< of the file system on it
  std::string file_system;  ///< its type
  std::string serial;       ///< of the disk
  std::optional<bool> rotational;
};

/// A partition answers with its disk's serial and kind; a mapped device (dm, md) with those of the one disk
/// under it, and without a serial if there are several.
BlockDeviceFacts block_device_facts(unsigned major, unsigned minor, const SystemPlaces& places = {});

}  // namespace dalil::files
