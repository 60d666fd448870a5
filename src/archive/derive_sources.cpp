#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {
std::uint64_t pair_key(Row item, Row source) {
  return std::uint64_t{item} << 32 | source;
}
}  // namespace

std::map<std::string, Row, std::less<>>& Deriver::sources() {
  if (sources_) return *sources_;
  std::map<std::string, Row, std::less<>> found;
  for (Row row = 0; row < writer_->rows(kSources); ++row)
    found.emplace(source_from(writer_->cell(kSourceRecord, row)).alias, row);
  return sources_.emplace(std::move(found));
}

std::unordered_map<std::uint64_t, Row>& Deriver::standing() {
  if (standing_) return *standing_;
  std::unordered_map<std::uint64_t, Row> found;
  for (Row row = 0; row < writer_->rows(kAssignments); ++row) {
    if (load_u64(writer_->cell(kAssignmentWithdrawn, row).data()) != 0) continue;
    const Row item = load_u32(writer_->cell(kAssignmentItem, row).data());
    found.emplace(pair_key(item, load_u32(writer_->cell(kAssignmentSource, row).data())), row);
  }
  return standing_.emplace(std::move(found));
}

std::optional<Row> Deriver::find_source(std::string_view alias) {
  const auto found = sources().find(alias);
  if (found == sources().end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Deriver::similar_alias(std::string_view alias) {
  const std::string folded = fold_for_search(alias);
  for (const auto& [known, row] : sources())
    if (known != alias && fold_for_search(known) == folded) return known;
  return std::nullopt;
}

std::optional<Row> Deriver::find_assignment(Row item, Row source) {
  const auto found = standing().find(pair_key(item, source));
  if (found == standing().end()) return std::nullopt;
  return found->second;
}

void Deriver::apply(Seq seq, const records::SourceStated& stated) {
  from_record(stated);  // refuses what later readers could not make sense of
  auto row = find_source(stated.alias());
  if (!row) {
    row = writer_->add_row(kSources);
    sources().emplace(stated.alias(), *row);
  }
  const std::string bytes = stated.SerializeAsString();
  writer_->set(kSourceRecord, *row, as_bytes(bytes));
  writer_->set(kSourceSeqs, *row, append_seq(writer_->cell(kSourceSeqs, *row), seq));
}

void Deriver::apply(Seq seq, const records::SourceIdentity& identity) {
  const auto source = find_source(identity.alias());
  if (!source) throw broken_reference(seq, "a source");
  const Row row = writer_->add_row(kIdentities);
  writer_->set(kIdentitySource, row, u32_value(*source));
  writer_->set(kIdentitySeq, row, u64_value(seq));
}

std::multimap<Digest, Row>& Deriver::waiting() {
  if (waiting_) return *waiting_;
  std::multimap<Digest, Row> found;
  for (Row row = 0; row < writer_->rows(kWaiting); ++row)
    if (load_u64(writer_->cell(kWaitingEnded, row).data()) == 0)
      found.emplace(Digest::from_bytes(writer_->cell(kWaitingDigest, row)), row);
  return waiting_.emplace(std::move(found));
}

std::optional<Row> Deriver::find_waiting(const Digest& digest, Row source) {
  const auto [begin, end] = waiting().equal_range(digest);
  for (auto at = begin; at != end; ++at)
    if (load_u32(writer_->cell(kWaitingSource, at->second).data()) == source) return at->second;
  return std::nullopt;
}

void Deriver::put_waiting(const Digest& digest, Row source, Seq seq) {
  if (find_waiting(digest, source)) return;
  const Row row = writer_->add_row(kWaiting);
  writer_->set(kWaitingDigest, row, digest.view());
  writer_->set(kWaitingSource, row, u32_value(source));
  writer_->set(kWaitingSeq, row, u64_value(seq));
  waiting().emplace(digest, row);
}

void Deriver::end_waiting(Seq seq, const Digest& digest, Row item) {
  const auto [begin, end] = waiting().equal_range(digest);
  for (auto at = begin; at != end; ++at) {
    const Row row = at->second;
    assign(item, load_u32(writer_->cell(kWaitingSource, row).data()),
           load_u64(writer_->cell(kWaitingSeq, row).data()));
    writer_->set(kWaitingEnded, row, u64_value(seq + 1));
  }
  waiting().erase(begin, end);
}

void Deriver::assign(Row item, Row source, Seq seq) {
  const Row row = writer_->add_row(kAssignments);
  writer_->set(kAssignmentItem, row, u32_value(item));
  writer_->set(kAssignmentSource, row, u32_value(source));
  writer_->set(kAssignmentSeq, row, u64_value(seq));
  standing().emplace(pair_key(item, source), row);
}

void Deriver::apply(Seq seq, const records::SourceAssigned& assigned) {
  const auto source = find_source(assigned.alias());
  if (!source) throw broken_reference(seq, "a source");
  for (const std::string& bytes : assigned.digests()) {
    const Digest digest = Digest::from_bytes(as_bytes(bytes));
    const auto item = find_item(digest);
    if (!item) {
      pass_over(seq, "an item");
      put_waiting(digest, *source, seq);
    } else if (!find_assignment(*item, *source)) {
      assign(*item, *source, seq);
    }
  }
}

void Deriver::apply(Seq seq, const records::SourceUnassigned& unassigned) {
  const auto source = find_source(unassigned.alias());
  if (!source) throw broken_reference(seq, "a source");
  for (const std::string& bytes : unassigned.digests()) {
    const Digest digest = Digest::from_bytes(as_bytes(bytes));
    const auto item = find_item(digest);
    if (const auto row = item ? find_assignment(*item, *source) : std::nullopt) {
      writer_->set(kAssignmentWithdrawn, *row, u64_value(seq + 1));
      standing().erase(pair_key(*item, *source));
      continue;
    }
    pass_over(seq, "an assignment");
    if (const auto row = find_waiting(digest, *source)) {
      writer_->set(kWaitingEnded, *row, u64_value(seq + 1));
      std::erase_if(waiting(), [&](const auto& one) { return one.second == *row; });
    }
  }
}

}  // namespace dalil::archive
