#include <fmt/format.h>

#include <algorithm>

#include "archive_state.hpp"
#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/merkle/note.hpp"
#include "derive.hpp"
#include "directory_portion.hpp"
#include "evidence_only.hpp"
#include "link_rows.hpp"
#include "schema.hpp"
#include "summarize.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using ledger::SealClass;
using namespace schema;

records::Record View::State::record(Seq seq) {
  const ledger::Entry entry = reader.entry(seq);
  if (entry.state == ledger::Entry::State::redacted)
    throw Error(ErrorCode::not_found, fmt::format("the content of entry {} was destroyed", seq));
  if (entry.state == ledger::Entry::State::not_visible)
    throw Error(ErrorCode::wrong_key,
                fmt::format("entry {} ({}) is not visible to this role", seq, name_of(entry.line.seal_class)),
                "open the archive with a key whose role may see it");
  return parse_record(entry.content, seq);
}

void View::State::forget() {
  copies.forget();
  volumes.clear();
  assignments_by_item.reset();
}

void View::State::require(SealClass seal_class, const char* what) const {
  require_class(reader, seal_class, what);
}

View::View(std::unique_ptr<State> state) : state_(std::move(state)) {}
View::~View() = default;
View::View(View&&) noexcept = default;
View Archive::view() const {
  return View(std::unique_ptr<View::State>(new View::State{.reader = state_->ledger.read()}));
}

std::optional<View> View::twin() const {
  auto reader = state_->reader.twin();
  if (!reader) return std::nullopt;
  return View(std::unique_ptr<View::State>(new View::State{.reader = std::move(*reader)}));
}

void View::renew() {
  state_->reader.renew();
  state_->forget();
}
void View::rest() {
  state_->reader.rest();
}
ledger::Reader& View::reader() {
  return state_->reader;
}
bool View::can_read(SealClass seal_class) const {
  return state_->reader.can_read(seal_class);
}

namespace {
std::optional<UtcTime> time_cell(ledger::Reader& reader, const Column& column, Row row) {
  const std::uint64_t value = load_u64(reader.cell(column, row).data());
  if (value == 0) return std::nullopt;
  return UtcTime{unshift_time(value)};
}
}  // namespace

Volume View::volume(Row row) {
  if (!state_->volumes.empty() && row < state_->volumes.size()) return state_->volumes[row];
  ledger::Reader& reader = state_->reader;
  records::VolumeStated stated;
  const ByteView bytes = reader.cell(kVolumeRecord, row);
  if (!stated.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw Error(ErrorCode::corrupt, "a volume's record is ill-formed", "run 'dalil rebuild'");
  Volume volume = from_record(stated);
  volume.live_copies = load_u64(reader.cell(kVolumeLiveCopies, row).data());
  volume.live_bytes = load_u64(reader.cell(kVolumeLiveBytes, row).data());
  volume.last_scan = time_cell(reader, kVolumeLastScan, row);
  volume.last_verification = time_cell(reader, kVolumeLastVerify, row);
  volume.last_verification_result = as_chars(reader.cell(kVolumeLastResult, row));
  return volume;
}

std::vector<VerificationPass> View::open_passes(Row volume) {
  records::VolumeStated stated;
  const ByteView bytes = state_->reader.cell(kVolumeRecord, volume);
  if (!stated.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw Error(ErrorCode::corrupt, "a volume's record is ill-formed", "run 'dalil rebuild'");
  std::vector<VerificationPass> passes;
  for (const auto& open : stated.open_passes()) passes.push_back(from_record(open.begun(), open.seq()));
  return passes;
}

std::vector<Volume> View::volumes() {
  if (state_->volumes.empty()) {
    std::vector<Volume> volumes;
    for (Row row = 0; row < state_->reader.rows(kVolumes); ++row) volumes.push_back(volume(row));
    state_->volumes = std::move(volumes);
  }
  return state_->volumes;
}

std::optional<Volume> View::find_volume(std::string_view label_or_id) {
  for (const Volume& volume : volumes())
    if (volume.label == label_or_id || volume.id == label_or_id) return volume;
  return std::nullopt;
}

Row View::item_count() {
  return state_->reader.rows(kItems);
}

Item View::item(Row row) {
  ledger::Reader& reader = state_->reader;
  Item item;
  item.row = row;
  item.digest = Digest::from_bytes(reader.cell(kItemDigest, row));
  item.size_bytes = load_u64(reader.cell(kItemSize, row).data());
  item.first_seq = load_u64(reader.cell(kItemFirstSeq, row).data());
  return item;
}

std::optional<Row> View::find_item(const Digest& digest) {
  ledger::Reader& reader = state_->reader;
  const auto row = reader.lookup(reader.token(kTokenItem, digest.view()));
  if (!row || *row >= item_count()) return std::nullopt;
  if (!std::ranges::equal(reader.cell(kItemDigest, static_cast<Row>(*row)), digest.bytes))
    return std::nullopt;
  return static_cast<Row>(*row);
}

std::optional<Seq> View::find_report(const Digest& statement) {
  ledger::Reader& reader = state_->reader;
  const auto seq = reader.lookup(reader.token(kTokenReport, statement.view()));
  if (!seq || *seq >= reader.size()) return std::nullopt;
  const ledger::Entry entry = reader.entry(*seq);
  if (entry.state != ledger::Entry::State::open) return std::nullopt;
  const records::Record record = parse_record(entry.content, *seq);
  const auto note = merkle::Note::parse(record.report_imported().note());
  if (!note || crypto::sha256(as_bytes(note->text)) != statement) return std::nullopt;
  return *seq;
}

std::vector<Row> View::find_items_by_prefix(std::string_view hex_prefix, std::size_t limit) {
  std::string prefix(hex_prefix);
  std::ranges::transform(prefix, prefix.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (prefix.size() < 4 || prefix.size() > 64 ||
      prefix.find_first_not_of("0123456789abcdef") != std::string::npos)
    return {};
  std::vector<Row> found;
  state_->reader.scan(kItemDigest, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count && found.size() < limit; ++i)
      if (to_hex(values.subspan(std::size_t{i} * Digest::kSize, (prefix.size() + 1) / 2)).starts_with(prefix))
        found.push_back(first + i);
    return found.size() < limit;
  });
  return found;
}

std::vector<CopyRow> View::directory(Row volume, std::string_view path) {
  std::vector<CopyRow> rows;
  for (DirectoryPortion& portion : read_directory(state_->reader, volume, path))
    std::move(portion.rows.begin(), portion.rows.end(), std::back_inserter(rows));
  return rows;
}

namespace {

/// What was seen there once.
CopyRow vanished_row(const records::CopySeen& seen, Seq seq, Row item) {
  CopyRow row;
  row.name = seen.name();
  row.state = CopyRow::State::vanished;
  row.size_bytes = seen.stored_digest().empty() ? seen.size() : seen.stored_size();
  row.mtime_ns = seen.mtime_ns();
  row.ctime_ns = seen.ctime_ns();
  row.inode = seen.inode();
  row.seq = seq;
  row.item = item;
  return row;
}

}  // namespace

std::vector<CopyInfo> View::copies_of(Row item) {
  const std::vector<Seq> seqs = read_seqs(state_->reader.cell(kItemCopies, item));
  std::vector<CopyInfo> copies;
  std::vector<std::size_t> former;  // where the copy index has something newer
  for (const Seq seq : seqs) {
    const records::Record record = state_->record(seq);
    const auto& seen = record.copy_seen();
    auto row = state_->copies.find(state_->reader, seen.volume(), seen.directory(), seq);
    if (!row) {
      former.push_back(copies.size());
      row = vanished_row(seen, seq, item);
    }
    copies.push_back({seen.volume(), volume(seen.volume()).label,
                      files::join_path(seen.directory(), seen.name()), *std::move(row), stored_form(seen)});
  }
  // The same content was only stated anew there, or another one lies there by now: then this one has
  // vanished.
  for (auto at = former.rbegin(); at != former.rend(); ++at) {
    const auto here = copies.begin() + static_cast<std::ptrdiff_t>(*at);
    if (std::any_of(here + 1, copies.end(), [&](const CopyInfo& newer) {
          return newer.volume == here->volume && newer.path == here->path;
        }))
      copies.erase(here);
  }
  return copies;
}

std::vector<Repair> View::repairs_of(Row item) {
  std::vector<Repair> repairs;
  for (const Seq seq : read_seqs(state_->reader.cell(kItemCopies, item))) {
    if (seq + 1 >= state_->reader.size()) continue;
    const ledger::Entry next = state_->reader.entry(seq + 1);
    if (next.state != ledger::Entry::State::open) continue;
    const records::Record record = parse_record(next.content, seq + 1);
    if (!record.has_repaired()) continue;
    repairs.push_back(from_record(record.repaired()));
    repairs.back().seq = seq + 1;
  }
  return repairs;
}

void View::for_each_copy(
    Row volume, const std::function<void(Row, const std::string&, const std::vector<CopyRow>&)>& visit) {
  state_->reader.for_each_record(kDirectories, [&](ByteView content) {
    const DirectoryPortion portion = DirectoryPortion::decode(content);
    if (volume == ledger::kNoRow || portion.volume == volume)
      visit(portion.volume, portion.directory, portion.rows);
    return true;
  });
}

Copy View::copy(Seq seq) {
  const records::Record record = state_->record(seq);
  if (!record.has_copy_seen())
    throw Error(ErrorCode::corrupt, fmt::format("entry {} is not of a copy", seq), "run 'dalil check'");
  return from_record(record.copy_seen());
}

std::optional<media::MediaFacts> View::facts(Row item) {
  if (!can_read(SealClass::evidence)) return std::nullopt;
  const std::uint64_t seq = load_u64(state_->reader.cell(kFactSeq, item).data());
  if (seq == 0) return std::nullopt;
  if (state_->reader.entry(seq - 1).state == ledger::Entry::State::redacted) return std::nullopt;
  return media::decode(as_bytes(state_->record(seq - 1).facts_stated().facts()));
}

Row View::incident_count() {
  return state_->reader.rows(kIncidents);
}

std::optional<Row> View::find_incident(std::string_view id) {
  ledger::Reader& reader = state_->reader;
  state_->require(SealClass::evidence, "incidents");
  const auto row = reader.lookup(reader.token(kTokenIncident, as_bytes(id)));
  if (!row || *row >= incident_count()) return std::nullopt;
  if (incident_id(reader.cell(kIncidentRecord, static_cast<Row>(*row))) != id) return std::nullopt;
  return static_cast<Row>(*row);
}

std::vector<IncidentRevision> View::incident_history(Row row) {
  state_->require(SealClass::evidence, "incidents");
  std::vector<IncidentRevision> history;
  for (const Seq seq : read_seqs(state_->reader.cell(kIncidentSeqs, row))) {
    const ledger::PublicLine line = state_->reader.line(seq);
    const records::Record record = state_->record(seq);
    history.push_back({from_record(record.incident_revised().incident()), row, seq, line.time,
                       actor_name(line.actor), record.incident_revised().reason()});
  }
  return history;
}

IncidentRevision View::incident(Row row) {
  state_->require(SealClass::evidence, "incidents");
  const Seq seq = read_seqs(state_->reader.cell(kIncidentSeqs, row)).back();
  const ledger::PublicLine line = state_->reader.line(seq);
  const records::Record record = state_->record(seq);
  return {from_record(record.incident_revised().incident()),
          row,
          seq,
          line.time,
          actor_name(line.actor),
          record.incident_revised().reason()};
}

std::vector<IncidentRevision> View::incidents() {
  state_->require(SealClass::evidence, "incidents");
  std::vector<IncidentRevision> all;
  for (Row row = 0; row < incident_count(); ++row) all.push_back(incident(row));
  return all;
}

namespace {

/// Rows of a chain of links, oldest first. Error(corrupt) if it does not run backwards.
std::vector<Row> chain(ledger::Reader& reader, const Column& last, const Column& before, Row of) {
  std::vector<Row> rows;
  follow_links(reader, last, before, of, [&rows](Row row) { rows.push_back(row); });
  std::ranges::reverse(rows);
  return rows;
}

}  // namespace

std::vector<Link> View::links_in(const std::vector<Row>& rows, bool with_withdrawn) {
  std::vector<Link> links;
  for (const Row row : rows) {
    Link link = read_link(state_->reader, row);
    if (link.withdrawn && !with_withdrawn) continue;
    const records::Record made = state_->record(link.seq);
    if (made.link_made().has_from_ms()) link.from_ms = made.link_made().from_ms();
    if (made.link_made().has_to_ms()) link.to_ms = made.link_made().to_ms();
    link.why = made.link_made().why();
    if (link.withdrawn_seq) link.withdrawn_why = state_->record(*link.withdrawn_seq).link_withdrawn().why();
    links.push_back(std::move(link));
  }
  return links;
}

std::vector<Link> View::links_of_item(Row item, bool with_withdrawn) {
  state_->require(SealClass::evidence, "links");
  return links_in(chain(state_->reader, kItemLastLink, kLinkBeforeOfItem, item), with_withdrawn);
}
std::vector<Link> View::links_of_incident(Row incident, bool with_withdrawn) {
  state_->require(SealClass::evidence, "links");
  return links_in(chain(state_->reader, kIncidentLastLink, kLinkBeforeOfIncident, incident), with_withdrawn);
}

std::vector<Row> View::incidents_of_item(Row item) {
  state_->require(SealClass::evidence, "links");
  ledger::Reader& reader = state_->reader;
  std::vector<Row> incidents;
  for (const Row link : chain(reader, kItemLastLink, kLinkBeforeOfItem, item)) {
    if (load_u64(reader.cell(kLinkWithdrawn, link).data()) != 0) continue;
    const Row incident = load_u32(reader.cell(kLinkIncident, link).data());
    if (std::ranges::find(incidents, incident) == incidents.end()) incidents.push_back(incident);
  }
  return incidents;
}

void View::for_each_link(const std::function<void(Row, Row, LinkType)>& visit) {
  state_->require(SealClass::evidence, "links");
  ledger::Reader& reader = state_->reader;
  for (std::uint32_t block = 0; block * kLinkItem.rows_per_block < reader.rows(kLinks); ++block) {
    const Bytes withdrawn = values_of(reader, kLinkWithdrawn, block),
                items = values_of(reader, kLinkItem, block),
                incidents = values_of(reader, kLinkIncident, block),
                types = values_of(reader, kLinkType, block);
    for (std::size_t i = 0; i < types.size(); ++i)
      if (load_u64(&withdrawn[i * 8]) == 0)
        visit(load_u32(&items[i * 4]), load_u32(&incidents[i * 4]), static_cast<LinkType>(types[i]));
  }
}

std::vector<RunSummary> View::runs(std::size_t limit) {
  std::vector<RunSummary> runs;
  for (Row row = state_->reader.rows(kRuns); row > 0 && runs.size() < limit; --row) {
    const Seq seq = load_u64(state_->reader.cell(kRunSeq, row - 1).data());
    runs.push_back(from_record(state_->record(seq).run()));
    runs.back().seq = seq;
    if (seq + 1 >= state_->reader.size()) continue;
    const ledger::Entry next = state_->reader.entry(seq + 1);
    if (next.state != ledger::Entry::State::open || next.line.seal_class != SealClass::source) continue;
    const records::Record record = parse_record(next.content, seq + 1);
    if (!record.has_scan_note() || record.scan_note().run_seq() != seq) continue;
    runs.back().source = record.scan_note().source();
    runs.back().note = record.scan_note().note();
    runs.back().incident = record.scan_note().incident();
  }
  return runs;
}

namespace {

constexpr const char* kFirstSlot = "archivist-1.age";  // of archives whose first entry does not name it

KeyInfo key_info(const records::KeyAdded& added) {
  KeyInfo key;
  if (added.public_key().size() != key.public_key.size())
    throw Error(ErrorCode::corrupt, "an entry holds an ill-formed key", "run 'dalil check'");
  std::copy_n(added.public_key().begin(), key.public_key.size(), key.public_key.begin());
  key.actor_name = added.actor_name();
  key.role = static_cast<ledger::Role>(added.role());
  key.slot = added.slot();
  if (added.opens_with() != 0) key.opens_with = static_cast<OpensWith>(added.opens_with());
  key.recipient = added.recipient();
  return key;
}

}  // namespace

std::vector<KeyInfo> View::keys() {
  ledger::Reader& reader = state_->reader;
  const ledger::Signer root = reader.signers().front();
  KeyInfo first;
  first.public_key = root.key.key;
  first.actor_name = root.actor_name;
  first.role = root.role;
  first.recipient = root.recipient;
  first.slot = state_->record(0).archive_created().slot();
  if (first.slot.empty()) first.slot = kFirstSlot;
  first.added = reader.line(0).time;
  first.removed_seq = root.removed_at;
  std::vector<KeyInfo> keys{first};
  for (Row row = 0; row < reader.rows(kKeys); ++row) {
    const Seq seq = load_u64(reader.cell(kKeySeq, row).data());
    KeyInfo key = key_info(state_->record(seq).key_added());
    key.seq = seq;
    key.added = reader.line(seq).time;
    if (const std::uint64_t removed = load_u64(reader.cell(kKeyRemoved, row).data()); removed != 0)
      key.removed_seq = removed - 1;
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<RunSummary::Exception> View::exceptions_of(const RunSummary& run) {
  std::vector<RunSummary::Exception> all = run.exceptions;
  const auto end = state_->reader.size();
  for (Seq seq = run.seq + 1; all.size() < run.exception_count && seq < end; ++seq) {
    if (state_->reader.line(seq).seal_class == SealClass::source) continue;  // its note
    const records::Record record = state_->record(seq);
    if (!record.has_run() || !record.run().has_continues() || record.run().continues() != run.seq) break;
    RunSummary further = from_record(record.run());
    std::move(further.exceptions.begin(), further.exceptions.end(), std::back_inserter(all));
  }
  if (all.size() != run.exception_count)
    throw Error(ErrorCode::corrupt,
                fmt::format("the run of entry {} has {} exceptions where {} are expected", run.seq,
                            all.size(), run.exception_count),
                "run 'dalil check'");
  return all;
}

std::vector<Anchor> View::anchors() {
  ledger::Reader& reader = state_->reader;
  std::vector<Anchor> anchors;
  for (Row row = 0; row < reader.rows(kAnchors); ++row) {
    Anchor anchor;
    anchor.kind = static_cast<AnchorKind>(reader.cell(kAnchorKind, row)[0]);
    anchor.seq = load_u64(reader.cell(kAnchorSeq, row).data());
    anchor.tree_size = load_u64(reader.cell(kAnchorSize, row).data());
    anchors.push_back(anchor);
  }
  return anchors;
}

std::string View::actor_name(const ledger::ActorId& actor) {
  for (const ledger::Signer& signer : state_->reader.signers())
    if (ledger::actor_id(signer.key.key) == actor) return signer.actor_name;
  return to_hex(actor);
}

std::string View::describe_entry(Seq seq) {
  const ledger::Entry entry = state_->reader.entry(seq);
  if (entry.state == ledger::Entry::State::redacted) return "content destroyed";
  if (entry.state == ledger::Entry::State::not_visible) return "not visible to this role";
  return summarize(entry.content, seq);
}

}  // namespace dalil::archive
