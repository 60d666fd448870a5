#include "dalil/formats/page.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/formats/map.hpp"
#include "dalil/formats/page_text.hpp"
#include "dalil/formats/timeline.hpp"

using namespace dalil;
using namespace dalil::formats;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// What no page may have, whatever an archive holds.
void check_inert(const std::string& page) {
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, " style=\""));
  CHECK_FALSE(has(page, "http-equiv=\"refresh"));
  for (const char* attribute : {" src=\"", " href=\"", " onload=\"", "url("}) {
    INFO(attribute);
    CHECK_FALSE(has(page, attribute));
  }
}

constexpr const char* kHostile = "<script>alert(1)</script>\"' onload=\"x\" \u202egnp.exe\n";

TimelineIncident incident(const std::string& id, const std::string& date) {
  TimelineIncident made;
  made.id = id;
  made.date = date;
  made.days = *parse_date(date);
  return made;
}

TimelineItem item(const std::string& time) {
  TimelineItem made;
  made.local_ms = UtcTime::from_rfc3339(time + "Z")->ms;
  made.time = time;
  made.id = "0123456789ab";
  return made;
}

}  // namespace

TEST_CASE("a page admits its own style and nothing else") {
  const std::string page = html_page({PageLanguage::english, kHostile, "b{color:red}", "<p>x</p>"});
  const std::string hash = to_base64(crypto::sha256(as_bytes("b{color:red}")).view());
  CHECK(has(page, "default-src 'none'"));
  CHECK(has(page, "style-src 'sha256-" + hash + "'"));
  CHECK(has(page, "<html lang=\"en\" dir=\"ltr\">"));
  CHECK(has(html_page({PageLanguage::arabic, "", "", ""}), "<html lang=\"ar\" dir=\"rtl\">"));
  CHECK_FALSE(has(page, "<script>alert"));
  CHECK_FALSE(has(page, "\u202e"));
  CHECK(markup_text("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
}

TEST_CASE("a path keeps its order whatever writing its names are in") {
  CHECK(path_html("disk", "خان شيخون/a<b>.jpg") ==
        "<span dir=\"ltr\"><bdi>disk</bdi>:<bdi>خان شيخون</bdi>/<bdi>a&lt;b&gt;.jpg</bdi></span>");
  CHECK(path_html("d", "") == "<span dir=\"ltr\"><bdi>d</bdi>:<bdi></bdi></span>");
  CHECK(isolated_html("\u202Ex") == "<bdi>" + markup_text("\u202Ex") + "</bdi>");
  Timeline timeline;
  TimelineItem one = item("2017-09-11T08:30:00");
  one.volume = "disk";
  one.path = "خان شيخون/a.jpg";
  one.path_note = "(+2)";
  one.incidents = {{"A-1", false}, {"حادثة", true}};
  timeline.add(one);
  const std::string page = timeline.page(Step::day);
  CHECK(has(page,
            "<td><span dir=\"ltr\"><bdi>disk</bdi>:<bdi>خان شيخون</bdi>/<bdi>a.jpg</bdi></span> "
            "<bdi>(+2)</bdi></td>"));
  CHECK(has(page, "<td><bdi>A-1</bdi>, <bdi>حادثة</bdi> (candidate)</td>"));
}

TEST_CASE("a chart has a bar for each number, in proportion") {
  BarChart chart;
  chart.title = "killed by party";
  chart.series = {"2017", "2018"};
  chart.groups = {{"A", {{10, "10"}, {5, ">=5"}}}, {kHostile, {{0, "-"}, {2, "2"}}}};
  chart.remarks = {"absent is not zero"};
  const std::string picture = svg(bar_chart(chart), true);
  CHECK(picture.starts_with("<?xml"));
  CHECK(count(picture, "<rect") == 2 + 4);
  CHECK(has(picture, "&gt;=5"));
  CHECK(has(picture, "absent is not zero"));
  check_inert(picture);
  CHECK(has(svg(bar_chart({}), false), "</svg>"));
}

TEST_CASE("a timeline counts by the step, and a date that is less precise stands for itself") {
  Timeline timeline;
  timeline.title = "t";
  timeline.add(incident("A", "2017-09-11"));
  timeline.add(incident("B", "2017-09"));
  TimelineIncident at = incident("C", "2017-09-11");
  at.minute_of_day = 11 * 60 + 30;
  timeline.add(at);
  timeline.add(item("2017-09-11T11:59:59"));
  timeline.add(item("2017-09-12T00:00:00"));
  timeline.add(item("1969-12-31T23:30:00"));
  timeline.add_undated_item();
  const auto named = [&](Step step) {
    std::string all;
    for (const Timeline::Count& one : timeline.counts(step))
      all += one.name + " " + std::to_string(one.incidents) + "/" + std::to_string(one.items) + "; ";
    return all;
  };
  CHECK(named(Step::hour) ==
        "1969-12-31 23:00 0/1; 2017-09 1/0; 2017-09-11 1/0; 2017-09-11 11:00 1/1; 2017-09-12 00:00 0/1; ");
  CHECK(named(Step::day) == "1969-12-31 0/1; 2017-09 1/0; 2017-09-11 2/1; 2017-09-12 0/1; ");
  CHECK(named(Step::month) == "1969-12 0/1; 2017-09 3/2; ");
  CHECK(named(Step::year) == "1969 0/1; 2017 3/2; ");
  CHECK(timeline.undated_items() == 1);
  CHECK(timeline.fitting_step() == Step::day);
}

TEST_CASE("evidence is in no step that is shorter than it is known") {
  constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
  CHECK(step_of(0, kHourMs - 1) == Step::hour);
  CHECK(step_of(0, kHourMs) == Step::day);
  CHECK(step_of(0, kDayMs - 1) == Step::day);
  CHECK(step_of(0, 31 * kDayMs - 1) == Step::month);
  CHECK(step_of(0, 31 * kDayMs) == Step::year);
  CHECK(step_of(-1, -1) == Step::hour);
  CHECK(!step_of(-1, 0));
  Timeline timeline;
  for (const Step known : {Step::hour, Step::day, Step::month, Step::year}) {
    TimelineItem one = item("2017-09-11T00:30:00");
    one.known = known;
    timeline.add(one);
  }
  const auto items_in = [&](Step step, const std::string& name) {
    for (const Timeline::Count& one : timeline.counts(step))
      if (one.name == name) return one.items;
    return std::uint64_t{0};
  };
  CHECK(items_in(Step::hour, "2017-09-11 00:00") == 1);
  CHECK(items_in(Step::hour, "2017-09-11") == 1);
  CHECK(items_in(Step::day, "2017-09-11") == 2);
  CHECK(items_in(Step::month, "2017-09") == 3);
  CHECK(items_in(Step::year, "2017") == 4);
}

TEST_CASE("the program's own words are in the language of the page, and nothing else is changed") {
  const std::string time = "2017-09-11 08:30:00 (zone unknown) (file-name)";
  CHECK(page_text(PageLanguage::english, time) == time);
  CHECK(page_text(PageLanguage::arabic, time) ==
        "2017-09-11 08:30:00 (المنطقة الزمنية غير معروفة) (من اسم الملف)");
  CHECK(page_text(PageLanguage::arabic, "killed 12, children 3, women at least 2") ==
        "القتلى 12, الأطفال 3, النساء at least 2");
  CHECK(page_text(PageLanguage::arabic, "photograph, tomato") == "photograph, tomato");
}

TEST_CASE("a timeline's page shows everything once, and counts what it has no room for") {
  Timeline timeline;
  timeline.title = kHostile;
  timeline.language = PageLanguage::arabic;
  TimelineIncident one = incident(kHostile, "2017-09-11");
  one.words = "قصف جوي";
  timeline.add(one);
  const std::size_t kMore = 7;
  for (std::size_t i = 0; i < Timeline::kMostItems + kMore; ++i) timeline.add(item("2017-09-11T08:30:00"));
  const std::string page = timeline.page(Step::day);
  check_inert(page);
  CHECK(has(page, "dir=\"rtl\""));
  CHECK(count(page, "0123456789ab") == Timeline::kMostItems);
  CHECK(has(page, "+ 7 "));
  CHECK(count(page, "قصف جوي") == 1);
  check_inert(svg(timeline.picture(Step::day), true));
}

TEST_CASE("a map puts incidents of one place together, and tells what is known from what is not") {
  Map map;
  map.title = "m";
  map.outlines = {{"SY07", "Idleb", {{{36, 35}, {37, 35}, {37, 36}, {36, 36}}}}};
  const MapPlace town{35.44, 36.65, Known::place, "Khan Shaykun", "Idleb", {}, 0};
  MapPlace area = town;
  area.known = Known::area;
  map.add_incident(town, "A", "");
  map.add_incident(town, kHostile, kHostile);
  map.add_incident(area, "C", "");
  map.add_unplaced_incident("D");
  map.add_item(35.441, 36.651);
  map.add_item(35.442, 36.652);
  map.add_item(-33.9, 18.4);  // Cape Town
  CHECK(map.places().size() == 2);
  CHECK(map.places()[0].incidents.size() == 2);
  CHECK(map.item_groups().size() == 2);
  const std::string picture = svg(map.picture(), true);
  check_inert(picture);
  CHECK(count(picture, "<path") == 1);
  CHECK(count(picture, "stroke-dasharray") == 2);  // the area, and the legend
  CHECK(has(picture, "Outside of this map: 0 incidents, 1 evidence"));
  const std::string page = map.page();
  check_inert(page);
  CHECK(has(page, "only the area is known"));
  CHECK(has(page, "Place not known"));
}

TEST_CASE("a map holds any number of items") {
  Map map;
  for (int i = 0; i < 200'000; ++i) map.add_item(-90 + (i % 1800) * 0.1, -180 + (i / 1800) * 3.0);
  std::uint64_t sum = 0;
  for (const MapPlace& group : map.item_groups()) sum += group.items;
  CHECK(sum == 200'000);
  CHECK(map.item_groups().size() <= 3000);
}
