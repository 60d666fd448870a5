#include "derive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "convert.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/error.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/merkle/note.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {
/// Kind of a run that wrote to a backup drive (docs/formats/entry.md).
constexpr const char* kBackupRun = "backup";
/// Kind of a run that mended copies.
constexpr const char* kRepairRun = "repair";

void check_verdicts(Seq seq, const records::DirectoriesVerified::One& directory) {
  const std::string& verdicts = directory.verdicts();
  const auto known = [](char c) {
    return c >= static_cast<char>(Verdict::intact) && c <= static_cast<char>(Verdict::not_checked);
  };
  if (static_cast<std::size_t>(directory.names_size()) != verdicts.size() ||
      !std::ranges::all_of(verdicts, known))
    throw Error(ErrorCode::corrupt, fmt::format("entry {} holds ill-formed verdicts", seq),
                "run 'dalil check'");
}

}  // namespace

Error broken_reference(Seq seq, const char* what) {
  return Error(ErrorCode::corrupt, fmt::format("entry {} refers to {} that does not exist", seq, what),
               "run 'dalil check'");
}

Bytes append_seq(ByteView list, Seq seq) {
  Bytes out(list.begin(), list.end());
  append_varint(out, seq);
  return out;
}

std::vector<Seq> read_seqs(ByteView list) {
  std::vector<Seq> seqs;
  ByteReader reader(list);
  while (reader.remaining() > 0) seqs.push_back(reader.varint());
  return seqs;
}

std::string camera_text(const media::MediaFacts& facts) {
  std::string text = facts.make;
  for (const std::string& part : {facts.model, facts.serial}) {
    if (part.empty()) continue;
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

std::optional<Row> Deriver::find_item(const Digest& digest) {
  const auto row = writer_->lookup(writer_->token(kTokenItem, digest.view()));
  if (!row || *row >= writer_->rows(kItems)) return std::nullopt;
  if (!std::ranges::equal(writer_->cell(kItemDigest, static_cast<Row>(*row)), digest.bytes))
    return std::nullopt;
  return static_cast<Row>(*row);
}

std::optional<Row> Deriver::find_incident(std::string_view id) {
  const auto row = writer_->lookup(writer_->token(kTokenIncident, as_bytes(id)));
  if (!row || *row >= writer_->rows(kIncidents)) return std::nullopt;
  if (incident_id(writer_->cell(kIncidentRecord, static_cast<Row>(*row))) != id) return std::nullopt;
  return static_cast<Row>(*row);
}

std::optional<Row> Deriver::find_link(Seq seq) {
  const auto row = writer_->lookup(writer_->token(kTokenLink, u64_value(seq)));
  if (!row || *row >= writer_->rows(kLinks)) return std::nullopt;
  return static_cast<Row>(*row);
}

std::optional<Row> Deriver::find_volume(std::string_view label) {
  const auto row = writer_->lookup(writer_->token(kTokenVolume, as_bytes(label)));
  if (!row || *row >= writer_->rows(kVolumes)) return std::nullopt;
  return static_cast<Row>(*row);
}

void Deriver::apply_content(Seq seq, ByteView content) {
  apply(seq, parse_record(content, seq));
}

void Deriver::apply(Seq seq, const records::Record& record) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kVolumeStated:
      return apply(record.volume_stated());
    case K::kDriveStated:
      return apply(seq, record.drive_stated());
    case K::kCopySeen:
      apply(seq, record.copy_seen());
      return;
    case K::kSymlinkSeen:
      return apply(seq, record.symlink_seen());
    case K::kCopiesGone:
      return apply(record.copies_gone());
    case K::kFactsStated:
      return apply(seq, record.facts_stated());
    case K::kFingerprintsStated:
      return apply(seq, record.fingerprints_stated());
    case K::kIncidentRevised:
      return apply(seq, record.incident_revised());
    case K::kLinkMade:
      return apply(seq, record.link_made());
    case K::kLinkWithdrawn:
      return apply(seq, record.link_withdrawn());
    case K::kRun:
      return apply(seq, record.run());
    case K::kDirectoriesVerified:
      return apply(seq, record.directories_verified());
    case K::kVerificationBegun:
      return apply(seq, record.verification_begun());
    case K::kSourceStated:
      return apply(seq, record.source_stated());
    case K::kSourceIdentity:
      return apply(seq, record.source_identity());
    case K::kSourceAssigned:
      return apply(seq, record.source_assigned());
    case K::kSourceUnassigned:
      return apply(seq, record.source_unassigned());
    case K::kCheckpointCosigned:
      return apply(seq, record.checkpoint_cosigned());
    case K::kTimestampAttached:
      return apply(seq, record.timestamp_attached());
    case K::kRollbackAccepted:
      return apply(seq, record.rollback_accepted());
    case K::kRecoveryKeyStated:
      return apply(seq, record.recovery_key_stated());
    case K::kReportImported:
      return apply(seq, record.report_imported());
    case K::kPolicyStated:
      return apply(seq, record.policy_stated());
    case K::kReviewStated:
      return apply(seq, record.review_stated());
    case K::kTagsChanged:
      return apply(seq, record.tags_changed());
    case K::kQuerySaved:
      return apply(seq, record.query_saved());
    case K::kVocabularyStated:
      return apply(seq, record.vocabulary_stated());
    case K::kKeyAdded:
      return apply(seq, record.key_added());
    case K::kKeyRemoved:
      return apply(seq, record.key_removed());
    case K::kEntryRedacted:
      return apply(seq, record.entry_redacted());
    case K::kKeysRotated:
    case K::kArchiveCreated:
    case K::kScanNote:
    case K::kRepaired:
      return;  // nothing is derived from these
    case K::KIND_NOT_SET:
      break;
  }
  throw Error(ErrorCode::unsupported,
              fmt::format("entry {} is of a kind that this version does not know", seq), "use a newer Dalil");
}

void Deriver::apply(const records::VolumeStated& stated) {
  const Row row = stated.row();
  if (row == writer_->rows(kVolumes)) writer_->add_row(kVolumes);
  // What is known of the drive, and of its verifications, outlives a change of where it is kept.
  records::VolumeStated before, now = stated;
  now.clear_drive();
  now.clear_open_passes();
  const ByteView old = writer_->cell(kVolumeRecord, row);
  if (!old.empty() && before.ParseFromArray(old.data(), static_cast<int>(old.size()))) {
    if (before.has_drive()) *now.mutable_drive() = before.drive();
    *now.mutable_open_passes() = before.open_passes();
  }
  const std::string bytes = now.SerializeAsString();
  writer_->set(kVolumeRecord, row, as_bytes(bytes));
  backups_.erase(row);
  writer_->put_lookup(writer_->token(kTokenVolume, as_bytes(stated.label())), row);
}

void Deriver::apply(Seq seq, const records::DriveStated& stated) {
  if (stated.volume() >= writer_->rows(kVolumes)) throw broken_reference(seq, "a volume");
  (void)from_record(stated);  // Error(corrupt) if it is ill-formed
  change_volume(seq, stated.volume(),
                [&](records::VolumeStated& volume) { *volume.mutable_drive() = stated; });
}

void Deriver::change_volume(Seq seq, Row row, const std::function<void(records::VolumeStated&)>& change) {
  records::VolumeStated volume;
  const ByteView old = writer_->cell(kVolumeRecord, row);
  if (!volume.ParseFromArray(old.data(), static_cast<int>(old.size())))
    throw broken_reference(seq, "a volume");
  change(volume);
  const std::string bytes = volume.SerializeAsString();
  writer_->set(kVolumeRecord, row, as_bytes(bytes));
}

namespace {
template <typename Condition>
void drop_passes(records::VolumeStated& volume, const Condition& condition) {
  auto& open = *volume.mutable_open_passes();
  open.erase(std::remove_if(open.begin(), open.end(), condition), open.end());
}
}  // namespace

/// What reads the same part in the same way takes the place of the one before, which nobody can go on with.
void Deriver::apply(Seq seq, const records::VerificationBegun& begun) {
  if (begun.volume() >= writer_->rows(kVolumes)) throw broken_reference(seq, "a volume");
  change_volume(seq, begun.volume(), [&](records::VolumeStated& volume) {
    drop_passes(volume, [&](const records::VolumeStated::OpenPass& open) {
      return open.begun().below() == begun.below() && open.begun().mode() == begun.mode() &&
             open.begun().from_medium() == begun.from_medium();
    });
    auto* open = volume.add_open_passes();
    open->set_seq(seq);
    *open->mutable_begun() = begun;
  });
}

void Deriver::replace(Row volume, std::string_view directory, CopyRow row) {
  Live& live = live_changes_[volume];
  const CopyRow* old = copies_.find(volume, directory, row.name);
  if (old != nullptr && old->state == CopyRow::State::live) {
    --live.copies;
    live.bytes -= static_cast<std::int64_t>(old->size_bytes);
  }
  if (row.state == CopyRow::State::live) {
    ++live.copies;
    live.bytes += static_cast<std::int64_t>(row.size_bytes);
  }
  const auto count = [](const CopyRow* of) {
    return of != nullptr && of->state == CopyRow::State::live && of->item != ledger::kNoRow;
  };
  const auto damaged = [&](const CopyRow* of) { return count(of) && is_damage(of->verdict); };
  if (count(old) && count(&row) && old->item == row.item) {
    change_live(row.item, volume, 0, int{damaged(&row)} - int{damaged(old)});
  } else {
    if (count(old)) change_live(old->item, volume, -1, -int{damaged(old)});
    if (count(&row)) change_live(row.item, volume, 1, int{damaged(&row)});
  }
  copies_.put(volume, directory, std::move(row));
}

Deriver::AppliedCopy Deriver::apply(Seq seq, const records::CopySeen& copy) {
  const ByteView digest = as_bytes(copy.digest());
  const std::size_t stored = copy.stored_digest().size();
  if (digest.size() != Digest::kSize || (stored != 0 && stored != Digest::kSize))
    throw Error(ErrorCode::corrupt, fmt::format("entry {} holds an ill-formed digest", seq),
                "run 'dalil check'");
  const auto token = writer_->token(kTokenItem, digest);
  Row item = ledger::kNoRow;
  if (const auto row = writer_->lookup(token);
      row && *row < writer_->rows(kItems) &&
      std::ranges::equal(writer_->cell(kItemDigest, static_cast<Row>(*row)), digest))
    item = static_cast<Row>(*row);
  const bool is_new = item == ledger::kNoRow;
  if (is_new) {
    item = writer_->add_row(kItems);
    writer_->set(kItemDigest, item, digest);
    writer_->set(kItemSize, item, u64_value(copy.size()));
    writer_->set(kItemFirstSeq, item, u64_value(seq));
    writer_->put_lookup(token, item);
    end_waiting(seq, Digest::from_bytes(digest), item);
  }
  writer_->set(kItemCopies, item, append_seq(writer_->cell(kItemCopies, item), seq));
  add_path(item, copy);

  CopyRow row;
  row.name = copy.name();
  row.size_bytes = copy.stored_digest().empty() ? copy.size() : copy.stored_size();
  row.mtime_ns = copy.mtime_ns();
  row.ctime_ns = copy.ctime_ns();
  row.inode = copy.inode();
  row.seq = seq;
  row.item = item;
  replace(copy.volume(), copy.directory(), std::move(row));
  return {item, is_new};
}

void Deriver::apply(Seq seq, const records::LinkSeen& link) {
  CopyRow row;
  row.name = link.name();
  row.state = CopyRow::State::symlink;
  row.size_bytes = link.target().size();
  row.mtime_ns = link.mtime_ns();
  row.ctime_ns = link.ctime_ns();
  row.inode = link.inode();
  row.seq = seq;
  replace(link.volume(), link.directory(), std::move(row));
}

void Deriver::apply(const records::CopiesGone& gone) {
  for (const auto& one : gone.gone()) {
    const CopyRow* old = copies_.find(gone.volume(), one.directory(), one.name());
    if (old == nullptr || old->state == CopyRow::State::vanished) continue;
    CopyRow row = *old;
    row.state = CopyRow::State::vanished;
    replace(gone.volume(), one.directory(), std::move(row));
  }
}

/// The newest facts hold, and nothing of those before.
void Deriver::forget_facts(Row item) {
  static constexpr std::array kOfFacts{&kFactTaken,      &kFactTakenBasis,   &kFactTakenPrecision,
                                       &kFactClaimed,    &kFactClaimedBasis, &kFactClaimedPrecision,
                                       &kFactPlace,      &kFactCamera,       &kFactDuration,
                                       &kFactDimensions, &kFactSoftware,     &kFactFormat,
                                       &kFactText};
  for (const Column* column : kOfFacts) writer_->set(*column, item, Bytes(column->width));
}

void Deriver::apply(Seq seq, const records::FactsStated& stated) {
  const auto item = find_item(Digest::from_bytes(as_bytes(stated.digest())));
  if (!item) return pass_over(seq, "an item");
  const media::MediaFacts facts = media::decode(as_bytes(stated.facts()));
  if (load_u64(writer_->cell(kFactSeq, *item).data()) != 0) forget_facts(*item);
  writer_->set(kFactKind, *item, u8_value(static_cast<std::uint8_t>(facts.kind)));
  writer_->set(kFactSeq, *item, u64_value(seq + 1));
  const auto best = [&facts](media::TimeOrigin origin) -> const media::TimeClaim* {
    const auto time = std::ranges::find(facts.times, origin, &media::TimeClaim::origin);
    return time == facts.times.end() ? nullptr : &*time;
  };
  if (const auto taken = media::best_time(facts); taken && taken->origin == media::TimeOrigin::embedded) {
    writer_->set(kFactTaken, *item, u64_value(shift_time(taken->ms)));
    writer_->set(kFactTakenBasis, *item, u8_value(static_cast<std::uint8_t>(taken->basis)));
    writer_->set(kFactTakenPrecision, *item, u8_value(precision_code(taken->precision_ms)));
  }
  if (const auto* claimed = best(media::TimeOrigin::file_name)) {
    writer_->set(kFactClaimed, *item, u64_value(shift_time(claimed->ms)));
    writer_->set(kFactClaimedBasis, *item, u8_value(static_cast<std::uint8_t>(claimed->basis)));
    writer_->set(kFactClaimedPrecision, *item, u8_value(precision_code(claimed->precision_ms)));
  }
  if (const auto place = media::best_place(facts)) {
    const std::uint64_t value = place_value(place->latitude, place->longitude);
    if (value != 0) writer_->set(kFactPlace, *item, u64_value(value));
  }
  if (const std::string text = camera_text(facts); !text.empty())
    writer_->set(kFactCamera, *item, u32_value(shared_text(kCameraText, kTokenCamera, text) + 1));
  if (facts.duration_ms > 0)
    writer_->set(
        kFactDuration, *item,
        u32_value(static_cast<std::uint32_t>(std::min<std::int64_t>(facts.duration_ms, UINT32_MAX))));
  set_facts_for_search(*item, facts);
}

void Deriver::apply(Seq seq, const records::IncidentRevised& revised) {
  const auto token = writer_->token(kTokenIncident, as_bytes(revised.incident().id()));
  auto row = find_incident(revised.incident().id());
  if (!row) {
    row = writer_->add_row(kIncidents);
    writer_->put_lookup(token, *row);
  }
  const std::string bytes = revised.incident().SerializeAsString();
  writer_->set(kIncidentRecord, *row, as_bytes(bytes));
  writer_->set(kIncidentSeqs, *row, append_seq(writer_->cell(kIncidentSeqs, *row), seq));
  set_incident_for_search(*row, revised.incident());
}

void Deriver::apply(Seq seq, const records::LinkMade& link) {
  const auto item = find_item(Digest::from_bytes(as_bytes(link.digest())));
  if (!item) return pass_over(seq, "an item");
  const auto incident = find_incident(link.incident());
  if (!incident) return pass_over(seq, "an incident");
  const Row row = writer_->add_row(kLinks);
  writer_->set(kLinkItem, row, u32_value(*item));
  writer_->set(kLinkIncident, row, u32_value(*incident));
  writer_->set(kLinkType, row, u8_value(static_cast<std::uint8_t>(link.type())));
  writer_->set(kLinkSeq, row, u64_value(seq));
  writer_->put_lookup(writer_->token(kTokenLink, u64_value(seq)), row);
  chain_link(row, *item, *incident);
}

void Deriver::apply(Seq seq, const records::LinkWithdrawn& withdrawn) {
  const auto row = find_link(withdrawn.link_seq());
  if (!row) return pass_over(seq, "a link");
  writer_->set(kLinkWithdrawn, *row, u64_value(seq + 1));
}

void Deriver::apply(Seq seq, const records::Run& run) {
  if (run.has_continues()) {  // only what others may want to read
    if (run.continues() >= seq) throw broken_reference(seq, "a run");
    return;
  }
  writer_->set(kRunSeq, writer_->add_row(kRuns), u64_value(seq));
  if (run.volume() >= writer_->rows(kVolumes)) throw broken_reference(seq, "a volume");
  if (run.has_pass() && !run.pass_open())
    change_volume(seq, run.volume(), [&](records::VolumeStated& volume) {
      drop_passes(volume, [&](const auto& open) { return open.seq() == run.pass(); });
    });
  const bool partial = std::ranges::any_of(
      run.counts(), [](const auto& count) { return count.name() == kPartialRun && count.value() != 0; });
  // What looked at names and sizes only, or at a part, may lower what is said of the volume and not raise it.
  const bool whole = run.mode() != "quick" && !partial;
  if (run.kind() == kBackupRun || run.kind() == kRepairRun) return;  // says nothing of the rest of the volume
  if (run.kind() != "scan" && !whole && !is_bad_result(run.result())) return;
  // What was checked elsewhere is told late: a newer verification stands, and of two at once the one that
  // failed.
  if (!run.report_signer().empty()) {
    const std::uint64_t last = load_u64(writer_->cell(kVolumeLastVerify, run.volume()).data());
    if (last > shift_time(run.ended_ms()) ||
        (last == shift_time(run.ended_ms()) && !is_bad_result(run.result())))
      return;
  }
  if (run.kind() == "scan") {
    writer_->set(kVolumeLastScan, run.volume(), u64_value(shift_time(run.ended_ms())));
  } else {
    // A pass of several runs vouches for what was read since it began, and not for more.
    const bool of_several =
        run.has_pass() && run.result() == "PASS" && run.pass_began_ms() < run.started_ms();
    const std::int64_t time_ms = of_several ? run.pass_began_ms() : run.ended_ms();
    writer_->set(kVolumeLastVerify, run.volume(), u64_value(shift_time(time_ms)));
    writer_->set(kVolumeLastResult, run.volume(), as_bytes(run.result()));
  }
}

void Deriver::apply(Seq seq, const records::DirectoriesVerified& verified) {
  for (const auto& directory : verified.directories()) {
    check_verdicts(seq, directory);
    std::map<std::string_view, Verdict> exceptions;
    for (int i = 0; i < directory.names_size(); ++i)
      exceptions.emplace(directory.names(i), static_cast<Verdict>(directory.verdicts().at(i)));
    copies_.change_all(verified.volume(), directory.directory(), [&](CopyRow& row) {
      if (row.state != CopyRow::State::live) return false;
      const auto found = exceptions.find(row.name);
      if (found == exceptions.end() && directory.continued()) return false;
      const Verdict verdict = found == exceptions.end() ? Verdict::intact : found->second;
      if (verdict == Verdict::not_checked) return false;
      if (is_damage(verdict) != is_damage(row.verdict))
        change_live(row.item, verified.volume(), 0, is_damage(verdict) ? 1 : -1);
      row.verdict = verdict;
      row.verified_at_s = directory.verified_at_s();
      row.verified_in = verified.pass();
      return true;
    });
  }
}

void Deriver::apply(Seq seq, const records::KeyAdded&) {
  writer_->set(kKeySeq, writer_->add_row(kKeys), u64_value(seq));
}

void Deriver::apply(Seq seq, const records::KeyRemoved& removed) {
  for (Row row = 0; row < writer_->rows(kKeys); ++row) {
    const Seq added = load_u64(writer_->cell(kKeySeq, row).data());
    const ledger::Entry entry = writer_->entry(added);
    if (parse_record(entry.content, added).key_added().public_key() == removed.public_key())
      writer_->set(kKeyRemoved, row, u64_value(seq + 1));
  }
}

void Deriver::apply(Seq seq, const records::EntryRedacted& redacted) {
  for (const std::uint64_t one : redacted.entries()) {
    if (one >= seq) throw broken_reference(seq, "an entry before it");
    writer_->mark_redacted(one, seq);
    unexplained_.erase(one);
  }
}

void Deriver::pass_over_redacted(Seq seq) {
  any_redacted_ = true;
  unexplained_.insert(seq);
}

void Deriver::pass_over(Seq seq, const char* what) {
  if (!any_redacted_) throw broken_reference(seq, what);
  ++unresolved_;
}

void Deriver::add_anchor(Seq seq, AnchorKind kind, std::uint64_t tree_size) {
  const Row row = writer_->add_row(kAnchors);
  writer_->set(kAnchorSeq, row, u64_value(seq));
  writer_->set(kAnchorKind, row, u8_value(static_cast<std::uint8_t>(kind)));
  writer_->set(kAnchorSize, row, u64_value(tree_size));
}

void Deriver::apply(Seq seq, const records::CheckpointCosigned& cosigned) {
  add_anchor(seq, AnchorKind::cosignature, cosigned.tree_size());
}

void Deriver::apply(Seq seq, const records::TimestampAttached& attached) {
  add_anchor(seq, AnchorKind::timestamp, attached.tree_size());
}

void Deriver::apply(Seq seq, const records::RollbackAccepted& accepted) {
  add_anchor(seq, AnchorKind::rollback_accepted, accepted.found_size());
}

void Deriver::apply(Seq seq, const records::RecoveryKeyStated& stated) {
  const ledger::TokenKind& kind = stated.identity().empty() ? kTokenRecoveryRecipient : kTokenRecoveryKey;
  writer_->put_lookup(writer_->token(kind, {}), seq);
}

void Deriver::apply(Seq seq, const records::ReportImported& imported) {
  if (imported.volume() >= writer_->rows(kVolumes)) throw broken_reference(seq, "a volume");
  if (imported.run_seq() >= seq) throw broken_reference(seq, "a run");
  const auto note = merkle::Note::parse(imported.note());
  if (!note)
    throw Error(ErrorCode::corrupt, fmt::format("entry {} holds an ill-formed report", seq),
                "run 'dalil check'");
  const Digest statement = crypto::sha256(as_bytes(note->text));
  writer_->put_lookup(writer_->token(kTokenReport, statement.view()), seq);
}

void Deriver::flush() {
  copies_.flush();
  for (const auto& [volume, change] : live_changes_) {
    const auto add = [&, v = volume](const Column& column, std::int64_t difference) {
      if (difference == 0) return;
      const std::uint64_t now =
          load_u64(writer_->cell(column, v).data()) + static_cast<std::uint64_t>(difference);
      writer_->set(column, v, u64_value(now));
    };
    add(kVolumeLiveCopies, change.copies);
    add(kVolumeLiveBytes, change.bytes);
  }
  live_changes_.clear();
}

}  // namespace dalil::archive
