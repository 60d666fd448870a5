#include "dalil/drives/offline.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/crew.hpp"
#include "layout.hpp"
#include "offline_parts.hpp"
#include "parity_keeper.hpp"
#include "tile_check.hpp"

namespace dalil::drives::offline {

using archive::Verdict;

namespace {

UtcTime whole_seconds(UtcTime time) {
  return {time.ms / 1000 * 1000};
}

std::array<std::uint8_t, 16> fingerprint_of(const std::string& path) {
  const Digest digest = crypto::sha256(as_bytes(path));
  std::array<std::uint8_t, 16> print;
  std::copy_n(digest.bytes.begin(), print.size(), print.begin());
  return print;
}

}  // namespace

Check::Check(const OfflineOptions& options, jobs::Progress& progress, const jobs::StopFlag& stop)
    : options_(options),
      progress_(progress),
      stop_(stop),
      root_(::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      folders_(root_.get()) {
  if (!root_) throw system_error("open directory", options.folder, errno);
  spinning_ = files::identify_volume(options.folder).rotational.value_or(false);
  readers_ = options.threads > 0 ? options.threads
             : spinning_         ? 1
                                 : std::max(1U, std::thread::hardware_concurrency());
  tasks_ = std::make_unique<jobs::Queue<Batch>>(std::size_t{readers_} * 4);
}

void Check::problem(const char* path, std::string text, archive::Verdict verdict) {
  add_problem(report_, path, std::move(text), verdict);
}

OfflineReport Check::run(const Clock& clock) {
  auto& check = report_.check;
  check.started = whole_seconds(clock.now());
  check.program = "dalil " DALIL_VERSION;
  statement_ = read_statement(root_.get(), options_, report_);
  if (statement_.note) {
    progress_.files_expected = statement_.note->drive.files + statement_.own_files.size();
    progress_.bytes_expected = statement_.note->drive.bytes;
  }
  if (!statement_.only_begun()) {
    read_all();
    if (!stop_.requested()) judge_list(list_);
    if (!stop_.requested() && list_.error_number == 0) find_extra();
    if (!stop_.requested()) compare_counts();
    if (!stop_.requested() && statement_.note) look_at_tiles();
    look_at_parity();
  }
  report_.interrupted = stop_.requested();
  check.ended = whole_seconds(clock.now());
  check.read_path = jobs::describe_read_paths(read_paths_);
  std::ranges::stable_sort(check.exceptions, {}, &Exception::path);
  check.result = result();
  return std::move(report_);
}

/// They have no list: the root of the checkpoint that the note states proves them.
void Check::look_at_tiles() {
  const merkle::Checkpoint& checkpoint = statement_.note->checkpoint;
  const std::vector<TileFault> faults = check_tiles(root_.get(), checkpoint, nullptr, true, stop_);
  for (const TileFault& fault : faults) problem(fault.path.c_str(), fault.detail, fault.verdict);
  const std::uint64_t tiles = tile_count(checkpoint.size);
  report_.check.lists_right += tiles - std::min<std::uint64_t>(tiles, faults.size());
}

std::string Check::result() const {
  const auto& check = report_.check;
  const bool damaged = check.count(Verdict::corrupt) + check.count(Verdict::unreadable) +
                           check.count(Verdict::missing) + check.count(Verdict::changed) + check.lists_wrong >
                       0;
  if (damaged) return "FAIL";
  const bool all =
      check.expected > 0 && check.checked == check.expected && check.count(Verdict::intact) == check.expected;
  if (report_.interrupted || !all) return "INCOMPLETE";
  return report_.vouching == Vouching::trusted ? "PASS" : "CONSISTENT";
}

void Check::read_all() {
  jobs::Crew crew([this] { tasks_->close(); });
  for (unsigned i = 0; i < readers_; ++i) crew.start([this] { read_tasks(); });
  crew.start([this] {
    hand_out();
    tasks_->close();
  });
  // A reader that was told to stop takes nothing any more, and whoever hands out must not wait for it.
  crew.guard([this] {
    while (!progress_.walk_finished && !stop_.requested())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (stop_.requested()) tasks_->close();
  });
  crew.join();
}

void Check::hand_out() {
  for (const Listed& own : statement_.own_files) hand_out(own, true);
  const auto from = options_.from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere;
  list_ = read_list(
      root_.get(), statement_, from, [this](const Listed& listed) { hand_out(listed, false); }, stop_);
  hand_over(small_);
  hand_over(large_);
  progress_.walk_finished = true;
}

void Check::hand_out(const Listed& listed, bool own) {
  if (stop_.requested()) return;
  if (!own) {
    ++report_.check.expected;  // this thread's alone until the readers have ended
    listed_.push_back(fingerprint_of(listed.path));
  }
  const auto [directory, name] = split_path(listed.path);
  int error_number = 0;
  const auto folder = folders_.open(directory, error_number);
  const files::StatResult found =
      folder ? files::stat_at(folder->get(), name.c_str()) : files::StatResult{{}, error_number};
  if (!folder) {
    Exception exception;
    exception.path = listed.path;
    exception.digest = listed.digest;
    exception.error_number = error_number == ENOENT ? 0 : error_number;
    const bool absent = error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP;
    exception.verdict = absent ? Verdict::missing : Verdict::unreadable;
    if (error_number != ENOENT)
      exception.detail = fmt::format("its folder cannot be entered: {}", std::strerror(error_number));
    return take(std::move(exception), own, nullptr);
  }
  Batch& batch = found.stat.size_bytes <= jobs::kSmallFile ? small_ : large_;
  batch.tasks.push_back({{folder, directory, name, found.stat}, listed.digest, own});
  batch.bytes += found.stat.size_bytes;
  if (batch.tasks.size() >= jobs::kBatchFiles || batch.bytes >= jobs::kBatchBytes) hand_over(batch);
}

void Check::hand_over(Batch& batch) {
  if (!batch.tasks.empty()) tasks_->push({std::exchange(batch.tasks, {}), batch.bytes, batch.small});
  batch.bytes = 0;
}

void Check::judge_list(const ListReading& reading) {
  if (reading.error_number == ENOENT)
    return problem(statement_.list, "nobody can say what belongs on the drive", Verdict::missing);
  if (reading.error_number != 0)
    return problem(statement_.list,
                   fmt::format("from byte {}: {}", reading.error_offset, std::strerror(reading.error_number)),
                   Verdict::unreadable);
  if (reading.ill_formed > 0)
    problem(statement_.list,
            fmt::format("{} of its lines name no file below {}/", reading.ill_formed, statement_.payload));
  std::ranges::sort(listed_);
  if (std::ranges::adjacent_find(listed_) != listed_.end()) problem(statement_.list, "it names a file twice");
  const auto own = std::ranges::find(statement_.own_files, statement_.list, &Listed::path);
  if (own == statement_.own_files.end() || own->digest == reading.digest) return;
  problem(statement_.list, "it is not the list that the note vouches for");
}

/// What the note says of the whole, besides what the list says of each.
void Check::compare_counts() {
  if (!statement_.note || list_.error_number != 0) return;
  const archive::Drive& drive = statement_.note->drive;
  const auto& check = report_.check;
  if (drive.files != check.expected)
    problem(layout::kNote,
            fmt::format("it states {} files, and {} names {}", drive.files, statement_.list, check.expected));
  else if (report_.read_twice == 0 && check.count(Verdict::intact) == check.expected &&
           intact_bytes_ != drive.bytes)
    problem(layout::kNote,
            fmt::format("it states {} bytes, and the files have {}", drive.bytes, intact_bytes_));
}

void Check::look_at_parity() {
  for (std::string& remark : parity_remarks(root_.get(), true, stop_))
    report_.remarks.push_back(std::move(remark));
}

void Check::find_extra() {
  files::WalkOptions walk;
  for (files::Walker top(options_.folder); const auto root = top.next();) {
    for (const files::DirectoryEntry& entry : root->entries)
      if (entry.stat.kind == files::FileKind::directory && entry.name != statement_.payload)
        walk.skip.emplace_back(entry.stat.device, entry.stat.inode);
    break;
  }
  files::Walker walker(options_.folder, walk);
  while (!stop_.requested()) {
    const auto directory = walker.next();
    if (!directory) break;
    if (!directory->path.empty() || directory->error_number != 0) look_for_extra(*directory);
  }
}

void Check::look_for_extra(const files::Directory& directory) {
  const auto tell = [this](std::string path, Verdict verdict, std::string detail, int error_number) {
    Exception exception;
    exception.path = std::move(path);
    exception.verdict = verdict;
    exception.detail = std::move(detail);
    exception.error_number = error_number;
    ++report_.check.verdicts[verdict];
    report_.check.exceptions.push_back(std::move(exception));
  };
  const auto unseen = [&](const std::string& path, int error_number) {
    tell(path, Verdict::unreadable,
         fmt::format("what else is there cannot be seen: {}", std::strerror(error_number)), error_number);
  };
  if (directory.error_number != 0)
    unseen(directory.path.empty() ? statement_.payload : directory.path, directory.error_number);
  for (const files::DirectoryEntry& entry : directory.entries) {
    const std::string path = files::join_path(directory.path, entry.name);
    if (entry.stat.kind == files::FileKind::directory && entry.error_number == 0) continue;
    if (std::ranges::binary_search(listed_, fingerprint_of(path))) continue;
    if (entry.error_number != 0)
      unseen(path, entry.error_number);
    else
      tell(path, Verdict::extra,
           entry.stat.kind == files::FileKind::regular ? ""
                                                       : fmt::format("a {}", files::name_of(entry.stat.kind)),
           0);
  }
}

}  // namespace dalil::drives::offline

namespace dalil::drives {

OfflineReport verify_offline(const OfflineOptions& options, jobs::Progress& progress,
                             const jobs::StopFlag& stop, const Clock& clock) {
  files::raise_open_file_limit();
  return offline::Check(options, progress, stop).run(clock);
}

}  // namespace dalil::drives
