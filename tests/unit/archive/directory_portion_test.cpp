#include "directory_portion.hpp"

#include <limits>
#include <random>
#include <set>

#include "archive/archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

CopyRow random_row(std::mt19937_64& random) {
  const auto time = [&] {
    constexpr std::int64_t kEnds[] = {INT64_MIN, INT64_MAX, 0, -1, 1505118600123456789};
    return random() % 2 == 0 ? kEnds[random() % 5] : static_cast<std::int64_t>(random());
  };
  CopyRow row;
  for (auto left = random() % 20; left > 0; --left) row.name += static_cast<char>(random());
  row.state = static_cast<CopyRow::State>(1 + random() % 3);
  row.size_bytes = random() >> random() % 64;
  row.mtime_ns = time();
  row.ctime_ns = time();
  row.inode = random() >> random() % 64;
  row.seq = random() >> random() % 64;
  row.item = random() % 3 == 0 ? ledger::kNoRow : static_cast<Row>(random());
  row.verified_at_s = time();
  row.verdict = static_cast<Verdict>(1 + random() % 9);
  if (random() % 4 == 0) row.verified_in = random() >> random() % 64;
  return row;
}

DirectoryPortion random_portion(std::mt19937_64& random, std::size_t rows) {
  DirectoryPortion portion;
  portion.volume = static_cast<Row>(random());
  portion.directory = std::string("d\n\xff/", 4) + std::to_string(random());
  portion.number = static_cast<std::uint32_t>(random() >> random() % 64);
  portion.portions = static_cast<std::uint32_t>(random() >> random() % 64);
  for (; rows > 0; --rows) portion.rows.push_back(random_row(random));
  return portion;
}

void check_equal(const DirectoryPortion& a, const DirectoryPortion& b) {
  CHECK(a.volume == b.volume);
  CHECK(a.directory == b.directory);
  CHECK(a.number == b.number);
  CHECK(a.portions == b.portions);
  REQUIRE(a.rows.size() == b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    const CopyRow &x = a.rows[i], &y = b.rows[i];
    CHECK(x.name == y.name);
    CHECK(x.state == y.state);
    CHECK(x.size_bytes == y.size_bytes);
    CHECK(x.mtime_ns == y.mtime_ns);
    CHECK(x.ctime_ns == y.ctime_ns);
    CHECK(x.inode == y.inode);
    CHECK(x.seq == y.seq);
    CHECK(x.item == y.item);
    CHECK(x.verified_at_s == y.verified_at_s);
    CHECK(x.verdict == y.verdict);
    CHECK(x.verified_in == y.verified_in);
  }
}

}  // namespace

TEST_CASE("portions come back as they were encoded") {
  std::mt19937_64 random(1);
  for (std::size_t rows = 0; rows < 200; ++rows) {
    const DirectoryPortion portion = random_portion(random, rows);
    check_equal(DirectoryPortion::decode(portion.encode()), portion);
  }
}

TEST_CASE("a portion that is truncated at any byte is refused") {
  std::mt19937_64 random(2);
  const Bytes whole = random_portion(random, 12).encode();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(code_of([&] { DirectoryPortion::decode(ByteView(whole).first(size)); }) == ErrorCode::corrupt);
  Bytes longer = whole;
  longer.push_back(0);
  CHECK(code_of([&] { DirectoryPortion::decode(longer); }) == ErrorCode::corrupt);
}

TEST_CASE("a portion with any byte flipped is refused or says something else") {
  std::mt19937_64 random(3);
  const Bytes whole = random_portion(random, 6).encode();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = whole;
      flipped[at] ^= static_cast<std::uint8_t>(1 << bit);
      try {
        const Bytes again = DirectoryPortion::decode(flipped).encode();
        CHECK(again == flipped);
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported));
      }
    }
  }
}

TEST_CASE("a count of rows that cannot be right takes no memory") {
  Bytes bytes = DirectoryPortion{}.encode();
  REQUIRE(bytes.back() == 0);
  bytes.pop_back();
  append_varint(bytes, std::uint64_t{1} << 50);
  CHECK(code_of([&] { DirectoryPortion::decode(bytes); }) == ErrorCode::corrupt);
}

TEST_CASE("padding tells no more than the size's order of magnitude") {
  std::set<std::size_t> sizes;
  for (std::size_t size = 0; size < 300'000; ++size) {
    const std::size_t step = portion_padding(size);
    CHECK(step >= 256);
    sizes.insert((size + 4 + step - 1) / step * step);
  }
  CHECK(sizes.size() < 40);
}
