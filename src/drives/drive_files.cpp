#include "drive_files.hpp"

#include <fmt/format.h>

#include "dalil/base/text.hpp"
#include "layout.hpp"
#include "parity_keeper.hpp"

namespace dalil::drives {

namespace {

std::string signed_text(const archive::Archive& archive, const DriveNote& note) {
  merkle::Note signed_note;
  signed_note.text = note.text();
  merkle::sign(signed_note, note.origin, archive.keyring().signing_key());
  return signed_note.encode();
}

DriveNote note_for(const archive::Archive& archive, archive::View& view, const DriveJob& job) {
  DriveNote note;
  note.origin = ledger::origin_of(archive.keyring().archive_id());
  note.volume_id = job.sealed() ? "-" : job.volume->id;
  note.drive = job.drive;
  note.time = archive.clock().now();
  const auto checkpoint = merkle::Note::parse(view.reader().checkpoint());
  if (const auto read = checkpoint ? merkle::Checkpoint::parse(checkpoint->text) : std::nullopt)
    note.checkpoint = *read;
  return note;
}

/// Verifier keys of all who may sign; on a sealed drive of those who signed what lies there, since the others
/// would tell how many there are.
std::string signers_text(const archive::Archive& archive, archive::View& view, const DriveJob& job) {
  const auto checkpoint = merkle::Note::parse(view.reader().checkpoint());
  std::string text;
  for (const ledger::Signer& signer : view.reader().signers()) {
    const bool signs_here = signer.key.key == archive.keyring().signing_key().public_key() ||
                            (checkpoint && !merkle::check(*checkpoint, {signer.key}).verified.empty());
    const bool counts = signer.counts_at(view.reader().size());
    if (job.sealed() ? signs_here : counts || signs_here) text += signer.key.encode() + "\n";
  }
  return text;
}

constexpr const char* kParityReadmeText =
    "Parity: what is damaged on this drive can be computed anew, within limits, without any other drive.\n"
    "The files are PAR2 2.0: par2 (Debian: apt install par2), MultiPar and others read them.\n"
    "\n"
    "Each p*.sha256 lists what its set is of. To look for damage, in the drive's own folder:\n"
    "\n"
    "    for list in dalil/parity/p*.sha256; do\n"
    "      sha256sum --quiet -c \"$list\" || echo \"damaged: $list\"\n"
    "    done\n"
    "\n"
    "To mend a set in which something is damaged, say p5-0001:\n"
    "\n"
    "    par2 repair -B ./ dalil/parity/p5-0001.par2\n"
    "    sha256sum --quiet -c dalil/parity/p5-0001.sha256\n"
    "\n"
    "par2 keeps the damaged file beside the new one, with .1 behind its name: move it away from here.\n"
    "If the medium itself is failing, copy everything off it first, and mend the copy.\n";

/// Each set's list vouches for its PAR2 files.
void list_parity(const DriveJob& job, TagFiles& files) {
  bool any = false;
  for (const ParitySet& set : parity_sets_on(job.root->get())) {
    if (job.parity_leaving.contains(set.name.text())) continue;
    any = true;
    files.list(set.list_path(), crypto::sha256(as_bytes(set.text())));
  }
  if (any) files.add(layout::kParityReadme, kParityReadmeText);
}

/// Absent if there is no room for it: the drive's files are worth their lists also without.
std::optional<std::vector<std::string>> try_snapshot(const archive::Archive& archive, const DriveJob& job,
                                                     const BackupOptions& options, TagFiles& files,
                                                     BackupReport& report) {
  if (!options.snapshot || options.recipients.empty()) return std::nullopt;
  try {
    return write_snapshot(archive, options.recipients, files);
  } catch (const DriveFailure& failure) {
    if (failure.kind != DriveFailure::Kind::full) throw;
    report.notes.push_back(fmt::format("{} has no room for a snapshot of the archive", job.report.label));
    return std::nullopt;
  }
}

}  // namespace

void write_first_note(archive::Archive& archive, archive::View& view, DriveJob& job) {
  TagFiles files(job.root, job.target.folder);
  files.add(layout::kNote, signed_text(archive, note_for(archive, view, job)));
  files.publish();
}

archive::Drive write_drive_files(archive::Archive& archive, archive::View& view, DriveJob& job,
                                 const BackupOptions& options, BackupReport& report) {
  TagFiles files(job.root, job.target.folder);
  const auto snapshot = try_snapshot(archive, job, options, files, report);
  const Listed listed = job.sealed() ? write_sealed_lists(view, job, options.recipients, files)
                                     : write_plain_lists(view, job, files);
  ++job.drive.sequence;
  job.drive.files = listed.files;
  job.drive.bytes = listed.bytes;
  DriveNote note = note_for(archive, view, job);
  if (!job.sealed()) write_bag_info(listed, note.time, files);
  for (std::string& problem : write_tiles(view.reader(), files))
    report.problems.push_back({job.report.label, std::move(problem),
                               "is another tile than the archive's: the drive is damaged, or the archive's "
                               "history was changed; set aside, and written anew"});
  list_parity(job, files);
  files.add(layout::kSigners, signers_text(archive, view, job));
  files.add(layout::kCheckpoint, view.reader().checkpoint());
  note.tag_files = files.digests();
  const std::string note_text = signed_text(archive, note);
  files.add(layout::kNote, note_text);
  if (!job.sealed()) write_tag_manifest(files);
  files.publish();
  if (!job.sealed() && !listed.needs_stock) files.remove(layout::kStockList);
  remove_tiles(job.noted_tree_size, note.checkpoint.size, files);
  job.noted_tree_size = note.checkpoint.size;
  if (snapshot) remove_snapshots(*snapshot, job.sealed(), files);
  if (job.sealed()) files.remove(layout::kEarlierCheckpoint);
  job.report.snapshot = snapshot.has_value();
  job.report.stock_check = !listed.needs_stock;
  job.drive.note_digest = crypto::sha256(as_bytes(note_text));
  return job.drive;
}

}  // namespace dalil::drives
