#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "dalil/archive/review.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

static_assert(std::ranges::all_of(kColumns, [](const Column& column) {
  return column.table != kItems || kStretchItems % column.rows_per_block == 0;
}));

/// What narrows most for least comes first: later parts then open few blocks.
int cost_of(const Condition& condition) {
  constexpr int kBrackets = 2, kNone = 3, kText = 4;
  switch (condition.kind) {
    case Condition::Kind::test:
      return condition.test.field == Field::text ? kText : 0;
    case Condition::Kind::link:
      return 0;
    case Condition::Kind::none:
      return kNone;
    default: {
      int most = kBrackets;
      for (const Condition& part : condition.parts) most = std::max(most, cost_of(part));
      return most;
    }
  }
}

/// Tests that one thing has to meet all of.
void gather_joined(const Condition& condition, std::vector<const Test*>& tests) {
  if (condition.kind == Condition::Kind::test && !condition.test.negated) tests.push_back(&condition.test);
  if (condition.kind == Condition::Kind::all)
    for (const Condition& part : condition.parts) gather_joined(part, tests);
}

}  // namespace

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

void Plan::apply(const Stretch& stretch, Matches& matches) const {
  switch (kind) {
    case Kind::test:
      return narrow(stretch, matches);
    case Kind::all:
      for (const Plan& part : parts) {
        if (!any_in(matches, 0, matches.size())) return;
        part.apply(stretch, matches);
      }
      return;
    case Kind::any: {
      Matches found(matches.size());
      for (const Plan& part : parts) {
        Matches left = matches;
        take_out(left, found);
        if (!any_in(left, 0, left.size())) break;
        part.apply(stretch, left);
        add(found, left);
      }
      matches = std::move(found);
      return;
    }
    case Kind::none: {
      Matches inner = matches;
      parts.front().apply(stretch, inner);
      take_out(matches, inner);
      return;
    }
  }
}

void on_two_threads(View& view, View* twin, const std::function<void(View&)>& work) {
  if (twin == nullptr) return work(view);
  std::exception_ptr failure, own;
  std::thread second([&] {
    try {
      work(*twin);
    } catch (...) {
      failure = std::current_exception();
    }
  });
  try {
    work(view);
  } catch (...) {
    own = std::current_exception();
  }
  second.join();
  if (own) std::rethrow_exception(own);
  if (failure) std::rethrow_exception(failure);
}

namespace {

Plan test_plan(Narrow narrow) {
  return {Plan::Kind::test, {}, std::move(narrow), {}};
}

/// The fewest rows that any of the parts leaves.
std::optional<std::vector<Row>> fewest(const std::vector<Plan>& parts) {
  const std::optional<std::vector<Row>>* least = nullptr;
  for (const Plan& part : parts)
    if (part.only && (least == nullptr || part.only->size() < (*least)->size())) least = &part.only;
  return least == nullptr ? std::nullopt : *least;
}

/// Those that some part leaves, if that is known of each.
std::optional<std::vector<Row>> together(const std::vector<Plan>& parts) {
  std::vector<Row> rows;
  for (const Plan& part : parts) {
    if (!part.only) return std::nullopt;
    rows.insert(rows.end(), part.only->begin(), part.only->end());
  }
  std::ranges::sort(rows);
  return rows;
}

}  // namespace

Planner::Planner(View& view, View* twin, const Query& query)
    : view_(view), twin_(twin), query_(query), reader_(view.reader()) {}

Plan Planner::plan(const Condition& condition) {
  return part(condition, true);
}

Plan Planner::part(const Condition& condition, bool outermost) {
  if (is_about(condition, Scope::link)) return links(condition);
  if (is_about(condition, Scope::copy)) return copies(condition, false, outermost);
  switch (condition.kind) {
    case Condition::Kind::all:
      return all(condition, outermost);
    case Condition::Kind::any:
      return any(condition.parts);
    case Condition::Kind::none:
      return {Plan::Kind::none, {part(condition.parts.front(), false)}, {}, {}};
    case Condition::Kind::link:
      return links(condition.parts.front());
    case Condition::Kind::copy:
      return copies(condition.parts.front(), true, outermost);
    case Condition::Kind::test:
      break;
  }
  return test_plan(test(condition.test));
}

/// Conditions on links that stand side by side are asked of one and the same link, and so are those on
/// copies; brackets around an `and` change nothing. Words are looked for together.
Plan Planner::all(const Condition& condition, bool outermost) {
  Condition of_links, of_copies;
  std::vector<const Condition*> rest;
  std::vector<std::string> words;
  const std::function<void(const Condition&)> sort_out = [&](const Condition& part) {
    if (is_about(part, Scope::link))
      of_links.parts.push_back(part);
    else if (is_about(part, Scope::copy))
      of_copies.parts.push_back(part);
    else if (part.kind == Condition::Kind::all)
      std::ranges::for_each(part.parts, sort_out);
    else if (part.kind == Condition::Kind::test && part.test.field == Field::text)
      words.push_back(std::get<std::string>(part.test.value));
    else
      rest.push_back(&part);
  };
  std::ranges::for_each(condition.parts, sort_out);
  std::ranges::stable_sort(rest, {}, [](const Condition* part) { return cost_of(*part); });
  Plan plan;
  if (!of_links.is_nothing()) plan.parts.push_back(links(of_links));
  const auto single = std::ranges::find_if(rest, [](const Condition* one) { return cost_of(*one) > 0; });
  const auto take = [&](const Condition* one) { plan.parts.push_back(part(*one, outermost)); };
  std::for_each(rest.begin(), single, take);
  if (!of_copies.is_nothing()) plan.parts.push_back(copies(of_copies, false, outermost));
  std::for_each(single, rest.end(), take);
  if (!words.empty()) plan.parts.push_back(test_plan(texts(words)));
  plan.only = fewest(plan.parts);
  return plan;
}

Plan Planner::any(const std::vector<Condition>& parts) {
  Plan plan;
  plan.kind = Plan::Kind::any;
  for (const Condition& one : parts) plan.parts.push_back(part(one, false));
  plan.only = together(plan.parts);
  return plan;
}

Narrow Planner::test(const Test& test) {
  switch (test.field) {
    case Field::text:
      return texts({std::get<std::string>(test.value)});
    case Field::digest:
    case Field::size:
    case Field::width:
    case Field::height:
    case Field::duration:
    case Field::kind:
    case Field::state:
      return plain_test(test);
    case Field::format:
      return words(schema::kFactFormat, test);
    case Field::software:
      return words(schema::kFactSoftware, test);
    case Field::camera:
      return camera(test);
    case Field::time: {
      const auto& span = std::get<TimeSpan>(test.value);
      const Plan any{Plan::Kind::any,
                     {test_plan(verified_in(span)), test_plan(embedded_in(span, query_.local)),
                      test_plan(claimed_in(span, query_.local))},
                     {},
                     {}};
      return [any](const Stretch& stretch, Matches& matches) { any.apply(stretch, matches); };
    }
    case Field::made:
      return made_in(std::get<TimeSpan>(test.value), query_.local);
    case Field::embedded:
      return embedded_in(std::get<TimeSpan>(test.value), query_.local);
    case Field::claimed:
      return claimed_in(std::get<TimeSpan>(test.value), query_.local);
    case Field::verified:
      return verified_in(std::get<TimeSpan>(test.value));
    case Field::near:
    case Field::box:
      return made_at(located(std::get<Area>(test.value)));
    case Field::shows_near:
    case Field::shows_box:
      return shows(located(std::get<Area>(test.value)));
    case Field::tag:
      return tag(test);
    case Field::source:
      return source(test);
    case Field::consent:
      return consent(std::get<std::string>(test.value));
    case Field::copies:
      return copy_count(std::get<NumberSpan>(test.value));
    case Field::is:
      return is(std::get<std::string>(test.value));
    case Field::has:
      return has(std::get<std::string>(test.value));
    default:
      throw Error(ErrorCode::invalid, "a condition on a link or a copy was taken for one on an item");
  }
}

}  // namespace dalil::archive
