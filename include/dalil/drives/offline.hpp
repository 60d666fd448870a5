#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dalil/base/time.hpp"
#include "dalil/formats/report.hpp"
#include "dalil/jobs/progress.hpp"
#include "dalil/merkle/note.hpp"

namespace dalil::drives {

struct OfflineOptions {
  std::string folder;                    ///< where the drive is mounted
  std::vector<merkle::NoteKey> trusted;  ///< one of them has to have signed the drive's note
  bool from_medium = false;              ///< read around the cache
  unsigned threads = 0;                  ///< 0: one a processor, and one on a spinning disk
};

/// Whose word the drive's list of files rests on.
enum class Vouching : std::uint8_t {
  nobodys,       ///< there is no note, or none that can be read
  not_compared,  ///< a key has signed, and nobody said whose it should be
  trusted,       ///< a key that was given has signed
  strangers,     ///< keys were given, and none of them has signed
  forged,        ///< a signature in the name of a known key is wrong
};

struct OfflineReport {
  formats::CheckReport check;
  Vouching vouching = Vouching::nobodys;
  std::optional<merkle::NoteKey> signer;  ///< the whole key, where it was given or lies on the drive
  std::optional<UtcTime> stated_at;  ///< when the last run that wrote to the drive ended, as the note says
  std::vector<std::string> remarks;  ///< what else one should know
  std::uint64_t read_twice = 0;      ///< files that were wrong at first, and right when read again
  bool interrupted = false;
};

/// Checks a backup drive by what lies on it, without the archive: the note's signature, the drive's own files
/// by the note, every file by the list, and that there is no other; docs/auditing-drives.md.
///
/// "PASS" only if a trusted key vouches for the list and all that it names, at least one file, was read and
/// is right; "CONSISTENT" if the same holds and nobody compared a key; "FAIL" if anything is damaged, missing
/// or contradicts another thing; else "INCOMPLETE". Extra files are listed and do not fail it. Never writes;
/// follows no link. Memory grows by 16 bytes a file, and with what is wrong. Error(not_found) if this is no
/// backup drive.
OfflineReport verify_offline(const OfflineOptions& options, jobs::Progress& progress,
                             const jobs::StopFlag& stop, const Clock& clock = system_clock());

}  // namespace dalil::drives
