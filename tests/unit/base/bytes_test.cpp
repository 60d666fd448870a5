#include "dalil/base/bytes.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <tuple>

#include "dalil/base/digest.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;

namespace {

Bytes varint(std::uint64_t value) {
  Bytes out;
  append_varint(out, value);
  return out;
}

bool is_refused(const Bytes& bytes) {
  try {
    ByteReader(bytes).varint();
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::corrupt;
  }
}

}  // namespace

TEST_CASE("varints come back in their shortest form") {
  std::uint64_t value = 0;
  for (int bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t near : {value - 1, value, value + 1}) {
      const Bytes encoded = varint(near);
      CHECK(encoded.size() <= 10);
      ByteReader reader(encoded);
      CHECK(reader.varint() == near);
      CHECK(reader.remaining() == 0);
      for (std::size_t size = 0; size < encoded.size(); ++size) {
        CHECK(is_refused(Bytes(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size))));
      }
    }
    value = std::uint64_t{1} << bit;
  }
}

TEST_CASE("varints in a longer form or beyond 64 bits are refused") {
  CHECK(is_refused({0x80, 0x00}));
  CHECK(is_refused({0xff, 0x80, 0x00}));
  CHECK(is_refused({0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}));
  CHECK(is_refused({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}));
  CHECK(is_refused({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}));
  CHECK(varint(std::numeric_limits<std::uint64_t>::max()).back() == 1);
}

TEST_CASE("a record reads back field by field and is refused when cut anywhere") {
  Bytes record;
  append_u8(record, 7);
  append_u16(record, 0x0102);
  append_u32(record, 0x03040506);
  append_u64(record, 0x0708090a0b0c0d0e);
  append_block(record, as_bytes("abc"));
  CHECK(to_hex(record) == "070102030405060708090a0b0c0d0e03616263");

  const auto read_all = [](ByteView bytes) {
    ByteReader reader(bytes);
    const std::tuple<int, int, int, std::uint64_t> fixed{reader.u8(), reader.u16(), reader.u32(),
                                                         reader.u64()};
    const std::string block(as_chars(reader.block(3)));
    reader.expect_end();
    return std::make_pair(fixed, block);
  };
  const auto [fixed, block] = read_all(record);
  CHECK(fixed == std::tuple(7, 0x0102, 0x03040506, std::uint64_t{0x0708090a0b0c0d0e}));
  CHECK(block == "abc");
  for (std::size_t size = 0; size < record.size(); ++size) {
    CHECK_THROWS_AS(read_all(ByteView(record).first(size)), Error);
  }
  record.push_back(0);
  CHECK_THROWS_AS(read_all(record), Error);
}

TEST_CASE("a block beyond its limit is refused before anything is read") {
  Bytes huge;
  append_varint(huge, std::numeric_limits<std::uint64_t>::max());
  CHECK_THROWS_AS(ByteReader(huge).block(std::numeric_limits<std::size_t>::max()), Error);
  Bytes four;
  append_block(four, as_bytes("abcd"));
  CHECK_THROWS_AS(ByteReader(four).block(3), Error);
  CHECK(ByteReader(four).block(4).size() == 4);
}

TEST_CASE("a digest has 64 hexadecimal digits of either case") {
  const std::string hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  const std::optional<Digest> digest = Digest::from_hex(hex);
  REQUIRE(digest);
  CHECK(digest->hex() == hex);
  CHECK(Digest::from_hex("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF") == digest);
  CHECK_FALSE(Digest::from_hex(hex.substr(1)));
  CHECK_FALSE(Digest::from_hex(hex + "00"));
  CHECK_FALSE(Digest::from_hex("g" + hex.substr(1)));
  CHECK_FALSE(Digest::from_hex(""));
  CHECK_THROWS_AS(Digest::from_bytes(digest->view().first(31)), Error);
}

TEST_CASE("a system error names action, subject and reason, and says what to do") {
  const Error error = system_error("open", "a\nb", 28);
  CHECK(std::string(error.what()) == "cannot open 'a\\nb': No space left on device");
  CHECK(error.code() == ErrorCode::io);
  CHECK_FALSE(error.hint().empty());
  CHECK(system_error("open", "x", 2).hint().empty());
}
