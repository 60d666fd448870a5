#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/base/digest.hpp"
#include "dalil/base/time.hpp"
#include "dalil/crypto/tags.hpp"
#include "dalil/files/read.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/ledger/entry.hpp"
#include "dalil/ledger/schema.hpp"
#include "dalil/media/facts.hpp"

/// The words of docs/architecture.md as plain values. Enumerators are persistent: never renumber.
namespace dalil::archive {

using ledger::Row;
using ledger::Seq;

enum class VolumeKind : std::uint8_t { working = 1, backup = 2, source = 3 };
const char* name_of(VolumeKind kind);
std::optional<VolumeKind> volume_kind_from(std::string_view name);

/// What lies on a backup drive. Persistent, never renumber.
enum class DriveKind : std::uint8_t { plain = 1, sealed = 2 };
const char* name_of(DriveKind kind);
using DriveId = std::array<std::uint8_t, 16>;

/// A backup drive as it was stated last: its note on the drive says the same.
struct Drive {
  DriveId id{};  ///< random; on the drive as well
  DriveKind kind = DriveKind::plain;
  std::uint64_t sequence = 0;  ///< finished runs; 0: begun and never finished
  Digest note_digest;          ///< SHA-256 of the note
  std::uint64_t files = 0, bytes = 0;
};

/// What lies on a drive beside the evidence: a bag's lists, and everything below `dalil/`
/// (docs/formats/drive.md).
bool is_drive_file(std::string_view path);

/// Where a repair keeps damaged files on a volume that is no backup drive: no evidence of its own.
inline constexpr std::string_view kAsideFolder = ".dalil-aside";
bool is_set_aside(std::string_view path);

/// A tree of files that holds copies.
struct Volume {
  Row row = ledger::kNoRow;
  std::string id;     ///< "V1", "V2" ... given by the archive
  std::string label;  ///< chosen by people, unique
  VolumeKind kind = VolumeKind::working;
  bool sealed = false;  ///< encrypted objects rather than the files as they are
  std::string kept_at;  ///< where the medium is kept, in people's words
  std::string file_system, uuid, serial, file_system_label;
  std::uint64_t capacity_bytes = 0;
  std::string root;  ///< the folder last scanned, for people; never relied upon
  std::string note;
  std::optional<Drive> drive;  ///< of a backup drive that Dalil made
  // Derived, cross-checked by a verification
  std::uint64_t live_copies = 0;
  std::uint64_t live_bytes = 0;
  std::optional<UtcTime> last_scan, last_verification;
  std::string last_verification_result;  ///< "PASS", "FAIL", "INCOMPLETE"; empty before the first
};

/// How well evidence is to be kept. Zero asks for nothing.
struct Policy {
  std::uint32_t copies = 0;  ///< undamaged, on so many working or backup volumes
  std::uint32_t places = 0;  ///< kept in so many places
  /// As many copies as are asked for (at least one) read within so many days.
  std::uint32_t verified_within_days = 0;
  bool asks_for_anything() const { return copies > 0 || places > 0 || verified_within_days > 0; }
  bool operator==(const Policy&) const = default;
};

/// What was found for one copy. Persistent, never renumber.
enum class Verdict : std::uint8_t {
  intact = 1,
  corrupt = 2,
  unreadable = 3,
  missing = 4,
  extra = 5,
  moved = 6,
  renamed = 7,
  changed = 8,
  not_checked = 9,
};
const char* name_of(Verdict verdict);
/// True for what leaves a copy without its content (corrupt, unreadable, missing, changed): its size and time
/// vouch for nothing.
bool is_damage(Verdict verdict);

/// What lies on a sealed drive in a content's stead, and where the content was read.
struct StoredForm {
  Digest digest;
  std::uint64_t size_bytes = 0;
  Row source_volume = ledger::kNoRow;
  std::string source_directory, source_name;
  bool operator==(const StoredForm&) const = default;
};

/// One content at a path on a volume, as a scan saw it.
struct Copy {
  Row volume = ledger::kNoRow;
  std::string directory;  ///< relative to the volume's root, raw bytes, "" for the root
  std::string name;       ///< raw bytes
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint64_t inode = 0;
  crypto::TagNonce tag_nonce{};
  std::vector<crypto::ChunkTag> tags;  ///< one a MiB of what lies on the volume
  std::uint32_t tag_epoch = 1;         ///< whose key made them: Archive::tag_key
  std::optional<StoredForm> stored;    ///< absent where the content lies there as it is
  const Digest& digest_on_volume() const { return stored ? stored->digest : digest; }
  std::uint64_t size_on_volume() const { return stored ? stored->size_bytes : size_bytes; }
  std::string path() const;
};

/// One row of the copy index: what a rescan and a verification need to know of a name without its ledger
/// entry.
struct CopyRow {
  std::string name;
  enum class State : std::uint8_t { live = 1, vanished = 2, symlink = 3 } state = State::live;
  std::uint64_t size_bytes = 0;  ///< on the volume
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint64_t inode = 0;
  Seq seq = 0;                     ///< the entry that says it was seen
  Row item = ledger::kNoRow;       ///< kNoRow for a symbolic link
  std::int64_t verified_at_s = 0;  ///< Unix seconds; 0: never
  Verdict verdict = Verdict::not_checked;
  Seq verified_in = 0;  ///< the pass that the verdict is of (VerificationPass::seq); 0: none
};

/// A copy as an answer: where it is and how it fares.
struct CopyInfo {
  Row volume = ledger::kNoRow;
  std::string volume_label;
  std::string path;
  CopyRow row;
  std::optional<StoredForm> stored = {};  ///< of a copy on a sealed drive
};

/// That a damaged copy was made anew from what was intact.
struct Repair {
  struct Piece {
    std::uint64_t offset = 0, size_bytes = 0;
    Row volume = ledger::kNoRow;
    std::string path;
    bool operator==(const Piece&) const = default;
  };
  Digest digest;  ///< of the item
  Row volume = ledger::kNoRow;
  std::string path;  ///< of the copy
  std::string was;   ///< what was wrong with it, in words
  /// Where each range was taken from that was not intact where it was; joined where they touch. Read from the
  /// ledger: the first 1,000 of `piece_count`.
  std::vector<Piece> pieces;
  std::uint64_t piece_count = 0;
  std::optional<Digest> damaged_digest;  ///< of the damaged file; absent if it was gone or could not be read
  std::uint64_t damaged_size = 0;
  std::string set_aside;  ///< where it is now, on the volume; empty if there was none
  bool deleted = false;   ///< it was removed, as was asked for
  Seq seq = 0;            ///< read from the ledger: its entry
};

enum class LinkType : std::uint8_t {
  depicts = 1,
  aftermath = 2,
  corroborates = 3,
  contradicts = 4,
  context = 5,
  identifies_perpetrator = 6,
  identifies_weapon = 7,
  geolocates = 8,
  witness_statement = 9,
  medical_record = 10,
  candidate = 11,
};
const char* name_of(LinkType type);  ///< with hyphens: "identifies-weapon"
std::optional<LinkType> link_type_from(std::string_view name);
std::vector<std::string> link_type_names();

struct Link {
  Row row = ledger::kNoRow;
  Row item = ledger::kNoRow;
  Row incident = ledger::kNoRow;
  LinkType type = LinkType::depicts;
  bool withdrawn = false;
  std::optional<std::int64_t> from_ms, to_ms;  ///< part of a video or recording
  std::string why;
  Seq seq = 0;                       ///< the entry that made it
  std::optional<Seq> withdrawn_seq;  ///< the entry that withdrew it
  std::string withdrawn_why;
};

/// A number as a register states it: "at least 15". Absent is not zero.
struct Count {
  std::optional<std::int64_t> value;
  std::string qualifier;  ///< "about", "at least", "no less than"; empty: exact
  bool operator==(const Count&) const = default;
};

struct Relation {
  std::string type;    ///< precedes, follows, causes, contains ...
  std::string target;  ///< incident id
  bool operator==(const Relation&) const = default;
};

/// An event with an ID the group chose. Empty strings and absent values mean: the register does not say.
struct Incident {
  std::string id;
  std::string date;      ///< 2017, 2017-09 or 2017-09-11: as precise as it is known
  std::string date_end;  ///< of an event of several days
  std::string local_time, local_time_source, utc_offset, weekday_stated;
  std::optional<bool> weekday_ok;
  std::string governorate, place, subdistrict;
  std::optional<double> latitude, longitude;
  std::string perpetrator_group, perpetrator_text, attribution;  ///< attribution: stated, believed, disputed
  std::string weapon, weapon_code, target, area_of_control;
  Count killed, children, women, fetuses, wounded, detained;
  std::string killed_described_as;
  std::optional<bool> killed_provisional;
  std::string description, description_ar, notes, documented_on;
  std::optional<std::int64_t> evidence_links_in_text;
  std::vector<std::string> evidence_link_texts, photo_captions;
  std::optional<bool> witness_accounts;
  std::string witness_json;  ///< as given, canonical JSON
  std::string source_json;   ///< as given, canonical JSON
  std::vector<Relation> relations;
  std::vector<std::pair<std::string, std::string>> extra;  ///< further fields: name, canonical JSON value
  bool operator==(const Incident&) const = default;
  /// First to last day; absent if no date is known.
  std::optional<DateSpan> days() const;
};

/// One state of an incident: what it said, who made it so, when and why.
struct IncidentRevision {
  Incident incident;
  Row row = ledger::kNoRow;
  Seq seq = 0;
  UtcTime time;
  std::string author;
  std::string reason;
};

/// What opens a key slot. Persistent, never renumber.
enum class OpensWith : std::uint8_t { passphrase = 1, key_file = 2, recipient = 3 };
const char* name_of(OpensWith opens_with);

/// An actor's key, as the ledger knows it.
struct KeyInfo {
  crypto::PublicKey public_key{};
  std::string actor_name;
  ledger::Role role = ledger::Role::archivist;
  std::string slot;                     ///< name of the file below keys/
  std::optional<OpensWith> opens_with;  ///< absent for the first key
  std::string recipient;                ///< where keys of later epochs go; empty: they cannot be given any
  Seq seq = 0;                          ///< the entry that says that it was made
  UtcTime added;
  std::optional<Seq> removed_seq;
  ledger::ActorId actor() const { return ledger::actor_id(public_key); }
};

/// What is known of one content without its media facts.
struct Item {
  Row row = ledger::kNoRow;
  Digest digest;
  std::uint64_t size_bytes = 0;
  Seq first_seq = 0;
};

/// What speaks for a state of the tree. Persistent, never renumber.
enum class AnchorKind : std::uint8_t { cosignature = 1, timestamp = 2, rollback_accepted = 3 };
const char* name_of(AnchorKind kind);

/// An entry that holds the tree in place at a size.
struct Anchor {
  AnchorKind kind = AnchorKind::cosignature;
  Seq seq = 0;                  ///< the entry
  std::uint64_t tree_size = 0;  ///< of the checkpoint that it is about
};

/// Names of counts of a verification (docs/formats/entry.md). Persistent.
inline constexpr std::string_view kPartialRun = "partial";  ///< only a part of the volume was looked at
inline constexpr std::string_view kHardwareWarnings = "hardware_warnings";

/// A verification that reads every byte, in one run or in several: copies that were found intact since it
/// began need not be read again before its end.
struct VerificationPass {
  Seq seq = 0;  ///< the entry that says that it began
  Row volume = ledger::kNoRow;
  std::string below;  ///< the part of the volume; empty for all of it
  std::string mode;   ///< tags, sha256
  bool from_medium = false;
  std::string medium;  ///< what tells this medium from another
  UtcTime began;
};

/// A run of a scan or a verification as the ledger keeps it.
struct RunSummary {
  std::string kind;  ///< "scan" or "verify"
  Row volume = ledger::kNoRow;
  std::string folder;
  std::string mode;    ///< of a verification: quick, tags, sha256, sample
  std::string result;  ///< PASS, FAIL, INCOMPLETE, SAMPLED, DONE, INTERRUPTED
  std::string incident, source, note;
  /// Of a check that was made elsewhere: the verifier key that its report was signed with. Empty: made here.
  std::string report_signer;
  UtcTime started, ended;
  std::vector<std::pair<std::string, std::uint64_t>> counts;  ///< "seen", "indexed", ...
  struct Exception {
    std::string path;
    Verdict verdict = Verdict::not_checked;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  ///< offset, size
    int error_number = 0;
    std::string detail;
    Digest digest;
    /// What a first reading said that a second one, from the medium, did not confirm: a fault of the
    /// hardware.
    std::optional<Verdict> at_first;
    std::vector<files::BadRange> unreadable;  ///< with the errno of each
    bool operator==(const Exception&) const = default;
  };
  /// Every copy that was not found intact; of a scan: what failed. Read from the ledger: those of the first
  /// entry.
  std::vector<Exception> exceptions;
  std::uint64_t exception_count = 0;  ///< read from the ledger: of all its entries
  Seq seq = 0;                        ///< read from the ledger: of the first entry
  std::optional<Seq> pass;            ///< of a verification that reads: VerificationPass::seq
  bool pass_open = false;             ///< the pass is not at its end
  UtcTime pass_began{};
  /// By its name; 0 if there is none.
  std::uint64_t count(std::string_view name) const;
};

/// The signed report of a check that was made elsewhere, as it is kept on record.
struct ImportedReport {
  Row volume = ledger::kNoRow;
  std::string note;    ///< the signed statement whole
  std::string signer;  ///< verifier key as text
  Digest digest;       ///< SHA-256 of the statement: tells one report from another
};

}  // namespace dalil::archive
