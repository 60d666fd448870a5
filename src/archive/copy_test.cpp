#include "copy_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "plan.hpp"

namespace dalil::archive {

namespace {

Row volume_row(View& view, const std::string& label) {
  const auto volume = view.find_volume(label);
  if (!volume)
    throw Error(ErrorCode::not_found, fmt::format("there is no volume '{}'", escape_for_display(label)),
                "'dalil volume list' shows them");
  return volume->row;
}

std::vector<std::string> parts_between_stars(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t star = std::min(text.find('*', at), text.size());
    parts.push_back(fold_text(text.substr(at, star - at)));
    at = star + 1;
  }
  return parts;
}

}  // namespace

CopyTest::Copy CopyTest::copy_of(Row volume, std::string_view directory, const CopyRow& row) {
  return {volume,  row.state == CopyRow::State::live, is_damage(row.verdict), row.verified_at_s, directory,
          row.name};
}

CopyTest::CopyTest(View& view, const Condition& condition, const LocalClock& local, bool live_only)
    : live_only_(live_only) {
  prepare(view, condition, local);
}

void CopyTest::prepare(View& view, const Condition& condition, const LocalClock& local) {
  kind_ = condition.kind;
  for (const Condition& part : condition.parts) {
    parts_.push_back(CopyTest());
    parts_.back().prepare(view, part, local);
  }
  if (kind_ != Condition::Kind::test) return;
  field_ = condition.test.field;
  exact_ = condition.test.exact;
  negated_ = condition.test.negated;
  local_ = local;
  if (field_ == Field::checked) {
    checked_ = std::get<TimeSpan>(condition.test.value);
    return;
  }
  const auto& text = std::get<std::string>(condition.test.value);
  if (field_ == Field::volume) volume_ = volume_row(view, text);
  if (field_ == Field::path) path_ = parts_between_stars(text);
  if (field_ == Field::health) damaged_ = text == "damaged";
  if (field_ == Field::on)
    for (const Volume& volume : view.volumes()) on_.push_back(volume.kind == volume_kind_from(text));
}

bool CopyTest::passes(const Copy& copy) const {
  if (live_only_ && !copy.live) return false;
  const auto part_passes = [&](const CopyTest& part) { return part.passes(copy); };
  switch (kind_) {
    case Condition::Kind::test:
      return test(copy);
    case Condition::Kind::any:
      return std::ranges::any_of(parts_, part_passes);
    case Condition::Kind::none:
      return !part_passes(parts_.front());
    default:
      return std::ranges::all_of(parts_, part_passes);
  }
}

bool CopyTest::test(const Copy& copy) const {
  return negated_ ? copy.live && !holds(copy) : holds(copy);
}

bool CopyTest::holds(const Copy& copy) const {
  switch (field_) {
    case Field::path:
      return has_in_path(copy);
    case Field::volume:
      return copy.live && copy.volume == volume_;
    case Field::on:
      return copy.live && copy.volume < on_.size() && on_[copy.volume];
    case Field::health:
      return copy.live && copy.damaged == damaged_;
    default:
      return copy.live && copy.verified_at_s != 0 &&
             may_lie_within(checked_, copy.verified_at_s * 1000, media::ZoneBasis::utc_by_format, 0, local_);
  }
}

bool CopyTest::has_in_path(const Copy& copy) const {
  if (!copy.folded) copy.folded = fold_text(files::join_path(copy.directory, copy.name));
  std::string_view rest = *copy.folded;
  if (exact_) {
    if (!rest.starts_with(path_.front())) return false;
    if (path_.size() == 1) return rest == path_.front();
    rest.remove_prefix(path_.front().size());
    if (!rest.ends_with(path_.back())) return false;
    rest.remove_suffix(path_.back().size());
  }
  const std::span parts(path_);
  for (const std::string& part : exact_ ? parts.subspan(1, parts.size() - 2) : parts) {
    const std::size_t at = rest.find(part);
    if (at == std::string_view::npos) return false;
    rest.remove_prefix(at + part.size());
  }
  return true;
}

bool CopyTest::needs_copy_index() const {
  if (kind_ == Condition::Kind::test) return field_ == Field::path || field_ == Field::checked;
  return std::ranges::any_of(parts_, &CopyTest::needs_copy_index);
}

Row CopyTest::only_volume() const {
  if (kind_ == Condition::Kind::test) return field_ == Field::volume && !negated_ ? volume_ : ledger::kNoRow;
  if (kind_ == Condition::Kind::all)
    for (const CopyTest& part : parts_)
      if (const Row volume = part.only_volume(); volume != ledger::kNoRow) return volume;
  return ledger::kNoRow;
}

}  // namespace dalil::archive
