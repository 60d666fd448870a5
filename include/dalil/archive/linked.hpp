#pragma once

#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/condition.hpp"
#include "dalil/archive/find.hpp"

/// What links say of items, and what of it rests on candidates, which are to be looked at and are no evidence
/// (docs/review.md#suggestions). Class evidence.
namespace dalil::archive {

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
