#include "permissions.hpp"

#include <fmt/format.h>

#include "dalil/base/error.hpp"
#include "records.pb.h"

namespace dalil::archive {

using ledger::Role;

bool may_state(Role role, const records::Record& record) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kRun:
      return role != Role::auditor || record.run().kind() == "verify";
    case K::kDirectoriesVerified:
    case K::kVerificationBegun:
    case K::kCheckpointCosigned:
    case K::kTimestampAttached:
    case K::kReportImported:
      return true;
    case K::kVolumeStated:
    case K::kDriveStated:
    case K::kRepaired:
    case K::kCopySeen:
    case K::kSymlinkSeen:
    case K::kCopiesGone:
    case K::kFactsStated:
    case K::kFingerprintsStated:
    case K::kIncidentRevised:
    case K::kLinkMade:
    case K::kLinkWithdrawn:
    case K::kSourceStated:
    case K::kSourceAssigned:
    case K::kSourceUnassigned:
    case K::kReviewStated:
    case K::kTagsChanged:
    case K::kQuerySaved:
    case K::kVocabularyStated:
      return role != Role::auditor;
    case K::kArchiveCreated:
    case K::kScanNote:
    case K::kSourceIdentity:
    case K::kKeyAdded:
    case K::kKeyRemoved:
    case K::kKeysRotated:
    case K::kEntryRedacted:
    case K::kRollbackAccepted:
    case K::kRecoveryKeyStated:
    case K::kPolicyStated:
    case K::KIND_NOT_SET:
      return role == Role::archivist;
  }
  return role == Role::archivist;
}

void refuse_beyond_role(Role role, const records::Record& record) {
  if (may_state(role, record)) return;
  throw Error(ErrorCode::wrong_key, fmt::format("this is not for the role '{}' to state", name_of(role)),
              "open the archive with the key of a role that may");
}

}  // namespace dalil::archive
