#include "entry_fields.hpp"

#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "review_record.hpp"

namespace dalil::archive {

namespace {

std::string volume_id(std::uint32_t row) {
  return fmt::format("V{}", std::uint64_t{row} + 1);
}

std::string hex(const std::string& bytes) {
  return to_hex(as_bytes(bytes));
}

std::uint64_t count(int size) {
  return static_cast<std::uint64_t>(size);
}

/// What nobody stated is left out.
std::vector<EntryField> stated(std::vector<EntryField> fields) {
  std::erase_if(fields, [](const EntryField& field) {
    const auto* text = std::get_if<std::string>(&field.value);
    return text != nullptr && text->empty();
  });
  return fields;
}

std::vector<EntryField> fields_of(const records::Run& run) {
  std::vector<EntryField> fields = stated({{"run", run.kind()},
                                           {"volume", volume_id(run.volume())},
                                           {"mode", run.mode()},
                                           {"result", run.result()},
                                           {"report_signer", run.report_signer()}});
  const std::uint64_t warnings = from_record(run).count(kHardwareWarnings);
  if (warnings > 0) fields.push_back({std::string(kHardwareWarnings), warnings});
  if (run.has_pass()) fields.push_back({"pass", run.pass()});
  return fields;
}

std::string place_field(const std::optional<VerifiedPlace>& place) {
  return place ? fmt::format("{:.6f}, {:.6f}, {} m", place->latitude, place->longitude, place->radius_m) : "";
}

std::vector<EntryField> fields_of(const records::ReviewStated& record) {
  const Review review = from_record(record);
  std::vector<EntryField> fields =
      stated({{"digest", hex(record.digest())},
              {"analysis", review.analysis ? name_of(*review.analysis) : ""},
              {"state", review.state ? name_of(*review.state) : ""},
              {"confidence", review.confidence ? name_of(*review.confidence) : ""},
              {"method", review.method},
              {"result", review.result},
              {"note", review.note},
              {"verified_from", review.time ? UtcTime{review.time->from_ms}.rfc3339_ms() : ""},
              {"verified_to", review.time ? UtcTime{review.time->to_ms}.rfc3339_ms() : ""},
              {"made", place_field(review.made)},
              {"shown", place_field(review.shown)}});
  if (record.has_link_seq()) fields.push_back({"link_seq", record.link_seq()});
  return fields;
}

}  // namespace

std::vector<EntryField> fields_of(const records::Record& record) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kArchiveCreated:
      return stated({{"actor_name", record.archive_created().actor_name()},
                     {"program", record.archive_created().program()}});
    case K::kVolumeStated:
      return stated({{"volume", record.volume_stated().id()},
                     {"label", record.volume_stated().label()},
                     {"kept_at", record.volume_stated().kept_at()}});
    case K::kDriveStated:
      return {{"volume", volume_id(record.drive_stated().volume())},
              {"drive", hex(record.drive_stated().drive_id())},
              {"drive_kind", name_of(static_cast<DriveKind>(record.drive_stated().kind()))},
              {"sequence", record.drive_stated().sequence()},
              {"note_sha256", hex(record.drive_stated().note_digest())},
              {"files", record.drive_stated().files()},
              {"size_bytes", record.drive_stated().bytes()}};
    case K::kCopySeen: {
      const auto& copy = record.copy_seen();
      return {{"volume", volume_id(copy.volume())},
              {"path", files::join_path(copy.directory(), copy.name())},
              {"digest", hex(copy.digest())},
              {"size_bytes", copy.size()}};
    }
    case K::kRepaired: {
      const auto& repaired = record.repaired();
      return stated({{"volume", volume_id(repaired.volume())},
                     {"path", files::join_path(repaired.directory(), repaired.name())},
                     {"digest", hex(repaired.digest())},
                     {"was", repaired.was()},
                     {"pieces", repaired.piece_count()},
                     {"damaged_sha256", hex(repaired.damaged_digest())},
                     {"set_aside", repaired.set_aside()}});
    }
    case K::kSymlinkSeen: {
      const auto& link = record.symlink_seen();
      return {{"volume", volume_id(link.volume())},
              {"path", files::join_path(link.directory(), link.name())},
              {"target", link.target()}};
    }
    case K::kCopiesGone:
      return {{"volume", volume_id(record.copies_gone().volume())},
              {"copies", count(record.copies_gone().gone_size())}};
    case K::kFactsStated:
      return {{"digest", hex(record.facts_stated().digest())}};
    case K::kFingerprintsStated:
      return {{"digest", hex(record.fingerprints_stated().digest())}};
    case K::kIncidentRevised:
      return stated({{"incident", record.incident_revised().incident().id()},
                     {"reason", record.incident_revised().reason()}});
    case K::kLinkMade:
      return stated({{"digest", hex(record.link_made().digest())},
                     {"incident", record.link_made().incident()},
                     {"link_type", name_of(static_cast<LinkType>(record.link_made().type()))},
                     {"why", record.link_made().why()}});
    case K::kLinkWithdrawn:
      return stated(
          {{"link_seq", record.link_withdrawn().link_seq()}, {"why", record.link_withdrawn().why()}});
    case K::kRun:
      return fields_of(record.run());
    case K::kScanNote:
      return stated({{"run_seq", record.scan_note().run_seq()},
                     {"source", record.scan_note().source()},
                     {"note", record.scan_note().note()},
                     {"incident", record.scan_note().incident()}});
    case K::kDirectoriesVerified:
      return {{"volume", volume_id(record.directories_verified().volume())},
              {"directories", count(record.directories_verified().directories_size())}};
    case K::kVerificationBegun:
      return stated({{"volume", volume_id(record.verification_begun().volume())},
                     {"below", record.verification_begun().below()},
                     {"mode", record.verification_begun().mode()},
                     {"reads", record.verification_begun().from_medium() ? "medium" : "anywhere"}});
    case K::kKeyAdded:
      return stated({{"actor_name", record.key_added().actor_name()},
                     {"role", ledger::name_of(static_cast<ledger::Role>(record.key_added().role()))},
                     {"public_key", hex(record.key_added().public_key())}});
    case K::kKeyRemoved:
      return stated(
          {{"public_key", hex(record.key_removed().public_key())}, {"why", record.key_removed().why()}});
    case K::kKeysRotated:
      return stated(
          {{"epoch", std::uint64_t{record.keys_rotated().epoch()}}, {"why", record.keys_rotated().why()}});
    case K::kEntryRedacted:
      return stated({{"entries", count(record.entry_redacted().entries_size())},
                     {"why", record.entry_redacted().why()}});
    case K::kSourceStated:
      return stated({{"alias", record.source_stated().alias()},
                     {"consent", name_of(static_cast<Consent>(record.source_stated().consent()))},
                     {"note", record.source_stated().note()},
                     {"reason", record.source_stated().reason()}});
    case K::kSourceIdentity:
      return stated({{"alias", record.source_identity().alias()}});
    case K::kSourceAssigned:
      return stated({{"alias", record.source_assigned().alias()},
                     {"items", count(record.source_assigned().digests_size())},
                     {"why", record.source_assigned().why()}});
    case K::kSourceUnassigned:
      return stated({{"alias", record.source_unassigned().alias()},
                     {"items", count(record.source_unassigned().digests_size())},
                     {"why", record.source_unassigned().why()}});
    case K::kCheckpointCosigned:
      return {{"tree_size", record.checkpoint_cosigned().tree_size()},
              {"root", hex(record.checkpoint_cosigned().root())},
              {"cosigner", record.checkpoint_cosigned().cosigner()}};
    case K::kTimestampAttached:
      return stated({{"tree_size", record.timestamp_attached().tree_size()},
                     {"stamped_at", UtcTime{record.timestamp_attached().time_ms()}.rfc3339_ms()},
                     {"authority", record.timestamp_attached().authority()},
                     {"chain_trusted", record.timestamp_attached().trusted() ? "yes" : "no"}});
    case K::kRollbackAccepted:
      return stated({{"expected_size", record.rollback_accepted().expected_size()},
                     {"expected_root", hex(record.rollback_accepted().expected_root())},
                     {"found_size", record.rollback_accepted().found_size()},
                     {"found_root", hex(record.rollback_accepted().found_root())},
                     {"why", record.rollback_accepted().why()}});
    case K::kReportImported:
      return {{"volume", volume_id(record.report_imported().volume())},
              {"run_seq", record.report_imported().run_seq()},
              {"signer", record.report_imported().signer()},
              {"statement", record.report_imported().note()}};
    case K::kRecoveryKeyStated:  // never the identity
      return stated({{"recipient", record.recovery_key_stated().recipient()},
                     {"why", record.recovery_key_stated().why()}});
    case K::kPolicyStated:
      return stated({{"incident", record.policy_stated().incident()},
                     {"copies", std::uint64_t{record.policy_stated().copies()}},
                     {"places", std::uint64_t{record.policy_stated().places()}},
                     {"verified_within_days", std::uint64_t{record.policy_stated().verified_within_days()}},
                     {"reason", record.policy_stated().reason()}});
    case K::kReviewStated:
      return fields_of(record.review_stated());
    case K::kQuerySaved:
      return stated({{"name", record.query_saved().name()},
                     {"query", record.query_saved().text()},
                     {"note", record.query_saved().note()}});
    case K::kTagsChanged:
      return stated({{"tag", record.tags_changed().name()},
                     {"change", record.tags_changed().removed() ? "removed" : "added"},
                     {"items", count(record.tags_changed().digests_size())},
                     {"why", record.tags_changed().why()}});
    case K::kVocabularyStated:
      return stated({{"vocabulary", record.vocabulary_stated().name()},
                     {"content", record.vocabulary_stated().content()},
                     {"reason", record.vocabulary_stated().reason()}});
    default:
      return {};
  }
}

std::optional<Row> volume_of(const records::Record& record) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kVolumeStated:
      return record.volume_stated().row();
    case K::kDriveStated:
      return record.drive_stated().volume();
    case K::kCopySeen:
      return record.copy_seen().volume();
    case K::kRepaired:
      return record.repaired().volume();
    case K::kSymlinkSeen:
      return record.symlink_seen().volume();
    case K::kCopiesGone:
      return record.copies_gone().volume();
    case K::kRun:
      return record.run().volume();
    case K::kDirectoriesVerified:
      return record.directories_verified().volume();
    case K::kReportImported:
      return record.report_imported().volume();
    case K::kVerificationBegun:
      return record.verification_begun().volume();
    default:
      return std::nullopt;
  }
}

}  // namespace dalil::archive
