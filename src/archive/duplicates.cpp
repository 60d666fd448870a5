// Groups of versions: pairs that are near by their hashes, verified one by one, joined.

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint_bands.hpp"
#include "likeness.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;
using media::Part;
using media::Pose;

namespace {

/// Disjoint sets of items.
class Families {
 public:
  Row root(Row item) {
    const auto found = parent_.try_emplace(item, item).first;
    if (found->second != item) found->second = root(found->second);
    return found->second;
  }
  void join(Row a, Row b) { parent_[root(a)] = root(b); }
  std::map<Row, std::vector<Row>> members() {
    std::map<Row, std::vector<Row>> out;
    for (const auto& [item, parent] : parent_) out[root(item)].push_back(item);
    return out;
  }

 private:
  std::map<Row, Row> parent_;
};

/// Rows of the fingerprints of one item: they lie side by side.
struct Own {
  Row item, first, count;
};
std::vector<Own> owners_of(const media::PrintTable& table) {
  std::vector<Own> out;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table.owner(row).part == Part{}) continue;
    const Row item = table.owner(row).item;
    if (out.empty() || out.back().item != item || out.back().first + out.back().count != row)
      out.push_back({item, static_cast<Row>(row), 0});
    ++out.back().count;
  }
  return out;
}

/// What of the item is asked for as a question: the whole picture, without its borders and with them, or
/// every frame.
media::Fingerprints question_of(const media::PrintTable& table, const Own& own) {
  media::Fingerprints out;
  for (Row row = own.first; row < own.first + own.count; ++row) {
    const media::PrintOwner& owner = table.owner(row);
    if (owner.part == Part::whole || owner.part == Part::bordered || owner.part == Part::frame)
      out.prints.push_back({owner.part, owner.quality, owner.time_ms, table.hash(row)});
  }
  return out;
}

/// Near hits of one item's question, by the other items, in the two poses that occur.
struct Near {
  std::vector<std::pair<std::size_t, Pose>> of;
  std::map<Row, std::vector<media::PrintHit>> by_item;
};
Near near_of(const media::PrintTable& table, const media::PrintBands& bands, const Own& own,
             const media::Fingerprints& question, bool flips) {
  Near out;
  for (std::size_t i = 0; i < question.prints.size(); ++i)
    for (const Pose pose : {Pose::upright, Pose::mirrored}) {
      if (pose != Pose::upright && !flips) continue;
      const auto asked = static_cast<std::uint16_t>(out.of.size());
      out.of.emplace_back(i, pose);
      const bool frame = question.prints[i].part == Part::frame;
      bands.near(media::posed(question.prints[i].hash, pose), [&](std::uint32_t row, int bits) {
        const media::PrintOwner& owner = table.owner(row);
        // A still and the video that it is from are no versions of each other.
        if (owner.item == own.item || (owner.part == Part::frame) != frame) return;
        out.by_item[owner.item].push_back({row, asked, static_cast<std::uint16_t>(bits)});
      });
    }
  for (auto& [item, hits] : out.by_item) std::ranges::sort(hits, {}, &media::PrintHit::distance);
  return out;
}

/// What speaks for a version.
struct Fidelity {
  Row item = ledger::kNoRow;
  bool first_generation = false;
  unsigned metadata = 0;  ///< 0 nothing of its making, 1 a time or a camera, 2 both
  std::uint64_t pixels = 0, bytes = 0;
  std::string camera;
  auto key() const {
    return std::tuple(first_generation, metadata, pixels, bytes, std::int64_t{ledger::kNoRow} - item);
  }
};

Fidelity fidelity_of(View& view, Row item) {
  Fidelity out;
  out.item = item;
  out.bytes = view.item(item).size_bytes;
  if (const auto prints = fingerprints_of(view, item))
    out.pixels = std::uint64_t{prints->width} * prints->height;
  const auto facts = view.facts(item);
  if (!facts) return out;
  if (out.pixels == 0) out.pixels = std::uint64_t{facts->width} * facts->height;
  out.camera = facts->make + (facts->make.empty() || facts->model.empty() ? "" : " ") + facts->model;
  const bool timed = std::ranges::any_of(
      facts->times, [](const auto& claim) { return claim.origin == media::TimeOrigin::embedded; });
  out.metadata = (out.camera.empty() ? 0U : 1U) + (timed ? 1U : 0U);
  out.first_generation = !out.camera.empty() && facts->signs.empty();
  return out;
}

std::vector<std::string> reasons_for(const Fidelity& one, const Fidelity& next) {
  std::vector<std::string> out;
  if (one.first_generation && !next.first_generation)
    out.push_back("names its camera and shows no sign of editing");
  if (one.metadata > next.metadata) out.emplace_back("most metadata");
  if (one.pixels > next.pixels) out.emplace_back("most pixels");
  if (one.bytes > next.bytes) out.emplace_back("largest file");
  if (out.empty()) out.emplace_back("taken in first");
  return out;
}

media::Fingerprints whole_question(View& view, Row item) {
  return fingerprints_of(view, item).value_or(media::Fingerprints{});
}

/// How the others differ from the first of the group.
void compare(View& view, VersionGroup& group) {
  const media::Fingerprints best = whole_question(view, group.front().item);
  for (std::size_t i = 1; i < group.size(); ++i) {
    const media::Fingerprints other = whole_question(view, group[i].item);
    const media::Fingerprint *nearest = nullptr, *of_best = nullptr;
    Pose pose = Pose::upright;
    int least = static_cast<int>(media::Pdq::kBits) + 1;
    for (const media::Fingerprint& one : other.prints)
      for (const media::Fingerprint& first : best.prints)
        for (const Pose tried : {Pose::upright, Pose::mirrored})
          if (const int bits = media::distance(media::posed(first.hash, tried), one.hash); bits < least)
            least = bits, nearest = &one, of_best = &first, pose = tried;
    if (nearest == nullptr) continue;
    group[i].distance = least;
    group[i].pose = pose;
    group[i].changes =
        changes_between(best, other, pose,
                        media::align(best.sketch, other.sketch, pose, media::share_of(of_best->part),
                                     media::share_of(nearest->part)),
                        least);
  }
}

VersionGroup group_of(View& view, const std::vector<Row>& items) {
  std::vector<Fidelity> order;
  for (const Row item : items) order.push_back(fidelity_of(view, item));
  std::ranges::sort(order, [](const Fidelity& a, const Fidelity& b) { return a.key() > b.key(); });
  VersionGroup group;
  for (std::size_t i = 0; i < order.size(); ++i) {
    Version version;
    version.item = order[i].item;
    if (i + 1 < order.size()) version.reasons = reasons_for(order[i], order[i + 1]);
    group.push_back(std::move(version));
  }
  compare(view, group);
  return group;
}

}  // namespace

std::vector<VersionGroup> duplicates(View& view, const Looks& looks, const SimilarOptions& options) {
  const media::PrintTable& table = looks.table();
  const media::PrintBands bands(table);
  Families families;
  for (const Own& own : owners_of(table)) {
    const media::Fingerprints asked = question_of(table, own);
    const Near near = near_of(table, bands, own, asked, options.flips);
    if (near.by_item.empty()) continue;
    media::Fingerprints question = whole_question(view, own.item);
    question.prints = asked.prints;
    for (const auto& [item, hits] : near.by_item) {
      if (families.root(own.item) == families.root(item)) continue;
      const Candidate candidate{view, question, item, table, near.of, hits, options};
      if (judge(candidate)) families.join(own.item, item);
    }
  }
  std::vector<VersionGroup> groups;
  for (const auto& [root, items] : families.members())
    if (items.size() > 1) groups.push_back(group_of(view, items));
  std::ranges::stable_sort(groups, std::greater<>(), &VersionGroup::size);
  return groups;
}

}  // namespace dalil::archive
