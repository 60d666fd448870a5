#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>
#include <cerrno>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"

namespace dalil::files {

namespace {

namespace fs = boost::filesystem;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

Fd open_or_throw(const std::string& action, const std::string& path, int flags, unsigned mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw system_error(action, path, errno);
  return Fd(fd);
}

/// 0 or errno.
int write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

/// Some file systems (FUSE, network) cannot sync a directory and say so; there is nothing more to be done
/// there.
bool cannot_sync(int error_number) {
  return error_number == EINVAL || error_number == ENOTSUP;
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Not made from the name of what it becomes, which may be 255 bytes long already.
std::string hidden_name(const fs::path& directory) {
  return (directory / fs::unique_path(".dalil-%%%%-%%%%-%%%%-%%%%.tmp")).string();
}

/// Of a file that is being written: in sight beside it and with its name, as what a kill leaves may be a key.
/// Unique, and hidden where the name is too long to be added to.
std::string partial_name(const fs::path& path) {
  constexpr std::size_t kLongestName = 255;
  const std::string end = fs::unique_path(".partial-%%%%-%%%%").string();
  if (path.filename().size() + end.size() <= kLongestName) return path.string() + end;
  return hidden_name(directory_of(path));
}

/// A file that is removed unless it has been renamed into place.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, unsigned mode)
      : path_(std::move(path)),
        fd_(open_or_throw("create a file beside", path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)) {}
  ~TemporaryFile() {
    if (!renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// 0 or errno.
  int write_and_sync(ByteView content) {
    if (const int error_number = write_all(fd_.get(), content)) return error_number;
    return ::fsync(fd_.get()) == 0 ? 0 : errno;
  }
  int rename_to(const std::string& target) {
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_ ? 0 : errno;
  }
  /// EEXIST if something is there already.
  int rename_to_new(const std::string& target) {
    renamed_ = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0;
    if (renamed_) return 0;
    const bool cannot = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
    return cannot ? rename_to_taken(target) : errno;
  }

 private:
  int rename_to_taken(const std::string& target) {
    const Fd taken(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!taken) return errno;
    const int error_number = rename_to(target);
    if (error_number != 0) ::unlink(target.c_str());
    return error_number;
  }

  std::string path_;
  Fd fd_;
  bool renamed_ = false;
};

}  // namespace

Bytes read_small_file(const std::string& path, std::uint64_t limit_bytes) {
  const Fd fd = open_or_throw("open", path, O_RDONLY | O_NOCTTY);
  // The size is a guess only: a pipe has none, and a file may grow.
  const std::uint64_t expected = std::min(stat_fd(fd.get()).stat.size_bytes, limit_bytes);
  Bytes content(static_cast<std::size_t>(expected) + 1);
  std::size_t have = 0;
  while (true) {
    const ssize_t got = ::read(fd.get(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (have > limit_bytes) {
      throw Error(
          ErrorCode::invalid,
          "file '" + escape_for_display(path) + "' is larger than " + std::to_string(limit_bytes) + " bytes",
          "check that it is the file you meant");
    }
    if (have == content.size()) content.resize(have + kReadBytes);
  }
  content.resize(have);
  return content;
}

void write_atomically(const std::string& path, ByteView content, unsigned mode) {
  const fs::path directory = directory_of(path);
  {
    TemporaryFile temporary(hidden_name(directory), mode);
    if (const int error_number = temporary.write_and_sync(content))
      throw system_error("write", path, error_number);
    if (const int error_number = temporary.rename_to(path)) throw system_error("replace", path, error_number);
  }
  sync_directory(directory.string());
}

void write_new_file(const std::string& path, ByteView content, unsigned mode) {
  const fs::path directory = directory_of(path);
  {
    TemporaryFile temporary(partial_name(path), mode);
    if (const int error_number = temporary.write_and_sync(content))
      throw system_error("write", path, error_number);
    const int error_number = temporary.rename_to_new(path);
    if (error_number == EEXIST)
      throw Error(ErrorCode::conflict, "'" + escape_for_display(path) + "' exists already",
                  "an earlier one may be evidence: name another file");
    if (error_number != 0) throw system_error("create", path, error_number);
  }
  try {
    sync_directory(directory.string());
  } catch (...) {
    ::unlink(path.c_str());  // what failed leaves nothing that the next run would have to ask about
    throw;
  }
}

void sync_directory(const std::string& path) {
  const Fd fd = open_or_throw("open directory", path, O_RDONLY | O_DIRECTORY);
  if (::fsync(fd.get()) != 0 && !cannot_sync(errno)) throw system_error("sync directory", path, errno);
}

}  // namespace dalil::files
