#include "dalil/archive/cover.hpp"

#include <algorithm>
#include <unordered_map>

#include "convert.hpp"
#include "dalil/archive/linked.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr const char* kGapNames[] = {"no-evidence", "fewer-than-told", "unreviewed",
                                     "one-volume",  "no-copy",         "below-policy"};

/// On which volumes each of some items has an undamaged copy.
class Holders {
 public:
  explicit Holders(View& view, const std::vector<bool>& wanted) {
    view.for_each_copy(ledger::kNoRow, [&](Row volume, const std::string&, const std::vector<CopyRow>& rows) {
      for (const CopyRow& row : rows) {
        if (row.item >= wanted.size() || !wanted[row.item]) continue;
        if (row.state != CopyRow::State::live || is_damage(row.verdict)) continue;
        std::vector<Row>& volumes = of_[row.item];
        if (std::ranges::find(volumes, volume) == volumes.end()) volumes.push_back(volume);
      }
    });
  }
  const std::vector<Row>& of(Row item) const {
    static const std::vector<Row> kNone;
    const auto found = of_.find(item);
    return found == of_.end() ? kNone : found->second;
  }

 private:
  std::unordered_map<Row, std::vector<Row>> of_;
};

/// Links of one incident that stand.
struct Tie {
  Row item, link;
  LinkType type;
};

class Survey {
 public:
  Survey(View& view, const std::vector<Row>& incidents)
      : view_(view), place_(view.incident_count(), kNowhere) {
    for (const Row incident : incidents) add(incident);
    if (incidents.empty())
      for (Row incident = 0; incident < view.incident_count(); ++incident) add(incident);
  }

  std::vector<Cover> run() {
    read_registers();
    read_links();
    std::vector<bool> wanted(view_.item_count());
    for (const auto& ties : ties_)
      for (const Tie& tie : ties) wanted.at(tie.item) = true;
    const Holders holders(view_, wanted);
    for (std::size_t i = 0; i < covers_.size(); ++i) count(covers_[i], ties_[i], holders);
    return std::move(covers_);
  }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  void add(Row incident) {
    if (place_.at(incident) != kNowhere) return;
    place_[incident] = covers_.size();
    covers_.emplace_back().incident = incident;
    ties_.emplace_back();
  }

  void read_registers() {
    view_.reader().scan_variable(kIncidentRecord, [&](Row row, ByteView bytes) {
      if (place_[row] == kNowhere) return true;
      records::Incident record;
      if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        throw Error(ErrorCode::corrupt, "an incident's record is ill-formed", "run 'dalil check'");
      Cover& cover = covers_[place_[row]];
      cover.id = record.id();
      if (record.has_evidence_links_in_text())
        cover.told_links = record.evidence_links_in_text();
      else if (record.evidence_link_texts_size() > 0)
        cover.told_links = record.evidence_link_texts_size();
      cover.told_captions = static_cast<std::uint64_t>(record.photo_captions_size());
      cover.told_witnesses = record.witness_accounts();
      return true;
    });
  }

  void read_links() {
    ledger::Reader& reader = view_.reader();
    for (Row row = 0; row < reader.rows(kLinks); ++row) {
      const Row incident = load_u32(reader.cell(kLinkIncident, row).data());
      if (place_.at(incident) == kNowhere) continue;
      if (load_u64(reader.cell(kLinkWithdrawn, row).data()) != 0) continue;
      ties_[place_[incident]].push_back({load_u32(reader.cell(kLinkItem, row).data()), row,
                                         static_cast<LinkType>(reader.cell(kLinkType, row)[0])});
    }
  }

  void count(Cover& cover, std::vector<Tie>& ties, const Holders& holders) {
    std::ranges::sort(ties, {}, [](const Tie& tie) { return std::pair(tie.item, tie.link); });
    for (auto at = ties.begin(); at != ties.end();) {
      const Row item = at->item;
      const ReviewState of_item = state_of_item(view_, item);
      Standing best = Standing::rejected;
      for (; at != ties.end() && at->item == item; ++at) {
        const ReviewState of_link = state_of_link(view_, at->link);
        const Standing standing = standing_of(at->type, of_link, of_item);
        best = std::min(best, standing);
        if (standing != Standing::evidence) continue;
        ++cover.links;
        ++cover.by_type[at->type];
        cover.links_reviewed += is_reviewed(of_link) ? 1 : 0;
      }
      if (best == Standing::evidence)
        count_item(cover, item, holders.of(item));
      else
        ++(best == Standing::candidate ? cover.candidates : cover.rejected);
    }
  }

  void count_item(Cover& cover, Row item, const std::vector<Row>& volumes) {
    ++cover.items;
    ++cover.by_kind[static_cast<media::MediaKind>(view_.reader().cell(kFactKind, item)[0])];
    ++cover.by_state.at(static_cast<std::size_t>(state_of_item(view_, item)));
    cover.no_copy += volumes.empty() ? 1 : 0;
    cover.one_volume += volumes.size() == 1 ? 1 : 0;
    for (const Row volume : volumes) ++cover.on_volume[volume];
  }

  View& view_;
  std::vector<std::size_t> place_;  ///< by incident: where in `covers_`
  std::vector<Cover> covers_;
  std::vector<std::vector<Tie>> ties_;  ///< beside `covers_`
};

}  // namespace

const char* name_of(Gap gap) {
  const auto at = static_cast<std::size_t>(gap);
  return at < std::size(kGapNames) ? kGapNames[at] : "unknown";
}
std::optional<Gap> gap_from(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kGapNames); ++i)
    if (name == kGapNames[i]) return static_cast<Gap>(i);
  return std::nullopt;
}
std::vector<std::string> gap_names() {
  return {std::begin(kGapNames), std::end(kGapNames)};
}

std::uint64_t Cover::reviewed() const {
  std::uint64_t count = 0;
  for (std::size_t state = 0; state < by_state.size(); ++state)
    if (is_reviewed(static_cast<ReviewState>(state))) count += by_state[state];
  return count;
}

bool Cover::has(Gap gap) const {
  switch (gap) {
    case Gap::no_evidence:
      return items == 0;
    case Gap::fewer_than_told:
      return told_links && static_cast<std::int64_t>(items) < *told_links;
    case Gap::unreviewed:
      return reviewed() < items;
    case Gap::one_volume:
      return one_volume > 0;
    case Gap::no_copy:
      return no_copy > 0;
    case Gap::below_policy:
      return below_policy > 0;
  }
  return false;
}

std::vector<Gap> Cover::gaps() const {
  std::vector<Gap> all;
  for (std::size_t i = 0; i < std::size(kGapNames); ++i)
    if (has(static_cast<Gap>(i))) all.push_back(static_cast<Gap>(i));
  return all;
}

std::vector<Cover> cover(View& view, const std::vector<Row>& incidents) {
  require_evidence(view, "incidents and links");
  return Survey(view, incidents).run();
}

}  // namespace dalil::archive
