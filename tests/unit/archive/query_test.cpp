#include <set>

#include "archive/archive_fixture.hpp"
#include "dalil/archive/condition.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

Condition read(const std::string& text) {
  return QueryReader{}.read(text);
}
Condition word(const std::string& text) {
  return Condition::of(Field::text, text);
}
std::int64_t ms(const char* time) {
  return UtcTime::from_rfc3339(time).value().ms;
}

}  // namespace

TEST_CASE("a query of nothing asks for nothing") {
  CHECK(read("").is_nothing());
  CHECK(read("  \n ").is_nothing());
}

TEST_CASE("and binds closer than or, not closer than both, and brackets closest") {
  CHECK(read("a b or c") == Condition::any_of({Condition::all_of({word("a"), word("b")}), word("c")}));
  CHECK(read("a and b or c") == read("a b or c"));
  CHECK(read("a (b or c)") == Condition::all_of({word("a"), Condition::any_of({word("b"), word("c")})}));
  CHECK(read("not a b") == Condition::all_of({Condition::not_of(word("a")), word("b")}));
  CHECK(read("-a") == read("not a"));
  CHECK(read("not not a") == word("a"));
  CHECK(read("NOT a OR b") == read("not a or b"));
}

TEST_CASE("words that only begin like the language's own are texts") {
  CHECK(read("orange") == word("orange"));
  CHECK(read("\"or\"") == word("or"));
  CHECK(read("android nothing") == Condition::all_of({word("android"), word("nothing")}));
  CHECK(read("خان") == word("خان"));
  CHECK(read("\"barrel \\\"bomb\\\"\"") == word("barrel \"bomb\""));
}

TEST_CASE("fields take what they are made for") {
  CHECK(read("kind:video") == Condition::of(Field::kind, std::string("video")));
  CHECK(read("incident=I-1") == Condition::of(Field::incident, std::string("I-1"), true));
  CHECK(read("killed>=10") == Condition::of(Field::killed, NumberSpan{10, UINT64_MAX}));
  CHECK(read("killed>10") == Condition::of(Field::killed, NumberSpan{11, UINT64_MAX}));
  CHECK(read("killed<10") == Condition::of(Field::killed, NumberSpan{0, 9}));
  CHECK(read("killed:3..5") == Condition::of(Field::killed, NumberSpan{3, 5}));
  CHECK(read("killed:3..") == Condition::of(Field::killed, NumberSpan{3, UINT64_MAX}));
  CHECK(read("size>1K") == Condition::of(Field::size, NumberSpan{1025, UINT64_MAX}));
  CHECK(read("duration<=1:30") == Condition::of(Field::duration, NumberSpan{0, 90'000}));
  CHECK(read("duration:90") == Condition::of(Field::duration, NumberSpan{90'000, 90'999}));
  CHECK(read("duration>1:30") == Condition::of(Field::duration, NumberSpan{90'001, UINT64_MAX}));
  CHECK(read("duration:1.5") == Condition::of(Field::duration, NumberSpan{1'500, 1'500}));
  CHECK(read("governorate:\"Deir Ez-Zour\",Idlib") ==
        Condition::any_of({Condition::of(Field::governorate, std::string("Deir Ez-Zour")),
                           Condition::of(Field::governorate, std::string("Idlib"))}));
}

TEST_CASE("times are of the zone that is asked for, unless they name their own") {
  const auto span = [](const std::string& text, std::int32_t zone = 180) {
    return std::get<TimeSpan>(QueryReader{{zone}, {}}.read("made:" + text).test.value);
  };
  CHECK(span("2017-09-11") == TimeSpan{ms("2017-09-10T21:00:00Z"), ms("2017-09-11T21:00:00Z")});
  CHECK(span("2017-09-11", 0) == TimeSpan{ms("2017-09-11T00:00:00Z"), ms("2017-09-12T00:00:00Z")});
  CHECK(span("2017-09-11T06") == TimeSpan{ms("2017-09-11T03:00:00Z"), ms("2017-09-11T04:00:00Z")});
  CHECK(span("2017-09-11T06:30Z") == TimeSpan{ms("2017-09-11T06:30:00Z"), ms("2017-09-11T06:31:00Z")});
  CHECK(span("2017-09-11T06:30:05-01:30") ==
        TimeSpan{ms("2017-09-11T08:00:05Z"), ms("2017-09-11T08:00:06Z")});
  CHECK(span("2017-09-11T06:00..07:30") == TimeSpan{ms("2017-09-11T03:00:00Z"), ms("2017-09-11T04:31:00Z")});
  CHECK(span("2017-09..2017-10") == TimeSpan{ms("2017-08-31T21:00:00Z"), ms("2017-10-31T21:00:00Z")});
  CHECK(span("..2017").begin_ms == INT64_MIN);
  CHECK(span("2017-09-11~2h").tolerance_ms == 7'200'000);
  CHECK(span("2017-09-11~zone~30m").any_zone);
  CHECK(span("2017-09-11~zone~30m").tolerance_ms == 1'800'000);
  // An offset at one end holds for both.
  CHECK(span("2017-09-11T06:00..07:30Z") == TimeSpan{ms("2017-09-11T06:00:00Z"), ms("2017-09-11T07:31:00Z")});
  CHECK(span("2017-09-11T06:00Z..07:30") == span("2017-09-11T06:00..07:30Z"));
  // Without a zone that is asked for, clocks are those of Syria: an hour less in the winter of that time.
  const auto winter = std::get<TimeSpan>(read("made:2017-01-15T06:30").test.value);
  CHECK(winter == TimeSpan{ms("2017-01-15T04:30:00Z"), ms("2017-01-15T04:31:00Z")});
  const auto above = std::get<TimeSpan>(read("made>2017").test.value);
  CHECK(above == TimeSpan{ms("2017-12-31T22:00:00Z"), INT64_MAX});
  CHECK(std::get<TimeSpan>(read("made<2017").test.value).end_ms == ms("2016-12-31T22:00:00Z"));
}

TEST_CASE("areas are points with a distance, names, incidents and boxes") {
  const auto area = [](const std::string& text) { return std::get<Area>(read(text).test.value); };
  const Area point = area("near:35.93,-36.5~5km");
  CHECK(point.kind == Area::Kind::circle);
  CHECK(point.latitude == 35.93);
  CHECK(point.longitude == -36.5);
  CHECK(point.radius_m == 5000);
  CHECK(area("near:\"Khan Shaykhun\"~500m").name == "Khan Shaykhun");
  CHECK(area("near:Idlib").radius_m == 0);
  CHECK(area("near:incident:I-1~2km").name == "I-1");
  CHECK(area("box:35,36..36.5,37").north == 36.5);
}

TEST_CASE("saved queries stand in the place of their names, and may not name each other without end") {
  QueryReader reader;
  reader.saved = [](const std::string& name) { return name == "loop" ? "@loop" : "a or b"; };
  CHECK(reader.read("@x c") == Condition::all_of({Condition::any_of({word("a"), word("b")}), word("c")}));
  CHECK(code_of([&] { reader.read("@loop"); }) == ErrorCode::invalid);
}

TEST_CASE("what cannot be understood is refused") {
  for (const char* text : {"(a",
                           "a)",
                           "a or",
                           "not",
                           "colour:red",
                           "killed:x",
                           "killed:5..3",
                           "killed<0",
                           "kind:photograph",
                           "size>many",
                           "made:yesterday",
                           "made:2017-13",
                           "made:2017-09-11T25",
                           "made:2017..2016",
                           "near:35.9,36.6",
                           "near:91,0~1km",
                           "near:Idlib~5",
                           "box:1,2",
                           "box:36,36..35,37",
                           "is:nothing",
                           "governorate>Idlib",
                           "governorate:Idlib~5km",
                           "kind:",
                           "\"open",
                           "\"\"",
                           "incident(kind:video)",
                           "copy(incident:I)",
                           "copy(link(type:depicts))",
                           "@x",
                           "kind:video\"x\"",
                           "\xff"}) {
    CAPTURE(text);
    CHECK(code_of([&] { read(text); }) == ErrorCode::invalid);
  }
  CHECK(code_of([&] { read(std::string(100, '(') + "a" + std::string(100, ')')); }) == ErrorCode::invalid);
  CHECK(code_of([&] { read(std::string(70'000, 'a')); }) == ErrorCode::invalid);
}

TEST_CASE("every field has a name of its own and can be found by it") {
  std::set<std::string> names;
  for (const FieldInfo& info : fields()) {
    CHECK(names.insert(info.name).second);
    REQUIRE(field_named(info.name) != nullptr);
    CHECK(field_named(info.name)->field == info.field);
    CHECK(&info_of(info.field) == &info);
  }
}
