#include <algorithm>
#include <atomic>
#include <mutex>

#include "dalil/archive/review.hpp"
#include "link_rows.hpp"
#include "plan.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using namespace schema;

/// A condition on a link, made ready: what is about incidents alone is answered for each of them beforehand.
struct Planner::LinkTest {
  Condition::Kind kind = Condition::Kind::all;
  std::optional<Matches> incidents;  ///< about the incident alone
  std::optional<LinkType> type;      ///< else, of a test: the type
  ReviewState state{};               ///< else, of a test: the state
  bool negated = false;              ///< of a test of type or state
  std::vector<LinkTest> parts;

  bool passes(Row incident, LinkType of_type, ReviewState in_state) const {
    if (incidents) return incident < incidents->size() && (*incidents)[incident] != 0;
    const auto part_passes = [&](const LinkTest& part) { return part.passes(incident, of_type, in_state); };
    switch (kind) {
      case Condition::Kind::any:
        return std::ranges::any_of(parts, part_passes);
      case Condition::Kind::none:
        return !part_passes(parts.front());
      case Condition::Kind::test:
        return (type ? of_type == *type : in_state == state) != negated;
      default:
        return std::ranges::all_of(parts, part_passes);
    }
  }
};

namespace {
/// Of the link, and not of its incident alone.
bool asks_for_link(const Condition& condition) {
  if (condition.kind == Condition::Kind::test)
    return condition.test.field == Field::link_type || condition.test.field == Field::link_state;
  return std::ranges::any_of(condition.parts, asks_for_link);
}
}  // namespace

Planner::LinkTest Planner::link_test(const Condition& condition) {
  LinkTest test;
  test.kind = condition.kind;
  if (!asks_for_link(condition)) {
    test.incidents = incidents_where(condition);
  } else if (condition.kind == Condition::Kind::test) {
    const auto& word = std::get<std::string>(condition.test.value);
    test.negated = condition.test.negated;
    if (condition.test.field == Field::link_type)
      test.type = link_type_from(word);
    else
      test.state = review_state_from(word).value_or(ReviewState::unreviewed);
  } else {
    for (const Condition& part : condition.parts) test.parts.push_back(link_test(part));
  }
  return test;
}

Plan Planner::links(const Condition& condition) {
  refuse_impossible(condition);
  const LinkTest test = link_test(condition);
  if (test.incidents)
    if (auto rows = follow_chains(*test.incidents))
      return {Plan::Kind::test, {}, within(set_of(*rows)), std::move(rows)};
  return {Plan::Kind::test, {}, within(scan_links(test)), {}};
}

ItemSet Planner::linked_to(Matches incidents) {
  LinkTest test;
  test.incidents = std::move(incidents);
  const auto rows = follow_chains(*test.incidents);
  return rows ? set_of(*rows) : scan_links(test);
}

ItemSet Planner::set_of(const std::vector<Row>& items) {
  ItemSet set(view_.item_count());
  for (const Row item : items) set.insert(item);
  return set;
}

/// Every incident passes.
ItemSet Planner::linked() {
  return linked_to(Matches(view_.incident_count(), 1));
}

std::optional<std::vector<Row>> Planner::follow_chains(const Matches& incidents) {
  constexpr std::uint64_t kScannedInTheTime = 100;
  std::uint64_t links = 0;
  for (Row incident = 0; incident < incidents.size(); ++incident)
    if (incidents[incident] != 0) links += load_u32(reader_.cell(kIncidentLinks, incident).data());
  if (links * kScannedInTheTime >= reader_.rows(kLinks) && links > 0) return std::nullopt;
  std::vector<Row> rows, found;
  for (Row incident = 0; incident < incidents.size(); ++incident)
    if (incidents[incident] != 0)
      follow_links(reader_, kIncidentLastLink, kLinkBeforeOfIncident, incident,
                   [&](Row link) { rows.push_back(link); });
  std::ranges::sort(rows);  // each block is opened once
  for (const Row link : rows)
    if (load_u64(reader_.cell(kLinkWithdrawn, link).data()) == 0)
      found.push_back(load_u32(reader_.cell(kLinkItem, link).data()));
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

ItemSet Planner::scan_links(const LinkTest& test) {
  ItemSet found(view_.item_count());
  std::atomic<std::uint32_t> next = 0;
  std::mutex joining;
  on_two_threads(view_, twin_, [&](View& view) {
    ItemSet own(view.item_count());
    ledger::Reader& reader = view.reader();
    for (std::uint32_t block = 0; (block = next++) * kLinkItem.rows_per_block < reader.rows(kLinks);)
      scan_block(reader, test, block, own);
    const std::lock_guard lock(joining);
    found.join(own);
  });
  return found;
}

void Planner::scan_block(ledger::Reader& reader, const LinkTest& test, std::uint32_t block, ItemSet& found) {
  const bool all_stand = reader.is_blank(kLinkWithdrawn, block);
  const Bytes withdrawn = all_stand ? Bytes() : values_of(reader, kLinkWithdrawn, block),
              items = values_of(reader, kLinkItem, block),
              incidents = values_of(reader, kLinkIncident, block);
  const auto stands = [&](std::size_t i) { return all_stand || load_u64(&withdrawn[i * 8]) == 0; };
  const std::size_t count = items.size() / 4;
  if (test.incidents) {
    for (std::size_t i = 0; i < count; ++i)
      if (const Row incident = load_u32(&incidents[i * 4]);
          stands(i) && incident < test.incidents->size() && (*test.incidents)[incident] != 0)
        found.insert(load_u32(&items[i * 4]));
    return;
  }
  const Bytes types = values_of(reader, kLinkType, block), states = values_of(reader, kLinkReview, block);
  for (std::size_t i = 0; i < count; ++i)
    if (stands(i) && test.passes(load_u32(&incidents[i * 4]), static_cast<LinkType>(types[i]),
                                 static_cast<ReviewState>(states[i])))
      found.insert(load_u32(&items[i * 4]));
}

}  // namespace dalil::archive
