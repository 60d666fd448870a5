#pragma once

#include <vector>

#include "dalil/drives/report_import.hpp"

namespace dalil::drives {

/// Judges the report's signature by the keys that the ledger knows, the importer's own, and `trusted`, which
/// an archivist alone may name. Error(invalid) if it is wrong; Error(wrong_key) if nobody vouches for the
/// key, or it was removed before the report was made; Error(conflict) if it bears the name of another's key.
ReportSigner judge_signer(archive::View& view, const ledger::Keyring& own,
                          const formats::SignedReport& report, const std::vector<merkle::NoteKey>& trusted);

}  // namespace dalil::drives
