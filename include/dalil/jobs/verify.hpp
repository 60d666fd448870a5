#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/jobs/progress.hpp"

namespace dalil::jobs {

enum class VerifyMode : std::uint8_t {
  quick,   ///< presence and size
  tags,    ///< every byte against the keyed tags: damage located to the MiB
  sha256,  ///< every byte against SHA-256, what a court repeats; tags besides, to locate
  sample,  ///< presence and size, and the tags of some chunks that were drawn
};
const char* name_of(VerifyMode mode);

/// What is to be drawn of a volume's chunks (VerifyMode::sample).
struct SampleOptions {
  double percent = 0;        ///< of the chunks; 0: `chunks` of them
  std::uint64_t chunks = 0;  ///< how many
  std::uint64_t seed = 0;
  double confidence = 0.95;  ///< of the statement
};

/// What a sample says. Every draw is of one chunk; a chunk may be drawn twice.
struct SampleReport {
  std::uint64_t population = 0;  ///< chunks of the live copies
  std::uint64_t drawn = 0;       ///< of these, those whose result is known
  std::uint64_t bad = 0;         ///< damaged, unreadable, or of a copy that is missing or of another size
  std::uint64_t seed = 0;
  double confidence = 0.95;
  bool census = false;  ///< every chunk was read
  /// With `confidence` less than this share of the chunks is bad; absent if nothing was drawn.
  std::optional<double> bad_below;
};

/// A backup drive's own files, as somebody looked at them who knows them: the lists, the note, the tree.
struct OwnFiles {
  std::uint64_t right = 0;
  std::vector<archive::RunSummary::Exception> wrong;
  std::vector<std::string> remarks;  ///< on what is no reason to call the drive damaged, for people
};

struct VerifyOptions {
  std::string folder;
  std::string path_prefix;  ///< where `folder` lies within the volume; only copies below it are expected
  archive::Row volume = ledger::kNoRow;
  VerifyMode mode = VerifyMode::tags;
  bool from_medium = false;  ///< read around the cache
  bool record = true;        ///< append the run to the ledger
  bool restart = false;      ///< do not go on with what an earlier run left
  unsigned threads = 0;
  /// If set, those copies are read first that have not been verified for longest, and no further one is begun
  /// once it is true. Asked often and by several threads.
  std::function<bool()> out_of_time;
  SampleOptions sample;
  /// Of a backup drive that is looked at as a whole: asked once, when the copies were checked.
  std::function<OwnFiles(const StopFlag&)> own_files;
  std::optional<bool> spinning;  ///< whether the volume is on a spinning disk; absent: ask the system
  std::function<void(const archive::RunSummary::Exception&)>
      on_verdict;  ///< all but intact; one thread at a time
};

struct VerifyReport {
  std::uint64_t expected = 0;  ///< live copies of the volume below the prefix
  std::uint64_t checked = 0;   ///< of those, the ones with a verdict other than not_checked
  /// Of those checked, the ones whose verdict is an earlier run's of the same pass: looked at, and not read
  /// again.
  std::uint64_t checked_before = 0;
  std::map<archive::Verdict, std::uint64_t> verdicts;
  std::vector<archive::RunSummary::Exception> exceptions;  ///< all but intact, extras and warnings included
  OwnFiles own_files;                   ///< of a backup drive; no copies, and not among `exceptions`
  std::uint64_t hardware_warnings = 0;  ///< what was wrong at first and right when read again
  std::uint64_t bytes_checked = 0;
  bool interrupted = false;
  bool out_of_time = false;  ///< ended before all was checked, because it was told to
  bool recorded = false;
  std::optional<archive::VerificationPass> pass;  ///< of a recorded one that reads every byte
  bool pass_open = false;                         ///< the next run goes on with it
  bool other_medium = false;  ///< an earlier run was not gone on with, because it read another medium
  std::string read_path;      ///< "direct", "dropped pages", "cache allowed", or a mixture with counts
  VerifyMode mode = VerifyMode::tags;
  std::optional<SampleReport> sample;
  std::uint64_t remaining() const { return expected > checked ? expected - checked : 0; }
  /// "PASS" only if checked == expected > 0 and all are intact (extras are listed and do not fail it);
  /// "FAIL" if anything is damaged, missing or changed, or a drive's own files are; "SAMPLED" in place of a
  /// pass if only some chunks were read; else "INCOMPLETE".
  std::string result() const;
};

VerifyReport verify(archive::Archive& archive, const VerifyOptions& options, Progress& progress,
                    const StopFlag& stop);

/// The share of bad units that a sample of `drawn` independent draws with `bad` of them bad excludes: with
/// this confidence less than that is bad. 1 - (1 - confidence)^(1/drawn) for none, else Clopper and Pearson's
/// upper limit (docs/verification.md). Error(invalid) if `drawn` is 0 or less than `bad`.
double bad_share_below(std::uint64_t drawn, std::uint64_t bad, double confidence);

}  // namespace dalil::jobs
