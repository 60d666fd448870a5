#include "convert.hpp"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"

namespace dalil::archive {

namespace {

template <typename Message>
void put_count(Message* to, const Count& from) {
  if (from.value) to->set_value(*from.value);
  to->set_qualifier(from.qualifier);
}
Count get_count(const records::Count& from) {
  Count count;
  if (from.has_value()) count.value = from.value();
  count.qualifier = from.qualifier();
  return count;
}

[[noreturn]] void ill_formed(const char* what) {
  throw Error(ErrorCode::corrupt, fmt::format("a ledger entry holds an ill-formed {}", what),
              "run 'dalil check'");
}

}  // namespace

// Field by field, on purpose: a field that is added to the model and forgotten here fails the round-trip
// test.
records::Incident to_record(const Incident& incident) {
  records::Incident record;
  record.set_id(incident.id);
  record.set_date(incident.date);
  record.set_date_end(incident.date_end);
  record.set_local_time(incident.local_time);
  record.set_local_time_source(incident.local_time_source);
  record.set_utc_offset(incident.utc_offset);
  record.set_weekday_stated(incident.weekday_stated);
  record.set_governorate(incident.governorate);
  record.set_place(incident.place);
  record.set_subdistrict(incident.subdistrict);
  record.set_perpetrator_group(incident.perpetrator_group);
  record.set_perpetrator_text(incident.perpetrator_text);
  record.set_attribution(incident.attribution);
  record.set_weapon(incident.weapon);
  record.set_weapon_code(incident.weapon_code);
  record.set_target(incident.target);
  record.set_area_of_control(incident.area_of_control);
  record.set_killed_described_as(incident.killed_described_as);
  record.set_description(incident.description);
  record.set_description_ar(incident.description_ar);
  record.set_notes(incident.notes);
  record.set_documented_on(incident.documented_on);
  record.set_witness_json(incident.witness_json);
  record.set_source_json(incident.source_json);
  if (incident.weekday_ok) record.set_weekday_ok(*incident.weekday_ok);
  if (incident.latitude) record.set_latitude(*incident.latitude);
  if (incident.longitude) record.set_longitude(*incident.longitude);
  if (incident.killed_provisional) record.set_killed_provisional(*incident.killed_provisional);
  if (incident.evidence_links_in_text) record.set_evidence_links_in_text(*incident.evidence_links_in_text);
  if (incident.witness_accounts) record.set_witness_accounts(*incident.witness_accounts);
  put_count(record.mutable_killed(), incident.killed);
  put_count(record.mutable_children(), incident.children);
  put_count(record.mutable_women(), incident.women);
  put_count(record.mutable_fetuses(), incident.fetuses);
  put_count(record.mutable_wounded(), incident.wounded);
  put_count(record.mutable_detained(), incident.detained);
  for (const auto& text : incident.evidence_link_texts) record.add_evidence_link_texts(text);
  for (const auto& text : incident.photo_captions) record.add_photo_captions(text);
  for (const auto& relation : incident.relations) {
    auto* pair = record.add_relations();
    pair->set_first(relation.type);
    pair->set_second(relation.target);
  }
  for (const auto& [name, value] : incident.extra) {
    auto* pair = record.add_extra();
    pair->set_first(name);
    pair->set_second(value);
  }
  return record;
}

Incident from_record(const records::Incident& record) {
  Incident incident;
  incident.id = record.id();
  incident.date = record.date();
  incident.date_end = record.date_end();
  incident.local_time = record.local_time();
  incident.local_time_source = record.local_time_source();
  incident.utc_offset = record.utc_offset();
  incident.weekday_stated = record.weekday_stated();
  incident.governorate = record.governorate();
  incident.place = record.place();
  incident.subdistrict = record.subdistrict();
  incident.perpetrator_group = record.perpetrator_group();
  incident.perpetrator_text = record.perpetrator_text();
  incident.attribution = record.attribution();
  incident.weapon = record.weapon();
  incident.weapon_code = record.weapon_code();
  incident.target = record.target();
  incident.area_of_control = record.area_of_control();
  incident.killed_described_as = record.killed_described_as();
  incident.description = record.description();
  incident.description_ar = record.description_ar();
  incident.notes = record.notes();
  incident.documented_on = record.documented_on();
  incident.witness_json = record.witness_json();
  incident.source_json = record.source_json();
  if (record.has_weekday_ok()) incident.weekday_ok = record.weekday_ok();
  if (record.has_latitude()) incident.latitude = record.latitude();
  if (record.has_longitude()) incident.longitude = record.longitude();
  if (record.has_killed_provisional()) incident.killed_provisional = record.killed_provisional();
  if (record.has_evidence_links_in_text()) incident.evidence_links_in_text = record.evidence_links_in_text();
  if (record.has_witness_accounts()) incident.witness_accounts = record.witness_accounts();
  incident.killed = get_count(record.killed());
  incident.children = get_count(record.children());
  incident.women = get_count(record.women());
  incident.fetuses = get_count(record.fetuses());
  incident.wounded = get_count(record.wounded());
  incident.detained = get_count(record.detained());
  incident.evidence_link_texts.assign(record.evidence_link_texts().begin(),
                                      record.evidence_link_texts().end());
  incident.photo_captions.assign(record.photo_captions().begin(), record.photo_captions().end());
  for (const auto& pair : record.relations()) incident.relations.push_back({pair.first(), pair.second()});
  for (const auto& pair : record.extra()) incident.extra.emplace_back(pair.first(), pair.second());
  return incident;
}

std::string incident_id(ByteView bytes) {
  records::Incident record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) ill_formed("incident");
  return record.id();
}

namespace {
/// What a medium says of itself may be in any encoding; what is recorded has to be text.
std::string as_text(const std::string& said) {
  return is_utf8(said) ? said : escape_for_display(said);
}
}  // namespace

records::VolumeStated to_record(const Volume& volume) {
  records::VolumeStated record;
  record.set_row(volume.row);
  record.set_kind(static_cast<std::uint32_t>(volume.kind));
  record.set_sealed(volume.sealed);
  record.set_capacity_bytes(volume.capacity_bytes);
  record.set_id(volume.id);
  record.set_label(volume.label);
  record.set_kept_at(volume.kept_at);
  record.set_file_system(as_text(volume.file_system));
  record.set_uuid(as_text(volume.uuid));
  record.set_serial(as_text(volume.serial));
  record.set_file_system_label(as_text(volume.file_system_label));
  record.set_root(volume.root);
  record.set_note(volume.note);
  return record;
}

records::DriveStated to_record(const Drive& drive) {
  records::DriveStated record;
  record.set_drive_id(drive.id.data(), drive.id.size());
  record.set_kind(static_cast<std::uint32_t>(drive.kind));
  record.set_sequence(drive.sequence);
  record.set_note_digest(drive.note_digest.bytes.data(), Digest::kSize);
  record.set_files(drive.files);
  record.set_bytes(drive.bytes);
  return record;
}

Drive from_record(const records::DriveStated& record) {
  Drive drive;
  if (record.drive_id().size() != drive.id.size() || record.kind() < 1 || record.kind() > 2)
    ill_formed("drive");
  std::copy_n(record.drive_id().begin(), drive.id.size(), drive.id.begin());
  drive.kind = static_cast<DriveKind>(record.kind());
  drive.sequence = record.sequence();
  drive.note_digest = Digest::from_bytes(as_bytes(record.note_digest()));
  drive.files = record.files();
  drive.bytes = record.bytes();
  return drive;
}

Policy from_record(const records::PolicyStated& record) {
  if (record.places() > record.copies())
    throw Error(ErrorCode::corrupt, "a policy asks for more places than copies", "run 'dalil check'");
  return {record.copies(), record.places(), record.verified_within_days()};
}

records::Repaired to_record(const Repair& repair) {
  constexpr std::size_t kPiecesPerEntry = 1000;  // docs/formats/entry.md
  records::Repaired record;
  record.set_digest(repair.digest.bytes.data(), Digest::kSize);
  record.set_volume(repair.volume);
  const auto slash = repair.path.rfind('/');
  if (slash != repair.path.npos) record.set_directory(repair.path.substr(0, slash));
  record.set_name(slash == repair.path.npos ? repair.path : repair.path.substr(slash + 1));
  record.set_was(repair.was);
  record.set_piece_count(repair.pieces.size());
  for (std::size_t i = 0; i < std::min(repair.pieces.size(), kPiecesPerEntry); ++i) {
    auto* piece = record.add_pieces();
    piece->set_offset(repair.pieces[i].offset);
    piece->set_size(repair.pieces[i].size_bytes);
    piece->set_volume(repair.pieces[i].volume);
    piece->set_path(repair.pieces[i].path);
  }
  if (repair.damaged_digest) record.set_damaged_digest(repair.damaged_digest->bytes.data(), Digest::kSize);
  record.set_damaged_size(repair.damaged_size);
  record.set_set_aside(repair.set_aside);
  record.set_deleted(repair.deleted);
  return record;
}

Repair from_record(const records::Repaired& record) {
  Repair repair;
  if (record.digest().size() != Digest::kSize ||
      (!record.damaged_digest().empty() && record.damaged_digest().size() != Digest::kSize))
    ill_formed("repair");
  repair.digest = Digest::from_bytes(as_bytes(record.digest()));
  repair.volume = record.volume();
  repair.path = files::join_path(record.directory(), record.name());
  repair.was = record.was();
  for (const auto& piece : record.pieces())
    repair.pieces.push_back({piece.offset(), piece.size(), piece.volume(), piece.path()});
  repair.piece_count = record.piece_count();
  if (!record.damaged_digest().empty())
    repair.damaged_digest = Digest::from_bytes(as_bytes(record.damaged_digest()));
  repair.damaged_size = record.damaged_size();
  repair.set_aside = record.set_aside();
  repair.deleted = record.deleted();
  return repair;
}

Volume from_record(const records::VolumeStated& record) {
  Volume volume;
  volume.row = record.row();
  if (record.kind() < 1 || record.kind() > 3) ill_formed("volume");
  volume.kind = static_cast<VolumeKind>(record.kind());
  volume.sealed = record.sealed();
  volume.capacity_bytes = record.capacity_bytes();
  volume.id = record.id();
  volume.label = record.label();
  volume.kept_at = record.kept_at();
  volume.file_system = record.file_system();
  volume.uuid = record.uuid();
  volume.serial = record.serial();
  volume.file_system_label = record.file_system_label();
  volume.root = record.root();
  volume.note = record.note();
  if (record.has_drive()) volume.drive = from_record(record.drive());
  return volume;
}

std::string volume_label(ByteView bytes) {
  records::VolumeStated record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) ill_formed("volume");
  return record.label();
}

namespace {

void fill_stored(records::CopySeen& record, const std::optional<StoredForm>& stored) {
  StoredForm none;
  none.source_volume = 0;
  const StoredForm& from = stored ? *stored : none;
  record.clear_stored_digest();
  if (stored) record.set_stored_digest(from.digest.bytes.data(), Digest::kSize);
  record.set_stored_size(from.size_bytes);
  record.set_source_volume(from.source_volume);
  record.set_source_directory(from.source_directory);
  record.set_source_name(from.source_name);
}

}  // namespace

std::optional<StoredForm> stored_form(const records::CopySeen& record) {
  if (record.stored_digest().empty()) return std::nullopt;
  return StoredForm{Digest::from_bytes(as_bytes(record.stored_digest())), record.stored_size(),
                    record.source_volume(), record.source_directory(), record.source_name()};
}

void fill_record(records::CopySeen& record, const Copy& copy) {
  record.set_volume(copy.volume);
  record.set_directory(copy.directory);
  record.set_name(copy.name);
  record.set_digest(copy.digest.bytes.data(), Digest::kSize);
  record.set_size(copy.size_bytes);
  record.set_mtime_ns(copy.mtime_ns);
  record.set_ctime_ns(copy.ctime_ns);
  record.set_inode(copy.inode);
  record.set_tag_nonce(copy.tag_nonce.data(), copy.tag_nonce.size());
  static_assert(sizeof(crypto::ChunkTag) == 16);
  record.set_tags(copy.tags.data(), copy.tags.size() * sizeof(crypto::ChunkTag));
  record.set_tag_epoch(copy.tag_epoch == 1 ? 0 : copy.tag_epoch);
  fill_stored(record, copy.stored);
}

Copy from_record(const records::CopySeen& record) {
  Copy copy;
  copy.volume = record.volume();
  copy.directory = record.directory();
  copy.name = record.name();
  copy.digest = Digest::from_bytes(as_bytes(record.digest()));
  copy.size_bytes = record.size();
  copy.mtime_ns = record.mtime_ns();
  copy.ctime_ns = record.ctime_ns();
  copy.inode = record.inode();
  if (record.tag_nonce().size() != copy.tag_nonce.size()) ill_formed("copy");
  std::memcpy(copy.tag_nonce.data(), record.tag_nonce().data(), copy.tag_nonce.size());
  copy.stored = stored_form(record);
  if (record.tags().size() != crypto::tag_count(copy.size_on_volume()) * sizeof(crypto::ChunkTag))
    ill_formed("copy");
  copy.tags.resize(record.tags().size() / sizeof(crypto::ChunkTag));
  std::memcpy(copy.tags.data(), record.tags().data(), record.tags().size());
  copy.tag_epoch = std::max(record.tag_epoch(), 1U);
  return copy;
}

Source from_record(const records::SourceStated& record) {
  if (record.consent() < 1 || record.consent() > 3) ill_formed("consent scope");
  Source source;
  source.alias = record.alias();
  source.consent = static_cast<Consent>(record.consent());
  source.note = record.note();
  return source;
}

Source source_from(ByteView bytes) {
  records::SourceStated record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) ill_formed("source");
  return from_record(record);
}

SourceIdentity from_record(const records::SourceIdentity& record) {
  return {record.name(), record.contact(), record.note()};
}

records::Run to_record(const RunSummary& run) {
  records::Run record;
  record.set_kind(run.kind);
  record.set_volume(run.volume);
  record.set_folder(run.folder);
  record.set_mode(run.mode);
  record.set_result(run.result);
  record.set_started_ms(run.started.ms);
  record.set_ended_ms(run.ended.ms);
  for (const auto& [name, value] : run.counts) {
    auto* number = record.add_counts();
    number->set_name(name);
    number->set_value(value);
  }
  record.set_exception_count(run.exceptions.size());
  record.set_report_signer(run.report_signer);
  if (run.pass) {
    record.set_pass(*run.pass);
    record.set_pass_open(run.pass_open);
    record.set_pass_began_ms(run.pass_began.ms);
  }
  return record;
}

void add_exception(records::Run& record, const RunSummary::Exception& exception) {
  auto* to = record.add_exceptions();
  to->set_path(exception.path);
  to->set_verdict(static_cast<std::uint32_t>(exception.verdict));
  for (const auto& [offset, size] : exception.ranges) {
    auto* range = to->add_ranges();
    range->set_offset(offset);
    range->set_size(size);
  }
  to->set_error_number(exception.error_number);
  to->set_detail(exception.detail);
  if (exception.digest != Digest{}) to->set_digest(exception.digest.bytes.data(), Digest::kSize);
  if (exception.at_first) to->set_at_first(static_cast<std::uint32_t>(*exception.at_first));
  for (const files::BadRange& bad : exception.unreadable) {
    auto* range = to->add_unreadable();
    range->set_offset(bad.offset);
    range->set_size(bad.size_bytes);
    range->set_error_number(bad.error_number);
  }
}

RunSummary from_record(const records::Run& record) {
  RunSummary run;
  run.kind = record.kind();
  run.volume = record.volume();
  run.folder = record.folder();
  run.mode = record.mode();
  run.result = record.result();
  run.report_signer = record.report_signer();
  run.started.ms = record.started_ms();
  run.ended.ms = record.ended_ms();
  for (const auto& number : record.counts()) run.counts.emplace_back(number.name(), number.value());
  for (const auto& from : record.exceptions()) {
    RunSummary::Exception exception;
    exception.path = from.path();
    if (from.verdict() < 1 || from.verdict() > 9 || from.at_first() > 9) ill_formed("verdict");
    exception.verdict = static_cast<Verdict>(from.verdict());
    for (const auto& range : from.ranges()) exception.ranges.emplace_back(range.offset(), range.size());
    exception.error_number = from.error_number();
    exception.detail = from.detail();
    if (!from.digest().empty()) exception.digest = Digest::from_bytes(as_bytes(from.digest()));
    if (from.at_first() != 0) exception.at_first = static_cast<Verdict>(from.at_first());
    for (const auto& bad : from.unreadable())
      exception.unreadable.push_back({bad.offset(), bad.size(), bad.error_number()});
    run.exceptions.push_back(std::move(exception));
  }
  // Entries of the first programs do not tell: they hold all there are.
  run.exception_count =
      std::max(record.exception_count(), static_cast<std::uint64_t>(record.exceptions_size()));
  if (record.has_pass()) run.pass = record.pass();
  run.pass_open = record.pass_open();
  run.pass_began.ms = record.pass_began_ms();
  return run;
}

records::VerificationBegun to_record(const VerificationPass& pass) {
  records::VerificationBegun record;
  record.set_volume(pass.volume);
  record.set_below(pass.below);
  record.set_mode(pass.mode);
  record.set_from_medium(pass.from_medium);
  record.set_medium(pass.medium);
  record.set_began_ms(pass.began.ms);
  return record;
}

VerificationPass from_record(const records::VerificationBegun& record, Seq seq) {
  return {seq,
          record.volume(),
          record.below(),
          record.mode(),
          record.from_medium(),
          record.medium(),
          UtcTime{record.began_ms()}};
}

records::Record parse_record(ByteView content, ledger::Seq seq) {
  const google::protobuf::LogSilencer silent;  // what is wrong is thrown, not printed
  records::Record record;
  if (content.size() > INT32_MAX || !record.ParseFromArray(content.data(), static_cast<int>(content.size())))
    throw Error(ErrorCode::corrupt, fmt::format("entry {} is ill-formed", seq), "run 'dalil check'");
  if (record.kind_case() == records::Record::KIND_NOT_SET)
    throw Error(ErrorCode::unsupported,
                fmt::format("entry {} is of a kind that this version does not know", seq),
                "use a newer Dalil");
  return record;
}

Bytes serialize_text(const records::Record& record) {
  const google::protobuf::LogSilencer silent;
  Bytes content = serialize(record);
  if (!records::Record().ParseFromArray(content.data(), static_cast<int>(content.size())))
    throw Error(ErrorCode::invalid, "what is to be recorded is not text in UTF-8",
                "check the words that were given, and the terminal's encoding");
  return content;
}

Bytes serialize(const records::Record& record) {
  Bytes out(record.ByteSizeLong());
  record.SerializeWithCachedSizesToArray(out.data());
  return out;
}

}  // namespace dalil::archive
