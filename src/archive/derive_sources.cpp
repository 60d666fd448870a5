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

void Deriver::apply(Seq seq, const records::SourceAssigned& assigned) {
  const auto source = find_source(assigned.alias());
  if (!source) throw broken_reference(seq, "a source");
  for (const std::string& digest : assigned.digests()) {
    const auto item = find_item(Digest::from_bytes(as_bytes(digest)));
    if (!item) {
      pass_over(seq, "an item");
      continue;
    }
    if (find_assignment(*item, *source)) continue;
    const Row row = writer_->add_row(kAssignments);
    writer_->set(kAssignmentItem, row, u32_value(*item));
    writer_->set(kAssignmentSource, row, u32_value(*source));
    writer_->set(kAssignmentSeq, row, u64_value(seq));
    standing().emplace(pair_key(*item, *source), row);
  }
}

void Deriver::apply(Seq seq, const records::SourceUnassigned& unassigned) {
  const auto source = find_source(unassigned.alias());
  if (!source) throw broken_reference(seq, "a source");
  for (const std::string& digest : unassigned.digests()) {
    const auto item = find_item(Digest::from_bytes(as_bytes(digest)));
    const auto row = item ? find_assignment(*item, *source) : std::nullopt;
    if (!row) {
      pass_over(seq, "an assignment");
      continue;
    }
    writer_->set(kAssignmentWithdrawn, *row, u64_value(seq + 1));
    standing().erase(pair_key(*item, *source));
  }
}

}  // namespace dalil::archive
