#include "forms.hpp"

#include <catch2/catch.hpp>

using namespace dalil;
using namespace dalil::cli;

namespace {

/// 2017-09-11 08:30:00 as a reading of a clock.
constexpr std::int64_t kMorning = 1505118600000;

media::TimeClaim claim(media::ZoneBasis basis, std::int32_t offset_minutes = 0) {
  media::TimeClaim out;
  out.ms = kMorning;
  out.basis = basis;
  out.offset_minutes = offset_minutes;
  return out;
}

}  // namespace

TEST_CASE("a time of unknown zone never gets a Z") {
  CHECK(claim_text(claim(media::ZoneBasis::unknown_zone)) == "2017-09-11 08:30:00 (zone unknown)");
  CHECK(claim_iso(claim(media::ZoneBasis::unknown_zone)) == "2017-09-11T08:30:00");
}

TEST_CASE("a recorded offset is shown with the local time") {
  CHECK(claim_text(claim(media::ZoneBasis::offset_recorded, 180)) == "2017-09-11 11:30:00 +03:00");
  CHECK(claim_iso(claim(media::ZoneBasis::offset_recorded, -210)) == "2017-09-11T05:00:00-03:30");
}

TEST_CASE("UTC by format and UTC by claim differ") {
  CHECK(claim_text(claim(media::ZoneBasis::utc_by_format)) == "2017-09-11 08:30:00Z");
  CHECK(claim_text(claim(media::ZoneBasis::utc_claimed)) == "2017-09-11 08:30:00Z (claimed)");
}

TEST_CASE("a bare date has no clock and no zone") {
  auto date = claim(media::ZoneBasis::unknown_zone);
  date.precision_ms = 86'400'000;
  CHECK(claim_text(date) == "2017-09-11");
  CHECK(claim_iso(date) == "2017-09-11");
}

TEST_CASE("numbers, sizes and durations") {
  CHECK(number_text(0) == "0");
  CHECK(number_text(999) == "999");
  CHECK(number_text(1000) == "1,000");
  CHECK(number_text(1234567) == "1,234,567");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1000) == "1.0 kB");
  CHECK(bytes_text(999'949) == "999.9 kB");
  CHECK(bytes_text(999'950) == "1.0 MB");
  CHECK(bytes_text(UINT64_MAX) == "18.4 EB");
  CHECK(duration_text(7) == "0:07");
  CHECK(duration_text(3723) == "1:02:03");
  CHECK(duration_text(-5) == "0:00");
  CHECK(timecode_text(12'000) == "00:12");
  CHECK(timecode_text(3'723'500) == "1:02:03.500");
}

TEST_CASE("sizes are parsed with their units and nothing else") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("10M") == 10u << 20);
  CHECK(parse_size("10MiB") == 10u << 20);
  CHECK(parse_size("10mb") == 10'000'000);
  CHECK(parse_size("16777215T") == 16777215ull << 40);
  for (const char* bad :
       {"", "M", "-1", "10X", "10Mi", "10MBB", "1.5G", "16777216T", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("positions in a recording are parsed") {
  CHECK(parse_timecode("42") == 42'000);
  CHECK(parse_timecode("90") == 90'000);
  CHECK(parse_timecode("00:12") == 12'000);
  CHECK(parse_timecode("1:02:03.5") == 3'723'500);
  CHECK(parse_timecode("0.025") == 25);
  for (const char* bad : {"", ":", "1:", ":1", "1:60", "1:2:3:4", "a", "-1", "1.", "1.2345", "1.x", "1 :2"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_timecode(bad));
  }
}

TEST_CASE("counts say how they are meant") {
  CHECK(text_of(archive::Count{}) == "-");
  CHECK(text_of(archive::Count{0, ""}) == "0");
  CHECK(text_of(archive::Count{15, "at least"}) == "at least 15");
}

TEST_CASE("ranges name first and last byte, and are bounded") {
  CHECK(ranges_text({{3 << 20, 1 << 20}}) == "bytes 3,145,728 to 4,194,303");
  CHECK(ranges_text({{0, 1}, {2, 1}, {4, 1}}, 2) == "bytes 0 to 0, bytes 2 to 2 and 1 more ranges");
}

TEST_CASE("CSV: quotes, line feeds within, CRLF, a byte order mark") {
  using Rows = std::vector<std::vector<std::string>>;
  CHECK(parse_csv("\xEF\xBB\xBF"
                  "a,b\r\n\r\n\"x,\"\"y\"\"\n\",\"\"\n") == Rows{{"a", "b"}, {"x,\"y\"\n", ""}});
  CHECK(parse_csv("a,") == Rows{{"a", ""}});
  CHECK(parse_csv("") == Rows{});
  CHECK_FALSE(parse_csv("\"open"));
}
