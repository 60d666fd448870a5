// What links make of items, and how far answers rest on candidates.

#include "dalil/archive/linked.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>

#include "archive/archive_fixture.hpp"
#include "dalil/archive/answers.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

constexpr int kItems = 40, kIncidents = 6;

/// Items and incidents with links of some types, candidates among them; the same for each seed.
struct LinkDesk : ArchiveFixture {
  Archive archive = open();
  std::optional<Editor> editor{archive.edit()};
  std::vector<Row> candidates;

  explicit LinkDesk(unsigned seed) {
    std::mt19937 random(seed);
    const Row disk = editor->add_volume(volume_named("disk"));
    for (int i = 0; i < kItems; ++i) {
      const std::string name = "n" + std::to_string(i) + (i % 3 == 0 ? ".jpg" : ".txt");
      editor->add_copy(copy_of(disk, "d", name, name));
    }
    for (int i = 0; i < kIncidents; ++i) {
      Incident incident = incident_with("I" + std::to_string(i), i % 2 == 0 ? "2017-09-11" : "2017-10");
      incident.governorate = i < 3 ? "Idlib" : "Hama";
      incident.killed.value = i;
      editor->put_incident(incident, "");
    }
    constexpr LinkType kTypes[] = {LinkType::depicts, LinkType::context, LinkType::candidate,
                                   LinkType::candidate};
    for (int i = 0; i < 45; ++i) {
      const LinkType type = kTypes[random() % 4];
      const Row link = editor->add_link(static_cast<Row>(random() % kItems),
                                        static_cast<Row>(random() % kIncidents), type, {}, {}, "");
      if (type == LinkType::candidate) candidates.push_back(link);
      if (random() % 6 == 0) {
        editor->withdraw_link(link, "");
        std::erase(candidates, link);
      }
    }
    editor->commit();
  }

  std::vector<Row> found(const Query& query) const {
    View view = archive.view();
    return find(view, query);
  }
};

Query asked(const std::string& text) {
  Query query;
  query.where = QueryReader{}.read(text);
  return query;
}

constexpr const char* kQueries[] = {
    "governorate:Idlib",
    "not governorate:Idlib",
    "governorate:Idlib killed>=2",
    "governorate:Idlib or governorate:Hama",
    "(governorate:Idlib path:jpg) or killed>=4",
    "path:jpg (governorate:Idlib killed>=1)",
    "not (governorate:Idlib path:jpg)",
    "incident(governorate:Idlib not killed:0)",
    "not incident(killed>=3)",
    "is:linked",
    "is:unlinked",
    "has:incident path:txt",
    "not has:incident",
    "incident:I1 incident(governorate:Hama)",
    "link-state:unreviewed killed>=2",
    "path:jpg",
};

}  // namespace

TEST_CASE("a question without candidates is the same as one after all of them were withdrawn") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    LinkDesk d(seed);
    std::vector<std::vector<Row>> firm;
    for (const char* text : kQueries) {
      const Query query = asked(text);
      View view = d.archive.view();
      firm.push_back(find(view, without_candidates(condition_of(query)), query));
      const std::vector<Row> rows = find(view, query);
      const CandidateDoubts doubts = candidate_doubts(view, rows, query);
      std::vector<Row> only, left_out;
      std::ranges::set_difference(rows, firm.back(), std::back_inserter(only));
      std::ranges::set_difference(firm.back(), rows, std::back_inserter(left_out));
      INFO(text << " seed " << seed);
      CHECK(doubts.only == only.size());
      CHECK(doubts.left_out == left_out.size());
    }
    for (const Row link : d.candidates) d.editor->withdraw_link(link, "");
    d.editor->commit();
    for (std::size_t i = 0; i < std::size(kQueries); ++i) {
      INFO(kQueries[i] << " seed " << seed);
      CHECK(d.found(asked(kQueries[i])) == firm[i]);
      View view = d.archive.view();
      const CandidateDoubts doubts = candidate_doubts(view, firm[i], asked(kQueries[i]));
      CHECK(doubts.only + doubts.left_out == 0);
    }
  }
}

TEST_CASE("a question that names types of links is left as it is") {
  for (const char* text : {"type:candidate", "not type:candidate", "type:depicts governorate:Idlib",
                           "link(governorate:Idlib not type:candidate)"}) {
    const Query query = asked(text);
    CHECK(without_candidates(condition_of(query)) == condition_of(query));
    LinkDesk d(1);
    View view = d.archive.view();
    const CandidateDoubts doubts = candidate_doubts(view, find(view, query), query);
    CHECK(doubts.only + doubts.left_out == 0);
  }
}

TEST_CASE("an incident is a candidate's as long as no other link leads to it") {
  LinkDesk d(2);
  const Row item = d.editor->add_copy(copy_of(0, "d", "new", "new")).item;
  d.editor->add_link(item, 1, LinkType::candidate, {}, {}, "");
  d.editor->add_link(item, 2, LinkType::depicts, {}, {}, "");
  const Row withdrawn = d.editor->add_link(item, 1, LinkType::depicts, {}, {}, "");
  d.editor->withdraw_link(withdrawn, "");
  d.editor->commit();
  const auto linked = [&] {
    View view = d.archive.view();
    std::map<Row, bool> candidates;
    for (const LinkedIncident& one : linked_incidents(view, item)) candidates[one.incident] = one.candidate;
    return candidates;
  };
  CHECK(linked() == std::map<Row, bool>{{1, true}, {2, false}});
  d.editor->add_link(item, 1, LinkType::context, {}, {}, "");
  d.editor->commit();
  CHECK(linked() == std::map<Row, bool>{{1, false}, {2, false}});
}

TEST_CASE("what was rejected, the link or the item, is neither evidence nor a candidate") {
  CHECK(standing_of(LinkType::depicts, ReviewState::unreviewed, ReviewState::disputed) == Standing::evidence);
  CHECK(standing_of(LinkType::candidate, ReviewState::verified, ReviewState::verified) ==
        Standing::candidate);
  CHECK(standing_of(LinkType::candidate, ReviewState::rejected, ReviewState::verified) == Standing::rejected);
  CHECK(standing_of(LinkType::depicts, ReviewState::verified, ReviewState::rejected) == Standing::rejected);
  LinkDesk d(3);
  Review rejected;
  rejected.state = ReviewState::rejected;
  review_item(*d.editor, 0, rejected);
  review_link(*d.editor, 5, rejected);
  d.editor->commit();
  View view = d.archive.view();
  std::size_t links = 0;
  for_each_standing(view, [&](Row item, Row incident, Standing standing) {
    ++links;
    const auto of_item = view.links_of_item(item);
    const bool told = std::ranges::any_of(of_item, [&](const Link& link) {
      return link.incident == incident &&
             standing == standing_of(link.type, state_of_link(view, link.row), state_of_item(view, item));
    });
    CHECK(told);
    if (item == 0) CHECK(standing == Standing::rejected);
  });
  std::size_t expected = 0;
  view.for_each_link([&](Row, Row, LinkType) { ++expected; });
  CHECK(links == expected);
  CHECK(links > 20);
}

TEST_CASE("counts by what an incident says tell how many items rest on candidates") {
  LinkDesk d(4);
  View view = d.archive.view();
  const std::vector<Row> rows = find(view, Query{});
  for (const FacetCount& count : count_by(view, rows, "incident")) {
    if (count.value.empty()) continue;
    const auto row = view.find_incident(count.value);
    REQUIRE(row.has_value());
    std::map<Row, bool> items;
    for (const Link& link : view.links_of_incident(*row)) {
      const auto known = items.emplace(link.item, true).first;
      known->second = known->second && link.type == LinkType::candidate;
    }
    CHECK(count.items == items.size());
    CHECK(count.candidates == static_cast<std::uint64_t>(
                                  std::ranges::count_if(items, [](const auto& one) { return one.second; })));
  }
  CHECK(is_of_incidents("governorate"));
  CHECK_FALSE(is_of_incidents("type"));
  CHECK_FALSE(is_of_incidents("colour"));
}
