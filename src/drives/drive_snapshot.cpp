#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "dalil/archive/snapshot.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "drive_files.hpp"
#include "layout.hpp"

/// The archive on a drive (docs/formats/snapshot.md).
namespace dalil::drives {

namespace {

bool is_snapshot(std::string_view name) {
  return name.starts_with(layout::kSnapshot) &&
         (name.ends_with(layout::kSnapshotEnd) ||
          name.ends_with(std::string(layout::kSnapshotEnd) + layout::kNoteEnd));
}

}  // namespace

std::vector<std::string> write_snapshot(const archive::Archive& archive,
                                        const std::vector<std::string>& recipients, TagFiles& files) {
  TagFiles::File file = files.begin();
  const archive::SnapshotMade made =
      archive::write_snapshot(archive, recipients, [&](ByteView bytes) { file.write(bytes); });
  const std::string name = fmt::format("{}{}-{}{}", layout::kSnapshot, made.stated.checkpoint.size,
                                       to_hex(crypto::random_array<4>()), layout::kSnapshotEnd);
  const std::string path = fmt::format("{}/{}", layout::kFolder, name);
  file.finish(path);
  files.add(path + layout::kNoteEnd, made.note);
  return {name, name + layout::kNoteEnd};
}

void remove_snapshots(const std::vector<std::string>& but, bool sealed, TagFiles& files) {
  for (const char* where : {layout::kFolder, ""}) {
    if (*where == '\0' && !sealed) break;
    int error_number = 0;
    const auto folder = files.folders().open(where, error_number);
    if (!folder) continue;
    std::vector<std::string> old;
    files::Walker walker(fmt::format("/proc/self/fd/{}", folder->get()));
    if (const auto listed = walker.next())
      for (const auto& entry : listed->entries)
        if (entry.stat.kind == files::FileKind::regular && is_snapshot(entry.name) &&
            std::ranges::find(but, entry.name) == but.end())
          old.push_back(entry.name);
    for (const std::string& name : old) ::unlinkat(folder->get(), name.c_str(), 0);
  }
}

}  // namespace dalil::drives
