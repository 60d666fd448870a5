#include "dalil/drives/repair.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/files/walk.hpp"
#include "mender.hpp"
#include "parity_keeper.hpp"
#include "parity_pieces.hpp"
#include "parts.hpp"
#include "repair_parts.hpp"
#include "repair_place.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kMostStrays = 32;

std::pair<std::uint64_t, std::uint64_t> identity_of(int fd) {
  const files::FileStat stat = files::stat_fd(fd).stat;
  return {stat.device, stat.inode};
}

files::Fd open_folder(const std::string& folder) {
  files::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return fd;
  const Error cause = system_error("open the folder", folder, errno);
  throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, cause.what(), "is it mounted there?");
}

/// What is wrong with a copy that was read through.
std::string words_for(const PieceFile& file, const PieceFile::Survey& survey, std::uint64_t size) {
  if (file.stat().size_bytes != size)
    return fmt::format("{} bytes where {} are expected", file.stat().size_bytes, size);
  if (survey.unreadable_bytes > 0) return fmt::format("{} bytes unreadable", survey.unreadable_bytes);
  return "corrupt";
}

/// One run, in one thread: what is damaged is little, and each step waits for a drive.
class RepairRun {
 public:
  RepairRun(archive::Archive& archive, const RepairOptions& options, jobs::Progress& progress,
            const jobs::StopFlag& stop)
      : archive_(archive),
        options_(options),
        progress_(progress),
        stop_(stop),
        view_(archive.view()),
        volume_(view_.volume(options.volume)),
        root_(std::make_shared<const files::Fd>(open_folder(options.folder))),
        place_(root_, options.folder, volume_.drive.has_value()),
        started_(archive.clock().now()) {
    report_.dry_run = options.dry_run;
  }

  RepairReport run() {
    refuse_what_cannot_be();
    open_sources();
    if (volume_.drive)
      report_.lists = drive_lists_fault(view_, volume_, options_.folder, root_->get(), stop_);
    plan_ = plan_repair(
        view_, options_, root_->get(), report_.lists != kNoteFault,
        [this](const std::string& path, archive::Row item) { return !unrecorded_aside(path, item).empty(); });
    report_.left = std::move(plan_.left);
    if (volume_.drive && !volume_.sealed && !plan_.tasks.empty()) find_strays();
    if (!options_.dry_run) {
      editor_.emplace(archive_.edit());
      place_.clear_parts();
    }
    announce();
    use_parity();
    try {
      for (const RepairTask& task : plan_.tasks) {
        if (stop_.requested()) break;
        ++report_.examined;
        look_at(task);
        ++progress_.files_done;
      }
      if (editor_ && !stop_.requested() && !report_.lists.empty()) {
        rewrite_drive_lists(archive_, *editor_, volume_, options_, root_);
        report_.lists_written = true;
      }
    } catch (const DriveFailure& failure) {
      report_.why = failure.what();
    }
    parity_.reset();
    place_.discard();
    if (editor_ && !volume_.drive) place_.remove_empty_folders();
    report_.interrupted = stop_.requested();
    report_.read_path = place_.read_path();
    if (editor_) record_run();
    return std::move(report_);
  }

 private:
  void refuse_what_cannot_be() const {
    if (!options_.dry_run && archive_.keyring().role() == ledger::Role::auditor)
      throw Error(ErrorCode::wrong_key, "this is not for the role 'auditor' to state",
                  "open the archive with the key of an investigator or archivist; --dry-run says what can be "
                  "mended");
    if (volume_.sealed && !volume_.drive)
      throw Error(ErrorCode::unsupported,
                  fmt::format("volume {} is a sealed drive of an earlier version, which cannot be repaired",
                              quoted(volume_.label)),
                  "dalil backup makes it one of today, and seals anew what is known to be damaged");
    if (options_.dry_run) return;
    const files::VolumeIdentity identity = files::identify_volume(options_.folder);
    if (identity.read_only)
      throw Error(ErrorCode::io, fmt::format("{} is read-only", quoted(options_.folder)),
                  "its write protection may be on, or its file system damaged");
    if (!volume_.uuid.empty() && !identity.uuid.empty() && volume_.uuid != identity.uuid && !volume_.drive)
      throw Error(ErrorCode::conflict,
                  fmt::format("{} is not volume {}: its file system is {}, and {} was recorded",
                              quoted(options_.folder), quoted(volume_.label), identity.uuid, volume_.uuid),
                  "mount the right one, or name another volume");
  }

  void open_sources() {
    for (const RepairSource& source : options_.sources) {
      const archive::Volume volume = view_.volume(source.volume);
      if (source.volume == options_.volume)
        throw Error(ErrorCode::usage,
                    fmt::format("volume {} is the one that is repaired", quoted(volume.label)),
                    "what is intact on it is used anyway; name other volumes with --from");
      sources_.push_back({source.volume, volume.label, open_folder(source.folder)});
      if (identity_of(sources_.back().root.get()) == identity_of(root_->get()))
        throw Error(ErrorCode::conflict, fmt::format("{} is named twice", quoted(source.folder)),
                    "name each volume's own folder");
      refuse_empty_source(sources_.back(), volume, source.folder);
    }
  }

  struct Source {
    archive::Row volume;
    std::string label;
    files::Fd root;
  };

  /// Where nothing is mounted, everything would seem to be lost.
  void refuse_empty_source(const Source& source, const archive::Volume& volume, const std::string& folder) {
    Folders folders(source.root.get());
    bool found = volume.live_copies == 0;
    view_.for_each_copy(source.volume, [&](archive::Row, const std::string& directory,
                                           const std::vector<archive::CopyRow>& rows) {
      for (const archive::CopyRow& row : rows)
        found = found || (row.state == archive::CopyRow::State::live &&
                          folders.stat(files::join_path(directory, row.name)).error_number == 0);
    });
    if (found) return;
    throw Error(ErrorCode::conflict,
                fmt::format("none of the {} copies of volume {} is in {}", volume.live_copies,
                            quoted(volume.label), quoted(folder)),
                fmt::format("is anything mounted at {}? say where it is: --from {}=FOLDER", quoted(folder),
                            escape_for_display(volume.label)));
  }

  void announce() {
    progress_.files_expected = plan_.tasks.size();
    for (const RepairTask& task : plan_.tasks) progress_.bytes_expected += task.row.size_bytes;
    progress_.walk_finished = true;
  }

  void use_parity() {
    if (!volume_.drive || parity_lists_on(root_->get()).empty()) return;
    std::set<std::string> damaged;
    for (const RepairTask& task : plan_.tasks) damaged.insert(task.path);
    parity_.emplace(root_, options_.folder, std::move(damaged), stop_);
    if (editor_) parity_->clear();
  }

  void look_at(const RepairTask& task) {
    const archive::Copy copy = view_.copy(task.row.seq);
    if (copy.stored.has_value() != volume_.sealed)
      return problem(task.path, volume_.sealed ? "is not recorded as an encrypted object"
                                               : "is recorded as an encrypted object");
    const crypto::Secret key = archive_.tag_key(copy.tag_epoch);
    if (copy.tags.size() != crypto::tag_count(copy.size_on_volume()))
      throw Error(ErrorCode::corrupt, fmt::format("entry {} has not a tag for each MiB", task.row.seq),
                  "run 'dalil check'");
    const ChunkProof proof(key.view(), copy.tag_nonce, copy.tags, copy.size_on_volume());
    PieceFile own(root_->get(), task.path);
    if (own.error_number() == ENOENT && bring_back(task, copy)) return;
    if (own.error_number() != 0) return mend(task, copy, proof, nullptr, {});
    const PieceFile::Survey survey = own.survey(proof, progress_, stop_);
    if (survey.stopped) return;
    if (survey.digest == copy.digest_on_volume()) return is_intact(task, copy, own.stat());
    mend(task, copy, proof, &own, survey);
  }

  /// What lies on a drive's payload under names that no entry has: moved, renamed, or put there.
  void find_strays() {
    strays_.emplace(view_, options_.volume, root_->get());
    for (const auto& one : strays_->by_size()) plan_.strays.insert(one);
  }

  archive::Repair repair_of(const RepairTask& task, const archive::Copy& copy, std::string was) const {
    archive::Repair repair;
    repair.digest = copy.digest;
    repair.volume = options_.volume;
    repair.path = task.path;
    repair.was = std::move(was);
    return repair;
  }

  /// A copy that somebody moved or renamed, proved by the item's SHA-256. False if there is none.
  bool bring_back(const RepairTask& task, archive::Copy copy) {
    const auto from = strays_ ? strays_->find(copy.size_bytes, copy.digest, stop_) : std::nullopt;
    if (!from) return false;
    archive::Repair repair = repair_of(task, copy, "moved or renamed on the volume");
    repair.pieces = {{0, copy.size_bytes, options_.volume, *from}};
    repair.piece_count = 1;
    if (editor_) {
      const std::string fault = place_.bring_back(*from, task.path, task.row.mtime_ns);
      if (!fault.empty()) {
        problem(task.path, fault);
        return true;
      }
      place_at(copy, Folders(root_->get()).stat(task.path).stat);
      editor_->add_repair(copy, repair);
      editor_->commit();
      view_.renew();
      ++progress_.files_committed;
    }
    forget_stray(*from);
    report_.bytes += copy.size_bytes;
    report_.repaired.push_back(std::move(repair));
    return true;
  }

  /// The content lies at its place again: the same under a name that no list has makes the drive no bag.
  void set_stray_aside(const archive::Copy& copy) {
    const auto stray = strays_ ? strays_->find(copy.size_bytes, copy.digest, stop_) : std::nullopt;
    if (!stray) return;
    const std::string kept = place_.set_aside(*stray);
    report_.remarks.push_back(
        {*stray, "is the same as a copy that was made anew, under another name: set aside as " +
                     escape_for_display(kept)});
    forget_stray(*stray);
  }

  void forget_stray(const std::string& path) {
    strays_->forget(path);
    std::erase_if(plan_.strays, [&](const auto& one) { return one.second == path; });
  }

  /// Also what a run mended that was killed before it could say so.
  void is_intact(const RepairTask& task, archive::Copy copy, const files::FileStat& stat) {
    ++report_.intact;
    const std::string aside = unrecorded_aside(task.path, task.row.item);
    const bool was_fine =
        task.row.verdict == archive::Verdict::intact || task.row.verdict == archive::Verdict::not_checked;
    if (!editor_ || (was_fine && aside.empty())) return;
    place_at(copy, stat);
    if (aside.empty()) {
      editor_->add_copy_with_its_tags(copy);
    } else {
      archive::Repair repair =
          repair_of(task, copy, "mended by a run that was ended before it could record from where");
      repair.set_aside = aside;
      const PieceFile damaged(root_->get(), aside);
      if (damaged.error_number() == 0) repair.damaged_size = damaged.stat().size_bytes;
      editor_->add_repair(copy, repair);
      report_.repaired.push_back(std::move(repair));
      --report_.intact;
    }
    editor_->commit();
    view_.renew();
  }

  std::string unrecorded_aside(const std::string& path, archive::Row item) {
    std::vector<std::string> aside = place_.aside_of(path);
    if (aside.empty()) return {};
    for (const archive::Repair& repair : view_.repairs_of(item)) std::erase(aside, repair.set_aside);
    return aside.empty() ? std::string() : aside.back();
  }

  static void place_at(archive::Copy& copy, const files::FileStat& stat) {
    copy.mtime_ns = stat.mtime_ns;
    copy.ctime_ns = stat.ctime_ns;
    copy.inode = stat.inode;
  }

  /// An object of a sealed drive has no other copy anywhere: each sealing gives other bytes.
  std::vector<MendSource> sources_for(const RepairTask& task) {
    std::vector<MendSource> found;
    const std::vector<archive::CopyInfo> copies =
        volume_.sealed ? std::vector<archive::CopyInfo>() : view_.copies_of(task.row.item);
    const auto add = [&](int fd, archive::Row volume, const archive::CopyInfo& copy) {
      found.push_back({fd, volume, copy.path, escape_for_display(copy.volume_label + ":" + copy.path),
                       copy.stored.has_value()});
    };
    for (const Source& source : sources_)
      for (const archive::CopyInfo& copy : copies)
        if (copy.volume == source.volume && copy.row.state == archive::CopyRow::State::live)
          add(source.root.get(), source.volume, copy);
    for (const archive::CopyInfo& copy : copies)
      if (copy.volume == options_.volume && copy.path != task.path &&
          copy.row.state == archive::CopyRow::State::live)
        add(root_->get(), options_.volume, copy);
    for (const std::string& path : place_.aside_of(task.path)) found.push_back(stray(path));
    return found;
  }

  /// What parity makes of it, where no copy has it.
  std::vector<MendSource> parity_for(const RepairTask& task) {
    std::vector<MendSource> found;
    view_.rest();
    for (const ParityPieces::Given& given : parity_->of(task.path)) {
      MendSource source = stray(given.path);
      source.recorded = given.parity;
      source.shown = escape_for_display(volume_.label + ":" + given.parity);
      if (!given.fault.empty()) parity_faults_[source.shown] = given.fault;
      found.push_back(std::move(source));
    }
    view_.renew();
    return found;
  }

  MendSource stray(const std::string& path) const {
    return {root_->get(), options_.volume, path, escape_for_display(volume_.label + ":" + path), false};
  }

  std::vector<MendSource> strays_for(const RepairTask& task) const {
    std::vector<MendSource> found;
    const auto [first, last] = plan_.strays.equal_range(task.row.size_bytes);
    for (auto at = first; at != last && found.size() < kMostStrays; ++at)
      if (at->second != task.path) found.push_back(stray(at->second));
    return found;
  }

  /// Before anything is tried: whatever comes of it, a copy that was believed to be good counts no more.
  void record_damage(const RepairTask& task, const PieceFile* own, const PieceFile::Survey& survey) {
    using archive::Verdict;
    if (!editor_ || is_damage(task.row.verdict)) return;
    Verdict verdict = survey.unreadable_bytes > 0 ? Verdict::unreadable : Verdict::corrupt;
    if (own == nullptr)
      verdict = task.was == "missing"                                    ? Verdict::missing
                : task.was.empty() || task.was.starts_with("unreadable") ? Verdict::unreadable
                                                                         : Verdict::changed;
    const auto [directory, name] = split_path(task.path);
    editor_->record_named_verdicts(options_.volume, directory, {{name, verdict}},
                                   archive_.clock().now().ms / 1000);
    editor_->commit();
    view_.renew();
  }

  /// A dry run hashes what it would write.
  void mend(const RepairTask& task, const archive::Copy& copy, const ChunkProof& proof, PieceFile* own,
            const PieceFile::Survey& survey) {
    record_damage(task, own, survey);
    archive::Repair repair =
        repair_of(task, copy, own != nullptr ? words_for(*own, survey, copy.size_on_volume()) : task.was);
    if (repair.was.empty()) repair.was = "unreadable";
    repair.damaged_digest = survey.digest;
    if (own != nullptr) repair.damaged_size = own->stat().size_bytes;
    if (editor_) place_.begin(copy.size_on_volume());
    const auto put = [&](std::uint64_t offset, ByteView bytes) {
      if (editor_) place_.put(offset, bytes);
    };
    std::vector<MendSource> sources = sources_for(task);
    const auto attempt = [&] {
      Mended mended =
          Mender(proof, sources, strays_for(task), options_.identities, stop_).run(own, survey.good, put);
      repair.pieces = mended.pieces;
      if (mended.complete() || stop_.requested()) return mended;
      if (const auto whole = take_whole(sources, copy)) {
        repair.pieces = {*whole};
        mended.lost.clear();
      }
      return mended;
    };
    Mended mended = attempt();
    if (!mended.complete() && parity_ && parity_->covers(task.path) && !stop_.requested()) {
      if (!editor_)
        return problem(task.path, "is intact nowhere; parity may mend it (a dry run does not try)");
      for (MendSource& source : parity_for(task)) sources.push_back(std::move(source));
      mended = attempt();
      for (const auto& [source, fault] : std::exchange(parity_faults_, {})) mended.faults[source] = fault;
    }
    if (stop_.requested()) return;
    for (const auto& [source, fault] : mended.faults) report_.source_damage.push_back(source + ": " + fault);
    if (!mended.complete()) return lose(task, copy, repair.was, mended);
    repair.piece_count = repair.pieces.size();
    if (!editor_) {
      report_.bytes += copy.size_on_volume();
      report_.repaired.push_back(std::move(repair));
      return;
    }
    put_in_place(task, copy, own, survey, std::move(repair));
  }

  /// The tags may be what is wrong: a source with the item's SHA-256 needs none.
  std::optional<archive::Repair::Piece> take_whole(const std::vector<MendSource>& sources,
                                                   const archive::Copy& copy) {
    const std::uint64_t size = copy.size_on_volume();
    for (const MendSource& source : sources) {
      if (source.sealed) continue;
      PieceFile file(source.root_fd, source.path);
      if (file.error_number() != 0 || file.stat().size_bytes != size) continue;
      crypto::Sha256Stream hash;
      for (std::uint64_t i = 0; i < crypto::tag_count(size) && !stop_.requested(); ++i) {
        const PieceFile::Chunk chunk = file.read(i, chunk_size(size, i));
        if (!chunk.whole()) break;
        hash.update(chunk.bytes);
        if (editor_) place_.put(i * kChunk, chunk.bytes);
      }
      if (hash.finish() == copy.digest_on_volume())
        return archive::Repair::Piece{0, size, source.volume, source.name()};
    }
    return std::nullopt;
  }

  /// Where a file lay when it was taken in: on a plain drive "data/disk/a" is "a" of the volume "disk".
  std::string origin_of(archive::Row volume, const std::string& path) {
    constexpr std::string_view kPayload = "data/";
    const archive::Volume of = view_.volume(volume);
    return of.kind == archive::VolumeKind::backup && path.starts_with(kPayload)
               ? path.substr(kPayload.size())
               : files::join_path(of.label, path);
  }

  /// Of another copy of this very file: a file of the same content elsewhere has times and attributes of its
  /// own.
  std::optional<FileManners> manners_of_source(const RepairTask& task) {
    const std::string origin = origin_of(volume_.row, task.path);
    for (const MendSource& source : sources_for(task)) {
      if (source.sealed || origin_of(source.volume, source.path) != origin) continue;
      const files::Opened from = files::open_regular(source.root_fd, source.path.c_str());
      if (from.error_number == 0) return manners_of(from.fd.get());
    }
    return std::nullopt;
  }

  /// What lies at the place may be another file altogether, and its attributes are then no more the copy's
  /// than its content.
  bool is_another_file(const RepairTask& task, const PieceFile::Survey& survey) {
    if (!survey.digest) return false;
    const auto item = view_.find_item(*survey.digest);
    return item && *item != task.row.item;
  }

  FileManners manners_for(const RepairTask& task, const PieceFile* own, const PieceFile::Survey& survey) {
    FileManners manners;
    const bool another = own != nullptr && is_another_file(task, survey);
    if (own != nullptr) manners = manners_of(own->fd());
    const bool nothing_left = std::ranges::none_of(survey.good, std::identity());
    if (own == nullptr || another || nothing_left) {
      const auto source = manners_of_source(task);
      if (another) manners.attributes.clear();
      if (source && (own == nullptr || another || !source->attributes.empty())) manners = *source;
    }
    manners.mtime_ns = task.row.mtime_ns;
    return manners;
  }

  void put_in_place(const RepairTask& task, archive::Copy copy, const PieceFile* own,
                    const PieceFile::Survey& survey, archive::Repair repair) {
    const std::string lost = place_.finish(manners_for(task, own, survey));
    const std::optional<Digest> digest = place_.read_back(stop_);
    if (stop_.requested()) return;
    if (digest != copy.digest_on_volume()) {
      place_.discard();
      return problem(task.path,
                     digest ? "was put together, and has not the SHA-256 of the item: not put in place"
                            : "was put together, and cannot be read back: the drive fails");
    }
    std::optional<files::FileStat> seen;
    if (own != nullptr)
      seen = own->stat();
    else if (const files::StatResult there = Folders(root_->get()).stat(task.path); there.error_number == 0)
      seen = there.stat;
    const RepairPlace::Published published = place_.publish(task.path, seen);
    if (!published.fault.empty()) return problem(task.path, published.fault);
    repair.set_aside = published.set_aside;
    place_at(copy, published.stat);
    repair.deleted = options_.delete_damaged && !published.set_aside.empty();
    editor_->add_repair(copy, repair);
    editor_->commit();
    view_.renew();
    ++progress_.files_committed;
    if (repair.deleted) {
      place_.remove_aside(published.set_aside);
    } else if (!published.set_aside.empty() && repair.damaged_size > 0) {
      plan_.strays.emplace(repair.damaged_size, published.set_aside);
    }
    if (!lost.empty()) report_.remarks.push_back({task.path, "was repaired " + lost});
    set_stray_aside(copy);
    report_.bytes += copy.size_on_volume();
    report_.repaired.push_back(std::move(repair));
  }

  void lose(const RepairTask& task, const archive::Copy& copy, const std::string& was, const Mended& mended) {
    place_.discard();
    ++progress_.problems;
    LostCopy lost{task.path, copy.digest, copy.size_on_volume(), was, mended.lost, {}};
    for (const auto& [source, fault] : mended.faults) lost.tried.push_back(source + " " + fault);
    report_.lost.push_back(std::move(lost));
  }

  void problem(const std::string& path, const std::string& what) {
    ++progress_.problems;
    report_.problems.push_back({path, what});
  }

  void record_run() {
    archive::RunSummary run;
    run.kind = "repair";
    run.volume = options_.volume;
    run.folder = files::absolute_path(options_.folder);
    run.result = report_.interrupted                                                       ? "INTERRUPTED"
                 : report_.why.empty() && report_.lost.empty() && report_.problems.empty() ? "DONE"
                                                                                           : "INCOMPLETE";
    run.started = started_;
    run.ended = archive_.clock().now();
    run.counts = {{"examined", report_.examined},        {"intact", report_.intact},
                  {"repaired", report_.repaired.size()}, {"lost", report_.lost.size()},
                  {"failed", report_.problems.size()},   {"bytes", report_.bytes}};
    for (const LostCopy& lost : report_.lost) {
      archive::RunSummary::Exception exception;
      exception.path = lost.path;
      exception.verdict = archive::Verdict::corrupt;
      exception.ranges = lost.ranges;
      exception.detail = "nothing can mend it: " + lost.was;
      exception.digest = lost.digest;
      run.exceptions.push_back(std::move(exception));
    }
    editor_->add_run(run);
    editor_->commit();
  }

  archive::Archive& archive_;
  const RepairOptions& options_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  archive::View view_;
  const archive::Volume volume_;
  std::shared_ptr<const files::Fd> root_;
  RepairPlace place_;
  const UtcTime started_;
  std::vector<Source> sources_;
  RepairPlan plan_;
  std::optional<Strays> strays_;
  std::optional<ParityPieces> parity_;
  std::map<std::string, std::string> parity_faults_;  ///< by source, as it is shown
  std::optional<archive::Editor> editor_;
  RepairReport report_;
};

}  // namespace

RepairReport repair(archive::Archive& archive, const RepairOptions& options, jobs::Progress& progress,
                    const jobs::StopFlag& stop) {
  return RepairRun(archive, options, progress, stop).run();
}

}  // namespace dalil::drives
