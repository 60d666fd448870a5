#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/formats/bagit.hpp"
#include "layout.hpp"
#include "parts.hpp"

/// Everything on a plain drive that is not evidence: a bag's lists, the checkpoint, the note.
namespace dalil::drives {

namespace bagit = formats::bagit;

namespace {

constexpr const char* kReadmeText =
    "This drive holds copies of files that a group keeps as evidence. Please do not change, add or remove "
    "anything.\n"
    "\n"
    "data/                 the files, under the names that they had\n"
    "manifest-sha256.txt   their SHA-256; the drive is a bag by BagIt 1.0 (RFC 8493)\n"
    "dalil/drive.note      which drive this is and what its lists hashed to, signed by whoever made it\n"
    "dalil/checkpoint      the state of the group's ledger at that time, signed\n"
    "dalil/aside/          if there: files that stood in the way of others, kept\n"
    "\n"
    "To check every file, in this drive's folder:\n"
    "\n"
    "    sha256sum --quiet -c manifest-sha256.txt\n"
    "\n"
    "If there is a file dalil/sha256sum.txt, some names are written in another way in the bag's list; then "
    "use\n"
    "\n"
    "    sha256sum --quiet -c dalil/sha256sum.txt\n"
    "\n"
    "Or, with Dalil: dalil verify-bag FOLDER\n";

std::string sha256sum_line(const Digest& digest, const std::string& path) {
  const bool escaped = path.find_first_of("\\\n\r") != path.npos;
  std::string name;
  for (const char c : path) {
    if (c == '\\')
      name += "\\\\";
    else if (c == '\n')
      name += "\\n";
    else if (c == '\r')
      name += "\\r";
    else
      name += c;
  }
  return fmt::format("{}{}  {}\n", escaped ? "\\" : "", digest.hex(), name);
}

/// Tag files under temporary names, then all put in place in quick succession: a drive that is pulled in
/// between is made whole by the next run.
class DriveFiles {
 public:
  explicit DriveFiles(DriveJob& job) : job_(job), folders_(job.root->get()) {}

  void add(const std::string& path, const std::string& content) {
    int error_number = 0;
    partial_ = folders_.make(layout::kPartial, error_number);
    if (!partial_) throw DriveFailure::from("make the folder", layout::kPartial, error_number);
    const std::string part = fmt::format("tag-{}.part", parts_.size());
    ::unlinkat(partial_->get(), part.c_str(), 0);
    const files::Fd fd(
        ::openat(partial_->get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd) throw DriveFailure::from("create a list on", job_.target.folder, errno);
    parts_.emplace_back(part, path);
    ByteView rest = as_bytes(content);
    while (!rest.empty()) {
      const ssize_t put = ::write(fd.get(), rest.data(), rest.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw DriveFailure::from("write a list to", job_.target.folder, errno);
      rest = rest.subspan(static_cast<std::size_t>(put));
    }
    digests_.emplace_back(path, crypto::sha256(as_bytes(content)));
  }
  const std::vector<std::pair<std::string, Digest>>& digests() const { return digests_; }

  void publish() {
    sync();
    for (const auto& [part, path] : parts_) {
      const auto [directory, name] = split_path(path);
      int error_number = 0;
      const auto folder = folders_.make(directory, error_number);
      if (!folder) throw DriveFailure::from("make a folder on", job_.target.folder, error_number);
      if (::renameat(partial_->get(), part.c_str(), folder->get(), name.c_str()) != 0)
        throw DriveFailure::from("put a list in place on", job_.target.folder, errno);
    }
    sync();
  }
  void remove(const char* path) {
    const auto [directory, name] = split_path(path);
    int error_number = 0;
    if (const auto folder = folders_.open(directory, error_number))
      ::unlinkat(folder->get(), name.c_str(), 0);
  }

 private:
  void sync() {
    if (::syncfs(job_.root->get()) != 0)
      throw DriveFailure::from("write everything to", job_.target.folder, errno);
  }
  DriveJob& job_;
  Folders folders_;
  std::shared_ptr<const files::Fd> partial_;
  std::vector<std::pair<std::string, std::string>> parts_;
  std::vector<std::pair<std::string, Digest>> digests_;
};

std::string signed_text(const archive::Archive& archive, const DriveNote& note) {
  merkle::Note signed_note;
  signed_note.text = note.text();
  merkle::sign(signed_note, note.origin, archive.keyring().signing_key());
  return signed_note.encode();
}

DriveNote note_for(const archive::Archive& archive, archive::View& view, const DriveJob& job) {
  DriveNote note;
  note.origin = ledger::origin_of(archive.keyring().archive_id());
  note.volume_id = job.volume->id;
  note.drive = job.drive;
  note.time = archive.clock().now();
  const auto checkpoint = merkle::Note::parse(view.reader().checkpoint());
  if (const auto read = checkpoint ? merkle::Checkpoint::parse(checkpoint->text) : std::nullopt)
    note.checkpoint = *read;
  return note;
}

struct Lists {
  std::string manifest, stock;
  bool needs_stock = false, all_utf8 = true;
  std::uint64_t files = 0, bytes = 0;
};

Lists lists_of(archive::View& view, archive::Row volume) {
  std::vector<std::pair<std::string, archive::Row>> files;
  Lists lists;
  view.for_each_copy(
      volume, [&](archive::Row, const std::string& directory, const std::vector<archive::CopyRow>& rows) {
        for (const archive::CopyRow& row : rows) {
          if (row.state != archive::CopyRow::State::live) continue;
          std::string path = files::join_path(directory, row.name);
          if (!path.starts_with("data/")) continue;
          lists.bytes += row.size_bytes;
          files.emplace_back(std::move(path), row.item);
        }
      });
  std::ranges::sort(files);
  lists.files = files.size();
  for (const auto& [path, item] : files) {
    const Digest digest = view.item(item).digest;
    lists.manifest += bagit::manifest_line(digest.view(), path);
    lists.stock += sha256sum_line(digest, path);
    lists.needs_stock = lists.needs_stock || path.find_first_of("\n\r%") != path.npos;
    lists.all_utf8 = lists.all_utf8 && is_utf8(path);
  }
  return lists;
}

std::string bag_info(const Lists& lists, const DriveNote& note) {
  std::vector<bagit::Tag> tags{{"Bag-Software-Agent", "Dalil " DALIL_VERSION},
                               {"Bagging-Date", note.time.date()},
                               {"Payload-Oxum", fmt::format("{}.{}", lists.bytes, lists.files)}};
  if (!lists.all_utf8)
    tags.push_back({"Dalil-Warning", "some names are not UTF-8, and stand in the manifest as they are"});
  if (lists.needs_stock)
    tags.push_back({"Dalil-Stock-List", fmt::format("sha256sum -c {}", layout::kStockList)});
  return bagit::tags_text(tags);
}

}  // namespace

void write_first_note(archive::Archive& archive, archive::View& view, DriveJob& job) {
  DriveFiles files(job);
  const DriveNote note = note_for(archive, view, job);
  files.add(layout::kNote, signed_text(archive, note));
  files.publish();
}

archive::Drive write_drive_files(archive::Archive& archive, archive::View& view, DriveJob& job) {
  const Lists lists = lists_of(view, job.volume->row);
  ++job.drive.sequence;
  job.drive.files = lists.files;
  job.drive.bytes = lists.bytes;
  DriveNote note = note_for(archive, view, job);
  DriveFiles files(job);
  int ignored = 0;
  Folders(job.root->get()).make("data", ignored);  // a bag has one, with nothing in it, too
  files.add(layout::kReadme, kReadmeText);
  files.add(layout::kDeclaration, bagit::declaration_text());
  files.add(layout::kBagInfo, bag_info(lists, note));
  files.add(layout::kManifest, lists.manifest);
  if (lists.needs_stock) files.add(layout::kStockList, lists.stock);
  files.add(layout::kCheckpoint, view.reader().checkpoint());
  note.tag_files = files.digests();
  std::ranges::sort(note.tag_files);
  const std::string note_text = signed_text(archive, note);
  files.add(layout::kNote, note_text);
  std::string tag_manifest;
  auto digests = files.digests();
  std::ranges::sort(digests);
  for (const auto& [path, digest] : digests) tag_manifest += bagit::manifest_line(digest.view(), path);
  files.add(layout::kTagManifest, tag_manifest);
  files.publish();
  if (!lists.needs_stock) files.remove(layout::kStockList);
  job.report.stock_check = !lists.needs_stock;
  job.drive.note_digest = crypto::sha256(as_bytes(note_text));
  return job.drive;
}

}  // namespace dalil::drives
