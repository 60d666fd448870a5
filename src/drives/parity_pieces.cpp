#include "parity_pieces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/files/read.hpp"
#include "layout.hpp"
#include "par2.hpp"
#include "parity_keeper.hpp"
#include "stores.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kPiece = 1 << 20;

void write_all(int fd, ByteView bytes, const std::string& mount) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw DriveFailure::from("write to", mount, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

/// From a folder that is so deep below the root.
std::string way_up(std::string_view folder) {
  std::string way;
  for (std::size_t at = 0; at != folder.npos; at = folder.find('/', at + 1)) way += "../";
  return way;
}

}  // namespace

ParityPieces::ParityPieces(std::shared_ptr<const files::Fd> root, std::string mount,
                           std::set<std::string> damaged, const jobs::StopFlag& stop)
    : root_(std::move(root)),
      mount_(std::move(mount)),
      damaged_(std::move(damaged)),
      stop_(stop),
      folders_(root_->get()) {
  read_lists();
}

ParityPieces::~ParityPieces() {
  if (!computed_.empty()) clear();
}

void ParityPieces::clear() {
  folders_ = Folders(root_->get());
  int error_number = 0;
  if (const auto folder = folders_.open(layout::kParityScratch, error_number)) clear_folder(*folder);
  folders_ = Folders(root_->get());
  ::unlinkat(root_->get(), layout::kParityScratch, AT_REMOVEDIR);
}

void ParityPieces::read_lists() {
  for (const std::string& file : parity_lists_on(root_->get())) {
    const auto text = read_drive_file(root_->get(), fmt::format("{}/{}", layout::kParity, file));
    const std::string set = ParityName::of_file(file)->text();
    for (std::string& path : payload_paths_in(text.value_or(""))) {
      sets_of_[path].push_back(set);
      paths_[set].push_back(std::move(path));
    }
  }
}

std::vector<ParityPieces::Given> ParityPieces::of(const std::string& path) {
  std::vector<Given> all;
  const auto found = sets_of_.find(path);
  if (found == sets_of_.end()) return all;
  for (const std::string& set : found->second) {
    auto computed = computed_.find(set);
    if (computed == computed_.end()) {
      computed = computed_.emplace(set, "was not computed to its end").first;
      computed->second = compute(set);
    }
    all.push_back({fmt::format("{}/{}/{}", layout::kParityScratch, set, path),
                   fmt::format("{}/{}.par2", layout::kParity, set), computed->second});
  }
  return all;
}

std::string ParityPieces::compute(const std::string& set) {
  const std::string scratch = fmt::format("{}/{}", layout::kParityScratch, set);
  for (const std::string& path : paths_[set]) {
    if (stop_.requested()) return "stopped";
    lend(path, scratch);
  }
  int error_number = 0;
  const auto folder = folders_.open(scratch, error_number);
  if (!folder) throw DriveFailure::from("open the folder", scratch, error_number);
  const std::string main = fmt::format("{}{}/{}.par2", way_up(scratch), layout::kParity, set);
  try {
    const Par2 done = run_par2(folder->get(), {"repair", "-q", "-q", "-B", "./", main}, folder->get(), stop_);
    switch (done.answer) {
      case Par2::Answer::success:
        return {};
      case Par2::Answer::stopped:
        return "stopped";
      case Par2::Answer::repair_not_possible:
        return "has more damage in its set than it can mend";
      default:
        return fmt::format("could not be used, and may be damaged{}{}", done.said.empty() ? "" : ": ",
                           done.said);
    }
  } catch (const Error& error) {
    return fmt::format("was not used: {} ({})", error.what(), error.hint());
  }
}

/// A link; a copy of what is damaged, of which sectors may be unreadable, and where there are no links.
void ParityPieces::lend(const std::string& path, const std::string& scratch) {
  const auto [directory, name] = split_path(path);
  const std::string place = scratch + "/" + directory;
  int error_number = 0;
  const auto to = folders_.make(place, error_number);
  if (!to) throw DriveFailure::from("make a folder on", mount_, error_number);
  // Through a link it cannot write to what lies there: only below the folder may it write.
  const files::StatResult there = folders_.stat(path);
  if (there.error_number != 0 || there.stat.kind != files::FileKind::regular) return;
  if (!damaged_.contains(path) && ::symlinkat((way_up(place) + path).c_str(), to->get(), name.c_str()) == 0)
    return;
  copy(path, to->get(), name);
}

void ParityPieces::copy(const std::string& path, int to_folder, const std::string& name) {
  const files::Opened opened = files::open_regular(root_->get(), path.c_str());
  if (opened.error_number != 0) return;
  const files::Fd out(
      ::openat(to_folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out) throw DriveFailure::from("create a file on", mount_, errno);
  files::AlignedBuffer buffer(kPiece);
  files::read_through(opened.fd.get(), buffer,
                      [&](std::uint64_t, ByteView bytes, bool) { write_all(out.get(), bytes, mount_); });
}

}  // namespace dalil::drives
