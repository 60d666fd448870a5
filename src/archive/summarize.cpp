#include "summarize.hpp"

#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "review_record.hpp"

namespace dalil::archive {

namespace {
std::string shown_path(const std::string& directory, const std::string& name) {
  return escape_for_display(files::join_path(directory, name));
}
std::string short_digest(const std::string& digest) {
  return to_hex(as_bytes(digest)).substr(0, 12);
}
/// Of a verifier key as text.
std::string key_name(const std::string& key) {
  return key.substr(0, key.find('+'));
}
template <typename Message>
std::string assignment_text(const char* what, const Message& message) {
  const std::string items = message.digests_size() == 1 ? short_digest(message.digests(0))
                                                        : fmt::format("{} items", message.digests_size());
  return fmt::format("{} {} source {}{}{}", items, what, escape_for_display(message.alias()),
                     message.why().empty() ? "" : ": ", escape_for_display(message.why()));
}
std::string policy_text(const records::PolicyStated& stated) {
  return fmt::format("policy {}{}: {}{}{}", stated.incident().empty() ? "for everything" : "for incident ",
                     escape_for_display(stated.incident()), text_of(from_record(stated)),
                     stated.reason().empty() ? "" : ": ", escape_for_display(stated.reason()));
}
/// "review of 3fa0b1c2d3e4: verified (content analysis, high confidence): the dome fits"
std::string review_text(const records::ReviewStated& stated) {
  const Review review = from_record(stated);
  std::string how;
  if (review.analysis) how = fmt::format("{} analysis", name_of(*review.analysis));
  if (review.confidence)
    how += fmt::format("{}{} confidence", how.empty() ? "" : ", ", name_of(*review.confidence));
  return fmt::format("review of {}: {}{}{}{}",
                     stated.has_link_seq() ? fmt::format("the link of entry {}", stated.link_seq())
                                           : short_digest(stated.digest()),
                     review.state ? name_of(*review.state) : "no state", how.empty() ? "" : " (" + how + ")",
                     review.result.empty() ? "" : ": ", escape_for_display(review.result));
}
std::string vocabulary_text(const records::VocabularyStated& stated) {
  return fmt::format("vocabulary {} {}{}{}", escape_for_display(stated.name()),
                     stated.content().empty() ? "given back to the program's" : "stated",
                     stated.reason().empty() ? "" : ": ", escape_for_display(stated.reason()));
}
std::string tags_text(const records::TagsChanged& changed) {
  const std::string items = changed.digests_size() == 1 ? short_digest(changed.digests(0))
                                                        : fmt::format("{} items", changed.digests_size());
  return fmt::format("tag {} {} {}{}{}", escape_for_display(changed.name()),
                     changed.removed() ? "taken off" : "put on", items, changed.why().empty() ? "" : ": ",
                     escape_for_display(changed.why()));
}
/// ", 2 hardware warnings"; empty if there were none.
std::string hardware_text(const records::Run& run) {
  const std::uint64_t warnings = from_record(run).count(kHardwareWarnings);
  if (warnings == 0) return "";
  return fmt::format(", {} hardware warning{}", warnings, warnings == 1 ? "" : "s");
}
}  // namespace

std::string summarize(ByteView content, ledger::Seq seq) {
  const records::Record record = parse_record(content, seq);
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kArchiveCreated:
      return fmt::format("archive created by {}", escape_for_display(record.archive_created().actor_name()));
    case K::kVolumeStated:
      return fmt::format("volume {} '{}'", escape_for_display(record.volume_stated().id()),
                         escape_for_display(record.volume_stated().label()));
    case K::kDriveStated:
      return fmt::format("{} backup drive V{}: {}",
                         name_of(static_cast<DriveKind>(record.drive_stated().kind())),
                         record.drive_stated().volume() + 1,
                         record.drive_stated().sequence() == 0
                             ? std::string("begun")
                             : fmt::format("{} files after run {}", record.drive_stated().files(),
                                           record.drive_stated().sequence()));
    case K::kCopySeen:
      return fmt::format("copy {} of {} on V{}",
                         shown_path(record.copy_seen().directory(), record.copy_seen().name()),
                         short_digest(record.copy_seen().digest()), record.copy_seen().volume() + 1);
    case K::kRepaired:
      return fmt::format("copy {} of {} on V{} repaired: {}",
                         shown_path(record.repaired().directory(), record.repaired().name()),
                         short_digest(record.repaired().digest()), record.repaired().volume() + 1,
                         escape_for_display(record.repaired().was()));
    case K::kSymlinkSeen:
      return fmt::format("symbolic link {} -> {}",
                         shown_path(record.symlink_seen().directory(), record.symlink_seen().name()),
                         escape_for_display(record.symlink_seen().target()));
    case K::kCopiesGone:
      return fmt::format("{} copies gone from V{}", record.copies_gone().gone_size(),
                         record.copies_gone().volume() + 1);
    case K::kFactsStated:
      return fmt::format("metadata of {}", short_digest(record.facts_stated().digest()));
    case K::kFingerprintsStated:
      return fmt::format("looks of {}", short_digest(record.fingerprints_stated().digest()));
    case K::kIncidentRevised:
      return fmt::format("incident {}{}{}", escape_for_display(record.incident_revised().incident().id()),
                         record.incident_revised().reason().empty() ? "" : ": ",
                         escape_for_display(record.incident_revised().reason()));
    case K::kLinkMade:
      return fmt::format("link {} {} {}", short_digest(record.link_made().digest()),
                         name_of(static_cast<LinkType>(record.link_made().type())),
                         escape_for_display(record.link_made().incident()));
    case K::kLinkWithdrawn:
      return fmt::format("link of entry {} withdrawn: {}", record.link_withdrawn().link_seq(),
                         escape_for_display(record.link_withdrawn().why()));
    case K::kRun:
      if (record.run().has_continues())
        return fmt::format("{} more exceptions of the run in entry {}", record.run().exceptions_size(),
                           record.run().continues());
      return fmt::format("{} V{}: {}{}",
                         record.run().kind() == "scan"     ? "scan of"
                         : record.run().kind() == "backup" ? "backup to"
                         : record.run().kind() == "repair" ? "repair of"
                                                           : "verification of",
                         record.run().volume() + 1, escape_for_display(record.run().result()),
                         hardware_text(record.run()));
    case K::kDirectoriesVerified:
      return fmt::format("{} directories of V{} verified", record.directories_verified().directories_size(),
                         record.directories_verified().volume() + 1);
    case K::kVerificationBegun:
      return fmt::format("verification of V{} begun ({})", record.verification_begun().volume() + 1,
                         escape_for_display(record.verification_begun().mode()));
    case K::kKeyAdded:
      return fmt::format("key of {} ({}) added", escape_for_display(record.key_added().actor_name()),
                         name_of(static_cast<ledger::Role>(record.key_added().role())));
    case K::kKeyRemoved: {
      const ByteView key = as_bytes(record.key_removed().public_key());
      return fmt::format("key {} removed: {}", to_hex(key.first(std::min<std::size_t>(key.size(), 8))),
                         escape_for_display(record.key_removed().why()));
    }
    case K::kKeysRotated:
      return fmt::format("everything sealed anew, epoch {}: {}", record.keys_rotated().epoch(),
                         escape_for_display(record.keys_rotated().why()));
    case K::kEntryRedacted:
      return fmt::format("contents of entries {} destroyed: {}",
                         fmt::join(record.entry_redacted().entries(), ", "),
                         escape_for_display(record.entry_redacted().why()));
    case K::kCheckpointCosigned:
      return fmt::format("checkpoint of {} entries cosigned", record.checkpoint_cosigned().tree_size());
    case K::kTimestampAttached:
      return fmt::format("checkpoint of {} entries time-stamped {} by {}{}",
                         record.timestamp_attached().tree_size(),
                         UtcTime{record.timestamp_attached().time_ms()}.rfc3339(),
                         escape_for_display(record.timestamp_attached().authority()),
                         record.timestamp_attached().trusted() ? "" : ", not checked against its root");
    case K::kRollbackAccepted:
      return fmt::format("archive of {} entries accepted where {} had been seen: {}",
                         record.rollback_accepted().found_size(), record.rollback_accepted().expected_size(),
                         escape_for_display(record.rollback_accepted().why()));
    case K::kScanNote:
      return "provenance of a scan";
    case K::kSourceStated:
      return fmt::format("source {}: consent {}{}{}", escape_for_display(record.source_stated().alias()),
                         name_of(static_cast<Consent>(record.source_stated().consent())),
                         record.source_stated().reason().empty() ? "" : ": ",
                         escape_for_display(record.source_stated().reason()));
    case K::kSourceIdentity:
      return fmt::format("identity of source {}", escape_for_display(record.source_identity().alias()));
    case K::kSourceAssigned:
      return assignment_text("assigned to", record.source_assigned());
    case K::kSourceUnassigned:
      return assignment_text("no longer assigned to", record.source_unassigned());
    case K::kRecoveryKeyStated:
      return fmt::format("recovery key {}{}",
                         record.recovery_key_stated().identity().empty() ? "" : "(secret part) ",
                         escape_for_display(record.recovery_key_stated().recipient()));
    case K::kReportImported:
      return fmt::format("report of a check of V{} taken in, signed by {}",
                         record.report_imported().volume() + 1,
                         escape_for_display(key_name(record.report_imported().signer())));
    case K::kPolicyStated:
      return policy_text(record.policy_stated());
    case K::kReviewStated:
      return review_text(record.review_stated());
    case K::kTagsChanged:
      return tags_text(record.tags_changed());
    case K::kQuerySaved:
      return record.query_saved().text().empty()
                 ? fmt::format("saved query '{}' removed", escape_for_display(record.query_saved().name()))
                 : fmt::format("query saved as '{}': {}", escape_for_display(record.query_saved().name()),
                               escape_for_display(record.query_saved().text()));
    case K::kVocabularyStated:
      return vocabulary_text(record.vocabulary_stated());
    case K::KIND_NOT_SET:
      break;
  }
  return "unknown";
}

}  // namespace dalil::archive
