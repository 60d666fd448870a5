#include "dalil/archive/find.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "dalil/archive/answers.hpp"
#include "dalil/base/error.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// Whole days as the local clock has them.
TimeSpan span_of(const DateSpan& days, const LocalClock& local) {
  constexpr std::int64_t kDayMs = 86'400'000;
  TimeSpan span;
  if (days.first != INT32_MIN) span.begin_ms = local.to_utc(days.first * kDayMs);
  if (days.last != INT32_MAX) span.end_ms = local.to_utc((std::int64_t{days.last} + 1) * kDayMs);
  return span;
}

/// What the role cannot see is refused even where the archive holds none of it: an answer would be a guess.
void refuse_invisible(const View& view, const Condition& condition) {
  if (condition.kind == Condition::Kind::test) {
    const FieldInfo& info = info_of(condition.test.field);
    bool visible = view.can_read(info.seal_class);
    if (condition.test.field == Field::has || condition.test.field == Field::is) {
      const auto& word = std::get<std::string>(condition.test.value);
      visible = view.can_read(ledger::SealClass::evidence) || word == "damaged" || word == "lost";
    }
    if (visible) return;
    const bool link = info.scope == Scope::link || condition.test.field == Field::is;
    const bool source = condition.test.field == Field::source || condition.test.field == Field::consent;
    throw Error(ErrorCode::wrong_key,
                fmt::format("{} are not visible to this role", link     ? "incidents and links"
                                                               : source ? "sources"
                                                                        : "media facts"),
                "this key finds by path, size, digest and volume");
  }
  // By names alone it can be said of an item that it holds a word, and not that it does not.
  if (condition.kind == Condition::Kind::none && asks_for_text(condition) &&
      !view.can_read(ledger::SealClass::evidence))
    throw Error(ErrorCode::wrong_key,
                "descriptions and incidents are not visible to this role, so no text can be excluded",
                "ask for 'not path:...' instead");
  for (const Condition& part : condition.parts) refuse_invisible(view, part);
}

}  // namespace

Condition condition_of(const Query& query) {
  std::vector<Condition> all;
  const auto add = [&](Field field, Value value, bool exact = false) {
    all.push_back(Condition::of(field, std::move(value), exact));
  };
  const auto add_any = [&](Field field, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    std::vector<Condition> any;
    for (const std::string& text : texts) any.push_back(Condition::of(field, text, true));
    all.push_back(any.size() == 1 ? any.front() : Condition::any_of(std::move(any)));
  };
  if (!query.digest_prefix.empty()) add(Field::digest, query.digest_prefix);
  if (query.min_size || query.max_size)
    add(Field::size, NumberSpan{query.min_size.value_or(0), query.max_size.value_or(UINT64_MAX)});
  if (query.kind) add(Field::kind, std::string(media::name_of(*query.kind)));
  if (query.embedded) add(Field::embedded, span_of(*query.embedded, query.local));
  if (query.claimed) add(Field::claimed, span_of(*query.claimed, query.local));
  if (!query.camera.empty()) add(Field::camera, query.camera);
  add_any(Field::incident, query.incidents);
  if (query.incident_date) add(Field::incident_date, span_of(*query.incident_date, query.local));
  if (query.link_type) add(Field::link_type, std::string(name_of(*query.link_type)));
  if (query.linked) add(Field::is, std::string(*query.linked ? "linked" : "unlinked"));
  add_any(Field::source, query.sources);
  std::vector<Condition> consents;
  for (const Consent consent : query.consents)
    consents.push_back(Condition::of(Field::consent, std::string(name_of(consent))));
  if (query.without_source) consents.push_back(Condition::of(Field::consent, std::string("none")));
  if (!consents.empty()) all.push_back(Condition::any_of(std::move(consents)));
  for (const std::string& part : query.path_parts) add(Field::path, part);
  if (!query.volume.empty()) add(Field::volume, query.volume);
  if (!query.where.is_nothing()) {
    if (all.empty()) return query.where;
    // What both ways of asking say of a link, or of a copy, is said of the same one.
    if (query.where.kind == Condition::Kind::all)
      all.insert(all.end(), query.where.parts.begin(), query.where.parts.end());
    else
      all.push_back(query.where);
  }
  return Condition::all_of(std::move(all));
}

namespace {

/// Where items can match: firsts of stretches.
std::vector<Row> stretches_of(const Plan& plan, Row items) {
  std::vector<Row> firsts;
  if (!plan.only) {
    for (std::uint64_t first = 0; first < items; first += kStretchItems)
      firsts.push_back(static_cast<Row>(first));
    return firsts;
  }
  for (const Row row : *plan.only)
    if (const Row first = row / kStretchItems * kStretchItems;
        row < items && (firsts.empty() || firsts.back() != first))
      firsts.push_back(first);
  return firsts;
}

/// Rows that the plan leaves, in ascending order; there may be more of them than `enough`.
std::vector<Row> rows_by(const Plan& plan, View& view, View* twin, std::size_t enough) {
  const Row items = view.item_count();
  const std::vector<Row> firsts = stretches_of(plan, items);
  std::vector<std::vector<Row>> found(firsts.size());
  std::atomic<std::size_t> next = 0, count = 0;
  on_two_threads(view, firsts.size() > 1 ? twin : nullptr, [&](View& own) {
    for (std::size_t i = 0; count < enough && (i = next++) < firsts.size();) {
      const Stretch stretch{own, own.reader(), firsts[i]};
      Matches matches(std::min(items - firsts[i], kStretchItems), 1);
      plan.apply(stretch, matches);
      for (std::size_t at = 0; at < matches.size(); ++at)
        if (matches[at] != 0) found[i].push_back(firsts[i] + static_cast<Row>(at));
      count += found[i].size();
    }
  });
  std::vector<Row> rows;
  rows.reserve(count);
  for (const std::vector<Row>& some : found) rows.insert(rows.end(), some.begin(), some.end());
  return rows;
}

/// Leaves those of which a copy meets the test.
void keep_by_copy_index(View& view, const CopyTest& test, std::vector<Row>& rows) {
  ItemSet among(view.item_count());
  for (const Row row : rows) among.insert(row);
  const ItemSet found = by_copy_index(view, test, view.item_count(), &among);
  std::erase_if(rows, [&](Row row) { return !found.contains(row); });
}

}  // namespace

std::vector<Row> find(View& view, const Query& query) {
  return find(view, condition_of(query), query);
}

std::vector<Row> find(View& view, const Condition& condition, const Query& query) {
  refuse_invisible(view, condition);
  auto second = view.item_count() >= query.worth_two_threads ? view.twin() : std::nullopt;
  View* const twin = second ? &*second : nullptr;
  Planner planner(view, twin, query);
  const Plan plan = planner.plan(condition);
  std::vector<Row> rows = rows_by(plan, view, twin, planner.late.empty() ? query.limit : SIZE_MAX);
  for (const CopyTest& test : planner.late) keep_by_copy_index(view, test, rows);
  rows.resize(std::min(rows.size(), query.limit));
  return rows;
}

}  // namespace dalil::archive
