#include "damage_survey.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "endangered.hpp"

namespace dalil::cli {
namespace {

/// For each item the one volume that holds it undamaged, or that there are several, or none; and whether a
/// copy is damaged.
class Copies {
 public:
  explicit Copies(archive::View& view) : holder_(view.item_count(), kNowhere), damaged_(view.item_count()) {}

  void add(archive::Row volume, const archive::CopyRow& row) {
    if (row.item >= holder_.size()) return;
    if (is_damage(row.verdict)) {
      damaged_[row.item] = true;
      return;
    }
    archive::Row& known = holder_[row.item];
    known = known == kNowhere || known == volume ? volume : kSeveral;
  }

  std::uint64_t lost() const { return count(kNowhere); }
  std::uint64_t one_volume_only() const { return holder_.size() - count(kNowhere) - count(kSeveral); }
  bool is_lost(archive::Row item) const { return holder_[item] == kNowhere; }
  bool is_at_risk(archive::Row item) const { return damaged_[item] || is_lost(item); }

 private:
  static constexpr archive::Row kNowhere = ledger::kNoRow, kSeveral = ledger::kNoRow - 1;
  std::uint64_t count(archive::Row holder) const {
    return static_cast<std::uint64_t>(std::count(holder_.begin(), holder_.end(), holder));
  }
  std::vector<archive::Row> holder_;
  std::vector<bool> damaged_;
};

/// One pass over all links: a drive that is gone puts every item at risk. What may be of an incident is no
/// evidence of it yet.
std::vector<IncidentAtRisk> incidents_at_risk(archive::View& view, const Copies& copies,
                                              std::uint64_t items) {
  std::vector<IncidentAtRisk> at_risk;
  if (!view.can_read(ledger::SealClass::evidence)) return at_risk;
  std::vector<std::pair<archive::Row, archive::Row>> evidence;  // incident, item
  view.for_each_link([&](archive::Row item, archive::Row incident, archive::LinkType type) {
    if (item < items && type != archive::LinkType::candidate) evidence.emplace_back(incident, item);
  });
  std::sort(evidence.begin(), evidence.end());
  evidence.erase(std::unique(evidence.begin(), evidence.end()), evidence.end());
  for (auto at = evidence.begin(); at != evidence.end();) {
    IncidentAtRisk incident;
    const archive::Row row = at->first;
    for (; at != evidence.end() && at->first == row; ++at) {
      ++incident.items;
      incident.damaged += copies.is_at_risk(at->second) ? 1 : 0;
      incident.lost += copies.is_lost(at->second) ? 1 : 0;
    }
    if (incident.damaged == 0) continue;
    incident.id = view.incident(row).incident.id;
    at_risk.push_back(std::move(incident));
  }
  std::stable_sort(at_risk.begin(), at_risk.end(), [](const auto& a, const auto& b) {
    return std::pair(a.lost, a.damaged) > std::pair(b.lost, b.damaged);
  });
  return at_risk;
}

void count(VerifiedCopies& copies, const archive::CopyRow& row) {
  ++copies.live;
  copies.verified += row.verified_at_s > 0 ? 1 : 0;
}

/// The first ones by volume and path, without remembering the paths of a whole drive that is gone.
class FirstCopies {
 public:
  explicit FirstCopies(std::size_t limit) : limit_(limit) {}

  void add(DamagedCopy copy) {
    if (copies_.size() >= limit_ && !before(copy, *std::prev(copies_.end()))) return;
    copies_.insert(std::move(copy));
    if (copies_.size() > limit_) copies_.erase(std::prev(copies_.end()));
  }
  std::vector<DamagedCopy> take() const { return {copies_.begin(), copies_.end()}; }

 private:
  static bool before(const DamagedCopy& a, const DamagedCopy& b) {
    return std::tie(a.volume, a.path) < std::tie(b.volume, b.path);
  }
  std::size_t limit_;
  std::set<DamagedCopy, decltype(&before)> copies_{&before};
};

}  // namespace

DamageSurvey survey_damage(archive::View& view, std::size_t limit) {
  DamageSurvey survey;
  survey.items = view.item_count();
  Copies copies(view);
  FirstCopies first(limit);
  view.for_each_copy(ledger::kNoRow, [&](archive::Row volume, const std::string& directory,
                                         const std::vector<archive::CopyRow>& rows) {
    for (const archive::CopyRow& row : rows) {
      if (row.state != archive::CopyRow::State::live) continue;
      copies.add(volume, row);
      count(survey.verified[volume], row);
      if (!is_damage(row.verdict)) continue;
      ++survey.damaged_copies;
      ++survey.by_volume[volume][row.verdict];
      first.add({volume, directory.empty() ? row.name : directory + "/" + row.name, row.verdict});
    }
  });
  survey.copies = first.take();
  survey.lost = copies.lost();
  survey.one_volume_only = copies.one_volume_only();
  survey.incidents = incidents_at_risk(view, copies, survey.items);
  return survey;
}

std::map<archive::Row, VerifiedCopies> verified_copies(archive::View& view, archive::Row volume) {
  std::map<archive::Row, VerifiedCopies> all;
  view.for_each_copy(volume,
                     [&](archive::Row of, const std::string&, const std::vector<archive::CopyRow>& rows) {
                       for (const archive::CopyRow& row : rows)
                         if (row.state == archive::CopyRow::State::live) count(all[of], row);
                     });
  return all;
}

bool is_partly(const archive::Volume& volume, const VerifiedCopies& copies) {
  return volume.last_verification_result == "PASS" && !copies.all();
}

}  // namespace dalil::cli
