#include "dalil/archive/linked.hpp"

#include <algorithm>
#include <iterator>

#include "evidence_only.hpp"
#include "link_rows.hpp"
#include "plan.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using namespace schema;

void for_each_standing(View& view, const std::function<void(Row, Row, Standing)>& visit) {
  require_evidence(view, "links");
  ledger::Reader& reader = view.reader();
  std::vector<ReviewState> of_items;
  reader.scan(kItemReview, [&](Row, Row count, ByteView states) {
    for (std::size_t i = 0; i < count; ++i) of_items.push_back(static_cast<ReviewState>(states[i]));
    return true;
  });
  for (std::uint32_t block = 0; block * kLinkItem.rows_per_block < reader.rows(kLinks); ++block) {
    const Bytes withdrawn = values_of(reader, kLinkWithdrawn, block),
                items = values_of(reader, kLinkItem, block),
                incidents = values_of(reader, kLinkIncident, block),
                types = values_of(reader, kLinkType, block), states = values_of(reader, kLinkReview, block);
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (load_u64(&withdrawn[i * 8]) != 0) continue;
      const Row item = load_u32(&items[i * 4]);
      visit(item, load_u32(&incidents[i * 4]),
            standing_of(static_cast<LinkType>(types[i]), static_cast<ReviewState>(states[i]),
                        of_items.at(item)));
    }
  }
}

std::vector<LinkedIncident> linked_incidents(View& view, Row item) {
  std::vector<LinkedIncident> linked;
  for (const Row incident : view.incidents_of_item(item)) linked.push_back({incident});
  if (linked.empty()) return linked;
  ledger::Reader& reader = view.reader();
  follow_links(reader, kItemLastLink, kLinkBeforeOfItem, item, [&](Row row) {
    const Link link = read_link(reader, row);
    if (link.withdrawn || link.type == LinkType::candidate) return;
    const auto found = std::ranges::find(linked, link.incident, &LinkedIncident::incident);
    if (found != linked.end()) found->candidate = false;
  });
  return linked;
}

namespace {

bool names_types(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return condition.test.field == Field::link_type;
  return std::ranges::any_of(condition.parts, names_types);
}

bool is_whether_linked(const Test& test) {
  const auto* word = std::get_if<std::string>(&test.value);
  if (test.field == Field::is) return *word == "linked" || *word == "unlinked";
  return test.field == Field::has && *word == "incident";
}

bool asks_for_links(const Condition& condition) {
  if (condition.kind == Condition::Kind::test)
    return info_of(condition.test.field).scope == Scope::link || is_whether_linked(condition.test);
  return std::ranges::any_of(condition.parts, asks_for_links);
}

/// Whether fewer links can mean more answers.
bool denies_links(const Condition& condition) {
  if (condition.kind == Condition::Kind::none) return asks_for_links(condition);
  if (condition.kind == Condition::Kind::test)
    return is_whether_linked(condition.test) && std::get<std::string>(condition.test.value) == "unlinked";
  return std::ranges::any_of(condition.parts, denies_links);
}

/// One link that is no candidate meets all of these.
Condition firm_link(std::vector<Condition> parts) {
  parts.push_back(
      Condition::not_of(Condition::of(Field::link_type, std::string(name_of(LinkType::candidate)))));
  return {Condition::Kind::link, {}, {Condition::all_of(std::move(parts))}};
}

/// Tests on links that stand side by side are asked of one link, and so stay together.
Condition firm_all(const Condition& condition) {
  std::vector<Condition> of_links, parts;
  const std::function<void(const Condition&)> sort_out = [&](const Condition& part) {
    if (is_about(part, Scope::link))
      of_links.push_back(part);
    else if (part.kind == Condition::Kind::all)
      std::ranges::for_each(part.parts, sort_out);
    else
      parts.push_back(without_candidates(part));
  };
  std::ranges::for_each(condition.parts, sort_out);
  if (std::ranges::any_of(of_links, names_types))
    parts.insert(parts.end(), of_links.begin(), of_links.end());
  else if (!of_links.empty())
    parts.push_back(firm_link(std::move(of_links)));
  return Condition::all_of(std::move(parts));
}

bool holds_candidates(ledger::Reader& reader) {
  bool any = false;
  reader.scan(kLinkType, [&](Row, Row count, ByteView types) {
    for (std::size_t i = 0; i < count && !any; ++i)
      any = static_cast<LinkType>(types[i]) == LinkType::candidate;
    return !any;
  });
  return any;
}

/// By each item's own links, which is less than all links as long as the items are few.
bool few_without_candidates(View& view, const std::vector<Row>& rows) {
  constexpr std::size_t kFew = 200;
  if (rows.size() > kFew) return false;
  return std::ranges::none_of(rows, [&](Row row) {
    const auto linked = linked_incidents(view, row);
    return std::ranges::any_of(linked, &LinkedIncident::candidate);
  });
}

}  // namespace

Condition without_candidates(const Condition& condition) {
  if (!asks_for_links(condition)) return condition;
  if (is_about(condition, Scope::link)) return names_types(condition) ? condition : firm_link({condition});
  switch (condition.kind) {
    case Condition::Kind::all:
      return firm_all(condition);
    case Condition::Kind::link:
      return names_types(condition) ? condition : firm_link(condition.parts);
    case Condition::Kind::test:  // whether it is linked
      if (std::get<std::string>(condition.test.value) == "unlinked") return Condition::not_of(firm_link({}));
      return firm_link({});
    default: {
      Condition firm = condition;
      for (Condition& part : firm.parts) part = without_candidates(part);
      return firm;
    }
  }
}

CandidateDoubts candidate_doubts(View& view, const std::vector<Row>& rows, const Query& query) {
  CandidateDoubts doubts;
  const Condition whole = condition_of(query);
  if (!view.can_read(ledger::SealClass::evidence) || !asks_for_links(whole)) return doubts;
  if (!denies_links(whole) && few_without_candidates(view, rows)) return doubts;
  if (!holds_candidates(view.reader())) return doubts;
  const std::vector<Row> firm = find(view, without_candidates(whole), query);
  std::vector<Row> differing;
  std::ranges::set_difference(rows, firm, std::back_inserter(differing));
  doubts.only = differing.size();
  differing.clear();
  std::ranges::set_difference(firm, rows, std::back_inserter(differing));
  doubts.left_out = differing.size();
  return doubts;
}

}  // namespace dalil::archive
