#include "containers.hpp"

#include <catch2/catch.hpp>

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

void append_little(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

Bytes chunk(const std::string& type, const Bytes& body) {
  Bytes out(type.begin(), type.end());
  append_little(out, body.size(), 4);
  append(out, body);
  if (body.size() % 2 != 0) out.push_back(0);
  return out;
}

Bytes bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

Bytes list(const std::string& type, const std::vector<Bytes>& parts) {
  Bytes body = bytes(type);
  for (const auto& part : parts) append(body, part);
  return body;
}

Bytes avi(const std::string& idit, const std::string& icrd) {
  const Bytes header = chunk(
      "LIST", list("hdrl", {chunk("avih", Bytes(56)), chunk("LIST", list("strl", {chunk("strh", Bytes(56))})),
                            chunk("IDIT", bytes(idit))}));
  const Bytes info = chunk("LIST", list("INFO", {chunk("INAM", bytes("a\0"s)), chunk("ICRD", bytes(icrd))}));
  const Bytes samples = chunk("LIST", list("movi", {chunk("IDIT", bytes("2001:01:01 01:01:01"))}));
  return chunk("RIFF", list("AVI ", {header, samples, info, chunk("_PMX", bytes("<x/>"))}));
}

Bytes wav(const std::string& date_and_clock) {
  Bytes body = bytes("a description");
  body.resize(320);
  append(body, bytes(date_and_clock));
  body.resize(602);
  return chunk("RIFF",
               list("WAVE", {chunk("fmt ", Bytes(16)), chunk("bext", body), chunk("data", Bytes(3))}));
}

Bytes asf(std::uint64_t units) {
  const Bytes other = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 26, 0, 0, 0, 0, 0, 0, 0, 7, 7};
  Bytes properties = {0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11,
                      0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65};
  append_little(properties, 104, 8);
  properties.resize(24 + 24);
  append_little(properties, units, 8);
  properties.resize(104);
  Bytes out = {0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c};
  append_little(out, 30 + other.size() + properties.size(), 8);
  append_little(out, 2, 4);
  append_little(out, 0x0201, 2);
  append(out, other);
  append(out, properties);
  return out;
}

MediaFacts read(void (*reader)(Source&, MediaFacts&, Packets&), const Bytes& whole, Packets& packets) {
  MediaFacts facts;
  MemorySource source(whole);
  reader(source, facts, packets);
  return facts;
}
MediaFacts read(void (*reader)(Source&, MediaFacts&, Packets&), const Bytes& whole) {
  Packets packets;
  return read(reader, whole, packets);
}

constexpr std::int64_t kTaken = 1'505'118'600'000;  // 2017-09-11 08:30:00

}  // namespace

TEST_CASE("an AVI's times are local ones of no zone, from its header and its information, not its samples") {
  Packets packets;
  const MediaFacts facts = read(read_riff, avi("MON SEP 11 08:30:00 2017\n\0"s, "2017-09-11\0"s), packets);
  REQUIRE(facts.times.size() == 2);
  CHECK(facts.times[0].field == "container/IDIT");
  CHECK(facts.times[0].raw == "MON SEP 11 08:30:00 2017");
  CHECK(facts.times[0].ms == kTaken);
  CHECK(facts.times[0].basis == ZoneBasis::unknown_zone);
  CHECK(facts.times[1].field == "container/ICRD");
  CHECK(facts.times[1].precision_ms == 86'400'000);
  CHECK(packets.xmp.size == 4);
  CHECK(best_time(facts)->field == "container/IDIT");
}

TEST_CASE("the forms of time that cameras write into AVI are read") {
  for (const std::string& text :
       {"Mon Sep 11 08:30:00 2017\n\0"s, "MON SEP 11 08:30:00 2017"s, "2017:09:11 08:30:00\n"s,
        "2017-09-11 08:30:00\0"s, "2017/09/11 08:30:00\0"s, "2017-09-11  08:30:00\0\0"s,
        "2017/ 9/11  8:30AM"s, "2017/9/11 8:30:00"s, "2017/09/11/ 08:30"s, "2017-09-11T08:30:00"s}) {
    CAPTURE(text);
    const auto claim = riff_time("f", text);
    REQUIRE(claim);
    CHECK(claim->ms == kTaken);
    CHECK(claim->basis == ZoneBasis::unknown_zone);
  }
  CHECK(riff_time("f", "2001/ 1/27  1:42PM")->ms == riff_time("f", "2001-01-27 13:42:00")->ms);
  CHECK(riff_time("f", "2001/ 1/27  1:42PM")->precision_ms == 60'000);
  CHECK(riff_time("f", "2001/ 1/27 12:42AM")->ms == riff_time("f", "2001-01-27 00:42:00")->ms);
  CHECK(riff_time("f", "Wed Mar  1 01:02:03 2000")->ms == riff_time("f", "2000-03-01 01:02:03")->ms);
  CHECK(riff_time("f", "2017-09-11T11:30:00+03:00")->ms == kTaken);
  CHECK(riff_time("f", "2017-09-11T11:30:00+03:00")->basis == ZoneBasis::offset_recorded);
}

TEST_CASE("what is no time is none, and is kept as a field") {
  for (const char* text :
       {"", " ", "2017", "Mon Sep 31 08:30:00 2017", "Mon Foo 11 08:30:00 2017", "Mon Sep 11 08:30:00",
        "Mon Sep 11 08:30:00 2017 x", "2017/09-11", "2017/09/11 25:00", "2017/09/11 13:00PM",
        "2017/09/11 0:00AM", "2017/09/11 8:30 o'clock", "17/09/11", "11/09/2017 08:30", "2017/09/11 8",
        "2017/09/11 8:30:"}) {
    CAPTURE(text);
    CHECK(!riff_time("f", text));
  }
  const MediaFacts facts = read(read_riff, avi("in autumn 17\0"s, "\0"s));
  CHECK(facts.times.empty());
  REQUIRE(facts.fields.size() == 1);
  CHECK(facts.fields[0].name == "container/IDIT");
}

TEST_CASE("a broadcast extension tells date and time of day") {
  for (const char* text : {"2017-09-1108:30:00", "2017:09:1108-30-00", "2017/09/1108.30.00"}) {
    const MediaFacts facts = read(read_riff, wav(text));
    REQUIRE(facts.times.size() == 1);
    CHECK(facts.times[0].field == "container/bext");
    CHECK(facts.times[0].ms == kTaken);
    CHECK(facts.times[0].basis == ZoneBasis::unknown_zone);
    CHECK(facts.times[0].precision_ms == 1000);
  }
  CHECK(read(read_riff, wav("2017-09-11")).times.at(0).precision_ms == 86'400'000);
  CHECK(read(read_riff, wav("")).times.empty());
  CHECK(read(read_riff, wav("")).fields.empty());
  CHECK(read(read_riff, wav("2017-19-1108:30:00")).fields.size() == 1);
}

TEST_CASE("ASF tells its creation in units since 1601") {
  constexpr std::uint64_t kUnits = (11'644'473'600'000 + 1'505'118'600'000) * 10'000ull;
  const MediaFacts facts = read(read_asf, asf(kUnits));
  REQUIRE(facts.times.size() == 1);
  CHECK(facts.times[0].ms == kTaken);
  CHECK(facts.times[0].basis == ZoneBasis::utc_claimed);
  CHECK(best_time(facts));
  CHECK(read(read_asf, asf(0)).times.empty());
  CHECK(read(read_asf, asf(UINT64_MAX)).times.empty());
}

TEST_CASE("containers truncated at every byte or flipped at any are survived") {
  for (const auto& [reader, whole] : {std::pair{&read_riff, avi("Mon Sep 11 08:30:00 2017", "2017-09-11")},
                                      std::pair{&read_riff, wav("2017-09-1108:30:00")},
                                      std::pair{&read_asf, asf(131'496'534'000'000'000)}}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK(read(reader, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
                .times.size() <= 2);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Bytes flipped = whole;
      flipped[i] ^= 0xff;
      CHECK(encode(read(reader, flipped)).size() < 20'000);
    }
  }
}
