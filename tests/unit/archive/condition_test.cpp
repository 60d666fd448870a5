#include <algorithm>
#include <random>

#include "archive/query_world.hpp"
#include "dalil/archive/answers.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

TEST_CASE("bounds of durations are to the millisecond, and a whole second is all of it") {
  const auto span = [](const char* query) {
    return std::get<NumberSpan>(QueryReader{}.read(query).test.value);
  };
  CHECK(span("duration>1:29").least == 89'001);
  CHECK(span("duration>=1:29").least == 89'000);
  CHECK(span("duration<=1:29").most == 89'000);
  CHECK(span("duration<1:29").most == 88'999);
  CHECK(span("duration:1:29") == NumberSpan{89'000, 89'999});
}

TEST_CASE("what is natural to write is understood") {
  const QueryReader reader;
  CHECK(reader.read("kind!=video") == reader.read("not kind=video"));
  const Condition other = reader.read("killed!=12");
  CHECK(other.kind == Condition::Kind::test);
  CHECK(other.test.negated);
  CHECK(reader.read("party!=a,b").kind == Condition::Kind::all);
  for (const char* name : {"format:jpg", "format:JPG", "format:.jpg"})
    CHECK(std::get<std::string>(reader.read(name).test.value) == "jpeg");
  for (const char* quoted : {"\u201cbarrel bomb\u201d", "\u00abbarrel bomb\u00bb", "\u201ebarrel bomb\u201c"})
    CHECK(reader.read(quoted) == reader.read("\"barrel bomb\""));
  CHECK(std::get<Area>(reader.read("incident-near:35.9,36.6~5km~area").test.value).any_area);
  CHECK(std::get<Area>(reader.read("incident-box:35,36..36,37~area").test.value).any_area);
  CHECK_THROWS_AS(reader.read("near:35.9,36.6~5km~area"), Error);
  CHECK_THROWS_AS(reader.read("made:2017-09-19 06:59"), Error);
  CHECK_THROWS_AS(reader.read("\u201cno end"), Error);
}

TEST_CASE("every test of a query agrees with a naive reading of the entries") {
  World world(3);
  world.review();
  View view = world.archive.view();
  for (const char* text : kTests) {
    CAPTURE(text);
    const std::vector<Row> rows = rows_where(view, text);
    CHECK(rows == naive(view, text));
    CHECK_FALSE(rows.empty());
    CHECK(rows.size() < World::kItems);
  }
}

TEST_CASE("queries in any combination agree with a naive reading of the entries") {
  World world(4);
  world.review();
  View view = world.archive.view();
  std::mt19937_64 random(5);
  for (int round = 0; round < 120; ++round) {
    const std::string text = random_query(random, 2);
    CAPTURE(text);
    Query query;
    query.where = QueryReader{}.read(text);
    if (round % 2 == 0) query.worth_two_threads = 1;
    CHECK(find(view, query) == naive(view, text));
  }
}

TEST_CASE("what goes wrong in either of two threads is told") {
  World world(15);
  world.review();
  View view = world.archive.view();
  Query query;
  query.worth_two_threads = 1;
  query.where = QueryReader{}.read("incident:NONE");
  CHECK(code_of([&] { find(view, query); }) == ErrorCode::not_found);
  // A view that is behind is looked at by one thread alone.
  Editor editor = world.archive.edit();
  editor.add_volume(volume_named("later"));
  editor.commit();
  query.where = QueryReader{}.read("kind:photo");
  CHECK(find(view, query) == naive(view, "kind:photo"));
}

TEST_CASE("what searches need is the same after everything was derived again") {
  World world(6);
  CHECK(is_sound(world.archive));
}

TEST_CASE("what a value means is asked of a register's words, and what nobody knows is an error") {
  World world(7);
  View view = world.archive.view();
  Query query;
  query.where = QueryReader{}.read("governorate:Idlib");
  const auto by_letters = find(view, query).size();
  query.meaning = [](Field, const std::string&) -> Query::Meaning {
    return [](const std::string& words) { return words == "إدلب" || words == "Idlib"; };
  };
  const auto by_meaning = find(view, query).size();
  CHECK(by_meaning > by_letters);
  query.where = QueryReader{}.read("governorate=Idlib");
  CHECK(find(view, query).size() == by_letters);
  // Whoever names one governorate means no other, though its name hold the words.
  query.where = QueryReader{}.read("governorate:am");
  query.meaning = [](Field, const std::string&) -> Query::Meaning {
    return [](const std::string&) { return false; };
  };
  CHECK(find(view, query).empty());
  query.meaning = {};
  CHECK_FALSE(find(view, query).empty());
  CHECK(code_of([&] { rows_where(view, "not governorate:Idlbb"); }) == ErrorCode::not_found);
}

TEST_CASE("other names of a text are found as whole words") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk"));
  editor.add_copy(copy_of(disk, "", "market_dam.jpg", "A"));
  editor.add_copy(copy_of(disk, "", "madame.jpg", "B"));
  editor.add_copy(copy_of(disk, "", "alsham.jpg", "C"));
  editor.commit();
  View view = archive.view();
  Query query;
  query.other_names = [](const std::string&) { return std::vector<std::string>{"dam"}; };
  query.where = QueryReader{}.read("sham");
  CHECK(find(view, query) == std::vector<Row>{0, 2});
}

TEST_CASE("no single copy or link is asked for two volumes or two incidents") {
  World world(12);
  View view = world.archive.view();
  for (const char* text : {"volume:disk volume:drive", "on:backup on:working", "incident:I1 incident:I2",
                           "(volume:disk size>1) volume:drive"})
    CHECK(code_of([&] { rows_where(view, text); }) == ErrorCode::invalid);
  CHECK_FALSE(rows_where(view, "copy(volume:disk) copy(volume:drive)").empty());
  CHECK(rows_where(view, "volume:disk volume:disk") == rows_where(view, "volume:disk"));
}

TEST_CASE("brackets around an and change nothing") {
  World world(13);
  View view = world.archive.view();
  CHECK(rows_where(view, "governorate:idlib (killed>=3 size>100)") ==
        rows_where(view, "governorate:idlib killed>=3 size>100"));
  CHECK(rows_where(view, "(governorate:idlib size>100) killed>=3") ==
        rows_where(view, "governorate:idlib killed>=3 size>100"));
}

TEST_CASE("copies that were asked for are told from the others of an item") {
  World world(14);
  View view = world.archive.view();
  for (const char* text : {"volume:disk health:damaged", "copy(volume:disk health:damaged)",
                           "size>1 volume:disk", "on:backup path:A", "kind:photo"}) {
    Query query;
    query.where = QueryReader{}.read(text);
    const auto meant = copies_meant(view, query);
    for (const Row row : find(view, query)) {
      bool any = false;
      for (const CopyInfo& copy : view.copies_of(row)) {
        any = any || meant(copy);
        if (std::string_view(text).find("volume:disk") != std::string_view::npos && meant(copy))
          CHECK(copy.volume_label == "disk");
        if (std::string_view(text).find("damaged") != std::string_view::npos && meant(copy))
          CHECK(is_damage(copy.row.verdict));
      }
      CHECK(any);
    }
  }
}

TEST_CASE("a place's name stands for its circle, with the radius that is asked for") {
  World world(8);
  View view = world.archive.view();
  Query query;
  query.where = QueryReader{}.read("near:there");
  CHECK(code_of([&] { find(view, query); }) == ErrorCode::not_found);
  query.place_named = [](const std::string&) {
    Area area;
    area.latitude = 35.5;
    area.longitude = 36.5;
    area.radius_m = 20'000;
    return std::optional(area);
  };
  const auto far = find(view, query);
  query.where = QueryReader{}.read("near:there~5km");
  const auto close = find(view, query);
  CHECK_FALSE(close.empty());
  CHECK(close.size() < far.size());
  for (const Row row : close) CHECK(std::abs(view.facts(row)->places.front().latitude - 35.5) < 0.046);
}

TEST_CASE("an item with more names than its column takes is found by each of them") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  const Row disk = editor.add_volume(volume_named("disk"));
  Row item = 0;
  for (int i = 0; i < 500; ++i)
    item =
        editor
            .add_copy(copy_of(disk, "d" + std::to_string(i), std::string(100, 'n') + std::to_string(i), "x"))
            .item;
  editor.add_copy(copy_of(disk, "", "other", "y"));
  editor.commit();
  View view = archive.view();
  CHECK(rows_where(view, "d0/nn") == std::vector<Row>{item});
  CHECK(rows_where(view, "d499/nn") == std::vector<Row>{item});
  CHECK(rows_where(view, "d500/nn").empty());
  CHECK(is_sound(archive));
}

TEST_CASE("more than sixty-three volumes are told apart") {
  ArchiveFixture f;
  Archive archive = f.open();
  Editor editor = archive.edit();
  for (int i = 0; i < 70; ++i) {
    const Row volume = editor.add_volume(volume_named("v" + std::to_string(i)));
    editor.add_copy(copy_of(volume, "", "a", "everywhere"));
    editor.add_copy(copy_of(volume, "", "b", "only" + std::to_string(i)));
  }
  editor.record_named_verdicts(66, "", {{"b", Verdict::corrupt}}, 1505118600);
  editor.commit();
  View view = archive.view();
  CHECK(rows_where(view, "volume:v0").size() == 2);
  CHECK(rows_where(view, "volume:v63").size() == 2);
  CHECK(rows_where(view, "volume:v69") == naive(view, "volume:v69"));
  CHECK(rows_where(view, "is:damaged").size() == 1);
  CHECK(rows_where(view, "volume:v66 health:damaged") == naive(view, "volume:v66 health:damaged"));
  CHECK(rows_where(view, "volume:v65 health:damaged").empty());
  CHECK(rows_where(view, "copies:70").size() == 1);
}

TEST_CASE("results are sorted with those that have no value last, and counted by what they have") {
  World world(9);
  View view = world.archive.view();
  std::vector<Row> rows = rows_where(view, "");
  for (const bool descending : {false, true}) {
    sort_rows(view, rows, SortBy::size, descending);
    CHECK(std::ranges::is_sorted(rows, [&](Row a, Row b) {
      const auto left = view.item(a).size_bytes, right = view.item(b).size_bytes;
      return descending ? left > right : left < right;
    }));
    sort_rows(view, rows, SortBy::made, descending);
    CHECK(view.facts(rows.back()).value_or(media::MediaFacts{}).times.empty());
    CHECK_FALSE(view.facts(rows.front())->times.empty());
  }
  const auto count = [&](const char* facet, const std::string& value) {
    for (const FacetCount& one : count_by(view, rows, facet))
      if (one.value == value) return one.items;
    return std::uint64_t{0};
  };
  CHECK(count("kind", "video") == rows_where(view, "kind:video").size());
  CHECK(count("volume", "disk") == rows_where(view, "volume:disk").size());
  CHECK(count("incident", "I3") == rows_where(view, "incident:I3").size());
  CHECK(count("incident", "") == rows_where(view, "is:unlinked").size());
  CHECK(count("type", "depicts") == rows_where(view, "type:depicts").size());
  CHECK(count("governorate", "Hama") == rows_where(view, "governorate=Hama").size());
  CHECK(code_of([&] { count_by(view, rows, "colour"); }) == ErrorCode::invalid);
}

TEST_CASE("how many answers rest on clocks of unknown zone is told, and how many more there might be") {
  World world(10);
  View view = world.archive.view();
  const Condition narrow = QueryReader{}.read("made:2017-09-12T06:00..07:00");
  CHECK(asks_for_time(narrow));
  CHECK_FALSE(asks_for_time(QueryReader{}.read("kind:photo date:2017")));
  Query query;
  query.where = as_wide_as_possible(narrow);
  const auto wide = find(view, query);
  CHECK(wide.size() > rows_where(view, "made:2017-09-12T06:00..07:00").size());
  CHECK(wide == rows_where(view, "time:2017-09-12T06:00..07:00~zone"));
  CHECK(time_doubts(view, wide, narrow).unknown_zone > 0);
  CHECK(time_doubts(view, wide, narrow).utc_claimed > 0);
  CHECK(time_doubts(view, wide, narrow).day_or_less > 0);
  CHECK(denies_time(QueryReader{}.read("kind:photo not made:2017")));
  CHECK_FALSE(denies_time(QueryReader{}.read("made:2017 not kind:photo")));
  const Condition denied = QueryReader{}.read("not made:2017");
  CHECK(as_wide_as_possible(denied) == denied);
  // Of a question about names the embedded times are no matter.
  const Condition claimed = QueryReader{}.read("claimed:2017-09-11");
  query.where = claimed;
  for (const Row row : find(view, query)) {
    const auto facts = view.facts(row);
    const auto by_name =
        std::ranges::find(facts->times, media::TimeOrigin::file_name, &media::TimeClaim::origin);
    CHECK(time_doubts(view, {row}, claimed).day_or_less == (by_name->precision_ms > 1000 ? 1U : 0U));
  }
}

TEST_CASE("what analysts found is asked for: states, tags, verified times and places") {
  World world(11);
  {
    Editor editor = world.archive.edit();
    Review verified;
    verified.state = ReviewState::verified;
    verified.time =
        VerifiedTime{1505120400000, 1505123999999, TimePrecision::hour, 180};  // 09:00 to 10:00 UTC
    verified.made = VerifiedPlace{35.5, 36.5, 200, "the hospital"};
    verified.shown = VerifiedPlace{35.6, 36.6, 0, "the market"};
    review_item(editor, 7, verified);
    Review disputed;
    disputed.state = ReviewState::disputed;
    review_item(editor, 8, disputed);
    review_link(editor, 0, disputed);
    add_tag(editor, "for Geneva", std::vector<Row>{7, 9}, "");
    remove_tag(editor, "for Geneva", std::vector<Row>{9}, "");
    editor.commit();
  }
  View view = world.archive.view();
  using Rows = std::vector<Row>;
  CHECK(rows_where(view, "state:verified") == Rows{7});
  CHECK(rows_where(view, "state:disputed") == Rows{8});
  CHECK(rows_where(view, "is:reviewed") == Rows{7, 8});
  CHECK(rows_where(view, "is:unreviewed").size() == World::kItems - 2);
  CHECK(rows_where(view, "has:review") == Rows{7, 8});
  CHECK(rows_where(view, "tag:geneva") == Rows{7});
  CHECK(rows_where(view, "tag=\"FOR GENEVA\"") == Rows{7});
  CHECK(rows_where(view, "geneva") == Rows{7});
  CHECK(rows_where(view, "has:tag") == Rows{7});
  CHECK(code_of([&] { rows_where(view, "tag:none"); }) == ErrorCode::not_found);
  CHECK(rows_where(view, "verified:2017-09-11T12:30") == Rows{7});
  CHECK(rows_where(view, "verified:2017-09-11T13:00").empty());
  CHECK(rows_where(view, "verified:2017-09-11T13:00~1m") == Rows{7});
  // What was verified holds, whatever the file says of itself.
  CHECK(std::ranges::count(rows_where(view, "made:2017-09-11T12:30"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "made:2017-09-12"), Row{7}) == 0);
  CHECK(std::ranges::count(rows_where(view, "near:35.5,36.5~10m"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "near:35.503,36.5~200m"), Row{7}) == 1);
  CHECK(std::ranges::count(rows_where(view, "near:35.51,36.5~200m"), Row{7}) == 0);
  CHECK(rows_where(view, "shows-near:35.6,36.6~1km") == Rows{7});
  CHECK(rows_where(view, "shows-near:35.5,36.5~1km").empty());
  CHECK(rows_where(view, "shows-box:35.5,36.5..35.7,36.7") == Rows{7});
  const Link link = link_at(view, 0);
  if (!link.withdrawn) CHECK(rows_where(view, "link-state:disputed") == Rows{link.item});
}
