#include "dalil/drives/sealed.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/seal.hpp"
#include "sealed_files.hpp"

namespace dalil::drives {

namespace {

constexpr std::size_t kPieceSize = 1 << 20;
constexpr std::int64_t kCommitEveryMs = 1000;
constexpr std::uint64_t kSpareBytes = 16 << 20;  ///< for lists and the snapshot, at least

struct Wanted {
  std::string directory, name;
  archive::Row item = ledger::kNoRow;
  std::uint64_t size_bytes = 0;
  Digest digest;
  std::string path() const { return files::join_path(directory, name); }
};

using Place = std::pair<std::string, Digest>;  ///< path on the source, content

class DriveSealer {
 public:
  DriveSealer(archive::Archive& archive, const SealOptions& options, jobs::Progress& progress,
              const jobs::StopFlag& stop)
      : archive_(archive),
        options_(options),
        progress_(progress),
        stop_(stop),
        view_(archive.view()),
        editor_(archive.edit()),
        source_(open_folder(options.source_folder)),
        drive_(open_folder(options.drive_folder)) {}

  SealReport run() {
    const std::vector<Wanted> wanted = plan();
    view_.rest();
    require_room(wanted);
    for (const char* folder : {sealed::kObjects, sealed::kPartial}) make_folder(folder);
    set_aside_unknown();
    clear_partial();
    try {
      seal_all(wanted);
    } catch (...) {
      commit();  // what is on the drive is on record, also if the drive takes no more
      throw;
    }
    commit();
    report_.interrupted = stop_.requested();
    // An interrupted run leaves lists that are right for what they list.
    sealed::write_drive_files(archive_, options_.drive, options_.drive_folder, options_.recipients);
    report_.closed = true;
    return std::move(report_);
  }

 private:
  void seal_all(const std::vector<Wanted>& wanted) {
    for (const Wanted& file : wanted) {
      if (stop_.requested()) return;
      seal(file);
      ++progress_.files_done;
      progress_.bytes_done += file.size_bytes;
      if (archive_.clock().now().ms - last_commit_.ms >= kCommitEveryMs) commit();
    }
  }

  static files::Fd open_folder(const std::string& path) {
    files::Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error("open", path, errno);
    return fd;
  }

  Error failed(const char* action, int error_number) const {
    return system_error(action, options_.drive_folder, error_number);
  }

  void make_folder(const std::string& name) const {
    if (mkdirat(drive_.get(), name.c_str(), 0700) != 0 && errno != EEXIST) throw failed("write to", errno);
  }

  /// What the source holds, without what is on the drive already.
  std::vector<Wanted> plan() {
    std::set<Place> there;
    view_.for_each_copy(options_.drive, [&](archive::Row, const std::string& directory, const auto& rows) {
      for (const archive::CopyRow& row : rows) {
        if (row.state != archive::CopyRow::State::live || row.item == ledger::kNoRow) continue;
        known_.insert(files::join_path(directory, row.name));
        pending_lookups_.push_back(row.seq);
      }
    });
    for (const archive::Seq seq : pending_lookups_) {
      const archive::Copy copy = view_.copy(seq);
      if (copy.stored && copy.stored->source_volume == options_.source)
        there.emplace(files::join_path(copy.stored->source_directory, copy.stored->source_name), copy.digest);
    }
    std::vector<Wanted> wanted;
    const std::set<archive::Row> chosen =
        options_.items ? std::set<archive::Row>(options_.items->begin(), options_.items->end())
                       : std::set<archive::Row>();
    view_.for_each_copy(options_.source, [&](archive::Row, const std::string& directory, const auto& rows) {
      for (const archive::CopyRow& row : rows) {
        if (row.state != archive::CopyRow::State::live || row.item == ledger::kNoRow) continue;
        if (options_.items && !chosen.contains(row.item)) continue;
        wanted.push_back({directory, row.name, row.item, row.size_bytes, {}});
      }
    });
    report_.wanted = wanted.size();
    for (Wanted& file : wanted) file.digest = view_.item(file.item).digest;
    std::erase_if(wanted, [&](const Wanted& file) { return there.contains({file.path(), file.digest}); });
    std::ranges::sort(wanted, {}, &Wanted::path);
    report_.there = report_.wanted - wanted.size();
    progress_.files_expected = wanted.size();
    for (const Wanted& file : wanted) progress_.bytes_expected += file.size_bytes;
    progress_.walk_finished = true;
    return wanted;
  }

  void require_room(const std::vector<Wanted>& wanted) const {
    std::uint64_t needed = kSpareBytes + archive_.ledger().database_bytes();
    for (const Wanted& file : wanted)
      needed += crypto::age::encrypted_size(512, jobs::padded_size(file.size_bytes));
    struct statvfs status {};
    if (fstatvfs(drive_.get(), &status) != 0) throw failed("examine", errno);
    const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
    if (free < needed)
      throw Error(ErrorCode::io,
                  fmt::format("{} bytes are needed on '{}' and {} are free", needed,
                              escape_for_display(options_.drive_folder), free),
                  "use a larger drive, or choose less; nothing was written");
  }

  /// Objects of a run that was killed before it recorded them. The archive may also be an older one than the
  /// drive knows, so that nothing is deleted.
  void set_aside_unknown() {
    std::vector<std::string> unknown;
    files::Walker walker(options_.drive_folder + "/" + sealed::kObjects);
    while (const auto listed = walker.next())
      for (const auto& entry : listed->entries) {
        const std::string path =
            files::join_path(sealed::kObjects, files::join_path(listed->path, entry.name));
        if (entry.stat.kind == files::FileKind::regular && !known_.contains(path)) unknown.push_back(path);
      }
    if (unknown.empty()) return;
    make_folder(sealed::kAside);
    for (const std::string& path : unknown) {
      std::string name = path;
      std::ranges::replace(name, '/', '-');
      if (renameat2(drive_.get(), path.c_str(), drive_.get(),
                    (std::string(sealed::kAside) + "/" + name).c_str(), RENAME_NOREPLACE) != 0)
        throw failed("set an object aside on", errno);
      ++report_.set_aside;
    }
  }

  void clear_partial() const {
    files::Walker walker(options_.drive_folder + "/" + sealed::kPartial);
    if (const auto listed = walker.next())
      for (const auto& entry : listed->entries)
        if (entry.name.ends_with(".age"))
          unlinkat(drive_.get(), (std::string(sealed::kPartial) + "/" + entry.name).c_str(), 0);
  }

  void problem(const Wanted& file, std::string what) {
    report_.problems.push_back({file.path(), std::move(what)});
    ++progress_.problems;
  }

  void seal(const Wanted& file) {
    const files::Opened opened = files::open_regular(source_.get(), file.path().c_str());
    if (opened.error_number != 0)
      return problem(file, fmt::format("cannot be opened: {}", std::strerror(opened.error_number)));
    const jobs::ObjectName name = jobs::random_object_name();
    const std::string part = std::string(sealed::kPartial) + "/" + name.name;
    std::string fault;
    const std::optional<jobs::SealedObject> object = write_object(opened.fd.get(), part, fault);
    if (fault.empty() && (object->content_digest != file.digest || object->content_size != file.size_bytes))
      fault = "is not what the ledger has: it was changed or is damaged, and was not copied";
    if (fault.empty()) fault = read_back(part, *object);
    if (!fault.empty()) {
      unlinkat(drive_.get(), part.c_str(), 0);
      return problem(file, std::move(fault));
    }
    publish(file, name, part, *object);
  }

  std::optional<jobs::SealedObject> write_object(int from, const std::string& part,
                                                 std::string& fault) const {
    const files::Fd to(
        openat(drive_.get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to) throw failed("write to", errno);
    jobs::ObjectSealer sealer(options_.recipients, archive_.tag_key().view(), [&](ByteView bytes) {
      while (!bytes.empty()) {
        const ssize_t put = ::write(to.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) throw failed("write to", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
      }
    });
    Bytes buffer(kPieceSize);
    for (;;) {
      const ssize_t got = ::read(from, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        fault = fmt::format("cannot be read: {}", std::strerror(errno));
        return std::nullopt;
      }
      if (got == 0) break;
      sealer.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    }
    jobs::SealedObject object = sealer.finish();
    if (fsync(to.get()) != 0) throw failed("write to", errno);
    return object;
  }

  /// From the medium: what the cache holds says nothing of the drive.
  std::string read_back(const std::string& part, const jobs::SealedObject& object) {
    const files::Opened opened = files::open_regular(drive_.get(), part.c_str(), files::ReadFrom::medium);
    if (opened.error_number != 0) return "could not be read back from the drive";
    crypto::Sha256Stream hash;
    const files::ReadResult result = files::read_through(
        opened.fd.get(), buffer_, [&](std::uint64_t, ByteView bytes, bool) { hash.update(bytes); });
    if (!result.ok())
      return fmt::format("could not be read back: {}", std::strerror(result.bad.front().error_number));
    if (result.size_bytes != object.size_bytes || hash.finish() != object.digest)
      return "was read back with another content than was written: the drive or its cable fails";
    return {};
  }

  void publish(const Wanted& file, const jobs::ObjectName& name, const std::string& part,
               const jobs::SealedObject& object) {
    make_folder(name.directory);
    const std::string path = name.directory + "/" + name.name;
    if (renameat2(drive_.get(), part.c_str(), drive_.get(), path.c_str(), RENAME_NOREPLACE) != 0)
      throw failed("put an object in place on", errno);
    const files::StatResult found = files::stat_at(drive_.get(), path.c_str());
    if (found.error_number != 0) throw failed("examine", found.error_number);
    archive::Copy copy;
    copy.volume = options_.drive;
    copy.directory = name.directory;
    copy.name = name.name;
    copy.digest = object.content_digest;
    copy.size_bytes = object.content_size;
    copy.mtime_ns = found.stat.mtime_ns;
    copy.ctime_ns = found.stat.ctime_ns;
    copy.inode = found.stat.inode;
    copy.tag_nonce = object.tag_nonce;
    copy.tags = object.tags;
    copy.stored =
        archive::StoredForm{object.digest, object.size_bytes, options_.source, file.directory, file.name};
    unrecorded_.push_back(std::move(copy));
    ++report_.written;
    report_.bytes += object.size_bytes;
  }

  /// Names first, then what says that they are there.
  void commit() {
    if (!unrecorded_.empty()) {
      if (syncfs(drive_.get()) != 0) throw failed("write to", errno);
      for (const archive::Copy& copy : unrecorded_) editor_.add_copy(copy);
      editor_.commit();
      progress_.files_committed += unrecorded_.size();
      unrecorded_.clear();
    }
    last_commit_ = archive_.clock().now();
  }

  archive::Archive& archive_;
  const SealOptions& options_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  archive::View view_;
  archive::Editor editor_;
  files::Fd source_, drive_;
  files::AlignedBuffer buffer_{kPieceSize};
  std::set<std::string> known_;
  std::vector<archive::Seq> pending_lookups_;
  std::vector<archive::Copy> unrecorded_;
  UtcTime last_commit_;
  SealReport report_;
};

}  // namespace

SealReport seal_drive(archive::Archive& archive, const SealOptions& options, jobs::Progress& progress,
                      const jobs::StopFlag& stop) {
  return DriveSealer(archive, options, progress, stop).run();
}

}  // namespace dalil::drives
