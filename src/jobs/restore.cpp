#include "dalil/jobs/restore.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/attributes.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/walk.hpp"
#include "restore_plan.hpp"

namespace dalil::jobs {

namespace {

constexpr std::size_t kPieceSize = 1 << 20;
constexpr const char* kPartName = ".dalil-restore.part";

/// What is wrong with a copy; empty: nothing.
using Fault = std::string;

/// Takes a content piece by piece; false stops.
using Take = std::function<bool(ByteView)>;

Fault read_plain(int fd, const Take& take, const StopFlag& stop) {
  Bytes buffer(kPieceSize);
  for (std::uint64_t at = 0; !stop.requested();) {
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fmt::format("cannot be read at byte {}: {}", at, std::strerror(errno));
    if (got == 0) return {};
    if (!take(ByteView(buffer).first(static_cast<std::size_t>(got)))) return {};
    at += static_cast<std::uint64_t>(got);
  }
  return "interrupted";
}

/// Absent if it cannot be read whole.
std::optional<Digest> digest_of(int fd, const StopFlag& stop) {
  crypto::Sha256Stream hash;
  const Fault fault = read_plain(
      fd,
      [&](ByteView piece) {
        hash.update(piece);
        return true;
      },
      stop);
  if (!fault.empty()) return std::nullopt;
  return hash.finish();
}

const char* words_of(crypto::age::Failure failure) {
  using crypto::age::Failure;
  return failure == Failure::no_match  ? "is encrypted to another key"
         : failure == Failure::payload ? "is damaged or cut"
                                       : "is no whole age file";
}

/// The content is what stands in front of the padding.
Fault read_sealed(int fd, const std::vector<crypto::age::Identity>& identities, std::uint64_t content_size,
                  const Take& take, const StopFlag& stop) {
  std::uint64_t left = content_size;
  bool go_on = true;
  crypto::age::Decryptor decryptor(identities, [&](ByteView plain) {
    const ByteView content =
        plain.first(static_cast<std::size_t>(std::min<std::uint64_t>(plain.size(), left)));
    left -= content.size();
    if (!content.empty() && go_on) go_on = take(content);
  });
  crypto::age::Failure failure = crypto::age::Failure::none;
  Fault fault = read_plain(
      fd,
      [&](ByteView piece) {
        failure = decryptor.update(piece);
        return failure == crypto::age::Failure::none && go_on;
      },
      stop);
  if (!fault.empty()) return fault;
  if (go_on) failure = decryptor.finish();
  return failure == crypto::age::Failure::none ? Fault() : words_of(failure);
}

/// The folder that things are put back into. Paths are gone down part by part, and no link is followed.
class Target {
 public:
  Target(const std::string& path, bool needed) : path_(path) {
    root_ = files::Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_ && needed) throw system_error("restore to", path, errno);
  }

  /// What lies at its place already.
  enum class There { nothing, same, other };
  There look(const RestoreTask& task, const StopFlag& stop) const {
    const files::Opened opened = files::open_regular(root_.get(), task.path.c_str());
    if (opened.error_number == ENOENT) return There::nothing;
    if (opened.error_number != 0 || opened.stat.size_bytes != task.size_bytes) return There::other;
    return digest_of(opened.fd.get(), stop) == task.digest ? There::same : There::other;
  }

  /// Whether names may hold signs that Windows has not.
  bool holds_any_name() const {
    constexpr const char* kProbe = ".dalil-probe?:";
    const files::Fd probe(
        openat(root_.get(), kProbe, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    const bool there = !probe && errno == EEXIST;
    if (probe || there) unlinkat(root_.get(), kProbe, 0);
    return probe || there;
  }

  void begin() {
    unlinkat(root_.get(), kPartName, 0);
    part_ =
        files::Fd(openat(root_.get(), kPartName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!part_) throw system_error("write to", path_, errno);
  }
  /// Error(io) ends the job: a full disk is no fault of a copy.
  void write(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(part_.get(), bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw system_error("write to", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }
  /// Durable, and then at its place; what is wrong if it cannot be put there.
  Fault put_in_place(const RestoreTask& task) {
    if (task.mtime_ns) {
      const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(*task.mtime_ns)};
      futimens(part_.get(), times);
    }
    if (fsync(part_.get()) != 0) throw system_error("write to", path_, errno);
    part_.reset();
    const auto slash = task.path.rfind('/');
    const std::string folder = slash == task.path.npos ? "" : task.path.substr(0, slash);
    const std::string name = slash == task.path.npos ? task.path : task.path.substr(slash + 1);
    const files::Fd parent = make_folders(folder);
    if (!parent) return fmt::format("its folder cannot be made: {}", std::strerror(errno));
    if (renameat2(root_.get(), kPartName, parent.get(), name.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno == EINVAL && files::stat_at(parent.get(), name.c_str()).error_number == ENOENT &&
        renameat(root_.get(), kPartName, parent.get(), name.c_str()) == 0)
      return {};
    return fmt::format("cannot be put at its place: {}", std::strerror(errno));
  }
  /// Names of those that the folder's file system does not keep.
  std::string take_attributes(int from) const {
    return files::set_attributes(part_.get(), files::user_attributes(from));
  }
  void abandon() {
    part_.reset();
    unlinkat(root_.get(), kPartName, 0);
  }
  void sync() const {
    if (syncfs(root_.get()) != 0) throw system_error("write to", path_, errno);
  }

 private:
  static timespec to_timespec(std::int64_t ns) {
    timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    if (time.tv_nsec < 0) {
      --time.tv_sec;
      time.tv_nsec += 1'000'000'000;
    }
    return time;
  }

  /// Empty, with errno, if it cannot be made.
  files::Fd make_folders(const std::string& folder) const {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    files::Fd at(openat(root_.get(), ".", kFlags));
    for (std::size_t begin = 0; at && begin < folder.size();) {
      const std::size_t end = std::min(folder.find('/', begin), folder.size());
      const std::string part = folder.substr(begin, end - begin);
      if (mkdirat(at.get(), part.c_str(), 0700) != 0 && errno != EEXIST) return files::Fd();
      at = files::Fd(openat(at.get(), part.c_str(), kFlags));
      begin = end + 1;
    }
    return at;
  }

  std::string path_;
  files::Fd root_, part_;
};

class Restorer {
 public:
  Restorer(const archive::Archive& archive, const RestoreOptions& options, Progress& progress,
           const StopFlag& stop)
      : options_(options),
        progress_(progress),
        stop_(stop),
        view_(archive.view()),
        target_(options.to, !options.dry_run) {
    for (const RestoreSource& source : options.sources) {
      roots_.emplace_back(open(source.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!roots_.back()) throw system_error("read", source.folder, errno);
      labels_.push_back(view_.volume(source.volume).label);
    }
  }

  RestoreReport run() {
    const bool any_name = options_.dry_run || target_.holds_any_name();
    tasks_ = plan_restore(view_, options_, any_name);
    view_.rest();
    require_key();
    report_.wanted = tasks_.size();
    progress_.files_expected = tasks_.size();
    for (const RestoreTask& task : tasks_) progress_.bytes_expected += task.size_bytes;
    progress_.walk_finished = true;
    for (RestoreTask& task : tasks_) {
      if (stop_.requested()) break;
      if (!options_.dry_run) restore(task);
      ++progress_.files_done;
      progress_.bytes_done += task.size_bytes;
    }
    if (!failed_.empty() && !stop_.requested()) find_elsewhere();
    report_.interrupted = stop_.requested();
    if (!options_.dry_run) target_.sync();
    return std::move(report_);
  }

 private:
  void require_key() const {
    if (!options_.identities.empty()) return;
    for (const RestoreTask& task : tasks_)
      if (std::ranges::all_of(task.candidates, &RestoreCandidate::sealed))
        throw Error(ErrorCode::wrong_key, "what lies on a sealed drive opens with the recovery key only",
                    "give the file that 'dalil recovery-key export' wrote with --recovery-key FILE");
  }

  void restore(RestoreTask& task) {
    const Target::There there = target_.look(task, stop_);
    if (there == Target::There::same) {
      ++report_.there;
      return;
    }
    std::vector<std::string> reasons;
    if (there == Target::There::other)
      return give_up(task, {"something else lies at its place, and is not overwritten"});
    for (RestoreCandidate& candidate : task.candidates) {
      const Fault fault = try_candidate(task, candidate);
      if (stop_.requested()) return;
      if (fault.empty()) {
        candidate.used = true;
        if (!reasons.empty()) ++report_.from_other_copies;
        return;
      }
      reasons.push_back(fmt::format("{}:{} {}", escape_for_display(labels_[candidate.source]),
                                    escape_for_display(candidate.path), fault));
      report_.damaged.push_back(reasons.back());
    }
    failed_.push_back({&task, std::move(reasons)});
  }

  struct Failed {
    const RestoreTask* task;
    std::vector<std::string> reasons;
  };
  /// A file on a drive: source and path.
  using Place = std::pair<std::size_t, std::string>;
  using Places = std::map<Digest, std::vector<Place>>;

  /// What was moved or renamed on a drive is found by its size and the SHA-256 of what lies there: files of
  /// such a size are read, nothing is decrypted, and nothing is written before it is known to be wanted.
  void find_elsewhere() {
    std::set<std::uint64_t> sizes;
    Places found;
    for (const Failed& one : failed_)
      for (const RestoreCandidate& candidate : one.task->candidates) {
        sizes.insert(candidate.stored_size);
        found[candidate.stored_digest];
      }
    std::set<Place> used;
    for (const RestoreTask& task : tasks_)
      for (const RestoreCandidate& candidate : task.candidates)
        if (candidate.used) used.emplace(candidate.source, candidate.path);
    for (std::size_t source = 0; source < roots_.size(); ++source) look_through(source, sizes, used, found);
    for (Failed& one : failed_) {
      if (stop_.requested()) return;
      if (!restore_from(*one.task, found)) give_up(*one.task, std::move(one.reasons));
    }
  }

  void look_through(std::size_t source, const std::set<std::uint64_t>& sizes, const std::set<Place>& used,
                    Places& found) {
    files::Walker walker(fmt::format("/proc/self/fd/{}", roots_[source].get()));
    while (const auto directory = walker.next())
      for (const files::DirectoryEntry& entry : directory->entries) {
        if (stop_.requested()) return;
        if (entry.stat.kind != files::FileKind::regular || !sizes.contains(entry.stat.size_bytes)) continue;
        Place place(source, files::join_path(directory->path, entry.name));
        if (used.contains(place)) continue;
        const files::Opened opened = files::open_regular(roots_[source].get(), place.second.c_str());
        const auto digest =
            opened.error_number == 0 ? digest_of(opened.fd.get(), stop_) : std::optional<Digest>();
        const auto wanted = digest ? found.find(*digest) : found.end();
        if (wanted != found.end()) wanted->second.push_back(std::move(place));
      }
  }

  bool restore_from(const RestoreTask& task, const Places& found) {
    for (RestoreCandidate candidate : task.candidates)
      for (const auto& [source, path] : found.at(candidate.stored_digest)) {
        candidate.source = source;
        candidate.path = path;
        candidate.same_file = false;
        if (stop_.requested() || !try_candidate(task, candidate).empty()) continue;
        ++report_.from_other_places;
        return true;
      }
    return false;
  }

  void give_up(const RestoreTask& task, std::vector<std::string> reasons) {
    report_.lost.push_back({task.path, task.digest, std::move(reasons)});
    ++progress_.problems;
  }

  /// Counts it if it is put in place.
  Fault try_candidate(const RestoreTask& task, const RestoreCandidate& candidate) {
    const files::Opened opened = files::open_regular(roots_[candidate.source].get(), candidate.path.c_str());
    if (opened.error_number == ENOENT) return "is missing";
    if (opened.error_number != 0)
      return fmt::format("cannot be opened: {}", std::strerror(opened.error_number));
    if (opened.stat.size_bytes != candidate.stored_size)
      return fmt::format("has {} bytes where {} are expected", opened.stat.size_bytes, candidate.stored_size);
    if (candidate.sealed && options_.identities.empty()) return "is sealed, and no recovery key was given";
    target_.begin();
    crypto::Sha256Stream hash;
    std::uint64_t size = 0;
    const Take take = [&](ByteView piece) {
      hash.update(piece);
      size += piece.size();
      target_.write(piece);
      return size <= task.size_bytes && !stop_.requested();
    };
    Fault fault;
    try {
      fault = candidate.sealed
                  ? read_sealed(opened.fd.get(), options_.identities, task.size_bytes, take, stop_)
                  : read_plain(opened.fd.get(), take, stop_);
      if (fault.empty() && (size != task.size_bytes || hash.finish() != task.digest))
        fault = "does not have the SHA-256 that the ledger has";
      std::string without;
      if (fault.empty() && !candidate.sealed)
        without = candidate.same_file ? target_.take_attributes(opened.fd.get())
                                      : files::names_of(files::user_attributes(opened.fd.get()));
      if (fault.empty()) fault = target_.put_in_place(task);
      if (fault.empty() && !without.empty())
        report_.without_attributes.push_back(
            fmt::format("{} without {}", escape_for_display(task.path), without));
    } catch (...) {
      target_.abandon();
      throw;
    }
    if (!fault.empty()) {
      target_.abandon();
    } else {
      ++report_.restored;
      report_.bytes += task.size_bytes;
    }
    return fault;
  }

  const RestoreOptions& options_;
  Progress& progress_;
  const StopFlag& stop_;
  archive::View view_;
  Target target_;
  std::vector<files::Fd> roots_;
  std::vector<std::string> labels_;
  std::vector<RestoreTask> tasks_;
  std::vector<Failed> failed_;  ///< no copy at a place of its own could be used
  RestoreReport report_;
};

}  // namespace

RestoreReport restore_files(const archive::Archive& archive, const RestoreOptions& options,
                            Progress& progress, const StopFlag& stop) {
  return Restorer(archive, options, progress, stop).run();
}

}  // namespace dalil::jobs
