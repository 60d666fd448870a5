#include <catch2/catch.hpp>
#include <limits>

#include "bounds.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/media/facts.hpp"

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

MediaFacts sample() {
  MediaFacts facts;
  facts.kind = MediaKind::video;
  facts.format = "mov";
  facts.width = 1920;
  facts.height = 1080;
  facts.orientation = 6;
  facts.duration_ms = 12'345;
  facts.make = "Apple";
  facts.model = "iPhone 7";
  facts.serial = "C39";
  facts.software = "10.3.3";
  facts.times = {{"com.apple.quicktime.creationdate", "2017-09-11T11:30:00+0300", 1'505'118'600'000,
                  ZoneBasis::offset_recorded, 180, TimeOrigin::embedded, 1000},
                 {"Exif.Photo.DateTimeOriginal", "1969:12:31 23:59:59", -1000}};
  facts.places = {{"moov/udta/\xc2\xa9xyz", "+36.2021+037.1343/", 36.2021, 37.1343, 379.5, std::nullopt}};
  facts.streams = {{MediaKind::video, "h264", 1920, 1080, 0, 0, 12'345},
                   {MediaKind::audio, "aac", 0, 0, 44'100, 2, 12'340}};
  facts.fields = {{"handler", "Core Media"}, {"عنوان", "حلب"}};
  facts.signs = {"written by 'Lavf58.29.100'"};
  facts.problem = "cut short";
  return facts;
}

bool refused(ByteView bytes) {
  try {
    decode(bytes);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::corrupt;
  }
}

TimeClaim claim(const char* field, ZoneBasis basis, TimeOrigin origin = TimeOrigin::embedded) {
  TimeClaim made;
  made.field = field;
  made.basis = basis;
  made.origin = origin;
  return made;
}

}  // namespace

TEST_CASE("facts survive encoding") {
  CHECK(decode(encode(sample())) == sample());
  CHECK(decode(encode({})) == MediaFacts{});
}

TEST_CASE("encoded facts truncated at every byte are refused") {
  const Bytes bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(refused(ByteView(bytes).first(size)));
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(refused(longer));
}

TEST_CASE("every flipped bit of encoded facts is refused or decodes to other facts") {
  const Bytes bytes = encode(sample());
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    Bytes flipped = bytes;
    flipped[i / 8] ^= static_cast<std::uint8_t>(1u << i % 8);
    if (refused(flipped)) continue;
    const MediaFacts other = decode(flipped);
    CHECK(!(other == sample()));
    CHECK(encode(other) == flipped);
  }
}

TEST_CASE("surplus and impossible values are dropped before encoding") {
  MediaFacts facts;
  facts.orientation = 99;
  facts.fields.assign(10'000, {"name", std::string(100'000, 'x')});
  facts.signs.assign(600, "sign");
  facts.times.assign(600, claim("a", ZoneBasis::unknown_zone));
  facts.places = {{"a", "", std::numeric_limits<double>::quiet_NaN(), 0, {}, {}},
                  {"b", "", 91, 0, {}, {}},
                  {"c", "", 1, 2, {}, {}}};
  facts.make = "bad \xff\xfe byte\x01";
  const Bytes bytes = encode(facts);
  CHECK(bytes.size() <= kMaxEncoded);
  const MediaFacts read = decode(bytes);
  CHECK(read.orientation == 0);
  CHECK(read.times.size() == kMaxEach);
  CHECK(read.signs.size() == kMaxEach);
  REQUIRE(read.places.size() == 1);
  CHECK(read.places[0].field == "c");
  CHECK(is_utf8(read.make));
  for (const auto& field : read.fields) CHECK(field.value.size() <= kMaxText);
  CHECK(encode(read) == bytes);
}

TEST_CASE("cleaned text is cut at a character") {
  CHECK(clean_text("\xd8\xad\xd9\x84\xd8\xa8", 5) == "\xd8\xad\xd9\x84");
}

TEST_CASE("bytes that are no UTF-8 and control characters are escaped, so that nothing written is lost") {
  CHECK(clean_text("a\xed\xa0\x80z") == "a\\xed\\xa0\\x80z");
  CHECK(clean_text("Jos\xe9 N\xfa\xf1"
                   "ez") ==
        "Jos\\xe9 N\\xfa\\xf1"
        "ez");
  CHECK(clean_text("\x1b[31m\n") == "\\x1b[31m\n");
  CHECK(clean_text("Lavc59.37.100\0\0"s) == "Lavc59.37.100");
  CHECK(clean_text("a\0b"s) == "a\\x00b");
  CHECK(clean_text("ab\xff", 5) == "ab");
  // What is cleaned once is clean.
  for (const char* text : {"a\xed\xa0\x80z", "\xde\xd5\xdd", "\x1b\x9b"})
    CHECK(clean_text(clean_text(text)) == clean_text(text));
}

TEST_CASE("Arabic in Windows-1256 is decoded and marked, and other code pages are not taken for it") {
  CHECK(clean_text("\xde\xd5\xdd") == "\u0642\u0635\u0641 [Windows-1256]");
  CHECK(clean_text("\xde\xd5\xdd \xc7\xe1\xe3\xcf\xed\xe4\xc9\xa1 11-09-2017\0"s) ==
        "\u0642\u0635\u0641 \u0627\u0644\u0645\u062f\u064a\u0646\u0629\u060c 11-09-2017 [Windows-1256]");
  CHECK(clean_text("\xd8\xad\xd9\x84\xd8\xa8 \xff") == "\u062d\u0644\u0628 \\xff");  // UTF-8 but for a byte
  for (const char* other : {"Jos\xe9 N\xfa\xf1"
                            "ez",  // Latin-1
                            "M\xe4nner, B\xe4"
                            "der, W\xe4nde \xe5 \xe4 \xf6",  // Latin-1, with letters that stand alone
                            "\xcc\xee\xf1\xea\xe2\xe0",      // Windows-1251
                            "\xcf\xd0\xc8\xc2\xc5\xd2 \xcc\xc8\xd0 \xcc\xce\xd1\xca\xc2\xc0",  // in capitals
                            "\xc0\xcb\xc5\xd0\xd0\xcf, \xd2\xc5\xce\xd4\xd1\xc2\xd2\xd8",      // KOI8-R
                            "\xb0\xa2\xc0\xd5\xc6\xc4",                                        // GB 2312
                            "\xe5\xf2\xdf\xe6\xe9 \xf2\xe4\xea\xec",                           // ISO 8859-6
                            "\xff\xd8\xff\xe0\x10JFIF", "\xde\xd5", "\xde\xd5\xdd\x01"}) {
    INFO(clean_text(other));
    CHECK(clean_text(other).find("Windows") == std::string::npos);
    CHECK(clean_text(other).find("\\x") != std::string::npos);
  }
  CHECK(clean_text(std::string(5000, '\xe1')).ends_with("\u0644 [Windows-1256]"));
  CHECK(clean_text(std::string(5000, '\xe1')).size() <= kMaxText);
}

TEST_CASE("what is encoded is cleaned wherever its odd byte stands, and left alone where there is none") {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t at = 0; at < 20; ++at)
      for (const char* around : {"abcdefghijklmnopqrst", "\xd8\xad\xd9\x84\xd8\xa8 abcdefghijk\nlm"}) {
        MediaFacts facts;
        facts.make = around;
        facts.make[at] = static_cast<char>(byte);
        CAPTURE(byte, at, around);
        REQUIRE(decode(encode(facts)).make == clean_text(facts.make));
      }
}

TEST_CASE("the best time follows the documented order") {
  const auto in_2017 = [](const char* field, ZoneBasis basis) {
    TimeClaim made = claim(field, basis);
    made.ms = 1'505'118'600'000;
    return made;
  };
  const std::vector<TimeClaim> in_order = {
      claim("com.apple.quicktime.creationdate", ZoneBasis::offset_recorded),
      claim("Exif.Photo.DateTimeOriginal", ZoneBasis::offset_recorded),
      claim("Exif.GPSInfo.GPSDateStamp", ZoneBasis::utc_by_format),
      claim("Exif.Photo.DateTimeOriginal", ZoneBasis::unknown_zone),
      in_2017("moov/mvhd", ZoneBasis::utc_claimed),
      claim("Exif.Image.DateTime", ZoneBasis::unknown_zone),
      claim("file name", ZoneBasis::unknown_zone, TimeOrigin::file_name),
      claim("mtime", ZoneBasis::utc_by_format, TimeOrigin::file_system)};
  for (std::size_t first = 0; first < in_order.size(); ++first) {
    MediaFacts facts;
    facts.times.assign(in_order.rbegin(), in_order.rend() - static_cast<std::ptrdiff_t>(first));
    CHECK(best_time(facts) == in_order[first]);
  }
  CHECK(!best_time({}));
}

TEST_CASE("a place with a fix is better than none or zero") {
  CHECK(!best_place({}));
  MediaFacts facts;
  facts.places = {{"a", "", 0, 0, {}, {}}};
  CHECK(best_place(facts)->field == "a");
  facts.places.push_back({"b", "", 36, 37, {}, {}});
  CHECK(best_place(facts)->field == "b");
}

TEST_CASE("kinds have names") {
  for (const auto kind :
       {MediaKind::other, MediaKind::photo, MediaKind::video, MediaKind::audio, MediaKind::document}) {
    CHECK(media_kind_from(name_of(kind)) == kind);
  }
  CHECK(!media_kind_from("film"));
}
