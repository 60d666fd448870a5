#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/merkle/note.hpp"

/// What a check of a drive found, in forms that leave the machine: docs/formats/report.md.
namespace dalil::formats {

/// Persistent, as `subject` in the statement.
enum class ReportSubject : std::uint8_t {
  plain = 1,   ///< a plain backup drive
  sealed = 2,  ///< a sealed one
  volume = 3,  ///< a volume that is no backup drive
};

/// Detail of a drive's note that is whole, of a signer whom the checker was not told. Persistent.
inline constexpr const char* kUntrustedSigner = "the key that signed it is none of those that you trust";

/// One check, as it is stated and signed.
struct CheckReport {
  ReportSubject subject = ReportSubject::volume;
  std::string origin;                        ///< the archive, as its checkpoints name it; empty: unknown
  std::string volume_id;                     ///< "V2"; empty: unknown
  std::optional<archive::DriveId> drive_id;  ///< as the drive's note has it
  struct NoteRef {
    std::uint64_t sequence = 0;
    Digest digest;
  };
  std::optional<NoteRef> note;  ///< the drive's note that vouched for its list
  struct State {
    std::uint64_t size = 0;
    Digest root;
  };
  std::optional<State> checkpoint;  ///< of the note; with an archive, the archive's
  std::string signer;               ///< "NAME+8 DIGITS": whose signature the note bears; empty: none
  bool signer_compared = false;     ///< with a key that the checker was given; with an archive, with its keys
  bool with_archive = false;        ///< tags or digests came from the ledger, not from the drive's list
  std::string mode = "sha256";      ///< or quick, tags
  bool whole = true;                ///< not a part of the volume only
  std::uint64_t expected = 0, checked = 0, bytes = 0;
  std::map<archive::Verdict, std::uint64_t> verdicts;  ///< of payload; extras and unlisted folders besides
  std::uint64_t lists_right = 0, lists_wrong = 0;      ///< the drive's own files
  std::string result;                                  ///< PASS, CONSISTENT, FAIL, INCOMPLETE
  UtcTime started, ended;                              ///< whole seconds in the statement
  std::string read_path;                               ///< "direct" ...: how the medium was read
  std::string program;                                 ///< "dalil 0.1.0"
  /// All but intact; an intact one that was read twice says so in its detail. Sorted by path.
  std::vector<archive::RunSummary::Exception> exceptions;

  std::uint64_t count(archive::Verdict verdict) const;
  /// Whether the path is one of what the drive holds copies of, and not of its own files.
  bool is_payload(std::string_view path) const;
};

/// One verdict as a JSON line, with its line feed.
std::string verdict_line(const archive::RunSummary::Exception& exception);
/// What is signed: a text for a signed note.
std::string statement_of(const CheckReport& report);

/// The report as one file: a JSON line a verdict, and a last one that holds the signed statement.
std::string encode_report(const CheckReport& report, const std::string& key_name,
                          const crypto::SigningKey& key);

struct SignedReport {
  CheckReport report;
  merkle::Note note;  ///< its text is the statement
  /// The signer's whole key as the report itself names it: says whether it was altered since, and not who
  /// signed. Absent in older reports.
  std::optional<merkle::NoteKey> key;
  /// Of the statement: tells one report from another.
  Digest digest() const;
};
inline constexpr std::size_t kReportLimitBytes = std::size_t{1} << 30;
/// Error(invalid) unless `encode_report` could have written these very bytes. Signatures are not judged.
SignedReport decode_report(std::string_view bytes);

/// PREMIS 3 (Library of Congress): the drive, what was not found intact on it, and the events of the check.
std::string premis_xml(const CheckReport& report);

/// A key file for signing on a machine without the archive, in the form that signed notes have for it:
/// "PRIVATE+KEY+NAME+8 HEXADECIMAL DIGITS+BASE64 of 0x01 and the seed".
struct ReportKey {
  std::string name;
  crypto::SigningKey key;
  merkle::NoteKey verifier() const;
};
std::string encode_report_key(const std::string& name, const crypto::SigningKey& key);
/// Lines that begin with # are remarks. Error(invalid) without a word of what is in it.
ReportKey decode_report_key(std::string_view text);

/// Keys that a report may be signed with, given those that sign or cosign for an archive: a cosigner signs
/// reports with the same key, as plain Ed25519.
merkle::NoteKey report_twin(const merkle::NoteKey& key);

}  // namespace dalil::formats
