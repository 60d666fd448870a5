#include "parity_keeper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/files/walk.hpp"
#include "layout.hpp"
#include "par2.hpp"
#include "stores.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kPiece = 1 << 20;
constexpr std::uint64_t kMarginBytes = 1 << 20;

/// Names of the files in a folder that is open.
std::vector<std::string> names_in(const files::Fd& folder) {
  std::vector<std::string> names;
  files::Walker walker(fmt::format("/proc/self/fd/{}", folder.get()));
  if (const auto listed = walker.next())
    for (const auto& entry : listed->entries)
      if (entry.stat.kind == files::FileKind::regular) names.push_back(entry.name);
  return names;
}

bool is_there(Folders& folders, const std::string& path) {
  const files::StatResult found = folders.stat(path);
  return found.error_number == 0 && found.stat.kind == files::FileKind::regular;
}

std::uint64_t free_bytes(int fd) {
  return files::free_bytes(fd).value_or(UINT64_MAX);
}

}  // namespace

std::optional<Digest> digest_of_file(int root_fd, const std::string& path, bool from_medium,
                                     const jobs::StopFlag& stop) {
  const files::Opened opened = files::open_regular(
      root_fd, path.c_str(), from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere);
  if (opened.error_number != 0) return std::nullopt;
  files::AlignedBuffer buffer(kPiece);
  crypto::Sha256Stream hash;
  const auto until_stopped = [&stop](int fd, void* to, std::size_t size, std::uint64_t offset) {
    return stop.requested() ? std::int64_t{0}
                            : std::int64_t{::pread(fd, to, size, static_cast<off_t>(offset))};
  };
  const files::ReadResult read = files::read_through(
      opened.fd.get(), buffer, [&](std::uint64_t, ByteView bytes, bool) { hash.update(bytes); }, UINT64_MAX,
      until_stopped);
  if (!read.ok() || stop.requested()) return std::nullopt;
  return hash.finish();
}

std::vector<std::string> parity_lists_on(int root_fd) {
  Folders folders(root_fd);
  int error_number = 0;
  const auto folder = folders.open(layout::kParity, error_number);
  if (!folder) return {};
  std::vector<std::string> lists = names_in(*folder);
  std::erase_if(lists, [](const std::string& file) {
    return !file.ends_with(".sha256") || !ParityName::of_file(file);
  });
  return lists;
}

unsigned parity_percent_on(int root_fd) {
  unsigned most = 0;
  for (const std::string& list : parity_lists_on(root_fd))
    most = std::max(most, ParityName::of_file(list)->percent);
  return most;
}

std::vector<ParitySet> parity_sets_on(int root_fd) {
  std::vector<ParitySet> sets;
  Folders folders(root_fd);
  for (const std::string& file : parity_lists_on(root_fd)) {
    const auto text = read_drive_file(root_fd, fmt::format("{}/{}", layout::kParity, file));
    auto set = text ? ParitySet::parse(*ParityName::of_file(file), *text) : std::nullopt;
    if (set && std::ranges::all_of(set->par2, [&](const auto& one) { return is_there(folders, one.path); }))
      sets.push_back(std::move(*set));
  }
  std::ranges::sort(sets, {}, [](const ParitySet& set) { return set.name.number; });
  return sets;
}

std::vector<std::string> parity_remarks(int root_fd, bool contents, const jobs::StopFlag& stop) {
  std::vector<std::string> remarks;
  Folders folders(root_fd);
  const auto fault_of = [&](const ParityFile& file) -> const char* {
    if (!is_there(folders, file.path)) return "missing";
    if (!contents || digest_of_file(root_fd, file.path, true, stop) == file.digest) return nullptr;
    return "damaged";
  };
  for (const std::string& list : parity_lists_on(root_fd)) {
    const auto text = read_drive_file(root_fd, fmt::format("{}/{}", layout::kParity, list));
    const auto set = text ? ParitySet::parse(*ParityName::of_file(list), *text) : std::nullopt;
    if (!set) continue;  // the list is one of the drive's own files
    for (const ParityFile& file : set->par2)
      if (const char* fault = fault_of(file); fault != nullptr && !stop.requested())
        remarks.push_back(
            fmt::format("{} is {}: less can be mended by it, or nothing; 'dalil backup --parity "
                        "{}%' makes it anew",
                        file.path, fault, set->name.percent));
  }
  return remarks;
}

ParityKeeper::ParityKeeper(std::shared_ptr<const files::Fd> root, std::string mount,
                           std::vector<ParityFile> live, jobs::Progress& progress, const jobs::StopFlag& stop)
    : root_(std::move(root)),
      mount_(std::move(mount)),
      folders_(root_->get()),
      live_([&] {
        std::ranges::sort(live, {}, &ParityFile::path);
        return std::move(live);
      }()),
      progress_(progress),
      stop_(stop) {
  for (ParitySet& set : parity_sets_on(root_->get())) {
    sets_.push_back({std::move(set), 0, false});
    judge(sets_.back());
  }
}

const ParityFile* ParityKeeper::find_live(const ParityFile& file) const {
  const auto found = std::ranges::lower_bound(live_, file.path, {}, &ParityFile::path);
  return found != live_.end() && found->path == file.path && found->digest == file.digest ? &*found : nullptr;
}

void ParityKeeper::judge(Known& known) const {
  known.current = true;
  for (const ParityFile& file : known.set.files) {
    const ParityFile* live = find_live(file);
    known.current = known.current && live != nullptr;
    if (live != nullptr) known.bytes += live->size_bytes;
  }
}

bool ParityKeeper::is_whole(const ParitySet& set) const {
  return std::ranges::all_of(set.par2, [&](const ParityFile& file) {
    return digest_of_file(root_->get(), file.path, true, stop_) == file.digest;
  });
}

void ParityKeeper::make(unsigned percent, bool prove) {
  report_ = {};
  report_.percent = percent;
  clear_scratch();
  for (Known& known : sets_) known.current = known.current && known.set.name.percent == percent;
  if (percent == 0) {
    for (const Known& known : sets_) leaving_.insert(known.set.name.text());
    return;
  }
  if (prove) prove_sets();
  drop_repeated();
  try {
    std::vector<ParityFile> pool = uncovered();
    if (!pool.empty()) dissolve_small(pool);
    progress_.files_expected += pool.size();
    for (const ParityFile& file : pool) progress_.bytes_expected += file.size_bytes;
    for (std::vector<ParityFile>& group : group_for_parity(std::move(pool), percent))
      if (!stop_.requested()) make_set(std::move(group), percent);
  } catch (const DriveFailure& failure) {
    if (failure.kind != DriveFailure::Kind::full) throw;
    report_.why = failure.what();
  } catch (const Error& error) {
    report_.why = error.what();
    if (!error.hint().empty()) report_.why += ": " + error.hint();
  }
  if (stop_.requested()) report_.why = "interrupted: the next backup to it goes on";
  clear_scratch();
  choose_leaving();
}

void ParityKeeper::prove_sets() {
  for (Known& known : sets_) {
    if (!known.current || stop_.requested() || is_whole(known.set) || stop_.requested()) continue;
    known.current = false;
    ++report_.damaged_sets;
  }
}

/// A run that was killed leaves sets beside those that were to replace them.
void ParityKeeper::drop_repeated() {
  std::unordered_set<std::string> covered;
  for (auto known = sets_.rbegin(); known != sets_.rend(); ++known) {
    if (!known->current) continue;
    known->current = !std::ranges::all_of(
        known->set.files, [&](const ParityFile& file) { return covered.contains(file.path); });
    for (const ParityFile& file : known->set.files) covered.insert(file.path);
  }
}

std::vector<ParityFile> ParityKeeper::uncovered() const {
  std::unordered_set<std::string> covered;
  for (const Known& known : sets_)
    if (known.current)
      for (const ParityFile& file : known.set.files) covered.insert(file.path);
  std::vector<ParityFile> files;
  for (const ParityFile& file : live_)
    if (file.size_bytes > 0 && can_have_parity(file.path) && !covered.contains(file.path))
      files.push_back(file);
  return files;
}

/// Sets that hold no more than what is new are made anew with it: otherwise many small backups would leave as
/// many small sets. So each file is covered anew as many times as what is covered doubles, at most.
void ParityKeeper::dissolve_small(std::vector<ParityFile>& pool) {
  std::uint64_t bytes = 0;
  for (const ParityFile& file : pool) bytes += file.size_bytes;
  std::vector<Known*> by_size;
  for (Known& known : sets_)
    if (known.current && !is_full_set(known.set.files.size(), known.bytes, known.set.name.percent))
      by_size.push_back(&known);
  std::ranges::sort(by_size, {}, &Known::bytes);
  for (Known* known : by_size) {
    if (known->bytes > bytes) break;
    known->current = false;
    bytes += known->bytes;
    for (const ParityFile& file : known->set.files)
      if (const ParityFile* live = find_live(file)) pool.push_back(*live);
  }
}

/// Parity of a damaged file would keep the damage.
void ParityKeeper::prove_files(std::vector<ParityFile>& files) {
  std::erase_if(files, [&](const ParityFile& file) {
    for (int attempt = 0; attempt < 2 && !stop_.requested(); ++attempt)
      if (digest_of_file(root_->get(), file.path, true, stop_) == file.digest) return false;
    if (!stop_.requested()) report_.damaged.push_back(file.path);
    return true;
  });
}

void ParityKeeper::require_room(const std::vector<ParityFile>& files, unsigned percent) const {
  const std::uint64_t need = parity_room(files, percent) + kMarginBytes, free = free_bytes(root_->get());
  if (need <= free) return;
  throw DriveFailure(DriveFailure::Kind::full,
                     fmt::format("too little room for parity on '{}': {} bytes are needed and {} are free",
                                 escape_for_display(mount_), need, free));
}

void ParityKeeper::make_set(std::vector<ParityFile> files, unsigned percent) {
  const std::size_t all = files.size();
  std::uint64_t bytes = 0;
  for (const ParityFile& file : files) bytes += file.size_bytes;
  prove_files(files);
  if (stop_.requested()) return;
  if (!files.empty()) {
    require_room(files, percent);
    std::ranges::sort(files, {}, &ParityFile::path);
    ParitySet set{{percent, next_number()}, {}, std::move(files)};
    compute(set, percent);
    if (stop_.requested()) return;
    publish(std::move(set));
  }
  progress_.files_done += all;
  progress_.bytes_done += bytes;
}

void ParityKeeper::compute(ParitySet& set, unsigned percent) {
  int error_number = 0;
  scratch_ = folders_.make(layout::kParityScratch, error_number);
  if (!scratch_) throw DriveFailure::from("make the folder", layout::kParityScratch, error_number);
  const ParityBlocks blocks = parity_blocks(set.files, percent);
  std::vector<std::string> arguments{"create",
                                     "-q",
                                     "-q",
                                     fmt::format("-s{}", blocks.size_bytes),
                                     fmt::format("-c{}", blocks.of_parity),
                                     "-n1",
                                     "-B",
                                     "./",
                                     fmt::format("{}/{}.par2", layout::kParityScratch, set.name.text()),
                                     "--"};
  for (const ParityFile& file : set.files) arguments.push_back(file.path);
  const Par2 made = run_par2(root_->get(), arguments, scratch_->get(), stop_);
  if (made.answer == Par2::Answer::stopped) return;
  if (made.answer != Par2::Answer::success) {
    if (free_bytes(root_->get()) < kMarginBytes)
      throw DriveFailure(DriveFailure::Kind::full,
                         fmt::format("no space left for parity on '{}'", escape_for_display(mount_)));
    throw Error(ErrorCode::io, fmt::format("par2 could not make {}: {}", set.name.text(), made.said));
  }
  for (const std::string& name : names_in(*scratch_))
    if (ParityName::of_file(name) && name.ends_with(".par2")) set.par2.push_back(take_in(name));
  if (std::ranges::find(set.par2, set.main_path(), &ParityFile::path) == set.par2.end())
    throw Error(ErrorCode::io, fmt::format("par2 made no {}: {}", set.main_path(), made.said));
}

/// A PAR2 file as it was written has to be what the medium gives back.
ParityFile ParityKeeper::take_in(const std::string& name) const {
  const auto written = digest_of_file(scratch_->get(), name, false, stop_);
  const files::Opened opened = files::open_regular(scratch_->get(), name.c_str());
  if (opened.error_number == 0 && ::fsync(opened.fd.get()) != 0)
    throw DriveFailure::from("write everything to", mount_, errno);
  const auto there = digest_of_file(scratch_->get(), name, true, stop_);
  if (!stop_.requested() && (!there || there != written))
    throw DriveFailure(DriveFailure::Kind::failed,
                       fmt::format("parity was read back with another content than was written to '{}': the "
                                   "drive or its cable fails",
                                   escape_for_display(mount_)));
  return {fmt::format("{}/{}", layout::kParity, name), there.value_or(Digest{}), opened.stat.size_bytes};
}

unsigned ParityKeeper::next_number() {
  unsigned last = 0;
  int error_number = 0;
  if (const auto folder = folders_.open(layout::kParity, error_number))
    for (const std::string& file : names_in(*folder))
      if (const auto name = ParityName::of_file(file)) last = std::max(last, name->number);
  return last + 1;
}

/// The list comes last: what has none counts for nothing.
void ParityKeeper::publish(ParitySet set) {
  int error_number = 0;
  const auto folder = folders_.make(layout::kParity, error_number);
  if (!folder) throw DriveFailure::from("make the folder", layout::kParity, error_number);
  const auto move = [&](const std::string& from, const std::string& to) {
    if (::renameat(scratch_->get(), from.c_str(), folder->get(), to.c_str()) != 0)
      throw DriveFailure::from("put parity in place on", mount_, errno);
  };
  std::ranges::sort(set.par2, {}, &ParityFile::path);
  for (const ParityFile& file : set.par2) {
    const std::string name = split_path(file.path).second;
    move(name, name);
  }
  const std::string list = split_path(set.list_path()).second;
  write_list(list, set.text());
  sync();
  move(list, list);
  sync();
  for (ParityFile& file : set.files) file.size_bytes = 0;  // as if it had been read from there
  sets_.push_back({std::move(set), 0, false});
  judge(sets_.back());
  ++report_.made;
  has_new_ = true;
}

void ParityKeeper::write_list(const std::string& name, std::string_view text) const {
  const files::Fd fd(
      ::openat(scratch_->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) throw DriveFailure::from("create a list on", mount_, errno);
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw DriveFailure::from("write a list to", mount_, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

/// A set goes when each of its contents is covered by others, or is no longer on record: what could still be
/// of use to mend a damaged file stays.
void ParityKeeper::choose_leaving() {
  std::unordered_set<Digest, DigestHash> live, covered;
  for (const ParityFile& file : live_) live.insert(file.digest);
  for (const Known& known : sets_)
    if (known.current)
      for (const ParityFile& file : known.set.files) covered.insert(file.digest);
  for (const Known& known : sets_)
    if (!known.current && std::ranges::all_of(known.set.files, [&](const ParityFile& file) {
          return !live.contains(file.digest) || covered.contains(file.digest);
        }))
      leaving_.insert(known.set.name.text());
}

void ParityKeeper::remove_leaving() {
  int error_number = 0;
  const auto folder = folders_.open(layout::kParity, error_number);
  if (!folder) return;
  std::set<std::string> staying;
  for (const Known& known : sets_)
    if (!leaving_.contains(known.set.name.text())) staying.insert(known.set.name.text());
  // What has no list that can be read was begun by a run that was killed, or is damaged.
  const bool orphans = report_.why.empty() && report_.damaged.empty();
  for (const std::string& file : names_in(*folder)) {
    const auto name = ParityName::of_file(file);
    if (!name || staying.contains(name->text())) continue;
    if (orphans || leaving_.contains(name->text())) ::unlinkat(folder->get(), file.c_str(), 0);
  }
  if (staying.empty() && orphans) {
    ::unlinkat(folder->get(), "README.txt", 0);
    ::unlinkat(root_->get(), layout::kParity, AT_REMOVEDIR);
  }
  std::erase_if(sets_, [&](const Known& known) { return leaving_.contains(known.set.name.text()); });
}

ParityReport ParityKeeper::report() const {
  ParityReport report = report_;
  if (report.percent == 0 && leaving_.empty()) report.percent = parity_percent_on(root_->get());
  std::unordered_set<std::string> covered;
  Folders folders(root_->get());
  for (const Known& known : sets_) {
    if (leaving_.contains(known.set.name.text())) continue;
    ++report.sets;
    for (const ParityFile& file : known.set.par2)
      if (const auto found = folders.stat(file.path); found.error_number == 0)
        report.parity_bytes += found.stat.size_bytes;
    for (const ParityFile& file : known.set.files)
      if (find_live(file) != nullptr) covered.insert(file.path);
  }
  if (report.percent == 0) return report;
  for (const ParityFile& file : live_) {
    if (file.size_bytes == 0) continue;
    if (covered.contains(file.path)) {
      ++report.files;
      report.bytes += file.size_bytes;
    } else if (can_have_parity(file.path)) {
      ++report.uncovered;
    } else {
      report.unnamed.push_back(file.path);
    }
  }
  return report;
}

void ParityKeeper::clear_scratch() {
  int error_number = 0;
  if (const auto folder = folders_.open(layout::kParityScratch, error_number)) clear_folder(*folder);
  ::unlinkat(root_->get(), layout::kParityScratch, AT_REMOVEDIR);
  folders_ = Folders(root_->get());
  scratch_ = nullptr;
}

void ParityKeeper::sync() const {
  if (::syncfs(root_->get()) != 0) throw DriveFailure::from("write everything to", mount_, errno);
}

}  // namespace dalil::drives
