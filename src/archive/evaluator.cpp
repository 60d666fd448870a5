#include "evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/review.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// Whether every test beneath is about this, so that one and the same link or copy can be asked for all of
/// it.
bool is_about(const Condition& condition, Scope scope) {
  switch (condition.kind) {
    case Condition::Kind::test:
      return info_of(condition.test.field).scope == scope;
    case Condition::Kind::all:
    case Condition::Kind::any:
      return !condition.parts.empty() && std::ranges::all_of(condition.parts, [&](const Condition& part) {
        return is_about(part, scope);
      });
    default:
      return false;
  }
}

/// What narrows most for least comes first: later parts then open few blocks.
int cost_of(const Condition& condition) {
  constexpr int kLinks = 1, kBrackets = 2, kNone = 3, kText = 4;
  switch (condition.kind) {
    case Condition::Kind::test:
      if (condition.test.field == Field::text) return kText;
      return info_of(condition.test.field).scope == Scope::link ? kLinks : 0;
    case Condition::Kind::link:
      return kLinks;
    case Condition::Kind::none:
      return kNone;
    default: {
      int most = kBrackets;
      for (const Condition& part : condition.parts) most = std::max(most, cost_of(part));
      return most;
    }
  }
}

}  // namespace

namespace {

/// Tests that one thing has to meet all of.
void gather_joined(const Condition& condition, std::vector<const Test*>& tests) {
  if (condition.kind == Condition::Kind::test) tests.push_back(&condition.test);
  if (condition.kind == Condition::Kind::all)
    for (const Condition& part : condition.parts) gather_joined(part, tests);
}

}  // namespace

/// No copy lies on two volumes, and no link leads to two incidents: whoever asks so means two of them.
void refuse_impossible(const Condition& condition) {
  std::vector<const Test*> tests;
  gather_joined(condition, tests);
  for (const auto& [field, bracket] : {std::pair(Field::volume, "copy"), std::pair(Field::on, "copy"),
                                       std::pair(Field::incident, "incident")}) {
    const Test* first = nullptr;
    for (const Test* test : tests) {
      if (test->field != field) continue;
      if (first != nullptr && first->value != test->value) {
        const auto text = [](const Test& of) { return escape_for_display(std::get<std::string>(of.value)); };
        throw Error(ErrorCode::invalid,
                    fmt::format("no single {0} is of both '{1}:{2}' and '{1}:{3}'",
                                field == Field::incident ? "link" : "copy", info_of(field).name, text(*first),
                                text(*test)),
                    fmt::format("for two of them: {0}({1}:{2}) {0}({1}:{3})", bracket, info_of(field).name,
                                text(*first), text(*test)));
      }
      first = test;
    }
  }
}

Evaluator::Evaluator(View& view, const Query& query) : view_(view), query_(query), reader_(view.reader()) {}

void Evaluator::narrow(const Condition& condition, Matches& matches) {
  if (is_about(condition, Scope::link)) return narrow_links(condition, matches);
  if (is_about(condition, Scope::copy)) return narrow_copies(condition, false, matches);
  switch (condition.kind) {
    case Condition::Kind::all:
      return narrow_all(condition, matches);
    case Condition::Kind::any:
      return narrow_any(condition.parts, matches);
    case Condition::Kind::none: {
      Matches inner = matches;
      narrow(condition.parts.front(), inner);
      take_out(matches, inner);
      return;
    }
    case Condition::Kind::test:
      return narrow_test(condition.test, matches);
    case Condition::Kind::link:
      return narrow_links(condition.parts.front(), matches);
    case Condition::Kind::copy:
      return narrow_copies(condition.parts.front(), true, matches);
  }
}

/// Conditions on links that stand side by side are asked of one and the same link, and so are those on
/// copies; brackets around an `and` change nothing.
void Evaluator::narrow_all(const Condition& all, Matches& matches) {
  Condition links, copies;
  std::vector<const Condition*> rest;
  const std::function<void(const Condition&)> sort_out = [&](const Condition& part) {
    if (is_about(part, Scope::link))
      links.parts.push_back(part);
    else if (is_about(part, Scope::copy))
      copies.parts.push_back(part);
    else if (part.kind == Condition::Kind::all)
      std::ranges::for_each(part.parts, sort_out);
    else
      rest.push_back(&part);
  };
  std::ranges::for_each(all.parts, sort_out);
  std::ranges::stable_sort(rest, {}, [](const Condition* part) { return cost_of(*part); });
  if (!links.is_nothing()) narrow_links(links, matches);
  for (const Condition* part : rest) {
    if (!copies.is_nothing() && cost_of(*part) > 1) {
      narrow_copies(copies, false, matches);
      copies.parts.clear();
    }
    narrow(*part, matches);
  }
  if (!copies.is_nothing()) narrow_copies(copies, false, matches);
}

void Evaluator::narrow_any(const std::vector<Condition>& parts, Matches& matches) {
  Matches found(matches.size());
  for (const Condition& part : parts) {
    Matches left = matches;
    take_out(left, found);
    narrow(part, left);
    add(found, left);
  }
  matches = std::move(found);
}

void Evaluator::narrow_test(const Test& test, Matches& matches) {
  switch (test.field) {
    case Field::text:
      return narrow_text(std::get<std::string>(test.value), matches);
    case Field::digest:
      return narrow_digest(std::get<std::string>(test.value), matches);
    case Field::size:
    case Field::width:
    case Field::height:
    case Field::duration:
      return narrow_number(test, matches);
    case Field::kind: {
      const auto kind = media::media_kind_from(std::get<std::string>(test.value));
      return filter(reader_, kFactKind, matches, [&](const std::uint8_t* value, Row) {
        return *value == static_cast<std::uint8_t>(kind.value_or(media::MediaKind::other));
      });
    }
    case Field::format:
      return narrow_words(kFactFormat, test, matches);
    case Field::software:
      return narrow_words(kFactSoftware, test, matches);
    case Field::camera:
      return narrow_camera(test, matches);
    case Field::time: {
      const auto& span = test.value;
      return narrow_any({Condition::of(Field::verified, span), Condition::of(Field::embedded, span),
                         Condition::of(Field::claimed, span)},
                        matches);
    }
    case Field::made:
    case Field::embedded:
    case Field::claimed:
      return narrow_time(test.field, std::get<TimeSpan>(test.value), matches);
    case Field::verified:
      return narrow_verified(std::get<TimeSpan>(test.value), matches, nullptr);
    case Field::near:
    case Field::box:
      return narrow_area(std::get<Area>(test.value), matches);
    case Field::shows_near:
    case Field::shows_box:
      return narrow_shown(std::get<Area>(test.value), matches);
    case Field::tag:
      return narrow_tag(test, matches);
    case Field::state: {
      const auto state = review_state_from(std::get<std::string>(test.value));
      return filter(reader_, kItemReview, matches, [&](const std::uint8_t* value, Row) {
        return *value == static_cast<std::uint8_t>(state.value_or(ReviewState::unreviewed));
      });
    }
    case Field::source:
      return narrow_source(test, matches);
    case Field::consent:
      return narrow_consent(std::get<std::string>(test.value), matches);
    case Field::copies:
      return narrow_copy_count(std::get<NumberSpan>(test.value), matches);
    case Field::is:
      return narrow_is(std::get<std::string>(test.value), matches);
    case Field::has:
      return narrow_has(std::get<std::string>(test.value), matches);
    default:
      throw Error(ErrorCode::invalid, "a condition on a link or a copy was taken for one on an item");
  }
}

std::vector<std::string> Evaluator::needles_of(const std::string& text) const {
  std::vector<std::string> needles{fold_for_search(text)};
  if (query_.other_names)
    for (const std::string& name : query_.other_names(text)) {
      std::string folded = fold_for_search(name);
      if (!folded.empty() && std::ranges::find(needles, folded) == needles.end())
        needles.push_back(std::move(folded));
    }
  return needles;
}

}  // namespace dalil::archive
