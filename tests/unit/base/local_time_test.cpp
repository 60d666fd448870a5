#include "dalil/base/local_time.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/time.hpp"

using namespace dalil;

namespace {
std::int64_t ms(const char* time) {
  return UtcTime::from_rfc3339(time).value().ms;
}
}  // namespace

TEST_CASE("clocks in Syria: an hour less in winter until October 2022") {
  const LocalClock local;
  CHECK(local.offset_at(ms("2017-09-11T03:30:00Z")) == 180);
  CHECK(local.offset_at(ms("2017-01-15T03:30:00Z")) == 120);
  CHECK(local.offset_at(ms("2022-01-15T03:30:00Z")) == 120);
  CHECK(local.offset_at(ms("2023-01-15T03:30:00Z")) == 180);
  CHECK(local.to_utc(ms("2017-01-15T06:30:00Z")) == ms("2017-01-15T04:30:00Z"));
  CHECK(local.to_utc(ms("2017-07-15T06:30:00Z")) == ms("2017-07-15T03:30:00Z"));
  CHECK(local.to_local(ms("2017-01-15T04:30:00Z")) == ms("2017-01-15T06:30:00Z"));
}

TEST_CASE("a fixed offset is the same all the year, and impossible dates do no harm") {
  const LocalClock fixed{-90};
  CHECK(fixed.offset_at(0) == -90);
  CHECK(fixed.to_utc(0) == 90 * 60'000);
  const LocalClock local;
  for (const std::int64_t odd : {INT64_MAX / 4, INT64_MIN / 4}) CHECK(local.to_local(odd) - odd == 180 * 60'000);
}
