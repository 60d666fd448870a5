#include "dalil/drives/own_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dalil/base/error.hpp"
#include "dalil/drives/drive.hpp"
#include "dalil/formats/bagit.hpp"
#include "folders.hpp"
#include "layout.hpp"
#include "parity_keeper.hpp"
#include "parts.hpp"
#include "stores.hpp"
#include "tile_check.hpp"

namespace dalil::drives {

namespace {

using archive::Verdict;

/// What is lost with a file; empty for what is for people only.
std::string loss_of(std::string_view path) {
  struct Row {
    std::string_view path;
    const char* loss;
  };
  static constexpr Row kRows[] = {
      {layout::kIndex, "without it nothing comes back from here without the archive"},
      {layout::kObjectList, "without it nobody can check this drive without the archive"},
      {layout::kManifest, "without it nobody can check this drive without the archive"},
      {layout::kStockList, "without it sha256sum cannot check this drive"},
      {layout::kTagManifest, "the drive is no whole bag"},
      {layout::kBagInfo, "the drive is no whole bag"},
      {layout::kDeclaration, "the drive is no bag"},
      {layout::kNote, "nothing says whose drive this is, and nobody vouches for its lists"},
      {layout::kCheckpoint, "the drive does not prove the state of the ledger"},
      {layout::kSigners, "the drive does not tell who may sign"},
  };
  for (const Row& row : kRows)
    if (row.path == path) return row.loss;
  if (path.starts_with("dalil/tile")) return "the drive does not prove the state of the ledger";
  if (path.starts_with(std::string(layout::kFolder) + "/" + layout::kSnapshot))
    return "the archive does not come back from this drive";
  return {};
}

class OwnFilesCheck {
 public:
  OwnFilesCheck(archive::View& view, const archive::Volume& volume, const std::string& folder,
                const OwnFilesOptions& options, const jobs::StopFlag& stop)
      : view_(view),
        volume_(volume),
        options_(options),
        stop_(stop),
        root_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) throw system_error("open the drive's folder", folder, errno);
  }

  jobs::OwnFiles run() {
    const auto note = read_note();
    if (note && note->drive.sequence == 0) return std::move(found_);
    if (note) {
      for (const auto& [path, digest] : note->tag_files) look_at(path, digest);
      if (note->drive.kind == archive::DriveKind::plain) look_at_tag_manifest(*note);
      for (TileFault& fault :
           check_tiles(root_.get(), note->checkpoint, &view_.reader(), options_.contents, stop_))
        wrong(fault.path, fault.verdict, fault.detail);
      found_.right += tile_count(note->checkpoint.size);
      const auto tiles_wrong = std::ranges::count_if(
          found_.wrong, [](const auto& one) { return one.path.starts_with("dalil/tile/"); });
      found_.right -= static_cast<std::uint64_t>(tiles_wrong);
      found_.remarks = parity_remarks(root_.get(), options_.contents, stop_);
    }
    std::ranges::stable_sort(found_.wrong, {}, &archive::RunSummary::Exception::path);
    return std::move(found_);
  }

 private:
  void wrong(const std::string& path, Verdict verdict, const std::string& why, int error_number = 0) {
    archive::RunSummary::Exception exception;
    exception.path = path;
    exception.verdict = verdict;
    exception.error_number = error_number;
    exception.detail = why;
    if (const std::string loss = loss_of(path); !loss.empty())
      exception.detail += (exception.detail.empty() ? "" : "; ") + loss;
    found_.wrong.push_back(std::move(exception));
  }

  struct Reading {
    std::optional<Digest> digest;  ///< absent if it could not be read whole
    int error_number = 0;
  };

  /// Whatever its size.
  Reading read(const std::string& path, files::ReadFrom from) {
    const files::Opened opened = files::open_regular(root_.get(), path.c_str(), from);
    if (opened.error_number != 0) return {std::nullopt, opened.error_number};
    if (!options_.contents) return {};
    crypto::Sha256Stream hash;
    const files::ReadResult result = files::read_through(
        opened.fd.get(), buffer_, [&](std::uint64_t, ByteView bytes, bool) { hash.update(bytes); });
    if (!result.ok()) return {std::nullopt, result.bad.front().error_number};
    return {hash.finish(), 0};
  }

  files::ReadFrom from() const {
    return options_.from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere;
  }

  void look_at(const std::string& path, const Digest& digest) {
    if (stop_.requested()) return;
    Reading reading = read(path, from());
    const auto is_right = [&] {
      return reading.error_number == 0 && (!options_.contents || reading.digest == digest);
    };
    if (!is_right()) reading = read(path, files::ReadFrom::medium);
    if (is_right()) {
      ++found_.right;
      return;
    }
    const int error_number = reading.error_number;
    const bool missing = error_number == ENOENT || error_number == ENOTDIR;
    const bool other = error_number == 0 || error_number == ENXIO || error_number == ELOOP;
    wrong(path,
          missing ? Verdict::missing
          : other ? Verdict::corrupt
                  : Verdict::unreadable,
          "", missing || other ? 0 : error_number);
  }

  /// Absent if it is none that the others can be compared with.
  std::optional<DriveNote> read_note() {
    const files::StatResult there = Folders(root_.get()).stat(layout::kNote);
    NoteOnDrive read = read_drive_note(root_.get());
    if (!read.bytes) {
      const bool missing = there.error_number == ENOENT || there.error_number == ENOTDIR;
      if (missing && volume_.drive->sequence == 0) return std::nullopt;  // killed before it wrote one
      wrong(layout::kNote, missing ? Verdict::missing : Verdict::unreadable, "",
            missing ? 0 : there.error_number);
      return std::nullopt;
    }
    note_digest_ = crypto::sha256(as_bytes(*read.bytes));
    std::optional<DriveNote>& note = read.note;
    const auto refuse = [&](const std::string& why) {
      wrong(layout::kNote, Verdict::corrupt, why);
      return std::nullopt;
    };
    if (!note) return refuse("it is no signed note of a drive");
    if (!is_signed_for(view_, *read.signed_note)) return refuse("nobody of this archive has signed it so");
    if (note->drive.id != volume_.drive->id) return refuse("it is another drive's");
    if (note->drive.sequence < volume_.drive->sequence)
      return refuse(fmt::format("it is that of run {}, and run {} ended since", note->drive.sequence,
                                volume_.drive->sequence));
    ++found_.right;
    return std::move(note);
  }

  void look_at_tag_manifest(const DriveNote& note) {
    std::vector<std::pair<std::string, Digest>> listed = note.tag_files;
    listed.emplace_back(layout::kNote, note_digest_);
    std::ranges::sort(listed);
    std::string expected;
    for (const auto& [path, digest] : listed) expected += formats::bagit::manifest_line(digest.view(), path);
    look_at(layout::kTagManifest, crypto::sha256(as_bytes(expected)));
  }

  archive::View& view_;
  const archive::Volume& volume_;
  const OwnFilesOptions& options_;
  const jobs::StopFlag& stop_;
  files::Fd root_;
  files::AlignedBuffer buffer_{std::size_t{1} << 20};
  Digest note_digest_;
  jobs::OwnFiles found_;
};

}  // namespace

jobs::OwnFiles check_own_files(archive::View& view, const archive::Volume& volume, const std::string& folder,
                               const OwnFilesOptions& options, const jobs::StopFlag& stop) {
  if (!volume.drive) return {};
  return OwnFilesCheck(view, volume, folder, options, stop).run();
}

}  // namespace dalil::drives
