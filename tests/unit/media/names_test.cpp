#include <catch2/catch.hpp>

#include "dalil/media/facts.hpp"

using namespace dalil;
using namespace dalil::media;

namespace {

struct Expected {
  const char* name;
  const char* time;  ///< as rfc3339_ms prints the wall clock
  ZoneBasis basis = ZoneBasis::unknown_zone;
  std::int64_t precision_ms = 1000;
};

constexpr std::int64_t kDay = 86'400'000;

const Expected kExpected[] = {
    {"IMG-20170911-WA0003.jpg", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
    {"VID-20170911-WA0003.mp4", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
    {"AUD-20170911-WA0003.opus", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
    {"IMG_20170911_083000.jpg", "2017-09-11T08:30:00.000Z"},
    {"IMG_20170911_083000_1.jpg", "2017-09-11T08:30:00.000Z"},
    {"IMG_20170911_083000_HDR.jpg", "2017-09-11T08:30:00.000Z"},
    {"IMG20170911083000.jpg", "2017-09-11T08:30:00.000Z"},
    {"20170911_083000.mp4", "2017-09-11T08:30:00.000Z"},
    {"20170911_083000(0).mp4", "2017-09-11T08:30:00.000Z"},
    {"VID_20170911_083000.3gp", "2017-09-11T08:30:00.000Z"},
    {"PXL_20230101_123456789.jpg", "2023-01-01T12:34:56.789Z", ZoneBasis::utc_by_format, 1},
    {"PXL_20230101_123456789.MP.jpg", "2023-01-01T12:34:56.789Z", ZoneBasis::utc_by_format, 1},
    {"Screenshot_2017-09-11-08-30-00.png", "2017-09-11T08:30:00.000Z"},
    {"Screenshot_2017-09-11-08-30-00-123_com.whatsapp.png", "2017-09-11T08:30:00.000Z"},
    {"Screenshot_20170911-083000.png", "2017-09-11T08:30:00.000Z"},
    {"Screen Shot 2017-09-11 at 8.30.00 PM.png", "2017-09-11T20:30:00.000Z"},
    {"Screenshot 2017-09-11 at 12.30.00\xe2\x80\xaf"
     "AM.png",
     "2017-09-11T00:30:00.000Z"},
    {"signal-2017-09-11-083000.jpg", "2017-09-11T08:30:00.000Z"},
    {"signal-2017-09-11-08-30-00-123.jpg", "2017-09-11T08:30:00.000Z"},
    {"photo_2017-09-11_08-30-00.jpg", "2017-09-11T08:30:00.000Z"},
    {"photo_2017-09-11_08-30-00 (2).jpg", "2017-09-11T08:30:00.000Z"},
    {"video_2017-09-11_08-30-00.mp4", "2017-09-11T08:30:00.000Z"},
    {"WhatsApp Image 2017-09-11 at 08.30.00.jpeg", "2017-09-11T08:30:00.000Z"},
    {"WhatsApp Video 2017-09-11 at 8.30.00 AM.mp4", "2017-09-11T08:30:00.000Z"},
    {"Bildschirmfoto 2017-09-11 um 08.30.00.png", "2017-09-11T08:30:00.000Z"},
    {"2017-09-11 08.30.00.jpg", "2017-09-11T08:30:00.000Z"},
    {"2017-09-11T08:30:00+0300.mov", "2017-09-11T05:30:00.000Z", ZoneBasis::offset_recorded},
    {"20170911T083000Z.mp4", "2017-09-11T08:30:00.000Z", ZoneBasis::utc_by_format},
    {"VID_2017-09-11_08-30.mp4", "2017-09-11T08:30:00.000Z", ZoneBasis::unknown_zone, 60'000},
    {"2017_09_11 Aleppo.mp4", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
    {"٢٠١٧-٠٩-١١ قصف.mp4", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
    {"۲۰۱۷۰۹۱۱_۰۸۳۰۰۰.mp4", "2017-09-11T08:30:00.000Z"},
    {"FB_IMG_1505118600123.jpg", "2017-09-11T08:30:00.123Z", ZoneBasis::utc_by_format, 1},
    {"1505118600123.jpg", "2017-09-11T08:30:00.123Z", ZoneBasis::utc_by_format, 1},
    {"20170911_990000.jpg", "2017-09-11T00:00:00.000Z", ZoneBasis::unknown_zone, kDay},
};

}  // namespace

TEST_CASE("names of cameras and messengers claim their times") {
  for (const auto& expected : kExpected) {
    CAPTURE(expected.name);
    const auto claims = times_in_name(expected.name);
    REQUIRE(claims.size() == 1);
    CHECK(UtcTime{claims[0].ms}.rfc3339_ms() == expected.time);
    CHECK(claims[0].basis == expected.basis);
    CHECK(claims[0].precision_ms == expected.precision_ms);
    CHECK(claims[0].origin == TimeOrigin::file_name);
    CHECK(claims[0].field == "file name");
  }
}

TEST_CASE("the raw text keeps what tells the date's meaning") {
  CHECK(times_in_name("IMG-20170911-WA0003.jpg")[0].raw == "IMG-20170911-WA0003");
  CHECK(times_in_name("٢٠١٧-٠٩-١١ قصف.mp4")[0].raw == "٢٠١٧-٠٩-١١");
}

TEST_CASE("implausible dates are no claims") {
  const char* names[] = {"",
                         "IMG_0001.JPG",
                         "DSC01234.ARW",
                         "20171311_083000.jpg",
                         "20170230.jpg",
                         "18000101.jpg",
                         "99991231_000000.jpg",
                         "a20170911f.bin",
                         "3f20170911ab77c0.jpg",
                         "12345678.jpg",
                         "1920x1080.mp4",
                         "00000000_000000.jpg",
                         "2017-9-11.jpg",
                         "2017-13-11.jpg",
                         "+491701234567.vcf",
                         "1234567890123456.jpg",
                         "9999999999999.jpg",
                         "IMG_201709110.jpg"};
  for (const char* name : names) {
    CAPTURE(name);
    CHECK(times_in_name(name).empty());
  }
}

TEST_CASE("two dates are two claims and many are bounded") {
  CHECK(times_in_name("2017-09-11 to 2017-09-12.mp4").size() == 2);
  std::string name;
  for (int i = 0; i < 20; ++i) name += "20170911_";
  CHECK(times_in_name(name).size() == 8);
}

TEST_CASE("bytes that are not UTF-8 are passed over") {
  CHECK(times_in_name("\xff\xfe\xd9IMG_20170911_083000.jpg\xd9").size() == 1);
  CHECK(times_in_name("\xd9").empty());
}
