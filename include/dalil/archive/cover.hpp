#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/review.hpp"

/// What evidence there is of each incident, and what is missing (docs/review.md#what-is-missing). Class
/// evidence.
namespace dalil::archive {

/// What an incident lacks. Names are for programs, too.
enum class Gap : std::uint8_t {
  no_evidence,      ///< no link but candidates and what was rejected
  fewer_than_told,  ///< fewer items than its register's text links to
  unreviewed,       ///< items whose review did not come to an end
  one_volume,       ///< items with undamaged copies on one volume only
  no_copy,          ///< items without an undamaged copy anywhere
  below_policy,     ///< items that fall short of what the group asks for
};
const char* name_of(Gap gap);  ///< with hyphens: "no-evidence"
std::optional<Gap> gap_from(std::string_view name);
std::vector<std::string> gap_names();

/// One incident. Items are counted once, however many links they have; links that were withdrawn do not
/// count. Evidence is an item with a link that is no candidate and was not rejected, unless the item itself
/// was rejected.
struct Cover {
  Row incident = ledger::kNoRow;
  std::string id;
  std::uint64_t items = 0;
  std::uint64_t candidates = 0;               ///< else items with a candidate link
  std::uint64_t rejected = 0;                 ///< else items that were rejected, or all of whose links were
  std::map<LinkType, std::uint64_t> by_type;  ///< links, candidates and rejected ones left out
  std::map<media::MediaKind, std::uint64_t> by_kind;  ///< items
  std::array<std::uint64_t, 6> by_state{};            ///< items, by ReviewState
  std::uint64_t links_reviewed = 0, links = 0;        ///< candidates and rejected ones left out
  std::uint64_t one_volume = 0, no_copy = 0;          ///< items
  std::uint64_t below_policy = 0;                     ///< filled in by whoever knows the policy
  std::map<Row, std::uint64_t> on_volume;             ///< items with an undamaged copy there
  std::optional<std::int64_t> told_links;  ///< hyperlinks to evidence in the register's text, if it says so
  std::uint64_t told_captions = 0;         ///< pictures that the register describes
  bool told_witnesses = false;             ///< it prints accounts of witnesses
  std::uint64_t reviewed() const;
  bool has(Gap gap) const;
  std::vector<Gap> gaps() const;
};

/// Of these incidents, in this order; of all of them if none is named. One pass over the links, and one over
/// the copy index.
std::vector<Cover> cover(View& view, const std::vector<Row>& incidents = {});

}  // namespace dalil::archive
