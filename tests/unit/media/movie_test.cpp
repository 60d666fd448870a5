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
