#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "derive.hpp"
#include "schema.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using ledger::SealClass;
using namespace schema;

namespace {

constexpr const char* kSourcesWord = "sources";
constexpr const char* kIdentitiesWord = "identities of sources";

/// What the columns say of an assignment; its reasons stand in the entries.
Assignment read_assignment(ledger::Reader& reader, Row row) {
  Assignment assignment;
  assignment.row = row;
  assignment.item = load_u32(reader.cell(kAssignmentItem, row).data());
  assignment.source = load_u32(reader.cell(kAssignmentSource, row).data());
  assignment.seq = load_u64(reader.cell(kAssignmentSeq, row).data());
  const std::uint64_t withdrawn = load_u64(reader.cell(kAssignmentWithdrawn, row).data());
  if (withdrawn != 0) assignment.withdrawn_seq = withdrawn - 1;
  return assignment;
}

}  // namespace

Row View::source_count() {
  state_->require(SealClass::evidence, kSourcesWord);
  return state_->reader.rows(kSources);
}

Source View::source(Row row) {
  state_->require(SealClass::evidence, kSourcesWord);
  Source source = source_from(state_->reader.cell(kSourceRecord, row));
  source.row = row;
  return source;
}

std::vector<Source> View::sources() {
  std::vector<Source> all;
  const Row count = source_count();
  for (Row row = 0; row < count; ++row) all.push_back(source(row));
  return all;
}

std::optional<Row> View::find_source(std::string_view alias) {
  for (const Source& source : sources())
    if (source.alias == alias) return source.row;
  return std::nullopt;
}

std::vector<SourceRevision> View::source_history(Row row) {
  state_->require(SealClass::evidence, kSourcesWord);
  std::vector<SourceRevision> history;
  for (const Seq seq : read_seqs(state_->reader.cell(kSourceSeqs, row))) {
    const ledger::PublicLine line = state_->reader.line(seq);
    const records::Record record = state_->record(seq);
    Source source = from_record(record.source_stated());
    source.row = row;
    history.push_back(
        {std::move(source), seq, line.time, actor_name(line.actor), record.source_stated().reason()});
  }
  return history;
}

std::vector<IdentityRevision> View::identity_history(Row source) {
  state_->require(SealClass::source, kIdentitiesWord);
  ledger::Reader& reader = state_->reader;
  std::vector<IdentityRevision> history;
  for (Row row = 0; row < reader.rows(kIdentities); ++row) {
    if (load_u32(reader.cell(kIdentitySource, row).data()) != source) continue;
    const Seq seq = load_u64(reader.cell(kIdentitySeq, row).data());
    const ledger::PublicLine line = reader.line(seq);
    history.push_back(
        {from_record(state_->record(seq).source_identity()), seq, line.time, actor_name(line.actor)});
  }
  return history;
}

std::optional<IdentityRevision> View::identity(Row source) {
  std::vector<IdentityRevision> history = identity_history(source);
  if (history.empty()) return std::nullopt;
  return std::move(history.back());
}

const std::vector<std::pair<Row, Row>>& View::assignments_by_item() {
  state_->require(SealClass::evidence, kSourcesWord);
  if (state_->assignments_by_item) return *state_->assignments_by_item;
  std::vector<std::pair<Row, Row>> index;
  index.reserve(state_->reader.rows(kAssignments));
  state_->reader.scan(kAssignmentItem, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      index.emplace_back(load_u32(values.data() + std::size_t{i} * 4), first + i);
    return true;
  });
  std::ranges::sort(index);
  return state_->assignments_by_item.emplace(std::move(index));
}

namespace {
void add_reasons(Assignment& assignment, const std::function<records::Record(Seq)>& record) {
  assignment.why = record(assignment.seq).source_assigned().why();
  if (assignment.withdrawn_seq)
    assignment.withdrawn_why = record(*assignment.withdrawn_seq).source_unassigned().why();
}
}  // namespace

std::vector<Assignment> View::sources_of_item(Row item, bool with_withdrawn) {
  std::vector<Assignment> found;
  const auto& index = assignments_by_item();
  for (auto at = std::ranges::lower_bound(index, std::pair{item, Row{0}});
       at != index.end() && at->first == item; ++at) {
    Assignment assignment = read_assignment(state_->reader, at->second);
    if (assignment.withdrawn() && !with_withdrawn) continue;
    add_reasons(assignment, [this](Seq seq) { return state_->record(seq); });
    found.push_back(std::move(assignment));
  }
  return found;
}

std::vector<Assignment> View::items_of_source(Row source, bool with_withdrawn) {
  state_->require(SealClass::evidence, kSourcesWord);
  ledger::Reader& reader = state_->reader;
  std::vector<Row> rows;
  reader.scan(kAssignmentSource, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      if (load_u32(values.data() + std::size_t{i} * 4) == source) rows.push_back(first + i);
    return true;
  });
  // An entry assigns up to a thousand items: it is opened once.
  std::pair<Seq, records::Record> last;
  const auto record = [&](Seq seq) {
    if (last.second.kind_case() == records::Record::KIND_NOT_SET || last.first != seq)
      last = {seq, state_->record(seq)};
    return last.second;
  };
  std::vector<Assignment> found;
  for (const Row row : rows) {
    Assignment assignment = read_assignment(reader, row);
    if (assignment.withdrawn() && !with_withdrawn) continue;
    add_reasons(assignment, record);
    found.push_back(std::move(assignment));
  }
  return found;
}

void View::for_each_assignment(const std::function<void(Row, Row)>& visit) {
  state_->require(SealClass::evidence, kSourcesWord);
  ledger::Reader& reader = state_->reader;
  for (std::uint32_t block = 0; block * kAssignmentItem.rows_per_block < reader.rows(kAssignments); ++block) {
    const Bytes withdrawn = values_of(reader, kAssignmentWithdrawn, block),
                items = values_of(reader, kAssignmentItem, block),
                sources = values_of(reader, kAssignmentSource, block);
    for (std::size_t i = 0; i < items.size() / 4; ++i)
      if (load_u64(&withdrawn[i * 8]) == 0) visit(load_u32(&items[i * 4]), load_u32(&sources[i * 4]));
  }
}

std::optional<Consent> View::consent_of_item(Row item) {
  std::optional<Consent> strictest;
  const auto& index = assignments_by_item();
  for (auto at = std::ranges::lower_bound(index, std::pair{item, Row{0}});
       at != index.end() && at->first == item; ++at) {
    const Assignment assignment = read_assignment(state_->reader, at->second);
    if (assignment.withdrawn()) continue;
    const Consent consent = source(assignment.source).consent;
    strictest = std::min(strictest.value_or(consent), consent);
  }
  return strictest;
}

}  // namespace dalil::archive
