#include "relations.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace dalil::archive {
namespace {

/// Wholes of wholes are looked for this far up; registers have one or two levels.
constexpr int kMaxLevels = 16;

/// docs/formats/register.md
constexpr std::string_view kSequences[] = {"precedes",  "follows",        "causes",
                                           "caused_by", "consequence_of", "leads_to"};

bool is_sequence(std::string_view type) {
  return std::ranges::find(kSequences, type) != std::end(kSequences);
}

/// Sets that grow together.
class Unions {
 public:
  explicit Unions(std::size_t size) : parent_(size) {
    for (Index i = 0; i < size; ++i) parent_[i] = i;
  }
  Index first_of(Index at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(Index a, Index b) {
    a = first_of(a);
    b = first_of(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<Index> parent_;
};

}  // namespace

Relations::Relations(std::span<const Incident> incidents)
    : wholes_(incidents.size()), sequels_(incidents.size()) {
  std::unordered_map<std::string_view, Index> by_id;
  for (Index i = 0; i < incidents.size(); ++i) by_id.emplace(incidents[i].id, i);
  for (Index i = 0; i < incidents.size(); ++i) {
    for (const Relation& relation : incidents[i].relations) {
      const auto other = by_id.find(relation.target);
      if (other == by_id.end()) continue;
      if (relation.type == "part_of") wholes_[i].push_back(other->second);
      if (relation.type == "contains") wholes_[other->second].push_back(i);
      if (is_sequence(relation.type)) sequels_[i].push_back(other->second);
    }
  }
}

bool Relations::any_whole(Index part, const std::function<bool(Index)>& accept) const {
  std::unordered_set<Index> seen;
  Members level = wholes_[part];
  bool accepted = false;
  for (int depth = 0; depth < kMaxLevels && !level.empty(); ++depth) {
    Members next;
    for (const Index whole : level) {
      if (whole == part) return false;
      if (!seen.insert(whole).second) continue;
      accepted = accepted || accept(whole);
      next.insert(next.end(), wholes_[whole].begin(), wholes_[whole].end());
    }
    level = std::move(next);
  }
  return accepted;
}

std::vector<Index> Relations::joined(const Members& members, const Edges& edges, const Edges* also) {
  Unions unions(members.size());
  const auto join = [&](std::size_t from, const Members& others) {
    for (const Index other : others) {
      const auto found = std::ranges::lower_bound(members, other);
      if (found != members.end() && *found == other)
        unions.join(from, static_cast<Index>(found - members.begin()));
    }
  };
  for (std::size_t i = 0; i < members.size(); ++i) {
    join(i, edges[members[i]]);
    if (also != nullptr) join(i, (*also)[members[i]]);
  }
  std::vector<Index> firsts;
  for (std::size_t i = 0; i < members.size(); ++i) firsts.push_back(unions.first_of(i));
  return firsts;
}

std::size_t Relations::events(const Members& members) const {
  const std::vector<Index> firsts = joined(members, wholes_, &sequels_);
  return std::set<Index>(firsts.begin(), firsts.end()).size();
}

}  // namespace dalil::archive
