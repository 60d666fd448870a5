#include "dalil/files/attributes.hpp"

#include <sys/xattr.h>

#include <cerrno>

#include "dalil/base/text.hpp"

namespace dalil::files {

namespace {
constexpr std::size_t kLongest = 65'536;  // XATTR_SIZE_MAX, XATTR_LIST_MAX
}  // namespace

std::vector<Attribute> user_attributes(int fd) {
  std::vector<Attribute> attributes;
  if (::flistxattr(fd, nullptr, 0) <= 0) return attributes;
  std::string names(kLongest, '\0'), value(kLongest, '\0');
  const ssize_t size = ::flistxattr(fd, names.data(), names.size());
  for (std::size_t at = 0; size > 0 && at < static_cast<std::size_t>(size);) {
    const std::string name(names.c_str() + at);
    at += name.size() + 1;
    if (!name.starts_with("user.")) continue;
    const ssize_t got = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (got >= 0) attributes.emplace_back(name, value.substr(0, static_cast<std::size_t>(got)));
  }
  return attributes;
}

bool holds_attributes(int fd) {
  return ::fgetxattr(fd, "user.dalil", nullptr, 0) >= 0 || (errno != ENOTSUP && errno != ENOSYS);
}

std::string names_of(const std::vector<Attribute>& attributes) {
  std::string names;
  for (const auto& [name, value] : attributes)
    names += (names.empty() ? "" : ", ") + escape_for_display(name);
  return names;
}

std::string set_attributes(int fd, const std::vector<Attribute>& attributes) {
  std::vector<Attribute> lost;
  for (const Attribute& one : attributes)
    if (::fsetxattr(fd, one.first.c_str(), one.second.data(), one.second.size(), 0) != 0) lost.push_back(one);
  return names_of(lost);
}

}  // namespace dalil::files
