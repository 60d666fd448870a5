#include "mounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <charconv>

#include "dalil/base/error.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::files {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

template <typename Number>
bool parse_number(std::string_view text, Number& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

/// id parent major:minor root mount-point options optional* - type source super-options
std::optional<Mount> parse_line(std::string_view line) {
  const auto fields = split(line, ' ');
  std::size_t dash = 6;
  while (dash < fields.size() && fields[dash] != "-") ++dash;
  if (dash + 1 >= fields.size()) return std::nullopt;
  const auto device = split(fields[2], ':');
  Mount mount;
  if (device.size() != 2 || !parse_number(fields[0], mount.id) || !parse_number(device[0], mount.major) ||
      !parse_number(device[1], mount.minor)) {
    return std::nullopt;
  }
  mount.mount_point = unescape_kernel_name(fields[4]);
  mount.file_system = unescape_kernel_name(fields[dash + 1]);
  if (dash + 2 < fields.size()) mount.source = unescape_kernel_name(fields[dash + 2]);
  return mount;
}

bool holds(std::string_view mount_point, std::string_view path) {
  if (mount_point == "/") return true;
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

std::optional<std::uint64_t> mount_id_of(const std::string& path) {
#ifdef STATX_MNT_ID
  struct statx found;
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_MNT_ID, &found) == 0 &&
      (found.stx_mask & STATX_MNT_ID) != 0) {
    return found.stx_mnt_id;
  }
#else
  (void)path;
#endif
  return std::nullopt;
}

}  // namespace

std::string unescape_kernel_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool escape = text[i] == '\\' && i + 3 < text.size();
    if (escape && text[i + 1] == 'x' && parse_number(text.substr(i + 2, 2), value, 16)) {
      out += static_cast<char>(value);
      i += 3;
    } else if (escape && parse_number(text.substr(i + 1, 3), value, 8) && value <= 0xFF) {
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  for (const std::string_view line : split(text, '\n')) {
    if (auto mount = parse_line(line)) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

std::optional<Mount> find_mount(const std::vector<Mount>& mounts, std::string_view canonical_path,
                                std::optional<std::uint64_t> mount_id) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts) {
    if (mount_id && mount.id == *mount_id) return mount;
    if (!holds(mount.mount_point, canonical_path)) continue;
    if (best == nullptr || mount.mount_point.size() >= best->mount_point.size()) best = &mount;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::optional<Mount> mount_of(const std::string& canonical_path) {
  try {
    const Bytes text = read_small_file("/proc/self/mountinfo");
    return find_mount(parse_mountinfo(as_chars(text)), canonical_path, mount_id_of(canonical_path));
  } catch (const Error&) {
    return std::nullopt;  // no /proc: there are containers without one
  }
}

}  // namespace dalil::files
