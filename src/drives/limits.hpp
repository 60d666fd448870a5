#pragma once

#include <optional>
#include <string>

namespace dalil::drives {

/// What a file system cannot hold. By its name, as the kernel gives it; others are taken for Linux' own.
struct Limits {
  bool windows_names =
      false;  ///< no \ : * ? " < > | and control characters, no blank or point at the end, text
  bool case_blind = false;
  bool attributes = true;        ///< extended ones
  std::size_t name_units = 255;  ///< UTF-16 units with `windows_names`, else bytes
  std::uint64_t largest_file = UINT64_MAX;
  const char* times = nullptr;  ///< "2 s" where times are rounded
};
Limits limits_of(const std::string& file_system);

/// Why the name of one file or folder cannot be held; empty if it can.
std::string name_problem(const Limits& limits, std::string_view name);
/// The name with everything that cannot be held as %XX, and % as %25. Absent if it gets too long.
std::optional<std::string> safe_name(const Limits& limits, std::string_view name);
/// Component by component; absent if one cannot be made safe. What can be held stays as it is.
std::optional<std::string> safe_path(const Limits& limits, std::string_view path);
/// Of the first component that cannot be held; empty if all can.
std::string path_problem(const Limits& limits, std::string_view path);

/// A volume's label as the name of a folder on any file system.
std::string safe_label(const std::string& label, const std::string& id);

}  // namespace dalil::drives
