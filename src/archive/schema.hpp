#pragma once

#include "dalil/ledger/schema.hpp"

/// The derived tables (docs/formats/archive.md). Numbers are persistent; a change of meaning takes a new
/// number, and `dalil rebuild` fills it.
namespace dalil::archive::schema {

using ledger::Column;
using ledger::RecordTable;
using ledger::SealClass;

inline constexpr std::uint8_t kVolumes = 1, kItems = 2, kIncidents = 3, kLinks = 4, kCameras = 5, kRuns = 6,
                              kSources = 7, kAssignments = 8, kAnchors = 9, kIdentities = 10, kWaiting = 11,
                              kPolicies = 12, kIncidentPolicies = 13, kKeys = 20;
inline constexpr std::uint8_t kTables[] = {kVolumes, kItems,    kIncidents,        kLinks,   kCameras,
                                           kRuns,    kSources,  kAssignments,      kAnchors, kIdentities,
                                           kWaiting, kPolicies, kIncidentPolicies, kKeys};

// table, id, class, width, rows a block, name
inline constexpr Column kVolumeRecord{kVolumes, 1, SealClass::inventory, 0, 16, "volume.record"};
inline constexpr Column kVolumeLiveCopies{kVolumes, 2, SealClass::inventory, 8, 256, "volume.live_copies"};
inline constexpr Column kVolumeLiveBytes{kVolumes, 3, SealClass::inventory, 8, 256, "volume.live_bytes"};
inline constexpr Column kVolumeLastScan{kVolumes, 4, SealClass::inventory, 8, 256, "volume.last_scan"};
inline constexpr Column kVolumeLastVerify{kVolumes, 5,   SealClass::inventory,
                                          8,        256, "volume.last_verification"};
inline constexpr Column kVolumeLastResult{kVolumes, 6, SealClass::inventory, 0, 256, "volume.last_result"};

inline constexpr Column kItemDigest{kItems, 1, SealClass::inventory, 32, 1024, "item.digest"};
inline constexpr Column kItemSize{kItems, 2, SealClass::inventory, 8, 4096, "item.size"};
inline constexpr Column kItemFirstSeq{kItems, 3, SealClass::inventory, 8, 4096, "item.first_seq"};
inline constexpr Column kItemCopies{kItems, 4,    SealClass::inventory,
                                    0,      1024, "item.copies"};  ///< varints: sequence numbers

// What the filters need of the media facts; absent is zero (times and places are shifted so that zero is
// impossible).
inline constexpr Column kFactKind{kItems, 16, SealClass::evidence, 1, 4096, "fact.kind"};
inline constexpr Column kFactTaken{kItems, 17, SealClass::evidence, 8, 4096, "fact.taken"};
inline constexpr Column kFactTakenBasis{kItems, 18, SealClass::evidence, 1, 4096, "fact.taken_basis"};
inline constexpr Column kFactClaimed{kItems, 19, SealClass::evidence, 8, 4096, "fact.claimed"};
inline constexpr Column kFactPlace{kItems, 20, SealClass::evidence, 8, 4096, "fact.place"};
inline constexpr Column kFactCamera{kItems, 21,   SealClass::evidence,
                                    4,      4096, "fact.camera"};  ///< row of kCameras + 1
inline constexpr Column kFactDuration{kItems, 22, SealClass::evidence, 4, 4096, "fact.duration_ms"};
inline constexpr Column kFactSeq{kItems, 23, SealClass::evidence, 8, 4096, "fact.seq"};  ///< entry + 1
// 24 to 31 are kept free for fingerprints.

inline constexpr Column kIncidentRecord{kIncidents, 1, SealClass::evidence, 0, 16, "incident.record"};
inline constexpr Column kIncidentSeqs{kIncidents, 2, SealClass::evidence, 0, 256, "incident.revisions"};

inline constexpr Column kLinkItem{kLinks, 1, SealClass::evidence, 4, 4096, "link.item"};
inline constexpr Column kLinkIncident{kLinks, 2, SealClass::evidence, 4, 4096, "link.incident"};
inline constexpr Column kLinkType{kLinks, 3, SealClass::evidence, 1, 4096, "link.type"};
inline constexpr Column kLinkSeq{kLinks, 4, SealClass::evidence, 8, 4096, "link.seq"};
inline constexpr Column kLinkWithdrawn{kLinks, 5,    SealClass::evidence,
                                       8,      4096, "link.withdrawn"};  ///< entry + 1

inline constexpr Column kCameraText{kCameras, 1, SealClass::evidence, 0, 256, "camera.text"};

inline constexpr Column kRunSeq{kRuns, 1, SealClass::inventory, 8, 4096, "run.seq"};

inline constexpr Column kKeySeq{kKeys, 1, SealClass::inventory, 8, 256, "key.seq"};
inline constexpr Column kKeyRemoved{kKeys, 2, SealClass::inventory, 8, 256, "key.removed"};  ///< entry + 1

inline constexpr Column kSourceRecord{kSources, 1, SealClass::evidence, 0, 16, "source.record"};
inline constexpr Column kSourceSeqs{kSources, 2, SealClass::evidence, 0, 256, "source.revisions"};

inline constexpr Column kAssignmentItem{kAssignments, 1, SealClass::evidence, 4, 4096, "assignment.item"};
inline constexpr Column kAssignmentSource{kAssignments, 2, SealClass::evidence, 4, 4096, "assignment.source"};
inline constexpr Column kAssignmentSeq{kAssignments, 3, SealClass::evidence, 8, 4096, "assignment.seq"};
inline constexpr Column kAssignmentWithdrawn{kAssignments,          4, SealClass::evidence, 8, 4096,
                                             "assignment.withdrawn"};  ///< entry + 1

/// Assignments whose item is not derived any more, since the entries of all its copies were destroyed: they
/// hold again as soon as the content is seen again.
inline constexpr Column kWaitingDigest{kWaiting, 1, SealClass::evidence, 32, 1024, "waiting.digest"};
inline constexpr Column kWaitingSource{kWaiting, 2, SealClass::evidence, 4, 4096, "waiting.source"};
inline constexpr Column kWaitingSeq{kWaiting, 3, SealClass::evidence, 8, 4096, "waiting.seq"};
inline constexpr Column kWaitingEnded{kWaiting,       4, SealClass::evidence, 8, 4096,
                                      "waiting.ended"};  ///< entry + 1: unassigned, or seen again

/// One row a statement; the newest holds.
inline constexpr Column kPolicySeq{kPolicies, 1, SealClass::inventory, 8, 256, "policy.seq"};
inline constexpr Column kIncidentPolicyIncident{kIncidentPolicies,   1, SealClass::evidence, 4, 256,
                                                "policy_of.incident"};
inline constexpr Column kIncidentPolicySeq{kIncidentPolicies, 2, SealClass::evidence, 8, 256,
                                           "policy_of.seq"};

// A table of its own: whoever may state a source and not its identity cannot write columns of class source.
inline constexpr Column kIdentitySource{kIdentities, 1, SealClass::source, 4, 4096, "identity.source"};
inline constexpr Column kIdentitySeq{kIdentities, 2, SealClass::source, 8, 4096, "identity.entry"};

/// What holds the tree in place from outside: one row a cosignature, a time-stamp, an accepted rollback.
inline constexpr Column kAnchorSeq{kAnchors, 1, SealClass::inventory, 8, 4096, "anchor.seq"};
inline constexpr Column kAnchorKind{kAnchors, 2, SealClass::inventory, 1, 4096, "anchor.kind"};
inline constexpr Column kAnchorSize{kAnchors, 3, SealClass::inventory, 8, 4096, "anchor.size"};

inline constexpr Column kColumns[] = {
    kVolumeRecord,
    kVolumeLiveCopies,
    kVolumeLiveBytes,
    kVolumeLastScan,
    kVolumeLastVerify,
    kVolumeLastResult,
    kItemDigest,
    kItemSize,
    kItemFirstSeq,
    kItemCopies,
    kFactKind,
    kFactTaken,
    kFactTakenBasis,
    kFactClaimed,
    kFactPlace,
    kFactCamera,
    kFactDuration,
    kFactSeq,
    kIncidentRecord,
    kIncidentSeqs,
    kLinkItem,
    kLinkIncident,
    kLinkType,
    kLinkSeq,
    kLinkWithdrawn,
    kCameraText,
    kRunSeq,
    kSourceRecord,
    kSourceSeqs,
    kAssignmentItem,
    kAssignmentSource,
    kAssignmentSeq,
    kAssignmentWithdrawn,
    kIdentitySource,
    kIdentitySeq,
    kKeySeq,
    kKeyRemoved,
    kAnchorSeq,
    kAnchorKind,
    kAnchorSize,
    kWaitingDigest,
    kWaitingSource,
    kWaitingSeq,
    kWaitingEnded,
    kPolicySeq,
    kIncidentPolicyIncident,
    kIncidentPolicySeq,
};

/// The copy index: portions of a directory's rows.
inline constexpr RecordTable kDirectories{1, SealClass::inventory, "directories"};

// Kinds of keyed tokens
inline constexpr ledger::TokenKind kTokenItem{"item"};                               ///< digest -> row
inline constexpr ledger::TokenKind kTokenIncident{"incident", SealClass::evidence};  ///< id -> row
inline constexpr ledger::TokenKind kTokenVolume{"volume"};                           ///< label -> row
inline constexpr ledger::TokenKind kTokenCamera{"camera", SealClass::evidence};      ///< text -> row
inline constexpr ledger::TokenKind kTokenLink{"link", SealClass::evidence};  ///< sequence number -> row
inline constexpr ledger::TokenKind kTokenDirectory{"directory"};
inline constexpr ledger::TokenKind kTokenReport{"report"};  ///< SHA-256 of its statement -> entry
/// Empty value -> the newest entry that states the recovery key: its recipient, and the key itself.
inline constexpr ledger::TokenKind kTokenRecoveryRecipient{"recovery recipient"};
inline constexpr ledger::TokenKind kTokenRecoveryKey{"recovery key", SealClass::evidence};

inline Bytes u8_value(std::uint8_t value) {
  return {value};
}
inline Bytes u32_value(std::uint32_t value) {
  Bytes out;
  append_u32(out, value);
  return out;
}
inline Bytes u64_value(std::uint64_t value) {
  Bytes out;
  append_u64(out, value);
  return out;
}
inline std::uint32_t load_u32(const std::uint8_t* from) {
  return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
}

/// Times as column values: milliseconds shifted so that the order is kept and zero means absent.
inline std::uint64_t shift_time(std::int64_t ms) {
  return static_cast<std::uint64_t>(ms) ^ (std::uint64_t{1} << 63);
}
inline std::int64_t unshift_time(std::uint64_t value) {
  return static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63));
}

}  // namespace dalil::archive::schema
