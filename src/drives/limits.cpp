#include "limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dalil/base/text.hpp"

namespace dalil::drives {

namespace {

constexpr std::string_view kForbidden = "\\:*?\"<>|";
constexpr std::uint64_t kFatLargest = (std::uint64_t{4} << 30) - 1;

bool is_forbidden(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || kForbidden.find(c) != kForbidden.npos;
}

/// Of UTF-8: a character beyond the basic plane takes two.
std::size_t utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

/// Names of devices, which Windows cannot open whatever their extension.
bool is_device_name(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  std::ranges::transform(stem, stem.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  static constexpr std::array kNames{"CON", "PRN", "AUX", "NUL"};
  if (std::ranges::find(kNames, stem) != kNames.end()) return true;
  return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '1' &&
         stem[3] <= '9';
}

/// Calls for each component; false stops.
template <typename Visit>
void for_each_component(std::string_view path, Visit visit) {
  while (true) {
    const std::size_t end = path.find('/');
    if (!visit(path.substr(0, end)) || end == path.npos) return;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

Limits limits_of(const std::string& file_system) {
  if (file_system == "vfat" || file_system == "msdos" || file_system == "fuse.fusefat")
    return {true, true, false, 255, kFatLargest, "2 s"};
  if (file_system == "exfat" || file_system == "fuseblk.exfat" || file_system == "fuse.exfat")
    return {true, true, false, 255, UINT64_MAX, "10 ms"};
  // Linux writes other names to NTFS than Windows reads.
  if (file_system == "ntfs" || file_system == "ntfs3" || file_system.starts_with("fuseblk"))
    return {true, true, true, 255, UINT64_MAX, "100 ns"};
  if (file_system == "hfsplus" || file_system == "hfs" || file_system == "apfs")
    return {false, true, true, 255, UINT64_MAX, "1 s"};
  return {};
}

std::string name_problem(const Limits& limits, std::string_view name) {
  if (!limits.windows_names) return name.size() > limits.name_units ? "the name is too long" : "";
  if (!is_utf8(name)) return "the name is not UTF-8";
  if (const auto at = std::ranges::find_if(name, is_forbidden); at != name.end())
    return fmt::format("the name contains '{}'", escape_for_display(std::string_view(&*at, 1)));
  if (name.ends_with('.') || name.ends_with(' ')) return "the name ends in a point or a blank";
  if (is_device_name(name)) return "the name is a device's on Windows";
  return utf16_units(name) > limits.name_units ? "the name is too long" : "";
}

std::optional<std::string> safe_name(const Limits& limits, std::string_view name) {
  const bool text = is_utf8(name);
  const bool device = is_device_name(name);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool at_end = i + 1 == name.size() && (c == '.' || c == ' ');
    const bool raw = !text && static_cast<unsigned char>(c) >= 0x80;
    if (c == '%' || is_forbidden(c) || at_end || raw || (device && i == 0))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  if (!name_problem(limits, out).empty()) return std::nullopt;
  return out;
}

std::optional<std::string> safe_path(const Limits& limits, std::string_view path) {
  std::optional<std::string> out = "";
  for_each_component(path, [&](std::string_view name) {
    if (!out->empty()) *out += '/';
    if (name_problem(limits, name).empty()) {
      *out += name;
      return true;
    }
    const auto safe = safe_name(limits, name);
    if (!safe)
      out.reset();
    else
      *out += *safe;
    return out.has_value();
  });
  return out;
}

std::string path_problem(const Limits& limits, std::string_view path) {
  std::string problem;
  for_each_component(path, [&](std::string_view name) {
    problem = name_problem(limits, name);
    return problem.empty();
  });
  return problem;
}

std::string safe_label(const std::string& label, const std::string& id) {
  constexpr std::size_t kLongest = 100;
  const Limits strictest = limits_of("vfat");
  if (label.find('/') == label.npos && label.size() <= kLongest && !label.starts_with('.') &&
      label.find('%') == label.npos && name_problem(strictest, label).empty() && label != "dalil")
    return label;
  std::string out;
  for (const char c : label.substr(0, kLongest)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    out += plain ? c : '_';
  }
  return out + "-" + id;  // two labels may become one, ids never
}

}  // namespace dalil::drives
