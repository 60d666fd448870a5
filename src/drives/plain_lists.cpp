#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/formats/bagit.hpp"
#include "drive_files.hpp"
#include "layout.hpp"

/// A plain drive is a bag: its lists.
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
    "dalil/checkpoint      the state of the group's ledger at that time, signed; dalil/tile/ proves it, and\n"
    "                      dalil/signers are the keys that may sign\n"
    "dalil/snapshot-*      if there: the group's archive, encrypted\n"
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

}  // namespace

Listed write_plain_lists(archive::View& view, const DriveJob& job, TagFiles& files) {
  std::vector<std::pair<std::string, archive::Row>> copies;
  Listed listed;
  view.for_each_copy(job.volume->row, [&](archive::Row, const std::string& directory,
                                          const std::vector<archive::CopyRow>& rows) {
    for (const archive::CopyRow& row : rows) {
      if (row.state != archive::CopyRow::State::live) continue;
      std::string path = files::join_path(directory, row.name);
      if (!path.starts_with("data/")) continue;
      listed.bytes += row.size_bytes;
      copies.emplace_back(std::move(path), row.item);
    }
  });
  std::ranges::sort(copies);
  listed.files = copies.size();
  int ignored = 0;
  files.folders().make("data", ignored);  // a bag has one, with nothing in it, too
  TagFiles::File manifest = files.begin(), stock = files.begin();
  for (const auto& [path, item] : copies) {
    const Digest digest = view.item(item).digest;
    manifest.write(bagit::manifest_line(digest.view(), path));
    stock.write(sha256sum_line(digest, path));
    listed.needs_stock = listed.needs_stock || path.find_first_of("\n\r%") != path.npos;
    listed.all_utf8 = listed.all_utf8 && is_utf8(path);
  }
  manifest.finish(layout::kManifest);
  if (listed.needs_stock) stock.finish(layout::kStockList);
  files.add(layout::kReadme, kReadmeText);
  files.add(layout::kDeclaration, bagit::declaration_text());
  return listed;
}

void write_bag_info(const Listed& listed, UtcTime time, TagFiles& files) {
  std::vector<bagit::Tag> tags{{"Bag-Software-Agent", "Dalil " DALIL_VERSION},
                               {"Bagging-Date", time.date()},
                               {"Payload-Oxum", fmt::format("{}.{}", listed.bytes, listed.files)}};
  if (!listed.all_utf8)
    tags.push_back({"Dalil-Warning", "some names are not UTF-8, and stand in the manifest as they are"});
  if (listed.needs_stock)
    tags.push_back({"Dalil-Stock-List", fmt::format("sha256sum -c {}", layout::kStockList)});
  files.add(layout::kBagInfo, bagit::tags_text(tags));
}

void write_tag_manifest(TagFiles& files) {
  std::string text;
  for (const auto& [path, digest] : files.digests()) text += bagit::manifest_line(digest.view(), path);
  files.add(layout::kTagManifest, text, false);
}

}  // namespace dalil::drives
