// Verified times and places as people write them.

#include "verified_forms.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"

using namespace dalil;
using namespace dalil::cli;
using archive::TimePrecision;

namespace {

archive::VerifiedTime time_from(const std::string& text, std::optional<std::int32_t> zone = {}) {
  return verified_time_from("--time", text, zone);
}
std::string shown(const std::string& text, std::optional<std::int32_t> zone = {}) {
  return text_of(time_from(text, zone));
}

}  // namespace

TEST_CASE("a verified time is as exact as it was written") {
  const auto minute = time_from("2017-09-11T08:30+03:00");
  CHECK(UtcTime{minute.from_ms}.rfc3339_ms() == "2017-09-11T05:30:00.000Z");
  CHECK(UtcTime{minute.to_ms}.rfc3339_ms() == "2017-09-11T05:30:59.999Z");
  CHECK(minute.precision == TimePrecision::minute);
  CHECK(minute.offset_minutes == 180);
  CHECK(time_from("2017-09-11 08:30:15Z").to_ms - time_from("2017-09-11 08:30:15Z").from_ms == 999);
  CHECK(time_from("2017-09-11T08-05:30").precision == TimePrecision::hour);
  const auto day = time_from("2017-09-11", 180);
  CHECK(UtcTime{day.from_ms}.rfc3339_ms() == "2017-09-10T21:00:00.000Z");
  CHECK(UtcTime{day.to_ms}.rfc3339_ms() == "2017-09-11T20:59:59.999Z");
  CHECK(UtcTime{time_from("2017-09Z").to_ms}.rfc3339_ms() == "2017-09-30T23:59:59.999Z");
  CHECK(time_from("2017+03:00").precision == TimePrecision::year);
  CHECK(UtcTime{time_from("1969-12-31T23:59:59Z").from_ms}.rfc3339_ms() == "1969-12-31T23:59:59.000Z");
}

TEST_CASE("two times joined by dots are a span, and one offset does for both") {
  const auto span = time_from("2017-09-11T08:30..2017-09-11T08:45+03:00");
  CHECK(UtcTime{span.from_ms}.rfc3339_ms() == "2017-09-11T05:30:00.000Z");
  CHECK(UtcTime{span.to_ms}.rfc3339_ms() == "2017-09-11T05:45:59.999Z");
  CHECK(time_from("2017-09-11T08:30Z..2017-09-11T12:30+03:00").to_ms == time_from("2017-09-11T09:30Z").to_ms);
  CHECK(time_from("2017-09-11..2017-10", 0).precision == TimePrecision::month);
}

TEST_CASE("what is no time, or has no zone, is refused") {
  for (const char* bad :
       {"", "..", "yesterday", "2017-02-30Z", "2017-09T08Z", "2017-09-11T", "2017-09-11T8:30Z",
        "2017-09-11T24:00Z", "2017-09-11T08:60Z", "2017-09-11T08:30:15.5Z", "08:30Z", "2017-09-11..",
        "2017-09-11T08:30", "2017-09-12..2017-09-11Z"})
    CHECK_THROWS_AS(time_from(bad), Error);
}

TEST_CASE("verified times are shown in the zone in which they were stated") {
  CHECK(shown("2017-09-11T08:30+03:00") == "2017-09-11 08:30 +03:00");
  CHECK(shown("2017-09-11", 180) == "2017-09-11 +03:00");
  CHECK(shown("2017", -330) == "2017 -05:30");
  CHECK(shown("2017-09-11T08:30..2017-09-11T08:45Z") == "2017-09-11 08:30 to 2017-09-11 08:45 +00:00");
}

TEST_CASE("a verified place is degrees, and how far around") {
  const auto place = verified_place_from("--made", "35.3312, 40.1425, 1.5km", "square");
  CHECK(place == archive::VerifiedPlace{35.3312, 40.1425, 1500, "square"});
  CHECK(text_of(place) == "35.331200, 40.142500, within 1,500 m (square)");
  CHECK(verified_place_from("--made", "-33.5,+151", "").radius_m == 0);
  CHECK(verified_place_from("--made", "1,2,30", "").radius_m == 30);
  for (const char* bad :
       {"", "1", "1,", ",1", "91,1", "1,181", "nan,1", "1,2,", "1,2,0", "1,2,3,4", "1,2,3miles"})
    CHECK_THROWS_AS(verified_place_from("--made", bad, ""), Error);
}
