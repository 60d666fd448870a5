#include <fmt/format.h>

#include <algorithm>

#include "dalil/crypto/age_stream.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/formats/sealed_index.hpp"
#include "drive_files.hpp"
#include "layout.hpp"

/// A sealed drive's lists: one for everybody, and an encrypted one.
namespace dalil::drives {

namespace {

// No word of whose it is.
constexpr std::string_view kSealedReadmeText =
    "This drive holds encrypted files. Please give it back to whom it belongs to.\n"
    "\n"
    "objects.sha256 lists the SHA-256 of each. To check that all are whole, in this folder:\n"
    "    sha256sum -c objects.sha256\n"
    "\n"
    "They are age files (age-encryption.org/v1) and open with the owner's recovery key only:\n"
    "    age -d -i KEYFILE index.age                    what is in which object, as JSON lines\n"
    "    age -d -i KEYFILE OBJECT | head -c SIZE        one file; zeros follow it as padding\n";

/// An object on the drive, and where its content lay.
struct Object {
  std::string path;
  archive::Seq seq = 0;
  Digest digest, content_digest;
  std::uint64_t content_size = 0;
  archive::Row source_volume = ledger::kNoRow;
  std::string source_directory, source_name;
  std::optional<UtcTime> modified = {};
};

std::vector<Object> objects_on(archive::View& view, archive::Row drive, Listed& listed) {
  std::vector<archive::CopyRow> rows;
  view.for_each_copy(drive,
                     [&](archive::Row, const std::string&, const std::vector<archive::CopyRow>& portion) {
                       for (const archive::CopyRow& row : portion)
                         if (row.state == archive::CopyRow::State::live) rows.push_back(row);
                     });
  std::vector<Object> objects;
  objects.reserve(rows.size());
  for (const archive::CopyRow& row : rows) {
    const archive::Copy copy = view.copy(row.seq);
    if (!copy.stored) continue;
    const archive::StoredForm& from = *copy.stored;
    ++listed.files;
    listed.bytes += from.size_bytes;
    objects.push_back({copy.path(), row.seq, from.digest, copy.digest, copy.size_bytes, from.source_volume,
                       from.source_directory, from.source_name});
  }
  return objects;
}

/// Each folder of a source is looked up once.
void find_times(archive::View& view, std::vector<Object>& objects) {
  std::ranges::sort(objects, [](const Object& a, const Object& b) {
    return std::tie(a.source_volume, a.source_directory) < std::tie(b.source_volume, b.source_directory);
  });
  std::unordered_map<std::string, std::int64_t> times;
  const Object* last = nullptr;
  for (Object& object : objects) {
    if (last == nullptr || last->source_volume != object.source_volume ||
        last->source_directory != object.source_directory) {
      times.clear();
      for (const archive::CopyRow& row : view.directory(object.source_volume, object.source_directory))
        times.emplace(row.name, row.mtime_ns);
    }
    last = &object;
    const auto found = times.find(object.source_name);
    if (found != times.end()) object.modified = UtcTime{found->second / 1'000'000};
  }
}

}  // namespace

Listed write_sealed_lists(archive::View& view, const DriveJob& job,
                          const std::vector<std::string>& recipients, TagFiles& files) {
  Listed listed;
  std::vector<Object> objects = objects_on(view, job.volume->row, listed);
  find_times(view, objects);
  std::ranges::sort(objects, {}, &Object::path);
  const std::vector<archive::Volume> volumes = view.volumes();
  TagFiles::File list = files.begin(), index = files.begin();
  crypto::age::Encryptor encryptor(recipients, [&](ByteView bytes) { index.write(bytes); });
  for (const Object& one : objects) {
    list.write(fmt::format("{}  {}\n", one.digest.hex(), one.path));
    const std::string label = one.source_volume < volumes.size() ? volumes[one.source_volume].label : "";
    encryptor.update(as_bytes(
        formats::format_line({one.path, label + "/" + files::join_path(one.source_directory, one.source_name),
                              one.content_digest, one.content_size, one.modified})));
  }
  encryptor.finish();
  list.finish(layout::kObjectList);
  index.finish(layout::kIndex);
  files.add(layout::kSealedReadme, kSealedReadmeText);
  return listed;
}

}  // namespace dalil::drives
