#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

/// Links everything whose path matches to an incident.
struct LinkRule {
  std::string
      pattern;  ///< glob over the path relative to the folder (`*` also matches `/`), or a folder prefix
  std::string incident;
  archive::LinkType type = archive::LinkType::depicts;
};

/// Which files that have not changed are read once more, for what they say of themselves.
enum class LookAgain : std::uint8_t {
  none,
  missing,  ///< those of which nothing is on record, or that could not be read when they were looked into
  all,      ///< as after an update that understands more
};

struct ScanOptions {
  std::string folder;       ///< the tree to walk; the volume's root, or a folder below it
  std::string path_prefix;  ///< where `folder` lies within the volume, "" for its root
  archive::Row volume = ledger::kNoRow;
  bool rehash = false;  ///< read also what has not changed
  /// Believe it if most of what was known is not there. Else that is taken for the wrong folder, or a drive
  /// that is not mounted: nothing is marked as vanished.
  bool allow_vanished = false;
  /// Believe it if most known files that are there have another size. Else that is taken for another card
  /// with the same names: none of them is taken in, and what is on record stays.
  bool allow_changed = false;
  bool dry_run = false;  ///< walk and compare only; nothing is read or written
  std::vector<LinkRule> rules;
  /// Incident for a path, e.g. by a regular expression over it; absent: none.
  std::function<std::optional<std::string>(const std::string& path)> incident_of;
  archive::LinkType incident_type = archive::LinkType::depicts;  ///< for `incident_of`
  std::string source;          ///< alias that every file which is taken in is assigned to; empty: none
  std::string note;            ///< of class source: an archivist's
  std::string parser_program;  ///< empty: found by the media module
  bool metadata = true;
  LookAgain look_again = LookAgain::none;
  unsigned threads = 0;  ///< 0: as many as processors
  std::function<void(const archive::RunSummary::Exception&)>
      on_problem;  ///< as they happen; one thread at a time
  std::function<void(const std::string& event, const std::string& path)>
      on_file;  ///< new, changed, moved, vanished; may be empty
};

struct ScanReport {
  std::uint64_t seen = 0;     ///< = indexed + unchanged + skipped + failed
  std::uint64_t indexed = 0;  ///< read and recorded: new, changed (and moved) ones
  std::uint64_t unchanged = 0;
  std::uint64_t skipped = 0;  ///< FIFOs, sockets, devices
  std::uint64_t failed = 0;
  std::uint64_t symlinks = 0;  ///< counted within indexed or unchanged
  std::uint64_t directories = 0;
  std::uint64_t changed = 0, moved = 0, vanished = 0, new_items = 0, links = 0, media = 0;
  std::uint64_t not_believed = 0;  ///< known and not there, and not marked as vanished: too many
  std::uint64_t not_taken = 0;     ///< known, of another size by now, and not taken in: too many; failed, too
  /// Contents of which this scan found the last live copy on any volume gone or overwritten: where it was.
  struct LastCopy {
    std::string path;
    Digest digest;
    bool overwritten = false;
  };
  std::vector<LastCopy> last_copies;  ///< the first 10,000
  std::uint64_t without_copy = 0;     ///< how many there are
  std::uint64_t not_understood = 0;   ///< media taken in whose metadata could not be read, or not all
  std::vector<std::pair<std::string, std::string>> unclear;  ///< their paths, and why; the first 10,000
  std::uint64_t assigned = 0;                                ///< items that the source is new to
  std::uint64_t bytes_read = 0;
  std::vector<archive::RunSummary::Exception> problems;  ///< skipped and failed, with their reasons
  bool interrupted = false;
  std::string hash_backend;
  /// Layers of the parser's sandbox that this system does not have: what is missing, and why.
  std::vector<std::string> missing_locks;
};

/// Walks a folder, reads what is new or changed once, and records it.
///
/// Commits as it goes: what `Progress::files_committed` counts survives everything. Interrupted, it commits
/// what is done and returns; the next scan goes on from there.
ScanReport scan(archive::Archive& archive, const ScanOptions& options, Progress& progress,
                const StopFlag& stop);

}  // namespace dalil::jobs
