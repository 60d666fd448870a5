#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/condition.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/archive/review.hpp"

/// What links say of items, and how far that is evidence: candidates are to be looked at
/// (docs/review.md#suggestions), and what was rejected is not what it was said to be. Class evidence.
namespace dalil::archive {

/// What a link makes of an item; of several links the least counts.
enum class Standing : std::uint8_t {
  evidence,
  candidate,  ///< to be looked at
  rejected,   ///< the link's review, or the item's, ended with that
};
constexpr Standing standing_of(LinkType type, ReviewState link, ReviewState item) {
  if (link == ReviewState::rejected || item == ReviewState::rejected) return Standing::rejected;
  return type == LinkType::candidate ? Standing::candidate : Standing::evidence;
}
/// Links that were not withdrawn: item, incident, and what the link makes of the one for the other.
void for_each_standing(View& view,
                       const std::function<void(Row item, Row incident, Standing standing)>& visit);

/// An incident that an item is linked to.
struct LinkedIncident {
  Row incident = ledger::kNoRow;
  bool candidate = true;  ///< nothing but candidate links lead to it
};
/// Each once, in the order in which they were first linked; what was withdrawn is none. No entry is read.
std::vector<LinkedIncident> linked_incidents(View& view, Row item);

/// How far answers change if candidates are no links.
struct CandidateDoubts {
  std::uint64_t only = 0;  ///< of the answers: they match by candidates alone
  std::uint64_t left_out =
      0;  ///< not among them, and would be: a `not`, or `is:unlinked`, meets candidates alone
};
/// Of the rows that `query` found, which ascend. Nothing is in doubt where links are not asked for, and where
/// the question itself names types of links.
CandidateDoubts candidate_doubts(View& view, const std::vector<Row>& rows, const Query& query);
/// The same question with candidates passed over: what else it asks of links is asked of links of other types
/// alone. A part that names types of links stays as it is.
Condition without_candidates(const Condition& condition);

}  // namespace dalil::archive
