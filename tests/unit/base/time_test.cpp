#include "dalil/base/time.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace dalil;

TEST_CASE("every day of nine centuries follows the one before") {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  Day expected = *day_from_civil(1600, 1, 1);
  for (int year = 1600; year < 2500; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; ++month) {
      const int days = kDays[month - 1] + (leap && month == 2 ? 1 : 0);
      for (int day = 1; day <= days; ++day, ++expected) {
        REQUIRE(day_from_civil(year, month, day) == expected);
        const CivilDate date = civil_from_day(expected);
        REQUIRE((date.year == year && date.month == month && date.day == day));
      }
      REQUIRE_FALSE(day_from_civil(year, month, days + 1));
    }
  }
  CHECK(day_from_civil(1970, 1, 1) == 0);
  CHECK(day_from_civil(2000, 2, 29) == 11016);
  CHECK_FALSE(day_from_civil(2017, 0, 1));
  CHECK_FALSE(day_from_civil(2017, 13, 1));
  CHECK_FALSE(day_from_civil(2017, 1, 0));
  CHECK_FALSE(day_from_civil(std::numeric_limits<int>::max(), 1, 1));
}

TEST_CASE("instants print as RFC 3339 and come back") {
  const UtcTime time{1505118600123};
  CHECK(time.rfc3339_ms() == "2017-09-11T08:30:00.123Z");
  CHECK(time.rfc3339() == "2017-09-11T08:30:00Z");
  CHECK(time.date() == "2017-09-11");
  CHECK(UtcTime::from_rfc3339("2017-09-11T08:30:00.123Z") == time);
  CHECK(UtcTime{-1}.rfc3339_ms() == "1969-12-31T23:59:59.999Z");
  CHECK(UtcTime{-1}.rfc3339() == "1969-12-31T23:59:59Z");
  CHECK(UtcTime::from_rfc3339("0000-01-01T00:00:00Z")->rfc3339_ms() == "0000-01-01T00:00:00.000Z");
  CHECK(UtcTime::from_rfc3339("9999-12-31T23:59:59.999Z")->rfc3339_ms() == "9999-12-31T23:59:59.999Z");
  for (const std::int64_t ms :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    CHECK_FALSE(UtcTime{ms}.rfc3339_ms().empty());
  }
}

TEST_CASE("offsets and fractions are read") {
  const UtcTime noon = *UtcTime::from_rfc3339("2017-09-11T12:00:00Z");
  CHECK(UtcTime::from_rfc3339("2017-09-11T15:00:00+03:00") == noon);
  CHECK(UtcTime::from_rfc3339("2017-09-11T06:30:00-05:30") == noon);
  CHECK(UtcTime::from_rfc3339("2017-09-11t12:00:00z") == noon);
  CHECK(UtcTime::from_rfc3339("2017-09-11T12:00:00.5Z")->ms == noon.ms + 500);
  CHECK(UtcTime::from_rfc3339("2017-09-11T12:00:00.0019999Z")->ms == noon.ms + 1);
}

TEST_CASE("what is not RFC 3339 is absent") {
  const std::string good = "2017-09-11T12:00:00.5+03:00";
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(UtcTime::from_rfc3339(good.substr(0, size)));
  for (const char* text : {"2017-02-29T00:00:00Z", "2017-09-11 12:00:00Z", "2017-09-11T24:00:00Z",
                           "2017-09-11T12:60:00Z", "2016-12-31T23:59:60Z", "2017-09-11T12:00:00",
                           "2017-09-11T12:00:00.Z", "2017-09-11T12:00:00Z ", "2017-09-11T12:00:00+24:00",
                           "2017-09-11T12:00:00+0300", "2017-9-11T12:00:00Z", "+017-09-11T12:00:00Z"}) {
    INFO(text);
    CHECK_FALSE(UtcTime::from_rfc3339(text));
  }
}

TEST_CASE("dates are days, months or years") {
  const auto day = [](int y, int m, int d) { return *day_from_civil(y, m, d); };
  CHECK(parse_date("2017") == DateSpan{day(2017, 1, 1), day(2017, 12, 31), DatePrecision::year});
  CHECK(parse_date("2016-02") == DateSpan{day(2016, 2, 1), day(2016, 2, 29), DatePrecision::month});
  CHECK(parse_date("2017-09-11") == DateSpan{day(2017, 9, 11), day(2017, 9, 11), DatePrecision::day});
  for (const char* text : {"", "201", "20170", "2017-", "2017-9", "2017-13", "2017-00", "2017-02-29",
                           "2017-09-11x", "2017-09-1", "-017"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text));
  }
}

TEST_CASE("ranges may be open on one side, but not reversed") {
  const auto first = [](const char* text) { return parse_date_range(text)->first; };
  const auto last = [](const char* text) { return parse_date_range(text)->last; };
  CHECK(first("2017-09..2018") == *day_from_civil(2017, 9, 1));
  CHECK(last("2017-09..2018") == *day_from_civil(2018, 12, 31));
  CHECK(parse_date_range("2017-09-01..2018")->precision == DatePrecision::year);
  CHECK(last("2017-09..") == std::numeric_limits<Day>::max());
  CHECK(first("..2018") == std::numeric_limits<Day>::min());
  CHECK(parse_date_range("2017-09-11") == parse_date("2017-09-11"));
  CHECK(parse_date_range("2017..2017-03"));
  for (const char* text : {"..", "2018..2017", "2017...2018", "2017..x", "x..2017", "2017..2018..2019"}) {
    INFO(text);
    CHECK_FALSE(parse_date_range(text));
  }
}

TEST_CASE("the system clock is past the year of this program") {
  CHECK(system_clock().now() > *UtcTime::from_rfc3339("2024-01-01T00:00:00Z"));
}
