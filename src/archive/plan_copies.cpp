#include <algorithm>
#include <array>
#include <bit>

#include "dalil/base/text.hpp"
#include "live_copies.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::uint64_t kManyVolumes = std::uint64_t{1} << kLastVolumeBit;

/// Whether some live copy passes, by its volume and whether it is damaged.
using Passes = std::function<bool(Row volume, bool damaged)>;

/// What was found for sets of volumes, so that each is looked at once: items share few of them.
class KnownSets {
 public:
  template <typename Find>
  bool get(std::uint64_t volumes, Find find) {
    Slot& slot = slots_[(volumes * 0x9E3779B97F4A7C15) >> 56];
    if (!slot.used || slot.volumes != volumes) slot = {volumes, true, find()};
    return slot.passes;
  }

 private:
  struct Slot {
    std::uint64_t volumes = 0;
    bool used = false, passes = false;
  };
  std::array<Slot, 256> slots_{};
};

/// Most items have sound copies on a few volumes: `by_set` is asked of the bits. Of the others (with damage,
/// or on volumes that have no bit) `closer` is.
template <typename BySet, typename Closer>
void narrow_by_volumes(const Stretch& stretch, Matches& matches, BySet by_set, Closer closer) {
  std::vector<std::size_t> later;
  Matches damaged = matches;
  filter(
      stretch, kItemDamaged, damaged,
      [](const std::uint8_t* value, std::size_t) { return load_u64(value) != 0; }, Zero::fails);
  filter(stretch, kItemVolumes, matches, [&](const std::uint8_t* value, std::size_t i) {
    const std::uint64_t volumes = load_u64(value);
    if (damaged[i] == 0 && (volumes & kManyVolumes) == 0) return by_set(volumes);
    later.push_back(i);
    return false;
  });
  for (const std::size_t i : later)
    matches[i] = static_cast<std::uint8_t>(
        closer(read_live(stretch.reader.cell(kItemLive, stretch.first + static_cast<Row>(i)))));
}

/// Sound and damaged copies on one volume are different ones.
void narrow_live(const Stretch& stretch, Matches& matches, const Passes& passes) {
  KnownSets known;
  narrow_by_volumes(
      stretch, matches,
      [&](std::uint64_t volumes) {
        return known.get(volumes, [&] {
          for (std::uint64_t left = volumes; left != 0; left &= left - 1)
            if (passes(static_cast<Row>(std::countr_zero(left)), false)) return true;
          return false;
        });
      },
      [&](const std::vector<LiveOnVolume>& live) {
        return std::ranges::any_of(live, [&](const LiveOnVolume& one) {
          return (one.copies > one.damaged && passes(one.volume, false)) ||
                 (one.damaged > 0 && passes(one.volume, true));
        });
      });
}

}  // namespace

Narrow damaged() {
  return [](const Stretch& stretch, Matches& matches) {
    narrow_live(stretch, matches, [](Row, bool is_damaged) { return is_damaged; });
  };
}

Narrow lost() {
  return [](const Stretch& stretch, Matches& matches) {
    Matches sound = matches;
    narrow_live(stretch, sound, [](Row, bool is_damaged) { return !is_damaged; });
    take_out(matches, sound);
  };
}

/// As a policy counts: volumes that are no sources, with a copy that is not known to be damaged.
Narrow Planner::copy_count(const NumberSpan& span) {
  std::vector<bool> counts;
  std::uint64_t counted = 0;
  for (const Volume& volume : view_.volumes()) {
    const auto row = static_cast<Row>(counts.size());
    counts.push_back(volume.kind != VolumeKind::source);
    if (counts.back() && row < kLastVolumeBit) counted |= volume_bit(row);
  }
  return [span, counts, counted](const Stretch& stretch, Matches& matches) {
    narrow_by_volumes(
        stretch, matches,
        [&](std::uint64_t volumes) {
          return span.contains(static_cast<std::uint64_t>(std::popcount(volumes & counted)));
        },
        [&](const std::vector<LiveOnVolume>& live) {
          return span.contains(static_cast<std::uint64_t>(std::ranges::count_if(live, [&](const auto& one) {
            return one.copies > one.damaged && one.volume < counts.size() && counts[one.volume];
          })));
        });
  };
}

Plan Planner::copies(const Condition& condition, bool live_only, bool outermost) {
  refuse_impossible(condition);
  CopyTest test(view_, condition, query_.local, live_only);
  if (test.needs_copy_index()) {
    if (!outermost)
      return {Plan::Kind::test, {}, within(by_copy_index(view_, test, view_.item_count(), nullptr)), {}};
    late.push_back(std::move(test));
    return {};
  }
  return {Plan::Kind::test,
          {},
          [test = std::move(test)](const Stretch& stretch, Matches& matches) {
            narrow_live(stretch, matches, [&](Row volume, bool is_damaged) {
              return test.passes({volume, true, is_damaged, 0, {}, {}, {}});
            });
          },
          {}};
}

ItemSet by_copy_index(View& view, const CopyTest& test, std::size_t items, const ItemSet* among) {
  ItemSet found(items);
  view.for_each_copy(test.only_volume(), [&](Row volume, const std::string& directory,
                                             const std::vector<CopyRow>& rows) {
    for (const CopyRow& row : rows) {
      if (row.item >= items || (among != nullptr && !among->contains(row.item)) || found.contains(row.item))
        continue;
      if (test.passes(CopyTest::copy_of(volume, directory, row))) found.insert(row.item);
    }
  });
  return found;
}

namespace {

bool is_about_copies(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return info_of(condition.test.field).scope == Scope::copy;
  if (condition.kind == Condition::Kind::copy) return true;
  return (condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::any) &&
         !condition.parts.empty() && std::ranges::all_of(condition.parts, is_about_copies);
}

}  // namespace

std::function<bool(const CopyInfo&)> copies_meant(View& view, const Query& query) {
  const Condition whole = condition_of(query);
  Condition joined;
  std::vector<CopyTest> tests;  // each bracket may be met by a copy of its own
  for (const Condition& part : whole.parts) {
    if (!is_about_copies(part)) continue;
    if (part.kind == Condition::Kind::copy)
      tests.emplace_back(view, part, query.local, false);
    else
      joined.parts.push_back(part);
  }
  if (is_about_copies(whole)) joined = whole;
  if (!joined.is_nothing()) tests.emplace_back(view, joined, query.local, false);
  return [tests](const CopyInfo& info) {
    const CopyTest::Copy copy = CopyTest::copy_of(info.volume, {}, info.row);
    copy.folded = fold_text(info.path);
    return tests.empty() ||
           std::ranges::any_of(tests, [&](const CopyTest& test) { return test.passes(copy); });
  };
}

}  // namespace dalil::archive
