#include "exif.hpp"

#include <catch2/catch.hpp>

#include "exif_text.hpp"
#include "gps.hpp"
#include "maker_note.hpp"
#include "pictures.hpp"
#include "tiff_builder.hpp"
#include "utf16.hpp"

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

const std::vector<TiffEntryToWrite> kImage = {ascii(0x10f, "Apple"), ascii(0x110, "iPhone 7"),
                                              short_number(0x112, 6), ascii(0x131, "10.3.3")};
const std::vector<TiffEntryToWrite> kPhoto = {ascii(0x9003, "2017:09:11 11:30:00"), ascii(0x9011, "+03:00"),
                                              ascii(0x9291, "25"), ascii(0xa431, "C39")};
const std::vector<TiffEntryToWrite> kGps = {ascii(1, "N"),
                                            rationals(2, {36, 1, 12, 1, 756, 100}),
                                            ascii(3, "E"),
                                            rationals(4, {37, 1, 8, 1, 348, 100}),
                                            rationals(6, {3795, 10}),
                                            rationals(7, {8, 1, 29, 1, 58, 1}),
                                            ascii(29, "2017:09:11")};

MediaFacts read(const Bytes& bytes, Packets& packets) {
  MediaFacts facts;
  MemorySource source(bytes);
  read_tiff(source, 0, bytes.size(), facts, packets);
  return facts;
}
MediaFacts read(const Bytes& bytes) {
  Packets packets;
  return read(bytes, packets);
}

Bytes jpeg_with(const Bytes& exif) {
  Bytes out = {0xff, 0xd8, 0xff, 0xe1};
  append_u16(out, static_cast<std::uint16_t>(exif.size() + 8));
  append(out, as_bytes("Exif\0\0"s));
  append(out, exif);
  append(out, Bytes{0xff, 0xc0, 0, 17, 8,    0, 32,   0,    64, 3, 1,    0x22, 0,
                    2,    0x11, 1, 3,  0x11, 1, 0xff, 0xda, 0,  2, 0xff, 0xd9});
  return out;
}

}  // namespace

TEST_CASE("EXIF tells camera, times and place") {
  const MediaFacts facts = read(tiff(kImage, kPhoto, kGps));
  CHECK(facts.make == "Apple");
  CHECK(facts.model == "iPhone 7");
  CHECK(facts.software == "10.3.3");
  CHECK(facts.serial == "C39");
  CHECK(facts.orientation == 6);
  REQUIRE(facts.times.size() == 2);
  CHECK(facts.times[0].field == "Exif.Photo.DateTimeOriginal");
  CHECK(facts.times[0].basis == ZoneBasis::offset_recorded);
  CHECK(facts.times[0].offset_minutes == 180);
  CHECK(facts.times[0].ms == 1'505'118'600'250);
  CHECK(facts.times[0].precision_ms == 10);
  CHECK(facts.times[0].raw == "2017:09:11 11:30:00.25+03:00");
  CHECK(facts.times[1].basis == ZoneBasis::utc_by_format);
  CHECK(facts.times[1].ms == 1'505'118'598'000);
  REQUIRE(facts.places.size() == 1);
  CHECK(facts.places[0].latitude == Approx(36.2021));
  CHECK(facts.places[0].longitude == Approx(37.1343));
  CHECK(*facts.places[0].altitude_m == Approx(379.5));
}

TEST_CASE("a time without a zone stays without one") {
  const auto facts = read(tiff(kImage, {ascii(0x9003, "2017:09:11 08:30:00")}, {}));
  REQUIRE(facts.times.size() == 1);
  CHECK(facts.times[0].basis == ZoneBasis::unknown_zone);
  CHECK(facts.times[0].ms == 1'505'118'600'000);
}

TEST_CASE("times that nobody set are no claims") {
  for (const char* blank : {"0000:00:00 00:00:00", "    :  :     :  :  ", "", "2017:13:41 08:30:00"}) {
    CHECK(read(tiff(kImage, {ascii(0x9003, blank)}, {})).times.empty());
  }
}

TEST_CASE("a position with a denominator of zero or no hemisphere is none, and zero degrees are kept") {
  auto gps = kGps;
  gps[1] = rationals(2, {36, 0, 12, 1, 0, 1});
  CHECK(read(tiff(kImage, kPhoto, gps)).places.empty());
  gps = kGps;
  gps[0] = ascii(1, "");
  CHECK(read(tiff(kImage, kPhoto, gps)).places.empty());
  gps = kGps;
  gps[1] = gps[3] = rationals(2, {0, 1, 0, 1, 0, 1});
  gps[3].tag = 4;
  REQUIRE(read(tiff(kImage, kPhoto, gps)).places.size() == 1);
}

TEST_CASE("a structure truncated at every byte gives no more than it holds") {
  const Bytes whole = tiff(kImage, kPhoto, kGps);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const MediaFacts facts = read(part);
    CHECK(facts.places.size() <= 1);
    CHECK(decode(encode(facts)).places == facts.places);
  }
}

TEST_CASE("every flipped byte of a JPEG is survived") {
  const Bytes whole = jpeg_with(tiff(kImage, kPhoto, kGps));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const unsigned mask : {0xffu, 0x01u, 0x80u}) {
      Bytes flipped = whole;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ mask);
      MediaFacts facts;
      Packets packets;
      MemorySource source(flipped);
      read_jpeg(source, facts, packets);
      CHECK(encode(facts).size() < 10'000);
    }
  }
}

TEST_CASE("a directory that points at itself is read once") {
  Bytes bytes = {'M', 'M', 0, 42, 0, 0, 0, 8};
  append(bytes, directory(8, {ascii(0x10f, "Apple"), pointer(0x8769, 8), pointer(0x8825, 8)}, 8));
  CHECK(read(bytes).make == "Apple");
}

TEST_CASE("JPEG's size comes from the frame") {
  const Bytes bytes = jpeg_with(tiff(kImage, kPhoto, kGps));
  MediaFacts facts;
  Packets packets;
  MemorySource source(bytes);
  read_jpeg(source, facts, packets);
  CHECK(facts.width == 64);
  CHECK(facts.height == 32);
  CHECK(facts.make == "Apple");
  CHECK(facts.problem.empty());
}

TEST_CASE("comments are read in the code that they name") {
  CHECK(exif_comment(as_bytes("ASCII\0\0\0hello  "s), ByteOrder::big) == "hello");
  CHECK(exif_comment(as_bytes("UNICODE\0\0h\0i"s), ByteOrder::big) == "hi");
  CHECK(exif_comment(as_bytes("UNICODE\0h\0i\0"s), ByteOrder::big) == "hi");
  CHECK(utf16_text(as_bytes("\x62\xd8"s), ByteOrder::big) == "\xe6\x8b\x98");
  CHECK(utf16_text(as_bytes("\xd8\x00\x00\x41"s), ByteOrder::big) ==
        "\xef\xbf\xbd"
        "A");
}

namespace {

std::string utf16(std::u16string_view text, ByteOrder order) {
  std::string out;
  for (const char16_t unit : text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
    out += order == ByteOrder::big ? std::string{high, low} : std::string{low, high};
  }
  return out;
}

}  // namespace

TEST_CASE("a comment in UTF-16 is read in the byte order that gives letters, whatever the structure's") {
  constexpr std::pair<std::u16string_view, std::string_view> kTexts[] = {
      {u"\u0642\u0635\u0641", "\u0642\u0635\u0641"},
      {u"\u0627", "\u0627"},
      {u"\u062d\u0644\u0628 2017-09-11", "\u062d\u0644\u0628 2017-09-11"},
      {u"\u0628\u0631\u0645\u064a\u0644 (barrel)\u060c \u0661\u0662",
       "\u0628\u0631\u0645\u064a\u0644 (barrel)\u060c \u0661\u0662"},
      {u"Aleppo", "Aleppo"},
      {u"a", "a"},
      {u"Caf\u00e9 \u0130\u015f", "Caf\u00e9 \u0130\u015f"},
      {u"\u0410\u043b\u0435\u043f\u043f\u043e", "\u0410\u043b\u0435\u043f\u043f\u043e"},
      {u"\u05d7\u05dc\u05d1", "\u05d7\u05dc\u05d1"},
      {u"\u963f\u52d2\u9887\u7a7a\u88ad", "\u963f\u52d2\u9887\u7a7a\u88ad"},
      {u"\u4e2d\u6587", "\u4e2d\u6587"},
      {u"\uc54c\ub808\ud3ec", "\uc54c\ub808\ud3ec"},
  };
  for (const auto& [text, expected] : kTexts) {
    for (const ByteOrder written : {ByteOrder::big, ByteOrder::little}) {
      for (const ByteOrder structure : {ByteOrder::big, ByteOrder::little}) {
        INFO(expected);
        CHECK(exif_comment(as_bytes("UNICODE\0"s + utf16(text, written)), structure) == expected);
      }
    }
  }
}

TEST_CASE("a text of EXIF that begins with a byte order mark is UTF-16") {
  CHECK(read(tiff({ascii(0x10f, "\xff\xfe\x42\x06\x35\x06"s)}, {}, {})).make == "\u0642\u0635");
  CHECK(read(tiff({ascii(0x10f, "\xfe\xff\x06\x42\x06\x35"s)}, {}, {})).make == "\u0642\u0635");
}

TEST_CASE("a byte order mark decides, and without any evidence the structure does") {
  const auto comment = [](const std::string& text, ByteOrder order) {
    return exif_comment(as_bytes("UNICODE\0"s + text), order);
  };
  CHECK(comment("\xfe\xff\x06\x42", ByteOrder::little) == "\u0642");
  CHECK(comment("\xff\xfe\x42\x06", ByteOrder::big) == "\u0642");
  // Either order gives one Han character.
  CHECK(comment("\x7a\x7b", ByteOrder::big) == "\u7a7b");
  CHECK(comment("\x7a\x7b", ByteOrder::little) == "\u7b7a");
  CHECK(comment("", ByteOrder::little).empty());
  CHECK(comment("\x06", ByteOrder::little).empty());
}

namespace {

/// A position with these entries instead of those of kGps.
MediaFacts read_gps_with(const std::vector<TiffEntryToWrite>& changed) {
  std::vector<TiffEntryToWrite> gps = kGps;
  for (const auto& entry : changed) {
    const auto found =
        std::find_if(gps.begin(), gps.end(), [&](const auto& old) { return old.tag == entry.tag; });
    if (found == gps.end())
      gps.push_back(entry);
    else
      *found = entry;
  }
  return read(tiff(kImage, {}, gps));
}

std::string field_of(const MediaFacts& facts, const std::string& name) {
  for (const Field& field : facts.fields)
    if (field.name == name) return field.value;
  return {};
}

}  // namespace

TEST_CASE("a position in floating-point numbers is one") {
  for (const auto& latitude : {doubles(2, {36, 12, 7.56}), doubles(2, {36.2021})}) {
    const MediaFacts facts = read_gps_with({latitude, doubles(4, {37.1343})});
    REQUIRE(facts.places.size() == 1);
    CHECK(facts.places[0].latitude == Approx(36.2021));
    CHECK(facts.places[0].longitude == Approx(37.1343));
    CHECK(facts.places[0].raw.find("37.1343") != std::string::npos);
  }
  CHECK(read_gps_with({doubles(2, {std::nan("")})}).places.empty());
}

TEST_CASE("positions that cannot be what they say are fields") {
  const auto u = [](std::int32_t value) { return static_cast<std::uint32_t>(value); };
  TiffEntryToWrite negative = rationals(2, {u(-35), 1, 1, 1, 3, 2});
  negative.type = 10;
  for (const auto& entries : std::vector<std::vector<TiffEntryToWrite>>{{negative},
                                                                        {negative, ascii(1, "S")},
                                                                        {rationals(2, {35, 1, 75, 1, 0, 1})},
                                                                        {rationals(2, {35, 1, 1, 1, 75, 1})},
                                                                        {rationals(2, {91, 1, 0, 1, 0, 1})},
                                                                        {ascii(2, "36.2021")},
                                                                        {rationals(2, {0, 0, 0, 0, 0, 0})},
                                                                        {ascii(1, "")}}) {
    const MediaFacts facts = read_gps_with(entries);
    CHECK(facts.places.empty());
    CHECK(!field_of(facts, "Exif.GPSInfo.GPSLatitude").empty());
  }
  CHECK(read_gps_with({rationals(2, {35, 1, 59, 1, 60, 1})}).places.at(0).latitude == Approx(36));
}

TEST_CASE("a place of a receiver without a valid fix is kept, and marked") {
  const MediaFacts facts = read_gps_with({ascii(9, "V")});
  REQUIRE(facts.places.size() == 1);
  CHECK(facts.places[0].raw.ends_with("(status V: not a valid fix)"));
  REQUIRE(facts.signs.size() == 1);
  CHECK(read_gps_with({ascii(9, "A")}).signs.empty());
}

TEST_CASE("a time of day of GPS is kept without its date, and read where it is text") {
  const auto dateless = read(tiff(kImage, {}, {rationals(7, {8, 1, 29, 1, 58, 1})}));
  CHECK(dateless.times.empty());
  CHECK(field_of(dateless, "Exif.GPSInfo.GPSTimeStamp") == "8/1 29/1 58/1");
  const auto as_text = read_gps_with({ascii(7, "08:29:58")});
  REQUIRE(as_text.times.size() == 1);
  CHECK(as_text.times[0].ms == 1'505'118'598'000);
  CHECK(as_text.times[0].basis == ZoneBasis::utc_by_format);
  CHECK(read_gps_with({ascii(7, "about eight")}).times.empty());
  CHECK(field_of(read_gps_with({ascii(7, "about eight")}), "Exif.GPSInfo.GPSDateStamp") ==
        "2017:09:11 about eight");
  CHECK(field_of(read_gps_with({rationals(7, {8, 1, 99, 1, 0, 1})}), "Exif.GPSInfo.GPSDateStamp") ==
        "2017:09:11 8/1 99/1 0/1");
}

TEST_CASE("dates of EXIF in Arabic-Indic and Persian digits are read, and others are kept") {
  const auto taken = [](const TiffEntryToWrite& entry) { return read(tiff(kImage, {entry}, {})); };
  for (const char* text :
       {"\u0662\u0660\u0661\u0667:\u0660\u0669:\u0661\u0661 \u0660\u0668:\u0663\u0660:\u0660\u0660",
        "\u06f2\u06f0\u06f1\u06f7:\u06f0\u06f9:\u06f1\u06f1 \u06f0\u06f8:\u06f3\u06f0:\u06f0\u06f0"}) {
    const MediaFacts facts = taken(ascii(0x9003, text));
    REQUIRE(facts.times.size() == 1);
    CHECK(facts.times[0].ms == 1'505'118'600'000);
    CHECK(facts.times[0].raw == text);
  }
  CHECK(field_of(taken(ascii(0x9003, "in autumn")), "Exif.Photo.DateTimeOriginal") == "in autumn");
  CHECK(field_of(taken(short_number(0x9003, 2017)), "Exif.Photo.DateTimeOriginal") == "2017");
  for (const char* blank : {"0000:00:00 00:00:00", "    :  :     :  :  ", ""})
    CHECK(taken(ascii(0x9003, blank)).fields.empty());
}

TEST_CASE("a packet of XML becomes UTF-8, whatever its encoding") {
  constexpr std::u16string_view kPacket = u"<x>\u0642 \U0001f525</x>";
  const std::string expected = "<x>\u0642 \U0001f525</x>";
  for (const ByteOrder order : {ByteOrder::big, ByteOrder::little}) {
    CHECK(xml_in_utf8(as_bytes(utf16(kPacket, order))) == expected);
    CHECK(xml_in_utf8(as_bytes(utf16(u"\ufeff" + std::u16string(kPacket) + u"  ", order))) == expected);
    CHECK(xml_in_utf8(as_bytes(
              utf16(u"\ufeff<?xml version='1.0' encoding='UTF-16'?>" + std::u16string(kPacket), order))) ==
          expected);
  }
  CHECK(xml_in_utf8(as_bytes(expected)) == expected);
  CHECK(xml_in_utf8(as_bytes("\xef\xbb\xbf" + expected + "\n \0\0"s)) == expected);
  CHECK(xml_in_utf8(as_bytes("<?xml version='1.0' encoding='UTF-8'?>" + expected)) == expected);
  CHECK(xml_in_utf8(as_bytes("<?xpacket begin=''?>" + expected)) == "<?xpacket begin=''?>" + expected);
  CHECK(xml_in_utf8(as_bytes("  \0\0"s)).empty());
  CHECK(xml_in_utf8({}).empty());
}

TEST_CASE("ISO 6709 in degrees, minutes and seconds") {
  CHECK(parse_iso6709("f", "+36.2021+037.1343+379.5/")->latitude == Approx(36.2021));
  CHECK(*parse_iso6709("f", "+36.2021+037.1343+379.5/")->altitude_m == Approx(379.5));
  CHECK(parse_iso6709("f", "+3612.126+03708.058/")->longitude == Approx(37.13430).epsilon(1e-6));
  CHECK(parse_iso6709("f", "-361207.56-0370803.48/")->latitude == Approx(-36.2021));
  for (const char* bad : {"", "+", "36.2+37.1", "+91+000/", "+36.2", "+36.2+181/", "+a+b"})
    CHECK(!parse_iso6709("f", bad));
}

TEST_CASE("Canon's and Nikon's serial numbers are read from their notes") {
  CHECK(canon_serial(560018150, "Canon EOS DIGITAL REBEL") == "0560018150");
  CHECK(canon_serial(292, "Canon EOS-1D Mark III") == "000292");
  CHECK(canon_serial(0x075b'0005, "Canon EOS D30") == "075b00005");
  Bytes nikon = {'N', 'i', 'k', 'o', 'n', 0, 2, 0x10, 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8};
  append(nikon, directory(8, {ascii(0x1d, "No= 20025585 ")}));
  const TiffEntryToWrite note{0x927c, 7, static_cast<std::uint32_t>(nikon.size()), nikon};
  CHECK(read(tiff({ascii(0x10f, "NIKON CORPORATION")}, {note}, {})).serial == "20025585");
  CHECK(read(tiff({ascii(0x10f, "Apple")}, {note}, {})).serial.empty());
}
