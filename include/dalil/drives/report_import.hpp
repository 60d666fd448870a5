#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/formats/report.hpp"

namespace dalil::drives {

/// Whose word a report is.
struct ReportSigner {
  merkle::NoteKey key;
  /// Of the person, if the ledger knows the key as theirs, or they take the report in themselves.
  std::string name;
  bool accepted = false;           ///< the ledger vouches for it no more, or not yet: an archivist's word
  std::optional<UtcTime> removed;  ///< when the person's key was removed: after the report was made
};

/// A state of the drive that the archive knew when the check began, and the drive did not have.
struct NewerState {
  std::uint64_t sequence = 0;
  UtcTime time;
  archive::Seq seq = 0;  ///< the entry DriveStated
};

/// What became of a report.
struct ReportImport {
  archive::Volume volume;
  archive::Seq seq = 0;  ///< the entry ReportImported
  ReportSigner signer;
  std::string result;                                      ///< of the run that is now on record
  std::optional<NewerState> newer_state;                   ///< then the result is "OLDER"
  std::uint64_t absent = 0;                                ///< copies on record that the older state lacks
  std::vector<archive::RunSummary::Exception> exceptions;  ///< of the run that is now on record
  std::uint64_t intact = 0, not_intact = 0;                ///< copies whose verdict comes from the report
  std::uint64_t newer = 0;      ///< copies that keep a verdict which is as new, or newer
  std::uint64_t later = 0;      ///< copies that came to the drive after what was checked
  std::uint64_t untouched = 0;  ///< copies of which the report says nothing that counts
  bool superseded = false;      ///< the volume was verified since: its last verification stays
};

/// Takes the signed report of a check that was made elsewhere into the ledger, in one commit: verdicts of its
/// copies, the run, and the report.
///
/// Accepted only if a key that signs or cosigns for this archive has signed it, or one of `trusted`; if it is
/// of a backup drive of this archive, by its identity, and of a state that the ledger has on record; and if
/// every digest that it names is the ledger's. Error(wrong_key) for a signer that nobody knows;
/// Error(invalid) for a report that cannot be taken in; Error(conflict) for one that was, or that contradicts
/// the ledger; Error(corrupt) if it is of another history, or of a newer one. A drive in an older state than
/// the archive knew of when the check began gives "OLDER": what the older list lacks is missing.
ReportImport import_report(archive::Archive& archive, const formats::SignedReport& report,
                           const std::vector<merkle::NoteKey>& trusted);

}  // namespace dalil::drives
