#include "dalil/files/walk.hpp"

#include <algorithm>
#include <cerrno>
#include <unordered_set>

#include "dalil/base/error.hpp"
#include "listing.hpp"
#include "open_directory.hpp"

namespace dalil::files {

namespace {

/// How many of the deepest directories on the way to the current one stay open; those above are opened again.
constexpr std::size_t kKeptOpen = 64;

using Identity = std::pair<std::uint64_t, std::uint64_t>;

struct IdentityHash {
  std::size_t operator()(const Identity& identity) const {
    return static_cast<std::size_t>((identity.second ^ identity.first << 32) * 0x9E3779B97F4A7C15U);
  }
};

Identity identity_of(const FileStat& stat) {
  return {stat.device, stat.inode};
}

/// A directory on the way to the current one that has sub-directories left to enter.
struct Frame {
  std::string name;
  Identity identity;
  std::shared_ptr<const Fd> fd;      ///< null while it is closed to save descriptors
  std::size_t path_size = 0;         ///< of its path, which is a prefix of the current one
  std::vector<std::string> pending;  ///< sub-directories yet to enter, the next one last
};

/// Null unless it is still the directory that was listed.
OpenedFd reopen(int directory_fd, const char* name, const Identity& expected) {
  OpenedFd opened = open_subdirectory(directory_fd, name);
  if (!opened.fd) return opened;
  const StatResult found = stat_fd(opened.fd.get());
  if (found.error_number != 0 || identity_of(found.stat) != expected) return {Fd(), ESTALE};
  return opened;
}

}  // namespace

struct Walker::State {
  State(const std::string& root, WalkOptions given);
  std::optional<Directory> enter_root();
  std::optional<Directory> enter_next();

  WalkOptions options;
  Fd root_fd;  ///< until the root has been entered
  FileStat root_stat;
  std::vector<Frame> frames;  ///< from the root down
  std::string path;           ///< of the last frame, perhaps with more behind it
  std::unordered_set<Identity, IdentityHash> visited;
  DirectoryLister lister;

 private:
  std::optional<Directory> enter(Fd fd, const FileStat& stat, std::string name);
  bool is_skipped(const FileStat& stat) const;
  bool may_enter(const DirectoryEntry& entry) const;
  void push_frame(Frame frame);
  void pop_frame();
  int open_last_frame();
};

Walker::State::State(const std::string& root, WalkOptions given) : options(std::move(given)) {
  OpenedFd opened = open_root(root);
  if (opened.error_number == ENOENT) {
    throw Error(ErrorCode::not_found, system_error("open directory", root, ENOENT).what(),
                "check the path, and whether the drive is mounted");
  }
  if (!opened.fd) throw system_error("open directory", root, opened.error_number);
  const StatResult found = stat_fd(opened.fd.get());
  if (found.error_number != 0) throw system_error("examine directory", root, found.error_number);
  root_stat = found.stat;
  root_fd = std::move(opened.fd);
}

bool Walker::State::is_skipped(const FileStat& stat) const {
  return stat.kind == FileKind::directory &&
         std::find(options.skip.begin(), options.skip.end(), identity_of(stat)) != options.skip.end();
}

bool Walker::State::may_enter(const DirectoryEntry& entry) const {
  return entry.stat.kind == FileKind::directory &&
         (!options.one_file_system || entry.stat.device == root_stat.device);
}

std::optional<Directory> Walker::State::enter_root() {
  return enter(std::exchange(root_fd, Fd()), root_stat, "");
}

/// Absent when nothing is to be listed here.
std::optional<Directory> Walker::State::enter(Fd fd, const FileStat& stat, std::string name) {
  if (is_skipped(stat) || !visited.insert(identity_of(stat)).second) return std::nullopt;
  Directory directory;
  directory.path = path;
  directory.fd = std::make_shared<const Fd>(std::move(fd));
  auto listing = lister.list(directory.fd->get());
  directory.entries = std::move(listing.entries);
  directory.error_number = listing.error_number;
  std::erase_if(directory.entries, [this](const DirectoryEntry& entry) { return is_skipped(entry.stat); });

  Frame frame{std::move(name), identity_of(stat), directory.fd, path.size(), {}};
  for (auto entry = directory.entries.rbegin(); entry != directory.entries.rend(); ++entry) {
    if (may_enter(*entry)) frame.pending.push_back(entry->name);
  }
  if (!frame.pending.empty()) push_frame(std::move(frame));
  return directory;
}

std::optional<Directory> Walker::State::enter_next() {
  while (!frames.empty()) {
    Frame& parent = frames.back();
    if (parent.pending.empty()) {
      pop_frame();
      continue;
    }
    std::string name = std::move(parent.pending.back());
    parent.pending.pop_back();
    path.resize(parent.path_size);
    if (!path.empty()) path += '/';
    path += name;

    OpenedFd opened;
    opened.error_number = open_last_frame();
    if (opened.error_number == 0) opened = open_subdirectory(parent.fd->get(), name.c_str());
    StatResult found;
    if (opened.fd) found = stat_fd(opened.fd.get());
    const int error_number = opened.fd ? found.error_number : opened.error_number;
    if (error_number != 0) return Directory{path, nullptr, {}, error_number};
    if (auto directory = enter(std::move(opened.fd), found.stat, std::move(name))) return directory;
  }
  return std::nullopt;
}

void Walker::State::push_frame(Frame frame) {
  frames.push_back(std::move(frame));
  // The root stays open: it is where a lost way down begins again.
  if (frames.size() > kKeptOpen + 1) frames[frames.size() - 1 - kKeptOpen].fd.reset();
}

void Walker::State::pop_frame() {
  const Frame left = std::move(frames.back());
  frames.pop_back();
  if (frames.empty() || frames.back().fd || !left.fd) return;
  // One step up costs one call, where the way down from the root costs one for each level. What ".." leads to
  // is taken only if it is the very directory that was listed before.
  OpenedFd opened = reopen(left.fd->get(), "..", frames.back().identity);
  if (opened.fd) frames.back().fd = std::make_shared<const Fd>(std::move(opened.fd));
}

/// Opens the last frame again if need be, by its name from the nearest ancestor that is open. 0 or errno.
int Walker::State::open_last_frame() {
  std::size_t depth = frames.size() - 1;
  while (!frames[depth].fd) --depth;
  std::shared_ptr<const Fd> at = frames[depth].fd;
  while (++depth < frames.size()) {
    OpenedFd opened = reopen(at->get(), frames[depth].name.c_str(), frames[depth].identity);
    if (!opened.fd) return opened.error_number;
    at = std::make_shared<const Fd>(std::move(opened.fd));
    if (depth + kKeptOpen >= frames.size()) frames[depth].fd = at;
  }
  return 0;
}

Walker::Walker(const std::string& root, WalkOptions options)
    : state_(std::make_unique<State>(root, std::move(options))) {}

Walker::~Walker() = default;

std::optional<Directory> Walker::next() {
  return state_->root_fd ? state_->enter_root() : state_->enter_next();
}

std::string join_path(std::string_view parent, std::string_view name) {
  std::string joined(parent);
  if (!parent.empty() && !name.empty()) joined += '/';
  return joined += name;
}

}  // namespace dalil::files
