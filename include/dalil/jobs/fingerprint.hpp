#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

struct FingerprintOptions {
  std::string folder;       ///< where the volume lies, or a folder below its root
  std::string path_prefix;  ///< where `folder` lies within the volume, "" for its root
  archive::Row volume = ledger::kNoRow;
  bool fingerprints = true;    ///< record them
  bool sound = true;           ///< with fingerprints: also of what is to be heard
  bool thumbnails = false;     ///< make them; with both each file is read and decoded once
  bool again = false;          ///< look also at what was looked at before
  std::string parser_program;  ///< empty: found by the media module
  unsigned threads = 0;        ///< 0: as many as processors
};

struct FingerprintReport {
  std::uint64_t wanted = 0;   ///< pictures, videos and sounds with a live copy here that lack something: the
                              ///< three below
  std::uint64_t done = 0;     ///< looked at and kept: among them those of `without`
  std::uint64_t failed = 0;   ///< not read, or another content by now
  std::uint64_t left = 0;     ///< not come to, after an interruption
  std::uint64_t known = 0;    ///< had all that is wanted
  std::uint64_t without = 0;  ///< not decoded, or nothing to see and hear: kept without any, and why
  std::uint64_t prints = 0;
  std::uint64_t sounds = 0;                              ///< files of which something is to be heard
  std::uint64_t sound_windows = 0;                       ///< of these, a second each
  std::uint64_t thumbnails = 0;                          ///< pictures and frames
  std::uint64_t thumbnail_bytes = 0;                     ///< as JPEG
  std::vector<archive::RunSummary::Exception> problems;  ///< of `failed` and `without`, with their reasons
  bool interrupted = false;
  std::vector<std::string> missing_locks;
};

/// Looks at pictures and videos that were scanned before, listens to videos and sounds, and keeps what they
/// are like: fingerprints on record, thumbnails beside it.
///
/// Each file is hashed before it is decoded: what is kept is of the item and nothing else. Commits as it
/// goes; interrupted, what is done is kept, and the next run goes on. Error(wrong_key) without the evidence
/// class.
FingerprintReport fingerprint(archive::Archive& archive, const FingerprintOptions& options,
                              Progress& progress, const StopFlag& stop);

}  // namespace dalil::jobs
