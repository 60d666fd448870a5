#include <fmt/format.h>

#include "actor_check.hpp"
#include "archive_state.hpp"
#include "convert.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/archive/timestamp.hpp"
#include "dalil/base/error.hpp"
#include "schema.hpp"
#include "thumbnail_record.hpp"
#include "workshop.hpp"

namespace dalil::archive {

namespace {

constexpr ledger::RecordTable kRecordTables[] = {schema::kDirectories};

/// A token for each row of what is found by token: a lookup that is lost or altered has no row to betray it.
template <typename Visit>
void for_each_token(ledger::Reader& reader, const Visit& visit) {
  using namespace schema;
  const auto visit_all = [&](const ledger::Column& column, const ledger::TokenKind& kind,
                             const auto& name_in) {
    for (Row row = 0; row < reader.rows(column.table); ++row) {
      const ByteView cell = reader.cell(column, row);
      visit(reader.token(kind, as_bytes(name_in(cell))), kind.name, row);
    }
  };
  const auto whole = [](ByteView cell) { return std::string(as_chars(cell)); };
  visit_all(kItemDigest, kTokenItem, whole);
  visit_all(kIncidentRecord, kTokenIncident, incident_id);
  visit_all(kVolumeRecord, kTokenVolume, volume_label);
  visit_all(kCameraText, kTokenCamera, whole);
  visit_all(kLinkSeq, kTokenLink, whole);
}

void compare_lookups(ledger::Reader& now, ledger::Reader& right, CheckReport& report) {
  for_each_token(right, [&](const ledger::Token& token, const char* kind, Row row) {
    if (now.lookup(token) != right.lookup(token))
      report.problems.push_back(fmt::format("the lookup of {} {} differs from the ledger", kind, row));
  });
}

void check_custody(const Archive& archive, CheckReport& report) {
  for (std::string& problem : ledger::check_checkpoints(archive.ledger()))
    report.problems.push_back(std::move(problem));
  View view = archive.view();
  for (const Cosignature& one : cosignatures(view))
    if (!one.fault.empty())
      report.problems.push_back(
          fmt::format("the cosignature of entry {} does not count: {}", one.seq, one.fault));
  for (const Timestamp& one : timestamps(view))
    if (const std::string fault = fault_of(view, one); !fault.empty())
      report.problems.push_back(fmt::format("the time-stamp of entry {} does not hold: {}", one.seq, fault));
}

/// Copies the ledger as `now` sees it. Another process may commit between the two looks, and then they differ
/// without anything being wrong.
void copy_as_seen(const Archive& archive, ledger::Reader& now, const std::string& path) {
  for (int tries = 3; tries > 0; --tries) {
    now.renew();
    ledger::copy_ledger(archive.ledger(), path, archive.keyring());
    if (ledger::Ledger::open(path, archive.keyring().clone(), schema::kColumns, archive.clock(),
                             ledger::Ledger::For::ledger_only)
            .read()
            .size() == now.size())
      return;
    ledger::remove_database(path);
  }
  throw Error(ErrorCode::locked, "cannot check the archive while another process writes to it",
              "wait until it is done");
}

/// That each opens, is one and of an item: what they show does not follow from the ledger.
void check_thumbnails(ledger::Reader& now, CheckReport& report) {
  std::uint64_t strays = 0;
  now.for_each_record(schema::kThumbnails, [&](ByteView content) {
    const Digest digest = ThumbnailRecord::decode(content).digest;
    if (!now.lookup(now.token(schema::kTokenItem, digest.view()))) ++strays;
    return ++report.records > 0;
  });
  if (strays > 0)
    report.problems.push_back(
        fmt::format("{} thumbnails belong to no item: 'dalil rebuild' drops them", strays));
}

}  // namespace

CheckReport check(const Archive& archive) {
  CheckReport report;
  const Workshop workshop(archive.ledger().directory());
  ledger::Reader now = archive.ledger().read();
  report.entries = now.size();
  try {
    copy_as_seen(archive, now, workshop.path());
    report.entries = now.size();
    ActorCheck actors(now.signers(), report.problems);
    for (Seq seq = 0; seq < now.size(); ++seq) {
      const ledger::Entry entry = now.entry(seq);
      actors.see(entry);
      if (entry.state == ledger::Entry::State::redacted) ++report.redacted;
      if (entry.state == ledger::Entry::State::not_visible) ++report.not_visible;
      if (entry.state == ledger::Entry::State::open &&
          ledger::commit(entry.salt, entry.content) != entry.line.commitment)
        report.problems.push_back(fmt::format("entry {} does not match its commitment", seq));
    }
    actors.finish();
    check_custody(archive, report);
    refuse_partial_role(archive.keyring(), "deriving everything anew");
    report.unresolved = derive_all(workshop.path(), archive.keyring(), archive.clock()).unresolved;
    report.derived_compared = true;
    for (const std::uint8_t table : schema::kTables) report.rows += now.rows(table);
    ledger::Ledger fresh =
        ledger::Ledger::open(workshop.path(), archive.keyring().clone(), schema::kColumns, archive.clock());
    ledger::Reader right = fresh.read();
    for (std::string& difference : ledger::compare_derived(now, right, schema::kColumns, kRecordTables))
      report.problems.push_back(std::move(difference));
    compare_lookups(now, right, report);
    now.for_each_record(schema::kDirectories, [&report](ByteView) { return ++report.records > 0; });
    check_thumbnails(now, report);
  } catch (const Error& error) {
    // No room for the comparison, or no moment of rest: that is no damage.
    if (error.code() == ErrorCode::io || error.code() == ErrorCode::locked) throw;
    if (error.code() != ErrorCode::wrong_key) report.problems.emplace_back(error.what());
  }
  return report;
}

}  // namespace dalil::archive
