#include "dalil/media/contradictions.hpp"

#include <catch2/catch.hpp>

using namespace dalil::media;

namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kTaken = 1'505'118'600'000;  // 2017-09-11 08:30:00, in whatever zone

TimeClaim claim(const char* field, std::int64_t ms, ZoneBasis basis, int offset_minutes = 0) {
  TimeClaim made;
  made.field = field;
  made.raw = "as written";
  made.ms = ms;
  made.basis = basis;
  made.offset_minutes = offset_minutes;
  return made;
}

TimeClaim named(const char* raw, std::int64_t ms, std::int64_t precision) {
  TimeClaim made = claim("file name", ms, ZoneBasis::unknown_zone);
  made.raw = raw;
  made.origin = TimeOrigin::file_name;
  made.precision_ms = precision;
  return made;
}

std::string first_text(const MediaFacts& facts) {
  const auto found = contradictions(facts);
  return found.empty() ? "" : found.front().text;
}

}  // namespace

TEST_CASE("statements that agree contradict nothing") {
  MediaFacts facts;
  CHECK(contradictions(facts).empty());
  facts.times = {
      claim("Exif.Photo.DateTimeOriginal", kTaken, ZoneBasis::unknown_zone),
      claim("Exif.Photo.DateTimeDigitized", kTaken + 1000, ZoneBasis::unknown_zone),
      claim("Exif.Image.DateTime", kTaken + 900 * kHour, ZoneBasis::unknown_zone),  // modified: later
      claim("Exif.GPSInfo.GPSDateStamp", kTaken - 3 * kHour + 20'000, ZoneBasis::utc_by_format),
      named("IMG-20170911-WA0003.jpg", kTaken - kTaken % (24 * kHour), 24 * kHour)};
  CHECK(contradictions(facts).empty());
}

TEST_CASE("a clock without a zone agrees with UTC only if some zone explains it") {
  MediaFacts facts;
  facts.times = {
      claim("Exif.Photo.DateTimeOriginal", kTaken, ZoneBasis::unknown_zone),
      claim("moov/mvhd", kTaken - 5 * kHour - kHour / 2 - kHour / 4, ZoneBasis::utc_claimed)};  // Nepal
  CHECK(contradictions(facts).empty());
  facts.times[1].ms = kTaken - kHour / 3;
  CHECK(first_text(facts) == "20 min apart, which no time zone explains");
  facts.times[1].ms = kTaken + 13 * kHour;
  CHECK(first_text(facts) == "13 h apart, more than any time zone explains");
  facts.times[1].ms = kTaken - 400 * 24 * kHour;
  CHECK(first_text(facts) == "400 days apart, more than any time zone explains");
}

TEST_CASE("local time that is given as UTC is named") {
  MediaFacts facts;
  facts.times = {
      claim("com.apple.quicktime.creationdate", kTaken - 3 * kHour, ZoneBasis::offset_recorded, 180),
      claim("moov/mvhd", kTaken, ZoneBasis::utc_claimed)};
  REQUIRE(contradictions(facts).size() == 1);
  CHECK(contradictions(facts)[0].field == "moov/mvhd");
  CHECK(contradictions(facts)[0].against == "com.apple.quicktime.creationdate");
  CHECK(first_text(facts) == "3 h apart: it gives as UTC what is the local time there");
  facts.times[1].ms = kTaken - 5 * kHour;
  CHECK(first_text(facts) == "2 h apart, as if one of them were local time");
  facts.times[1].ms = kTaken - 3 * kHour + 7 * 60'000;
  CHECK(first_text(facts) == "7 min apart");
  facts.duration_ms = 10 * 60'000;  // the header may be of the recording's end
  CHECK(contradictions(facts).empty());
}

TEST_CASE("Nikon's movie headers are flagged, whatever they say") {
  MediaFacts facts;
  facts.make = "NIKON";
  facts.times = {claim("moov/mvhd", kTaken, ZoneBasis::utc_claimed)};
  REQUIRE(contradictions(facts).size() == 1);
  CHECK(contradictions(facts)[0].field == "moov/mvhd");
  facts.make = "Canon";
  CHECK(contradictions(facts).empty());
}

TEST_CASE("a messenger's name carries the day of sending") {
  MediaFacts facts;
  facts.times = {claim("Exif.Photo.DateTimeOriginal", kTaken, ZoneBasis::unknown_zone),
                 named("IMG-20170914-WA0003.jpg", kTaken - kTaken % (24 * kHour) + 72 * kHour, 24 * kHour)};
  CHECK(first_text(facts) == "2 days apart; such a name carries the day of sending");
  facts.times[1].raw = "IMG_20170914";
  CHECK(first_text(facts) == "2 days apart");
}

TEST_CASE("places are compared with the best one") {
  MediaFacts facts;
  facts.places = {{"Exif.GPSInfo.GPSLatitude", "", 36.2, 37.13, {}, {}},
                  {"Xmp.exif.GPSLatitude", "", 36.2001, 37.13, {}, {}}};
  CHECK(contradictions(facts).empty());
  facts.places[1].latitude = 37.2;
  CHECK(first_text(facts) == "111 km apart");
  facts.places[1] = {"moov/udta/loci", "", 0, 0, {}, {}};
  CHECK(first_text(facts) == "exactly (0, 0), as receivers write that have no fix");
}

TEST_CASE("a header's length excuses no more than its streams do") {
  MediaFacts facts;
  facts.duration_ms = 24 * kHour;
  facts.times = {claim("com.apple.quicktime.creationdate", kTaken, ZoneBasis::offset_recorded, 180),
                 claim("moov/mvhd", kTaken - 23 * kHour, ZoneBasis::utc_claimed)};
  CHECK(contradictions(facts).empty());
  facts.streams.resize(1);
  facts.streams[0].duration_ms = 2000;
  CHECK(contradictions(facts).size() == 1);
}
