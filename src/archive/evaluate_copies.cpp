#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "evaluator.hpp"
#include "live_copies.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

bool needs_copy_index(const Condition& condition) {
  if (condition.kind == Condition::Kind::test)
    return condition.test.field == Field::path || condition.test.field == Field::checked;
  return std::ranges::any_of(condition.parts, needs_copy_index);
}

bool evaluate(const Condition& condition, const std::function<bool(const Test&)>& passes) {
  const auto part = [&](const Condition& one) { return evaluate(one, passes); };
  switch (condition.kind) {
    case Condition::Kind::test:
      return passes(condition.test);
    case Condition::Kind::any:
      return std::ranges::any_of(condition.parts, part);
    case Condition::Kind::none:
      return !part(condition.parts.front());
    default:
      return std::ranges::all_of(condition.parts, part);
  }
}

}  // namespace

Row Evaluator::volume_row(const std::string& label) {
  const auto volume = view_.find_volume(label);
  if (!volume)
    throw Error(ErrorCode::not_found, fmt::format("there is no volume '{}'", escape_for_display(label)),
                "'dalil volume list' shows them");
  return volume->row;
}

/// Most items have sound copies on a few volumes: two bit sets say so. The others are looked at closer.
void Evaluator::narrow_live(Matches& matches,
                            const std::function<bool(Row volume, bool sound, bool damaged)>& any) {
  constexpr std::uint64_t kManyVolumes = std::uint64_t{1} << kLastVolumeBit;
  std::map<std::uint64_t, bool> known;  // by the set of volumes, all of them sound
  Matches closer(matches.size());
  Matches damaged = matches;
  filter(reader_, kItemDamaged, damaged, [](const std::uint8_t* value, Row) { return load_u64(value) != 0; });
  filter(reader_, kItemVolumes, matches, [&](const std::uint8_t* value, Row row) {
    const std::uint64_t volumes = load_u64(value);
    if (damaged[row] != 0 || (volumes & kManyVolumes) != 0) {
      closer[row] = 1;
      return false;
    }
    const auto [at, is_new] = known.try_emplace(volumes, false);
    if (is_new)
      for (std::uint64_t left = volumes; left != 0 && !at->second; left &= left - 1)
        at->second = any(static_cast<Row>(std::countr_zero(left)), true, false);
    return at->second;
  });
  for (Row row = 0; row < closer.size(); ++row) {
    if (closer[row] == 0) continue;
    for (const LiveOnVolume& one : read_live(reader_.cell(kItemLive, row)))
      if (any(one.volume, one.copies > one.damaged, one.damaged > 0)) {
        matches[row] = 1;
        break;
      }
  }
}

/// As a policy counts: volumes that are no sources, with a copy that is not known to be damaged.
void Evaluator::narrow_copy_count(const NumberSpan& span, Matches& matches) {
  if (!volumes_) volumes_ = view_.volumes();
  const auto counts = [&](Row volume) {
    return volume < volumes_->size() && (*volumes_)[volume].kind != VolumeKind::source;
  };
  Matches kept(matches.size());
  Matches damaged = matches;
  filter(reader_, kItemDamaged, damaged, [](const std::uint8_t* value, Row) { return load_u64(value) != 0; });
  filter(reader_, kItemVolumes, matches, [&](const std::uint8_t* value, Row row) {
    const std::uint64_t volumes = load_u64(value);
    std::uint64_t count = 0;
    if (damaged[row] != 0 || volumes >> kLastVolumeBit != 0) {
      kept[row] = 1;  // below
      return false;
    }
    for (std::uint64_t left = volumes; left != 0; left &= left - 1)
      count += static_cast<std::uint64_t>(counts(static_cast<Row>(std::countr_zero(left))));
    return span.contains(count);
  });
  for (Row row = 0; row < kept.size(); ++row) {
    if (kept[row] == 0) continue;
    std::uint64_t count = 0;
    for (const LiveOnVolume& one : read_live(reader_.cell(kItemLive, row)))
      count += static_cast<std::uint64_t>(one.copies > one.damaged && counts(one.volume));
    matches[row] = static_cast<std::uint8_t>(span.contains(count));
  }
}

void Evaluator::narrow_copies(const Condition& condition, bool live_only, Matches& matches) {
  refuse_impossible(condition);
  if (needs_copy_index(condition)) return narrow_by_copy_index(condition, live_only, matches);
  if (!volumes_) volumes_ = view_.volumes();
  std::map<const Test*, Row> rows;
  const std::function<bool(const Test&, Row, bool, bool)> passes = [&](const Test& test, Row volume,
                                                                       bool sound, bool damaged) {
    const auto& word = std::get<std::string>(test.value);
    if (test.field == Field::volume) {
      const auto known = rows.find(&test);
      return volume ==
             (known != rows.end() ? known->second : rows.emplace(&test, volume_row(word)).first->second);
    }
    if (test.field == Field::on)
      return volume < volumes_->size() && (*volumes_)[volume].kind == volume_kind_from(word);
    return word == "sound" ? sound : damaged;
  };
  // A label that does not exist is told also where nothing is asked of it.
  evaluate(condition, [&](const Test& test) {
    if (test.field == Field::volume) rows.emplace(&test, volume_row(std::get<std::string>(test.value)));
    return true;
  });
  narrow_live(matches, [&](Row volume, bool sound, bool damaged) {
    // Sound and damaged copies on one volume are different ones.
    const auto as = [&](bool is_damaged) {
      return evaluate(condition,
                      [&](const Test& test) { return passes(test, volume, !is_damaged, is_damaged); });
    };
    return (sound && as(false)) || (damaged && as(true));
  });
}

/// Path and time of the last check are in the copy index alone, which is read whole.
void Evaluator::narrow_by_copy_index(const Condition& condition, bool live_only, Matches& matches) {
  if (!volumes_) volumes_ = view_.volumes();
  std::map<const Test*, Row> labels;
  std::map<const Test*, std::string> parts;
  const std::function<void(const Condition&)> prepare = [&](const Condition& one) {
    if (one.kind == Condition::Kind::test && one.test.field == Field::volume)
      labels.emplace(&one.test, volume_row(std::get<std::string>(one.test.value)));
    if (one.kind == Condition::Kind::test && one.test.field == Field::path)
      parts.emplace(&one.test, fold_for_search(std::get<std::string>(one.test.value)));
    for (const Condition& part : one.parts) prepare(part);
  };
  prepare(condition);
  Row only = ledger::kNoRow;
  if (labels.size() == 1 && condition.kind == Condition::Kind::all &&
      std::ranges::any_of(condition.parts, [](const Condition& part) {
        return part.kind == Condition::Kind::test && part.test.field == Field::volume;
      }))
    only = labels.begin()->second;
  Matches found(matches.size());
  view_.for_each_copy(only, [&](Row volume, const std::string& directory, const std::vector<CopyRow>& rows) {
    for (const CopyRow& row : rows) {
      if (row.item >= matches.size() || matches[row.item] == 0 || found[row.item] != 0) continue;
      const bool live = row.state == CopyRow::State::live;
      if (live_only && !live) continue;
      std::optional<std::string> path;
      const bool passes = evaluate(condition, [&](const Test& test) {
        switch (test.field) {
          case Field::path:
            if (!path) path = fold_for_search(files::join_path(directory, row.name));
            return test.exact ? *path == parts[&test] : path->find(parts[&test]) != std::string::npos;
          case Field::volume:
            return live && volume == labels[&test];
          case Field::on:
            return live && volume < volumes_->size() &&
                   (*volumes_)[volume].kind == volume_kind_from(std::get<std::string>(test.value));
          case Field::health:
            return live && is_damage(row.verdict) == (std::get<std::string>(test.value) == "damaged");
          default:
            return live && row.verified_at_s != 0 &&
                   may_lie_within(std::get<TimeSpan>(test.value), row.verified_at_s * 1000,
                                  media::ZoneBasis::utc_by_format, 0, query_.local);
        }
      });
      if (passes) found[row.item] = 1;
    }
  });
  keep(matches, found);
}

namespace {

bool is_about_copies(const Condition& condition) {
  if (condition.kind == Condition::Kind::test) return info_of(condition.test.field).scope == Scope::copy;
  if (condition.kind == Condition::Kind::copy) return true;
  return (condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::any) &&
         !condition.parts.empty() && std::ranges::all_of(condition.parts, is_about_copies);
}

/// Of the copy alone, as the copy index has it.
bool copy_meets(View& view, const Test& test, const CopyInfo& copy, const LocalClock& local) {
  const bool live = copy.row.state == CopyRow::State::live;
  switch (test.field) {
    case Field::path: {
      const std::string path = fold_for_search(copy.path),
                        part = fold_for_search(std::get<std::string>(test.value));
      return test.exact ? path == part : path.find(part) != std::string::npos;
    }
    case Field::volume: {
      const auto volume = view.find_volume(std::get<std::string>(test.value));
      return live && volume && volume->row == copy.volume;
    }
    case Field::on:
      return live && view.volume(copy.volume).kind == volume_kind_from(std::get<std::string>(test.value));
    case Field::health:
      return live && is_damage(copy.row.verdict) == (std::get<std::string>(test.value) == "damaged");
    default:
      return live && copy.row.verified_at_s != 0 &&
             may_lie_within(std::get<TimeSpan>(test.value), copy.row.verified_at_s * 1000,
                            media::ZoneBasis::utc_by_format, 0, local);
  }
}

}  // namespace

std::function<bool(const CopyInfo&)> copies_meant(View& view, const Query& query) {
  const Condition whole = condition_of(query);
  Condition copies;
  std::vector<Condition> several;  // each bracket may be met by a copy of its own
  for (const Condition& part : whole.parts) {
    if (!is_about_copies(part)) continue;
    (part.kind == Condition::Kind::copy ? several : copies.parts).push_back(part);
  }
  if (is_about_copies(whole)) copies = whole;
  return [&view, copies, several, local = query.local](const CopyInfo& copy) {
    const auto meets = [&](const Condition& condition) {
      return evaluate(condition, [&](const Test& test) { return copy_meets(view, test, copy, local); });
    };
    if (!copies.is_nothing() && meets(copies)) return true;
    if (std::ranges::any_of(several, meets)) return true;
    return copies.is_nothing() && several.empty();
  };
}

}  // namespace dalil::archive
