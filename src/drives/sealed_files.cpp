#include "sealed_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "dalil/archive/snapshot.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/formats/sealed_index.hpp"

namespace dalil::drives::sealed {

namespace {

constexpr std::string_view kSnapshot = "snapshot-", kSnapshotEnd = ".age", kNoteEnd = ".note";

// No word of whose it is.
constexpr std::string_view kReadmeText =
    "This drive holds encrypted files. Please give it back to whom it belongs to.\n"
    "\n"
    "objects.sha256 lists the SHA-256 of each. To check that all are whole, in this folder:\n"
    "    sha256sum -c objects.sha256\n"
    "\n"
    "They are age files (age-encryption.org/v1) and open with the owner's recovery key only:\n"
    "    age -d -i KEYFILE index.age                    what is in which object, as JSON lines\n"
    "    age -d -i KEYFILE OBJECT | head -c SIZE        one file; zeros follow it as padding\n";

/// A file that takes its place, over an earlier one, when it is whole.
class Replacement {
 public:
  Replacement(std::string folder, const std::string& name)
      : folder_(std::move(folder)), path_(folder_ + "/" + name), part_(path_ + ".partial") {
    unlink(part_.c_str());
    file_ = files::Fd(open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) throw system_error("write", part_, errno);
  }
  ~Replacement() {
    if (file_) unlink(part_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void write(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw system_error("write", part_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }
  void finish() {
    if (fsync(file_.get()) != 0) throw system_error("write", part_, errno);
    if (rename(part_.c_str(), path_.c_str()) != 0) throw system_error("write", path_, errno);
    file_.reset();
    files::sync_directory(folder_);
  }

 private:
  std::string folder_, path_, part_;
  files::Fd file_;
};

void replace(const std::string& folder, const char* name, std::string_view text) {
  Replacement file(folder, name);
  file.write(as_bytes(text));
  file.finish();
}

/// Live copies on the drive, by their paths there.
std::vector<archive::Copy> copies_on(archive::View& view, archive::Row drive) {
  std::vector<archive::Seq> seqs;
  view.for_each_copy(drive, [&](archive::Row, const std::string&, const std::vector<archive::CopyRow>& rows) {
    for (const archive::CopyRow& row : rows)
      if (row.state == archive::CopyRow::State::live) seqs.push_back(row.seq);
  });
  std::vector<archive::Copy> copies;
  for (const archive::Seq seq : seqs) {
    copies.push_back(view.copy(seq));
    copies.back().tags.clear();  // not needed here, and most of the memory
  }
  std::ranges::sort(copies, {}, &archive::Copy::path);
  return copies;
}

std::optional<UtcTime> modified(archive::View& view, const archive::StoredForm& from) {
  for (const archive::CopyRow& row : view.directory(from.source_volume, from.source_directory))
    if (row.name == from.source_name) return UtcTime{row.mtime_ns / 1'000'000};
  return std::nullopt;
}

void write_lists(archive::View& view, archive::Row drive, const std::string& folder,
                 const std::vector<std::string>& recipients) {
  const std::vector<archive::Copy> copies = copies_on(view, drive);
  const std::vector<archive::Volume> volumes = view.volumes();
  Replacement list(folder, kList), index(folder, kIndex);
  crypto::age::Encryptor encryptor(recipients, [&](ByteView bytes) { index.write(bytes); });
  for (const archive::Copy& copy : copies) {
    if (!copy.stored) continue;
    const archive::StoredForm& from = *copy.stored;
    list.write(as_bytes(fmt::format("{}  {}\n", from.digest.hex(), copy.path())));
    const std::string label = from.source_volume < volumes.size() ? volumes[from.source_volume].label : "";
    const formats::SealedIndexLine line{
        copy.path(), label + "/" + files::join_path(from.source_directory, from.source_name), copy.digest,
        copy.size_bytes, modified(view, from)};
    encryptor.update(as_bytes(formats::format_line(line)));
  }
  encryptor.finish();
  list.finish();
  index.finish();
}

bool is_snapshot(const std::string& name) {
  return name.starts_with(kSnapshot) &&
         (name.ends_with(kSnapshotEnd) || name.ends_with(std::string(kSnapshotEnd) + std::string(kNoteEnd)));
}

/// The fresh one is whole before an older one goes.
void write_snapshot(const archive::Archive& archive, const std::string& folder,
                    const std::vector<std::string>& recipients) {
  archive::View view = archive.view();
  const std::string name = fmt::format("{}{}-{}{}", kSnapshot, view.reader().size(),
                                       to_hex(crypto::random_array<4>()), kSnapshotEnd);
  Replacement file(folder, name);
  const archive::SnapshotMade made =
      archive::write_snapshot(archive, recipients, [&](ByteView bytes) { file.write(bytes); });
  file.finish();
  const std::string note = name + std::string(kNoteEnd);
  replace(folder, note.c_str(), made.note);
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(folder.c_str()), closedir);
  if (!handle) throw system_error("read", folder, errno);
  std::vector<std::string> old;
  while (const dirent* entry = readdir(handle.get()))
    if (is_snapshot(entry->d_name) && entry->d_name != name && entry->d_name != note)
      old.emplace_back(entry->d_name);
  for (const std::string& one : old) unlink((folder + "/" + one).c_str());
}

}  // namespace

void write_drive_files(const archive::Archive& archive, archive::Row drive, const std::string& folder,
                       const std::vector<std::string>& recipients) {
  archive::View view = archive.view();
  replace(folder, kReadme, kReadmeText);
  write_lists(view, drive, folder, recipients);
  replace(folder, kCheckpoint, view.reader().checkpoint());
  write_snapshot(archive, folder, recipients);
}

}  // namespace dalil::drives::sealed
