#include <catch2/catch.hpp>

#include "boxes.hpp"
#include "movie_text.hpp"

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

Bytes box(const char (&type)[5], const Bytes& body) {
  Bytes out;
  append_u32(out, static_cast<std::uint32_t>(body.size() + 8));
  append_u32(out, fourcc(type));
  append(out, body);
  return out;
}

Bytes join(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const auto& part : parts) append(out, part);
  return out;
}

Bytes text(const std::string& value) {
  return {value.begin(), value.end()};
}

constexpr std::uint32_t kTaken = 2'082'844'800u + 1'505'118'600u;

Bytes mvhd(std::uint32_t created) {
  Bytes body;
  append_u32(body, 0);
  append_u32(body, created);
  append_u32(body, created);
  append_u32(body, 600);
  append_u32(body, 6000);
  body.resize(100);
  return box("mvhd", body);
}

Bytes keys(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Bytes names(4), values;
  append_u32(names, static_cast<std::uint32_t>(pairs.size()));
  std::uint32_t index = 0;
  for (const auto& [key, value] : pairs) {
    append(names, box("mdta", text(key)));
    const Bytes data = box("data", join({{0, 0, 0, 1, 0, 0, 0, 0}, text(value)}));
    append_u32(values, static_cast<std::uint32_t>(data.size() + 8));
    append_u32(values, ++index);
    append(values, data);
  }
  Bytes handler(24);
  return box("meta", join({box("hdlr", handler), box("keys", names), box("ilst", values)}));
}

Bytes iphone() {
  const Bytes ftyp = box("ftyp", text("qt  \0\0\0\0qt  "s));
  const Bytes meta = keys({{"com.apple.quicktime.make", "Apple"},
                           {"com.apple.quicktime.creationdate", "2017-09-11T11:30:00+0300"},
                           {"com.apple.quicktime.location.ISO6709", "+36.2021+037.1343+379.5/"}});
  return join({ftyp, box("mdat", Bytes(64)), box("moov", join({mvhd(kTaken), meta}))});
}

MediaFacts read(const Bytes& bytes) {
  MediaFacts facts;
  Packets packets;
  MemorySource source(bytes);
  read_movie(source, facts, packets);
  return facts;
}

}  // namespace

TEST_CASE("a QuickTime movie tells its times and place") {
  const MediaFacts facts = read(iphone());
  CHECK(facts.problem.empty());
  CHECK(facts.make == "Apple");
  CHECK(facts.duration_ms == 10'000);
  REQUIRE(facts.times.size() == 2);
  CHECK(facts.times[0].field == "moov/mvhd");
  CHECK(facts.times[0].basis == ZoneBasis::utc_claimed);
  CHECK(facts.times[0].ms == 1'505'118'600'000);
  CHECK(best_time(facts)->field == "com.apple.quicktime.creationdate");
  CHECK(best_time(facts)->ms == 1'505'118'600'000);
  CHECK(best_time(facts)->offset_minutes == 180);
  REQUIRE(facts.places.size() == 1);
  CHECK(facts.places[0].longitude == Approx(37.1343));
}

TEST_CASE("a creation time of zero is absent") {
  CHECK(read(box("moov", mvhd(0))).times.empty());
  CHECK(!quicktime_time("f", 0));
  CHECK(!quicktime_time("f", UINT64_MAX));
  CHECK(quicktime_time("f", 1)->ms == -2'082'844'799'000);
}

TEST_CASE("a movie without its index says so") {
  CHECK(!read(box("mdat", Bytes(10))).problem.empty());
}

TEST_CASE("a movie truncated at every byte or flipped at any is survived") {
  const Bytes whole = iphone();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const MediaFacts facts = read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(!facts.problem.empty());
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] ^= 0xff;
    CHECK(encode(read(flipped)).size() < 20'000);
  }
}

TEST_CASE("boxes nested in themselves, empty or endless, end") {
  Bytes endless;
  append_u32(endless, 0);
  append_u32(endless, fourcc("moov"));
  for (int i = 0; i < 1000; ++i) append(endless, endless.size() < 8000 ? box("udta", {}) : Bytes{});
  CHECK(read(endless).times.empty());
  MemorySource source(endless);
  BoxWalk walk(source, 0, endless.size());
  while (walk.next()) {
  }
}

TEST_CASE("3GPP's location box is read in fixed point") {
  Bytes body = {0, 0, 0, 0, 0x15, 0xc7};
  append(body, text("Aleppo\0\0"s));
  append_u32(body, 37 << 16 | 0x8000);
  append_u32(body, static_cast<std::uint32_t>(-(36 << 16)));
  append_u32(body, 379 << 16);
  append(body, text("earth\0\0"s));
  const auto place = parse_loci("f", body);
  REQUIRE(place);
  CHECK(place->longitude == 37.5);
  CHECK(place->latitude == -36);
  for (std::size_t size = 0; size + 8 < body.size(); ++size)
    CHECK(!parse_loci("f", ByteView(body).first(size)));
}

namespace {

Bytes data_box(std::uint32_t type, const Bytes& value) {
  Bytes body;
  append_u32(body, type);
  append_u32(body, 0);
  append(body, value);
  return box("data", body);
}

/// Entries under their numbers, for keys that are named in this order.
Bytes typed_keys(const std::vector<std::pair<std::string, Bytes>>& entries) {
  Bytes names(4), values;
  append_u32(names, static_cast<std::uint32_t>(entries.size()));
  std::uint32_t index = 0;
  for (const auto& [key, data] : entries) {
    append(names, box("mdta", text(key)));
    append_u32(values, static_cast<std::uint32_t>(data.size() + 8));
    append_u32(values, ++index);
    append(values, data);
  }
  return box("moov", box("meta", join({box("hdlr", Bytes(24)), box("keys", names), box("ilst", values)})));
}

std::string value_of(const MediaFacts& facts, const std::string& name) {
  for (const Field& field : facts.fields)
    if (field.name == name) return field.value;
  return "absent";
}

Bytes wide(std::u16string_view value) {
  Bytes out;
  for (const char16_t unit : value) append_u16(out, unit);
  return out;
}

}  // namespace

TEST_CASE("Apple's metadata in UTF-16 is read like that in UTF-8") {
  const MediaFacts facts =
      read(typed_keys({{"com.apple.quicktime.creationdate", data_box(2, wide(u"2017-09-11T11:30:00+0300"))},
                       {"com.apple.quicktime.make", data_box(2, wide(u"Apple"))},
                       {"com.apple.quicktime.title", data_box(2, wide(u"\u0642\u0635\u0641"))}}));
  REQUIRE(facts.times.size() == 1);
  CHECK(facts.times[0].ms == 1'505'118'600'000);
  CHECK(facts.times[0].offset_minutes == 180);
  CHECK(facts.make == "Apple");
  CHECK(value_of(facts, "com.apple.quicktime.title") == "\u0642\u0635\u0641");
}

TEST_CASE("values of metadata that are no text are fields, whatever their type") {
  const MediaFacts facts = read(typed_keys({{"signed", data_box(21, {0xff, 0xfe})},
                                            {"unsigned", data_box(22, {0, 1, 2})},
                                            {"float", data_box(23, {0x3f, 0xc0, 0, 0})},
                                            {"double", data_box(24, {0x40, 0x41, 0x80, 0, 0, 0, 0, 0})},
                                            {"wide", data_box(67, {0, 0, 0, 7})},
                                            {"bytes", data_box(0, {1, 2, 3})},
                                            {"text", data_box(0, text("plain"))},
                                            {"picture", data_box(13, Bytes(9000))},
                                            {"odd", data_box(23, {1})}}));
  CHECK(value_of(facts, "signed") == "-2");
  CHECK(value_of(facts, "unsigned") == "258");
  CHECK(value_of(facts, "float") == "1.5");
  CHECK(value_of(facts, "double") == "35");
  CHECK(value_of(facts, "wide") == "7");
  CHECK(value_of(facts, "bytes") == "1 2 3");
  CHECK(value_of(facts, "text") == "plain");
  CHECK(value_of(facts, "picture") == "(9000 bytes)");
  CHECK(value_of(facts, "odd") == "1");
}

TEST_CASE("all texts of iTunes' list and of QuickTime's user data are recorded") {
  const Bytes list = box(
      "ilst",
      join({box("\xa9nam", data_box(1, text("a title"))), box("desc", data_box(1, text("what it shows"))),
            box("\xa9xxx", data_box(1, text("unknown"))),
            box("----", join({box("mean", join({Bytes(4), text("org.x")})),
                              box("name", join({Bytes(4), text("place")})), data_box(1, text("Aleppo"))}))}));
  const auto user_text = [](const char(&type)[5], const std::string& value) {
    Bytes body;
    append_u16(body, static_cast<std::uint16_t>(value.size()));
    append_u16(body, 0x55c4);
    append(body, text(value));
    return box(type, body);
  };
  const Bytes udta =
      box("udta", join({user_text("\xa9"
                                  "des",
                                  "described"),
                        user_text("\xa9req", "required"), box("date", text("2017-09-11T11:30:00+0300")),
                        box("meta", join({Bytes(4), box("hdlr", Bytes(24)), list}))}));
  const MediaFacts facts = read(box("moov", udta));
  CHECK(value_of(facts, "moov/udta/meta/\u00a9nam") == "a title");
  CHECK(value_of(facts, "moov/udta/meta/desc") == "what it shows");
  CHECK(value_of(facts, "moov/udta/meta/\u00a9xxx") == "unknown");
  CHECK(value_of(facts, "moov/udta/meta/----:place") == "Aleppo");
  CHECK(value_of(facts,
                 "moov/udta/\u00a9"
                 "des") == "described");
  CHECK(value_of(facts, "moov/udta/\u00a9req") == "required");
  REQUIRE(facts.times.size() == 1);
  CHECK(facts.times[0].field == "moov/udta/date");
  CHECK(facts.times[0].ms == 1'505'118'600'000);
}

TEST_CASE("a header from before there were movies is a claim with a sign, and never the best time") {
  constexpr std::uint32_t kUnix = 1'505'118'600;  // read as seconds since 1904: 1951
  MediaFacts facts = read(box("moov", mvhd(kUnix)));
  REQUIRE(facts.times.size() == 1);
  REQUIRE(facts.signs.size() == 1);
  CHECK(facts.signs[0].find("counts from 1970: 2017-09-11T08:30:00") != std::string::npos);
  CHECK(!best_time(facts));
  const auto named = times_in_name("VID_20170911_083000.mp4");
  facts.times.insert(facts.times.end(), named.begin(), named.end());
  REQUIRE(best_time(facts));
  CHECK(best_time(facts)->origin == TimeOrigin::file_name);
  const MediaFacts first_second = read(box("moov", mvhd(1)));
  CHECK(first_second.signs.size() == 1);
  CHECK(!best_time(first_second));
  CHECK(read(box("moov", mvhd(kTaken))).signs.empty());
  CHECK(best_time(read(box("moov", mvhd(kTaken)))));
}

TEST_CASE("the orientation of a video is read from matrices that scale and mirror, too") {
  const auto turned = [](std::int32_t a, std::int32_t b, std::int32_t c, std::int32_t d) {
    Bytes tkhd(40);
    for (const std::int32_t entry : {a, b, 0, c, d, 0, 0, 0, 0x40000000})
      append_u32(tkhd, static_cast<std::uint32_t>(entry));
    tkhd.resize(84);
    Bytes handler(8);
    append(handler, text("vide"));
    handler.resize(25);
    return int{read(box("moov", box("trak", join({box("tkhd", tkhd), box("mdia", box("hdlr", handler))}))))
                   .orientation};
  };
  constexpr std::int32_t kOne = 0x10000, kHalf = 0x8000;
  CHECK(turned(kOne, 0, 0, kOne) == 1);
  CHECK(turned(-kOne, 0, 0, kOne) == 2);
  CHECK(turned(-kHalf, 0, 0, -kHalf) == 3);
  CHECK(turned(kOne, 0, 0, -kOne) == 4);
  CHECK(turned(0, kOne, kOne, 0) == 5);
  CHECK(turned(0, 2 * kOne, -2 * kOne, 0) == 6);
  CHECK(turned(100, kOne, -kOne, -100) == 6);
  CHECK(turned(0, -kOne, -kOne, 0) == 7);
  CHECK(turned(0, -kOne, kHalf, 0) == 8);
  CHECK(turned(kOne, kOne, -kOne, kOne) == 0);
  CHECK(turned(0, 0, 0, 0) == 0);
  CHECK(turned(INT32_MIN, 0, 0, INT32_MIN) == 3);
}
