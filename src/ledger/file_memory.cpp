#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/ledger/memory.hpp"

namespace dalil::ledger {

namespace {

constexpr std::uint64_t kLargestNote = 64 << 10;
constexpr const char* kMalformedHint =
    "it tells an older archive from the newest: look for another machine or person who has seen the archive, "
    "compare, and only then remove the file";

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// As XDG asks: what is made on the way is the user's alone. Each new name is synced, or a power cut would
/// take all that was remembered with the directory.
void make_directories(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return;
  if (const std::string parent = parent_of(path); parent != path) make_directories(parent);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw system_error("create", path, errno);
  files::sync_directory(parent_of(path));
}

/// One process at a time compares and replaces. The lock goes with the object.
files::Fd lock_beside(const std::string& path) {
  const std::string name = path + ".lock";
  files::Fd fd(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw system_error("write", name, errno);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (fcntl(fd.get(), F_OFD_SETLKW, &lock) != 0)
    if (errno != EINTR) throw system_error("lock", name, errno);
  return fd;
}

}  // namespace

FileMemory::FileMemory(std::string path, std::string origin, Warning warn)
    : path_(std::move(path)), origin_(std::move(origin)), warn_(std::move(warn)) {}

std::optional<SeenCheckpoint> FileMemory::recall() {
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw system_error("read what was seen of the archive from", path_, errno);
  }
  const Bytes bytes = files::read_small_file(path_, kLargestNote);
  const auto note = merkle::Note::parse(as_chars(bytes));
  const auto checkpoint = note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
  if (!checkpoint || checkpoint->origin != origin_)
    throw Error(ErrorCode::invalid,
                fmt::format("'{}' should hold the newest checkpoint seen of this archive, and does not",
                            escape_for_display(path_)),
                kMalformedHint);
  return SeenCheckpoint{std::string(as_chars(bytes)), *checkpoint, {std::int64_t{status.st_mtime} * 1000}};
}

void FileMemory::remember(const std::string& note) noexcept {
  try {
    const auto parsed = merkle::Note::parse(note);
    const auto checkpoint = parsed ? merkle::Checkpoint::parse(parsed->text) : std::nullopt;
    if (!checkpoint) throw Error(ErrorCode::invalid, "the archive's checkpoint is ill-formed");
    make_directories(parent_of(path_));
    const files::Fd lock = lock_beside(path_);
    if (const auto before = recall(); before && before->checkpoint.size >= checkpoint->size) return;
    files::write_atomically(path_, as_bytes(note), 0600);
  } catch (const std::exception& error) {
    if (!std::exchange(warned_, true) && warn_)
      warn_(fmt::format("this machine does not remember the newest state of the archive: {}", error.what()));
  }
}

void FileMemory::replace(const std::string& note) {
  make_directories(parent_of(path_));
  const files::Fd lock = lock_beside(path_);
  files::write_atomically(path_, as_bytes(note), 0600);
}

std::string seen_path(const std::string& state_directory, const ArchiveId& archive) {
  return fmt::format("{}/seen/{}", state_directory, to_hex(archive));
}

std::string cosigned_path(const std::string& state_directory, const ArchiveId& archive,
                          const ActorId& actor) {
  return fmt::format("{}/cosigned/{}-{}", state_directory, to_hex(archive), to_hex(actor));
}

}  // namespace dalil::ledger
