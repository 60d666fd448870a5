#pragma once

#include "dalil/archive/model.hpp"
#include "dalil/base/error.hpp"
#include "schema.hpp"

/// Links as their rows have them, for readers and for writers alike.
namespace dalil::archive {

/// Calls for each link that was ever made of an item (or of an incident, as the columns say), the newest
/// first. Error(corrupt) if the chain does not run backwards.
template <typename Tables, typename Visit>
void follow_links(Tables& tables, const ledger::Column& last, const ledger::Column& before, Row of,
                  Visit visit) {
  if (of >= tables.rows(last.table)) return;
  std::uint32_t limit = tables.rows(schema::kLinks) + 1;
  for (std::uint32_t next = schema::load_u32(tables.cell(last, of).data()); next != 0;) {
    if (next >= limit)
      throw Error(ErrorCode::corrupt, "a chain of links does not run backwards", "run 'dalil rebuild'");
    limit = next;
    const Row row = next - 1;
    next = schema::load_u32(tables.cell(before, row).data());
    visit(row);
  }
}

/// Without its reasons and times, which its entries have.
template <typename Tables>
Link read_link(Tables& tables, Row row) {
  using namespace schema;
  Link link;
  link.row = row;
  link.item = load_u32(tables.cell(kLinkItem, row).data());
  link.incident = load_u32(tables.cell(kLinkIncident, row).data());
  link.type = static_cast<LinkType>(tables.cell(kLinkType, row)[0]);
  link.seq = load_u64(tables.cell(kLinkSeq, row).data());
  const std::uint64_t withdrawn = load_u64(tables.cell(kLinkWithdrawn, row).data());
  link.withdrawn = withdrawn != 0;
  if (link.withdrawn) link.withdrawn_seq = withdrawn - 1;
  return link;
}

}  // namespace dalil::archive
