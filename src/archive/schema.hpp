#pragma once

#include <utility>

#include "dalil/ledger/schema.hpp"

/// The derived tables (docs/formats/archive.md). Numbers are persistent; a change of meaning takes a new
/// number, and `dalil rebuild` fills it.
namespace dalil::archive::schema {

using ledger::Column;
using ledger::RecordTable;
using ledger::SealClass;

inline constexpr std::uint8_t kVolumes = 1, kItems = 2, kIncidents = 3, kLinks = 4, kCameras = 5, kRuns = 6,
                              kSources = 7, kAssignments = 8, kAnchors = 9, kIdentities = 10, kWaiting = 11,
                              kPolicies = 12, kIncidentPolicies = 13, kPrints = 14, kReviews = 15, kTags = 16,
                              kTaggings = 17, kWords = 18, kQueries = 19, kKeys = 20, kVocabularies = 21;
inline constexpr std::uint8_t kTables[] = {
    kVolumes, kItems,      kIncidents, kLinks,    kCameras,          kRuns,    kSources, kAssignments,
    kAnchors, kIdentities, kWaiting,   kPolicies, kIncidentPolicies, kReviews, kTags,    kTaggings,
    kWords,   kQueries,    kPrints,    kKeys,     kVocabularies};

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
/// Paths by which people know the item, folded for search, each with a line feed before it and behind it.
/// What lies beyond some 16 KiB is left out, and the value ends with this: the copy index has all of them.
inline constexpr std::string_view kMorePaths = "\x01";
inline constexpr Column kItemPaths{kItems, 5, SealClass::inventory, 0, 512, "item.paths"};
/// varints, three a volume in ascending order: volume, live copies there, damaged ones of them.
inline constexpr Column kItemLive{kItems, 6, SealClass::inventory, 0, 1024, "item.live"};
/// A bit for each volume with a live copy, and with a damaged one; bit 63 stands for all from 63 on.
inline constexpr Column kItemVolumes{kItems, 7, SealClass::inventory, 8, 1024, "item.volumes"};
inline constexpr Column kItemDamaged{kItems, 8, SealClass::inventory, 8, 1024, "item.damaged"};

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
// Of an item whose looks are on record: the newest entry that states them + 1, and its rows of kPrints.
inline constexpr Column kItemPrintsSeq{kItems, 24, SealClass::evidence, 8, 4096, "item.prints_seq"};
inline constexpr Column kItemPrintsFirst{kItems, 25, SealClass::evidence, 4, 4096, "item.prints_first"};
inline constexpr Column kItemPrintsCount{kItems, 26, SealClass::evidence, 4, 4096, "item.prints_count"};
inline constexpr Column kFactDimensions{kItems, 32,   SealClass::evidence,
                                        8,      4096, "fact.dimensions"};  ///< width u32, height u32
inline constexpr Column kFactSoftware{kItems, 33,   SealClass::evidence,
                                      4,      4096, "fact.software"};  ///< row of kWords + 1
inline constexpr Column kFactFormat{kItems, 34,   SealClass::evidence,
                                    4,      4096, "fact.format"};  ///< row of kWords + 1
inline constexpr Column kFactText{kItems, 35, SealClass::evidence, 0, 1024, "fact.text"};  ///< folded
/// How far the time may be off, and how far the name's may: `precision_code`.
inline constexpr Column kFactTakenPrecision{kItems, 36, SealClass::evidence, 1, 4096, "fact.taken_precision"};
inline constexpr Column kFactClaimedPrecision{kItems, 37,   SealClass::evidence,
                                              1,      4096, "fact.claimed_precision"};
inline constexpr Column kFactClaimedBasis{kItems, 39, SealClass::evidence, 1, 4096, "fact.claimed_basis"};
/// The link of the item that was made last: row + 1. Each names the one before it.
inline constexpr Column kItemLastLink{kItems, 38, SealClass::evidence, 4, 1024, "item.last_link"};

// What the newest reviews say (review.hpp): times and places as those of the facts.
inline constexpr Column kItemReview{kItems, 48, SealClass::evidence, 1, 4096, "item.review"};
inline constexpr Column kItemVerifiedFrom{kItems, 49, SealClass::evidence, 8, 4096, "item.verified_from"};
inline constexpr Column kItemVerifiedTo{kItems, 50, SealClass::evidence, 8, 4096, "item.verified_to"};
inline constexpr Column kItemVerifiedMade{kItems, 51, SealClass::evidence, 8, 4096, "item.verified_made"};
inline constexpr Column kItemVerifiedShown{kItems, 52, SealClass::evidence, 8, 4096, "item.verified_shown"};
inline constexpr Column kItemMadeRadius{kItems, 53, SealClass::evidence, 4, 4096, "item.made_radius_m"};
inline constexpr Column kItemShownRadius{kItems, 54, SealClass::evidence, 4, 4096, "item.shown_radius_m"};
inline constexpr Column kItemLastReview{kItems, 55,   SealClass::evidence,
                                        4,      4096, "item.last_review"};  ///< row of kReviews + 1

inline constexpr Column kIncidentRecord{kIncidents, 1, SealClass::evidence, 0, 16, "incident.record"};
inline constexpr Column kIncidentSeqs{kIncidents, 2, SealClass::evidence, 0, 256, "incident.revisions"};

/// What the filters need of the newest revision, of fixed width: `IncidentSummary`.
inline constexpr Column kIncidentSummary{kIncidents, 3, SealClass::evidence, 80, 256, "incident.summary"};
inline constexpr Column kIncidentText{kIncidents, 4,  SealClass::evidence,
                                      0,          64, "incident.text"};  ///< folded
inline constexpr Column kIncidentLastLink{kIncidents, 5, SealClass::evidence, 4, 256, "incident.last_link"};
inline constexpr Column kIncidentLinks{kIncidents, 6,   SealClass::evidence,
                                       4,          256, "incident.links"};  ///< ever made

/// Texts that many rows share: each once.
inline constexpr Column kWordText{kWords, 1, SealClass::evidence, 0, 256, "word.text"};

inline constexpr Column kLinkItem{kLinks, 1, SealClass::evidence, 4, 4096, "link.item"};
inline constexpr Column kLinkIncident{kLinks, 2, SealClass::evidence, 4, 4096, "link.incident"};
inline constexpr Column kLinkType{kLinks, 3, SealClass::evidence, 1, 4096, "link.type"};
inline constexpr Column kLinkSeq{kLinks, 4, SealClass::evidence, 8, 4096, "link.seq"};
inline constexpr Column kLinkWithdrawn{kLinks, 5,    SealClass::evidence,
                                       8,      4096, "link.withdrawn"};  ///< entry + 1
/// The one of the same incident, and of the same item, that was made before: row + 1.
inline constexpr Column kLinkBeforeOfIncident{kLinks, 6,    SealClass::evidence,
                                              4,      4096, "link.before_of_incident"};
inline constexpr Column kLinkBeforeOfItem{kLinks, 7, SealClass::evidence, 4, 4096, "link.before_of_item"};

inline constexpr Column kLinkReview{kLinks, 10, SealClass::evidence, 1, 4096, "link.review"};
inline constexpr Column kLinkLastReview{kLinks, 11,   SealClass::evidence,
                                        4,      4096, "link.last_review"};  ///< row of kReviews + 1

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

/// One row a review; those of one item or link lead back from the newest.
inline constexpr Column kReviewSeq{kReviews, 1, SealClass::evidence, 8, 4096, "review.seq"};
inline constexpr Column kReviewItem{kReviews, 2, SealClass::evidence, 4, 4096, "review.item"};  ///< row + 1
inline constexpr Column kReviewLink{kReviews, 3, SealClass::evidence, 4, 4096, "review.link"};  ///< row + 1
inline constexpr Column kReviewState{kReviews, 4, SealClass::evidence, 1, 4096, "review.state"};
inline constexpr Column kReviewPrevious{kReviews, 5,    SealClass::evidence,
                                        4,        4096, "review.previous"};                    ///< row + 1
inline constexpr Column kReviewText{kReviews, 6, SealClass::evidence, 0, 256, "review.text"};  ///< folded

/// One row a name that a query was ever saved under.
inline constexpr Column kQueryName{kQueries, 1, SealClass::evidence, 0, 256, "query.name"};
inline constexpr Column kQuerySeq{kQueries, 2, SealClass::evidence, 8, 256, "query.seq"};
inline constexpr Column kQueryStands{kQueries, 3, SealClass::evidence, 1, 256, "query.stands"};

inline constexpr Column kTagName{kTags, 1, SealClass::evidence, 0, 256, "tag.name"};
inline constexpr Column kTaggingItem{kTaggings, 1, SealClass::evidence, 4, 4096, "tagging.item"};
inline constexpr Column kTaggingTag{kTaggings, 2, SealClass::evidence, 4, 4096, "tagging.tag"};
inline constexpr Column kTaggingSeq{kTaggings, 3, SealClass::evidence, 8, 4096, "tagging.seq"};
inline constexpr Column kTaggingWithdrawn{kTaggings, 4,    SealClass::evidence,
                                          8,         4096, "tagging.withdrawn"};  ///< entry + 1

/// One row a statement; the newest of a name holds.
inline constexpr Column kVocabularyName{kVocabularies, 1, SealClass::evidence, 0, 256, "vocabulary.name"};
inline constexpr Column kVocabularySeq{kVocabularies, 2, SealClass::evidence, 8, 256, "vocabulary.seq"};

/// Fingerprints, one a row; those of an item lie side by side. What was stated anew leaves rows of part 0
/// behind.
inline constexpr Column kPrintItem{kPrints, 1, SealClass::evidence, 4, 4096, "print.item"};
inline constexpr Column kPrintTime{kPrints, 2, SealClass::evidence, 4, 4096, "print.time_ms"};
inline constexpr Column kPrintPart{kPrints, 3, SealClass::evidence, 1, 4096, "print.part"};
inline constexpr Column kPrintQuality{kPrints, 4, SealClass::evidence, 1, 4096, "print.quality"};
inline constexpr Column kPrintHash{kPrints, 5, SealClass::evidence, 32, 4096, "print.hash"};

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
    kItemPaths,
    kItemLive,
    kItemVolumes,
    kItemDamaged,
    kFactKind,
    kFactTaken,
    kFactTakenBasis,
    kFactClaimed,
    kFactPlace,
    kFactCamera,
    kFactDuration,
    kFactSeq,
    kFactDimensions,
    kFactSoftware,
    kFactFormat,
    kFactText,
    kFactTakenPrecision,
    kFactClaimedPrecision,
    kFactClaimedBasis,
    kItemLastLink,
    kIncidentRecord,
    kIncidentSeqs,
    kIncidentSummary,
    kIncidentText,
    kIncidentLastLink,
    kIncidentLinks,
    kWordText,
    kLinkItem,
    kLinkIncident,
    kLinkType,
    kLinkSeq,
    kLinkWithdrawn,
    kLinkBeforeOfIncident,
    kLinkBeforeOfItem,
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
    kItemReview,
    kItemVerifiedFrom,
    kItemVerifiedTo,
    kItemVerifiedMade,
    kItemVerifiedShown,
    kItemMadeRadius,
    kItemShownRadius,
    kItemLastReview,
    kLinkReview,
    kLinkLastReview,
    kReviewSeq,
    kReviewItem,
    kReviewLink,
    kReviewState,
    kReviewPrevious,
    kReviewText,
    kQueryName,
    kQuerySeq,
    kQueryStands,
    kTagName,
    kTaggingItem,
    kTaggingTag,
    kTaggingSeq,
    kTaggingWithdrawn,
    kVocabularyName,
    kVocabularySeq,
    kItemPrintsSeq,
    kItemPrintsFirst,
    kItemPrintsCount,
    kPrintItem,
    kPrintTime,
    kPrintPart,
    kPrintQuality,
    kPrintHash,
};

/// The copy index: portions of a directory's rows.
inline constexpr RecordTable kDirectories{1, SealClass::inventory, "directories"};
/// Small pictures of items (docs/formats/thumbnails.md): made from the files, not from the ledger.
inline constexpr RecordTable kThumbnails{2, SealClass::evidence, "thumbnails"};

// Kinds of keyed tokens
inline constexpr ledger::TokenKind kTokenItem{"item"};                               ///< digest -> row
inline constexpr ledger::TokenKind kTokenIncident{"incident", SealClass::evidence};  ///< id -> row
inline constexpr ledger::TokenKind kTokenVolume{"volume"};                           ///< label -> row
inline constexpr ledger::TokenKind kTokenCamera{"camera", SealClass::evidence};      ///< text -> row
inline constexpr ledger::TokenKind kTokenWord{"word", SealClass::evidence};          ///< text -> row
inline constexpr ledger::TokenKind kTokenLink{"link", SealClass::evidence};  ///< sequence number -> row
inline constexpr ledger::TokenKind kTokenDirectory{"directory"};
inline constexpr ledger::TokenKind kTokenThumbnails{"thumbnails", SealClass::evidence};  ///< digest
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

/// A place as a column holds it (`place_value`): degrees north and east.
inline std::pair<double, double> unshift_place(std::uint64_t value) {
  const auto degrees = [](std::uint64_t shifted) {
    return static_cast<double>(static_cast<std::int64_t>(shifted) - (std::int64_t{1} << 31)) / 1e7;
  };
  return {degrees(value >> 32), degrees(value & 0xFFFFFFFF)};
}

/// Times as column values: milliseconds shifted so that the order is kept and zero means absent.
inline std::uint64_t shift_time(std::int64_t ms) {
  return static_cast<std::uint64_t>(ms) ^ (std::uint64_t{1} << 63);
}
inline std::int64_t unshift_time(std::uint64_t value) {
  return static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63));
}

}  // namespace dalil::archive::schema
