#include "policy_survey.hpp"

#include <algorithm>
#include <set>

#include "dalil/base/text.hpp"
#include "endangered.hpp"

namespace dalil::cli {
namespace {

using archive::Policy;
using archive::Row;

constexpr std::int64_t kSecondsPerDay = 86'400;

Policy stricter(const Policy& a, const Policy& b) {
  Policy both{std::max(a.copies, b.copies), std::max(a.places, b.places), a.verified_within_days};
  if (both.verified_within_days == 0 ||
      (b.verified_within_days != 0 && b.verified_within_days < both.verified_within_days))
    both.verified_within_days = b.verified_within_days;
  return both;
}

/// Of the incidents whose own policy asks for anything.
std::map<Row, Policy> own_policies(archive::View& view) {
  std::map<Row, Policy> newest = archive::incident_policies(view);
  std::erase_if(newest, [](const auto& one) { return !one.second.asks_for_anything(); });
  return newest;
}

/// Items as bits, by volume: ten million items on ten volumes take 13 MB.
class Holdings {
 public:
  Holdings(Row items, std::size_t volumes) : items_(items), bits_(volumes) {}
  void add(Row volume, Row item) {
    if (bits_[volume].empty()) bits_[volume].resize(items_);
    bits_[volume][item] = true;
  }
  bool has(Row volume, Row item) const { return !bits_[volume].empty() && bits_[volume][item]; }
  bool any(Row volume) const { return !bits_[volume].empty(); }

 private:
  Row items_;
  std::vector<std::vector<bool>> bits_;
};

/// Which sequence number, and so which copy, is as young as a time: lines carry times, in order but for
/// clocks that were set.
ledger::Seq first_since(ledger::Reader& reader, std::int64_t unix_seconds) {
  ledger::Seq low = 0, high = reader.size();
  while (low < high) {
    const ledger::Seq middle = low + (high - low) / 2;
    if (reader.line(middle).time.ms < unix_seconds * 1000)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// Two spellings of a place are one place: they would count as two copies kept apart.
std::string same_place(const std::string& kept_at) {
  std::string folded = fold_for_search(kept_at);
  folded.erase(0, std::min(folded.find_first_not_of(' '), folded.size()));
  folded.erase(folded.find_last_not_of(' ') + 1);
  return folded;
}

class Survey {
 public:
  Survey(archive::View& view, const std::vector<archive::Volume>& volumes, UtcTime now)
      : view_(view),
        volumes_(volumes),
        now_(now),
        held_(view.item_count(), volumes.size()),
        fresh_(view.item_count(), volumes.size()),
        short_(view.item_count()) {
    found_.policy = archive::policy_of(view);
    found_.incidents_visible = view.can_read(ledger::SealClass::evidence);
    if (found_.incidents_visible) found_.own = own_policies(view);
  }

  PolicySurvey run() {
    if (!found_.asks_for_anything()) return std::move(found_);
    gather_links();
    gather_copies();
    name_places();
    for (Row item = 0; item < view_.item_count(); ++item) judge(item);
    list_incidents();
    return std::move(found_);
  }

 private:
  /// What is asked for an incident's evidence is asked for its candidates, too, which may turn out to be
  /// such; they are not counted as evidence.
  void gather_links() {
    if (!found_.incidents_visible) return;
    view_.for_each_link([&](Row item, Row incident, archive::LinkType type) {
      if (type != archive::LinkType::candidate) evidence_.emplace_back(incident, item);
      if (const auto own = found_.own.find(incident); own != found_.own.end())
        own_of_item_[item] = stricter(wanted(item), own->second);
    });
    std::ranges::sort(evidence_);
    evidence_.erase(std::unique(evidence_.begin(), evidence_.end()), evidence_.end());
  }

  Policy wanted(Row item) const {
    const auto own = own_of_item_.find(item);
    return own == own_of_item_.end() ? found_.policy : own->second;
  }

  static bool counts(const archive::Volume& volume) {
    return volume.kind == archive::VolumeKind::working || volume.kind == archive::VolumeKind::backup;
  }

  void gather_copies() {
    view_.for_each_copy(ledger::kNoRow,
                        [&](Row volume, const std::string&, const std::vector<archive::CopyRow>& rows) {
                          if (volume >= volumes_.size() || !counts(volumes_[volume])) return;
                          for (const archive::CopyRow& row : rows) {
                            if (row.state != archive::CopyRow::State::live || row.item >= view_.item_count())
                              continue;
                            if (is_damage(row.verdict)) continue;
                            held_.add(volume, row.item);
                            if (is_fresh(row, wanted(row.item).verified_within_days))
                              fresh_.add(volume, row.item);
                          }
                        });
  }

  bool is_fresh(const archive::CopyRow& row, std::uint32_t days) {
    if (days == 0) return true;
    const std::int64_t since = now_.ms / 1000 - std::int64_t{days} * kSecondsPerDay;
    auto known = first_since_.find(days);
    if (known == first_since_.end())
      known = first_since_.emplace(days, first_since(view_.reader(), since)).first;
    const auto young = [&](std::int64_t at_s) { return at_s >= since && !is_to_come({at_s * 1000}, now_); };
    return young(row.verified_at_s) ||
           (row.seq >= known->second && young(view_.reader().line(row.seq).time.ms / 1000));
  }

  void name_places() {
    std::set<std::string> names;
    for (const archive::Volume& volume : volumes_) {
      places_.push_back(same_place(volume.kept_at));
      if (!held_.any(volume.row)) continue;
      ++found_.counted_volumes;
      if (!places_.back().empty()) names.insert(places_.back());
    }
    found_.named_places = names.size();
  }

  std::size_t places_of(Row item) const {
    std::set<std::string_view> places;
    for (const archive::Volume& volume : volumes_)
      if (held_.has(volume.row, item)) places.insert(places_[volume.row]);
    return places.size() > 1 ? places.size() - places.count("") : places.size();
  }

  void judge(Row item) {
    const Policy policy = wanted(item);
    if (!policy.asks_for_anything()) return;
    ++found_.items;
    found_.most_copies = std::max(found_.most_copies, policy.copies);
    found_.most_places = std::max(found_.most_places, policy.places);
    std::size_t held = 0, fresh = 0;
    for (const archive::Volume& volume : volumes_) {
      held += held_.has(volume.row, item) ? 1 : 0;
      fresh += fresh_.has(volume.row, item) ? 1 : 0;
    }
    const bool few = held < policy.copies;
    const bool near = policy.places > 0 && places_of(item) < policy.places;
    const bool stale = fresh < std::min<std::size_t>(held, std::max<std::uint32_t>(policy.copies, 1));
    found_.too_few_copies += few ? 1 : 0;
    found_.too_few_places += near ? 1 : 0;
    found_.not_read_in_time += stale ? 1 : 0;
    if (few || near || stale) {
      ++found_.below_policy;
      short_[item] = true;
    }
    const Row source = few && held > 0 ? source_of(item) : ledger::kNoRow;
    for (const archive::Volume& volume : volumes_) {
      if (few && held > 0 && volume.kind == archive::VolumeKind::backup && !held_.has(volume.row, item))
        ++found_.lacking[volume.row][source];
      if (stale && held_.has(volume.row, item) && !fresh_.has(volume.row, item)) ++found_.overdue[volume.row];
    }
  }

  /// A working volume rather than a backup; kNoRow if only sealed drives hold it.
  Row source_of(Row item) const {
    Row found = ledger::kNoRow;
    for (const archive::Volume& volume : volumes_) {
      if (volume.sealed || !held_.has(volume.row, item)) continue;
      if (volume.kind == archive::VolumeKind::working) return volume.row;
      if (found == ledger::kNoRow) found = volume.row;
    }
    return found;
  }

  void list_incidents() {
    if (found_.most_places > 0)
      for (const archive::Volume& volume : volumes_)
        if (held_.any(volume.row) && places_[volume.row].empty()) found_.without_place.push_back(volume.row);
    for (auto at = evidence_.begin(); at != evidence_.end();) {
      IncidentShort incident;
      const Row row = at->first;
      for (; at != evidence_.end() && at->first == row; ++at) {
        ++incident.items;
        incident.below_policy += at->second < short_.size() && short_[at->second] ? 1 : 0;
      }
      if (incident.below_policy == 0) continue;
      incident.id = view_.incident(row).incident.id;
      const auto own = found_.own.find(row);
      incident.policy = own == found_.own.end() ? found_.policy : stricter(found_.policy, own->second);
      found_.incidents.push_back(std::move(incident));
    }
    std::ranges::stable_sort(found_.incidents, std::greater{}, &IncidentShort::below_policy);
  }

  archive::View& view_;
  const std::vector<archive::Volume>& volumes_;
  const UtcTime now_;
  PolicySurvey found_;
  Holdings held_, fresh_;
  std::vector<bool> short_;
  std::vector<std::string> places_;            ///< by volume, in the form that is compared
  std::vector<std::pair<Row, Row>> evidence_;  ///< incident, item
  std::map<Row, Policy> own_of_item_;
  std::map<std::uint32_t, ledger::Seq> first_since_;  ///< by days
};

}  // namespace

PolicySurvey survey_policy(archive::View& view, const std::vector<archive::Volume>& volumes, UtcTime now) {
  return Survey(view, volumes, now).run();
}

}  // namespace dalil::cli
