#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "archive_state.hpp"
#include "convert.hpp"
#include "dalil/archive/timestamp.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/media/fingerprint.hpp"
#include "editor_state.hpp"
#include "link_rows.hpp"
#include "permissions.hpp"
#include "schema.hpp"

namespace dalil::archive {

using ledger::SealClass;
using namespace schema;

namespace {
/// What one entry may hold of what there may be any number of: an entry is read, sealed and hashed as a
/// whole.
constexpr int kDirectoriesPerEntry = 256;
constexpr std::size_t kItemsPerEntry = 1000;  // docs/formats/entry.md

void check_alias(const std::string& alias) {
  if (!is_plain_name(alias))
    throw Error(ErrorCode::invalid, fmt::format("'{}' cannot be an alias", escape_for_display(alias)),
                "use 1 to 200 bytes of text without control characters, backslashes and blanks at its ends");
}
constexpr std::size_t kNamesPerEntry = 1000;
constexpr int kExceptionsPerEntry = 1000;
constexpr std::size_t kExceptionBytesPerEntry = 1 << 20;

/// Whose keyring cannot make the name of the key itself has to be told before that is tried.
void refuse_unless_archivist(ledger::Role role) {
  records::Record record;
  record.mutable_recovery_key_stated();
  refuse_beyond_role(role, record);
}

/// About, and not less.
std::size_t size_in_entry(const RunSummary::Exception& exception) {
  constexpr std::size_t kFixed = 80, kEachRange = 24;
  return kFixed + exception.path.size() + exception.detail.size() + kEachRange * exception.ranges.size();
}
}  // namespace

bool is_plain_name(const std::string& name) {
  constexpr std::size_t kLongest = 200;
  return !name.empty() && name.size() <= kLongest && is_utf8(name) && escape_for_display(name) == name &&
         name.front() != ' ' && name.back() != ' ';
}

Seq Editor::State::append(SealClass seal_class, const records::Record& record) {
  refuse_beyond_role(keyring.role(), record);
  return writer.append({seal_class, serialize(record)});
}

Seq Editor::State::append_and_apply(SealClass seal_class, const records::Record& record) {
  refuse_beyond_role(keyring.role(), record);
  const Seq seq = writer.append({seal_class, serialize_text(record)});
  deriver.apply(seq, record);
  return seq;
}

void Editor::State::flush_verified() {
  if (verified.directories_verified().directories_size() == 0) return;
  append_and_apply(SealClass::inventory, verified);
  verified.Clear();
  names_gathered = 0;
}

void Editor::State::gather_verdicts(Row volume, std::string_view directory,
                                    const std::vector<std::pair<std::string, Verdict>>& named,
                                    std::int64_t verified_at_s, Seq pass, bool only_named) {
  const auto& gathered = verified.directories_verified();
  if (gathered.directories_size() > 0 && (gathered.volume() != volume || gathered.pass() != pass))
    flush_verified();
  std::size_t next = 0;
  do {
    auto* to = verified.mutable_directories_verified();
    to->set_volume(volume);
    if (pass != 0) to->set_pass(pass);
    auto* one = to->add_directories();
    one->set_directory(directory.data(), directory.size());
    one->set_verified_at_s(std::max<std::int64_t>(verified_at_s, 1));  // 0 would say: never
    one->set_continued(only_named || next > 0);
    for (; next < named.size() && names_gathered < kNamesPerEntry; ++next) {
      one->add_names(named[next].first);
      one->mutable_verdicts()->push_back(static_cast<char>(named[next].second));
      ++names_gathered;
    }
    one->set_more(next < named.size());
    if (to->directories_size() == kDirectoriesPerEntry || names_gathered == kNamesPerEntry) flush_verified();
  } while (next < named.size());
}

void Editor::State::append_items(const std::vector<Row>& items, const std::function<records::Record()>& make,
                                 const std::function<std::string*(records::Record&)>& add_digest) {
  for (std::size_t first = 0; first < items.size(); first += kItemsPerEntry) {
    records::Record record = make();
    for (std::size_t i = first; i < std::min(items.size(), first + kItemsPerEntry); ++i) {
      const Digest digest = digest_of(items[i]);
      add_digest(record)->assign(as_chars(digest.view()));
    }
    append_and_apply(SealClass::evidence, record);
  }
}

std::string Editor::State::alias_of(Row source) {
  return source_from(writer.cell(kSourceRecord, source)).alias;
}

Digest Editor::State::digest_of(Row item) {
  return Digest::from_bytes(writer.cell(kItemDigest, item));
}

Editor::Editor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Editor::~Editor() = default;
Editor::Editor(Editor&&) noexcept = default;

Editor Archive::edit() {
  return Editor(std::make_unique<Editor::State>(state_->ledger.write(), keyring()));
}
namespace {
/// Whether an archivist took an archive for good that had lost what was expected here.
bool archivist_accepted(View& view, const ledger::Rollback& rollback) {
  const auto signers = view.reader().signers();
  for (const Anchor& anchor : view.anchors()) {
    if (anchor.kind != AnchorKind::rollback_accepted || anchor.tree_size > rollback.expected.checkpoint.size)
      continue;
    const ledger::ActorId actor = view.reader().line(anchor.seq).actor;
    for (const ledger::Signer& signer : signers)
      if (signer.role == ledger::Role::archivist && ledger::actor_id(signer.key.key) == actor) return true;
  }
  return false;
}
}  // namespace

std::optional<Seq> Archive::accept_rollback(const std::string& why) {
  const std::optional<ledger::Rollback>& rollback = state_->ledger.rollback();
  if (!rollback) throw Error(ErrorCode::not_found, "the archive continues what was seen: nothing to accept");
  if (keyring().role() != ledger::Role::archivist) {
    View now = view();
    if (!archivist_accepted(now, *rollback))
      throw Error(ErrorCode::wrong_key, "only an archivist can take a rolled back archive for good",
                  "have an archivist look at it; then say the same again");
    state_->ledger.accept_as_seen();
    return std::nullopt;
  }
  records::Record record;
  auto* accepted = record.mutable_rollback_accepted();
  const merkle::Checkpoint &expected = rollback->expected.checkpoint, &found = rollback->found;
  accepted->set_expected_size(expected.size);
  accepted->set_expected_root(expected.root.bytes.data(), Digest::kSize);
  accepted->set_expected_note(rollback->expected.note);
  accepted->set_expected_seen_ms(rollback->expected.seen_at.ms);
  accepted->set_found_size(found.size);
  accepted->set_found_root(found.root.bytes.data(), Digest::kSize);
  accepted->set_why(why);
  Editor editor(std::make_unique<Editor::State>(state_->ledger.write_accepting_rollback(), keyring()));
  const Seq seq = editor.state_->append_and_apply(SealClass::inventory, record);
  editor.commit();
  return seq;
}

ledger::Writer& Editor::writer() {
  return state_->writer;
}

namespace {
/// A label that differs from this one only in what a search overlooks: case, accents, Arabic spelling.
std::optional<std::string> similar_label(ledger::Writer& writer, std::string_view label) {
  const std::string folded = fold_for_search(label);
  for (Row row = 0; row < writer.rows(kVolumes); ++row) {
    records::VolumeStated stated;
    const ByteView bytes = writer.cell(kVolumeRecord, row);
    if (!stated.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) continue;
    if (stated.label() != label && fold_for_search(stated.label()) == folded) return stated.label();
  }
  return std::nullopt;
}
}  // namespace

Row Editor::add_volume(const Volume& volume) {
  if (volume.label.empty() || !is_utf8(volume.label))
    throw Error(ErrorCode::invalid, "a volume needs a label that is text");
  if (state_->deriver.find_volume(volume.label))
    throw Error(ErrorCode::conflict,
                fmt::format("volume '{}' exists already", escape_for_display(volume.label)),
                "choose another label");
  if (const auto similar = similar_label(state_->writer, volume.label))
    throw Error(ErrorCode::conflict,
                fmt::format("'{}' could be mistaken for the volume '{}'", escape_for_display(volume.label),
                            escape_for_display(*similar)),
                "choose a label that differs in more than case and accents");
  Volume stated = volume;
  stated.row = state_->writer.rows(kVolumes);
  stated.id = fmt::format("V{}", stated.row + 1);
  records::Record record;
  *record.mutable_volume_stated() = to_record(stated);
  state_->append_and_apply(SealClass::inventory, record);
  return stated.row;
}

void Editor::update_volume(const Volume& volume) {
  records::Record record;
  *record.mutable_volume_stated() = to_record(volume);
  state_->append_and_apply(SealClass::inventory, record);
}

void Editor::state_drive(Row volume, const Drive& drive) {
  records::Record record;
  *record.mutable_drive_stated() = to_record(drive);
  record.mutable_drive_stated()->set_volume(volume);
  state_->append_and_apply(SealClass::inventory, record);
}

AddedCopy Editor::add_copy(const Copy& copy) {
  State& s = *state_;
  fill_record(*s.copy_record.mutable_copy_seen(), copy);
  if (s.keyring.epoch() > 1) s.copy_record.mutable_copy_seen()->set_tag_epoch(s.keyring.epoch());
  const Seq seq = s.append(SealClass::inventory, s.copy_record);
  const auto applied = s.deriver.apply(seq, s.copy_record.copy_seen());
  return {applied.item, applied.new_item, seq};
}

AddedCopy Editor::add_copy_with_its_tags(const Copy& copy) {
  State& s = *state_;
  fill_record(*s.copy_record.mutable_copy_seen(), copy);
  if (copy.tag_epoch > 1) s.copy_record.mutable_copy_seen()->set_tag_epoch(copy.tag_epoch);
  const Seq seq = s.append(SealClass::inventory, s.copy_record);
  const auto applied = s.deriver.apply(seq, s.copy_record.copy_seen());
  return {applied.item, applied.new_item, seq};
}

void Editor::add_repair(const Copy& copy, const Repair& repair) {
  add_copy_with_its_tags(copy);
  records::Record record;
  *record.mutable_repaired() = to_record(repair);
  state_->append_and_apply(SealClass::inventory, record);
}

void Editor::add_symlink(Row volume, std::string_view directory, std::string_view name,
                         const files::FileStat& stat, std::string_view target) {
  records::Record record;
  auto* link = record.mutable_symlink_seen();
  link->set_volume(volume);
  link->set_directory(directory.data(), directory.size());
  link->set_name(name.data(), name.size());
  link->set_target(target.data(), target.size());
  link->set_mtime_ns(stat.mtime_ns);
  link->set_ctime_ns(stat.ctime_ns);
  link->set_inode(stat.inode);
  state_->append_and_apply(SealClass::inventory, record);
}

void Editor::mark_vanished(Row volume, const std::vector<Gone>& gone) {
  if (gone.empty()) return;
  records::Record record;
  auto* message = record.mutable_copies_gone();
  message->set_volume(volume);
  for (const Gone& one : gone) {
    auto* to = message->add_gone();
    to->set_directory(one.directory);
    to->set_name(one.name);
    to->set_moved_to(one.moved_to);
  }
  state_->append_and_apply(SealClass::inventory, record);
}

void Editor::add_facts(Row item, const media::MediaFacts& facts) {
  records::Record record;
  auto* stated = record.mutable_facts_stated();
  const Digest digest = state_->digest_of(item);
  const Bytes encoded = media::encode(facts);
  stated->set_digest(digest.bytes.data(), Digest::kSize);
  stated->set_facts(encoded.data(), encoded.size());
  state_->append_and_apply(SealClass::evidence, record);
}

void Editor::add_fingerprints(Row item, const media::Fingerprints& fingerprints) {
  records::Record record;
  auto* stated = record.mutable_fingerprints_stated();
  const Digest digest = state_->digest_of(item);
  media::Fingerprints kept = fingerprints;
  std::erase_if(kept.prints, [](const media::Fingerprint& print) { return !media::is_stored(print.part); });
  const Bytes encoded = media::encode(kept);
  stated->set_digest(digest.bytes.data(), Digest::kSize);
  stated->set_fingerprints(encoded.data(), encoded.size());
  if (kept.sound != media::Sound{}) {
    const Bytes sound = media::encode(kept.sound);
    stated->set_sound(sound.data(), sound.size());
  }
  state_->append_and_apply(SealClass::evidence, record);
}

Row Editor::put_incident(const Incident& incident, const std::string& reason) {
  if (incident.id.empty()) throw Error(ErrorCode::invalid, "an incident needs an ID");
  records::Record record;
  *record.mutable_incident_revised()->mutable_incident() = to_record(incident);
  record.mutable_incident_revised()->set_reason(reason);
  state_->append_and_apply(SealClass::evidence, record);
  return *state_->deriver.find_incident(incident.id);
}

namespace {

std::string length_text(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000;
  std::string text = fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  if (ms % 1000 != 0) text += fmt::format(".{:03}", ms % 1000);
  return text;
}

/// Beginning and end of a part, of a recording whose length the file tells (0: it does not). People count in
/// seconds: up to the end of the last one.
void refuse_beyond(std::int64_t length_ms, const std::array<std::optional<std::int64_t>, 2>& ends) {
  const std::int64_t last_ms = (length_ms + 999) / 1000 * 1000;
  for (const auto& end : ends)
    if (length_ms > 0 && end && *end > last_ms)
      throw Error(ErrorCode::invalid,
                  fmt::format("the recording has no moment {}: it is {} long", length_text(*end),
                              length_text(length_ms)),
                  fmt::format("a part of it lies between 0:00 and {}", length_text(last_ms)));
}

}  // namespace

Row Editor::add_link(Row item, Row incident, LinkType type, std::optional<std::int64_t> from_ms,
                     std::optional<std::int64_t> to_ms, const std::string& why) {
  if (from_ms && to_ms && *to_ms < *from_ms)
    throw Error(ErrorCode::invalid, "the link's part ends before it begins", "give --from before --to");
  refuse_beyond(load_u32(state_->writer.cell(kFactDuration, item).data()), {from_ms, to_ms});
  records::Record record;
  auto* link = record.mutable_link_made();
  const Digest digest = state_->digest_of(item);
  link->set_digest(digest.bytes.data(), Digest::kSize);
  link->set_incident(incident_id(state_->writer.cell(kIncidentRecord, incident)));
  link->set_type(static_cast<std::uint32_t>(type));
  if (from_ms) link->set_from_ms(*from_ms);
  if (to_ms) link->set_to_ms(*to_ms);
  link->set_why(why);
  state_->append_and_apply(SealClass::evidence, record);
  return state_->writer.rows(kLinks) - 1;
}

void Editor::withdraw_link(Row link, const std::string& why) {
  if (load_u64(state_->writer.cell(kLinkWithdrawn, link).data()) != 0)
    throw Error(ErrorCode::not_found, "the link is withdrawn already");
  records::Record record;
  record.mutable_link_withdrawn()->set_link_seq(load_u64(state_->writer.cell(kLinkSeq, link).data()));
  record.mutable_link_withdrawn()->set_why(why);
  state_->append_and_apply(SealClass::evidence, record);
}

Row Editor::put_source(const Source& source, const std::string& reason) {
  check_alias(source.alias);
  if (!state_->deriver.find_source(source.alias)) {
    if (const auto similar = state_->deriver.similar_alias(source.alias))
      throw Error(ErrorCode::conflict,
                  fmt::format("'{}' could be mistaken for the source '{}'", source.alias, *similar),
                  "choose an alias that differs in more than case and accents");
  }
  records::Record record;
  auto* stated = record.mutable_source_stated();
  stated->set_alias(source.alias);
  stated->set_consent(static_cast<std::uint32_t>(source.consent));
  stated->set_note(source.note);
  stated->set_reason(reason);
  state_->append_and_apply(SealClass::evidence, record);
  return *state_->deriver.find_source(source.alias);
}

void Editor::put_identity(Row source, const SourceIdentity& identity) {
  records::Record record;
  auto* stated = record.mutable_source_identity();
  stated->set_alias(state_->alias_of(source));
  stated->set_name(identity.name);
  stated->set_contact(identity.contact);
  stated->set_note(identity.note);
  state_->append_and_apply(SealClass::source, record);
}

std::size_t Editor::assign(Row source, std::span<const Row> items, const std::string& why) {
  const std::string alias = state_->alias_of(source);
  std::vector<Row> fresh;
  for (const Row item : std::set<Row>(items.begin(), items.end()))
    if (!state_->deriver.find_assignment(item, source)) fresh.push_back(item);
  state_->append_items(
      fresh,
      [&] {
        records::Record record;
        record.mutable_source_assigned()->set_alias(alias);
        record.mutable_source_assigned()->set_why(why);
        return record;
      },
      [](records::Record& record) { return record.mutable_source_assigned()->add_digests(); });
  return fresh.size();
}

std::size_t Editor::unassign(Row source, std::span<const Row> items, const std::string& why) {
  const std::string alias = state_->alias_of(source);
  std::vector<Row> standing;
  for (const Row item : std::set<Row>(items.begin(), items.end()))
    if (state_->deriver.find_assignment(item, source)) standing.push_back(item);
  state_->append_items(
      standing,
      [&] {
        records::Record record;
        record.mutable_source_unassigned()->set_alias(alias);
        record.mutable_source_unassigned()->set_why(why);
        return record;
      },
      [](records::Record& record) { return record.mutable_source_unassigned()->add_digests(); });
  return standing.size();
}

void Editor::record_verdicts(Row volume, std::string_view directory,
                             const std::vector<std::pair<std::string, Verdict>>& exceptions,
                             std::int64_t verified_at_s, Seq pass) {
  state_->gather_verdicts(volume, directory, exceptions, verified_at_s, pass, false);
}

void Editor::record_named_verdicts(Row volume, std::string_view directory,
                                   const std::vector<std::pair<std::string, Verdict>>& named,
                                   std::int64_t verified_at_s, Seq pass) {
  if (!named.empty()) state_->gather_verdicts(volume, directory, named, verified_at_s, pass, true);
}

Seq Editor::begin_pass(const VerificationPass& pass) {
  records::Record record;
  *record.mutable_verification_begun() = to_record(pass);
  return state_->append_and_apply(SealClass::inventory, record);
}

/// The run, at once behind it what is said of its source, then its exceptions as far as the first entry has
/// no room for them.
Seq Editor::add_run(const RunSummary& run) {
  state_->flush_verified();
  auto exception = run.exceptions.begin();
  const auto append = [&](records::Run described) {
    records::Record record;
    records::Run& to = *record.mutable_run();
    to = std::move(described);
    std::size_t bytes = 0;
    while (exception != run.exceptions.end() && to.exceptions_size() < kExceptionsPerEntry &&
           bytes < kExceptionBytesPerEntry) {
      bytes += size_in_entry(*exception);
      add_exception(to, *exception++);
    }
    return state_->append_and_apply(SealClass::inventory, record);
  };
  const Seq seq = append(to_record(run));
  if (!run.source.empty() || !run.note.empty() || !run.incident.empty()) {
    records::Record note;
    note.mutable_scan_note()->set_run_seq(seq);
    note.mutable_scan_note()->set_source(run.source);
    note.mutable_scan_note()->set_note(run.note);
    note.mutable_scan_note()->set_incident(run.incident);
    state_->append_and_apply(SealClass::source, note);
  }
  while (exception != run.exceptions.end()) {
    records::Run further;
    further.set_kind(run.kind);
    further.set_volume(run.volume);
    further.set_continues(seq);
    append(std::move(further));
  }
  return seq;
}

Seq Editor::add_report(const RunSummary& run, const ImportedReport& report) {
  records::Record record;
  auto* imported = record.mutable_report_imported();
  imported->set_volume(report.volume);
  imported->set_note(report.note);
  imported->set_signer(report.signer);
  refuse_beyond_role(state_->keyring.role(), record);
  imported->set_run_seq(add_run(run));
  return state_->append_and_apply(SealClass::inventory, record);
}

void Editor::add_key(const ledger::Keyring& admitted, const std::string& slot, OpensWith opens_with) {
  records::Record record;
  auto* added = record.mutable_key_added();
  const auto& key = admitted.signing_key().public_key();
  added->set_public_key(key.data(), key.size());
  added->set_actor_name(admitted.actor_name());
  added->set_role(static_cast<std::uint32_t>(admitted.role()));
  added->set_slot(slot);
  added->set_opens_with(static_cast<std::uint32_t>(opens_with));
  added->set_recipient(admitted.grant_recipient());
  state_->writer.add_signer(admitted);
  state_->append_and_apply(SealClass::inventory, record);
}

void Editor::remove_key(const ledger::ActorId& actor, const std::string& why) {
  const crypto::PublicKey key = state_->writer.remove_signer(actor);
  records::Record record;
  record.mutable_key_removed()->set_public_key(key.data(), key.size());
  record.mutable_key_removed()->set_why(why);
  state_->append_and_apply(SealClass::inventory, record);
}

Seq Editor::add_cosignature(const merkle::Checkpoint& checkpoint, const std::string& signature_line,
                            const merkle::NoteKey& key, std::uint64_t unix_seconds) {
  records::Record record;
  auto* cosigned = record.mutable_checkpoint_cosigned();
  cosigned->set_tree_size(checkpoint.size);
  cosigned->set_root(checkpoint.root.bytes.data(), Digest::kSize);
  cosigned->set_signature(signature_line);
  cosigned->set_cosigner(key.encode());
  cosigned->set_time_s(unix_seconds);
  return state_->append_and_apply(SealClass::inventory, record);
}

Seq Editor::add_timestamp(const TimestampToAttach& what, const StampedCheckpoint& about) {
  const auto check =
      crypto::timestamp::check_token(what.token, {about.imprint(), what.nonce, what.trusted, {}});
  if (!check.valid()) throw invalid_timestamp(check.problem);
  records::Record record;
  auto* attached = record.mutable_timestamp_attached();
  attached->set_tree_size(about.tree_size);
  attached->set_note(about.note);
  attached->set_token(what.token.data(), what.token.size());
  for (const Bytes& certificate : check.chain) attached->add_chain(certificate.data(), certificate.size());
  attached->set_time_ms(check.token->time.ms);
  attached->set_authority(check.token->authority);
  attached->set_trusted(check.trusted);
  return state_->append_and_apply(SealClass::inventory, record);
}

void Editor::state_policy(const Policy& policy, std::optional<Row> incident, const std::string& reason) {
  if (policy.places > policy.copies)
    throw Error(ErrorCode::invalid,
                fmt::format("{} places take more than {} copies", policy.places, policy.copies),
                "ask for at least as many copies as places");
  records::Record record;
  auto* stated = record.mutable_policy_stated();
  stated->set_copies(policy.copies);
  stated->set_places(policy.places);
  stated->set_verified_within_days(policy.verified_within_days);
  stated->set_reason(reason);
  if (incident) stated->set_incident(incident_id(state_->writer.cell(kIncidentRecord, *incident)));
  state_->append_and_apply(incident ? SealClass::evidence : SealClass::inventory, record);
}

std::string Editor::make_recovery_key(const std::string& why) {
  const auto identity = crypto::age::Identity::generate();
  std::string recipient = identity.recipient();
  const auto state = [&](const ledger::TokenKind& kind, SealClass seal_class, ByteView secret) {
    records::Record record;
    auto* stated = record.mutable_recovery_key_stated();
    stated->set_recipient(recipient);
    stated->set_identity(secret.data(), secret.size());
    stated->set_why(why);
    if (const auto before = state_->writer.lookup(state_->writer.token(kind, {})))
      stated->set_previous(*before);
    state_->append_and_apply(seal_class, record);
    crypto::wipe(*stated->mutable_identity());
  };
  refuse_unless_archivist(state_->keyring.role());
  state(kTokenRecoveryRecipient, SealClass::inventory, {});
  state(kTokenRecoveryKey, SealClass::evidence, identity.scalar.view());
  return recipient;
}

std::optional<Row> Editor::find_item(const Digest& digest) {
  return state_->deriver.find_item(digest);
}
std::optional<Row> Editor::find_incident(std::string_view id) {
  return state_->deriver.find_incident(id);
}
std::optional<Row> Editor::find_source(std::string_view alias) {
  return state_->deriver.find_source(alias);
}

std::vector<Link> Editor::links_of_item(Row item) {
  ledger::Writer& writer = state_->writer;
  std::vector<Link> links;
  follow_links(writer, kItemLastLink, kLinkBeforeOfItem, item, [&](Row row) {
    if (Link link = read_link(writer, row); !link.withdrawn) links.push_back(std::move(link));
  });
  std::ranges::reverse(links);
  return links;
}

std::uint64_t Editor::uncommitted() const {
  return state_->writer.uncommitted();
}

void Editor::commit() {
  state_->flush_verified();
  state_->deriver.flush();
  state_->writer.commit();
}

}  // namespace dalil::archive
