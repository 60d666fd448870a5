// The ledger's byte layouts: round trips, every truncation, every flipped byte.

#include <algorithm>
#include <map>
#include <random>

#include "block.hpp"
#include "layout.hpp"
#include "ledger/ledger_fixture.hpp"
#include "tree_tiles.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

PublicLine a_line() {
  PublicLine line;
  line.seq = 18446744073709551615U;
  line.time.ms = 1505118600123;
  line.actor = {0, 1, 2, 0xfd, 0xfe, 0xff};
  line.seal_class = SealClass::evidence;
  for (std::size_t i = 0; i < 32; ++i) line.commitment.bytes[i] = static_cast<std::uint8_t>(i * 37);
  return line;
}

layout::State a_state() {
  layout::State state;
  state.tree_size = 1ULL << 40;
  state.rows = {{1, 5}, {2, 0xFFFFFFFE}};
  state.records = {{1, 300}, {255, 0}};
  state.lookups = 77;
  state.counters = {{3, UINT64_MAX}};
  return state;
}

/// Root over the leaves by the definition of RFC 6962 section 2.1.
Digest naive_root(const std::vector<Digest>& leaves, std::size_t first, std::size_t last) {
  if (last - first == 0) return merkle::empty_root();
  if (last - first == 1) return leaves[first];
  std::size_t half = 1;
  while (half * 2 < last - first) half *= 2;
  return merkle::node_hash(naive_root(leaves, first, first + half), naive_root(leaves, first + half, last));
}

}  // namespace

TEST_CASE("public lines have one form only") {
  const PublicLine line = a_line();
  const std::string whole = line.text();
  CHECK(PublicLine::parse(whole) == line);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(!PublicLine::parse(whole.substr(0, size)));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      const auto parsed = PublicLine::parse(flipped);
      if (parsed) CHECK((parsed->text() == flipped && !(*parsed == line)));
    }
  }
  for (const char* change : {" ", "\n", "=", "0"}) {
    CHECK(!PublicLine::parse(whole + change));
    CHECK(!PublicLine::parse(change + whole));
  }
}

TEST_CASE("the public part of an entry comes back, and is refused when cut") {
  const PublicLine line = a_line();
  Bytes bytes;
  layout::append_public(bytes, line);
  CHECK(bytes.size() == layout::kEntryPublicSize);
  CHECK(layout::parse_public(line.seq, bytes) == line);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(code_of([&] { layout::parse_public(line.seq, ByteView(bytes).first(size)); }) ==
          ErrorCode::corrupt);
  std::string fast;
  layout::append_line(fast, line.seq, line.time.rfc3339_ms(), "000102fdfeff0000", line.seal_class,
                      line.commitment);
  CHECK(fast == line.text());
}

TEST_CASE("the state comes back, and is refused when cut") {
  const Bytes bytes = a_state().encode();
  CHECK(layout::State::decode(bytes) == a_state());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(code_of([&] { layout::State::decode(ByteView(bytes).first(size)); }) == ErrorCode::corrupt);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] ^= 0x41;
    try {
      const layout::State other = layout::State::decode(flipped);
      CHECK(!(other == a_state()));
    } catch (const Error& error) {
      CHECK((error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported));
    }
  }
}

TEST_CASE("blocks keep what was set, cut blocks are refused") {
  std::mt19937 random(4);
  for (const Column& column : {kNumber, kText}) {
    for (Row count = 0; count <= column.rows_per_block; ++count) {
      EditableBlock block;
      block.extend(column, count);
      std::vector<Bytes> expected(count, Bytes(column.width));
      for (Row row = 0; row < count; ++row) {
        if (random() % 3 == 0) continue;
        expected[row] =
            column.width > 0 ? number(random()) : Bytes(random() % 300, static_cast<std::uint8_t>(row));
        block.set(column, row, expected[row]);
      }
      const Bytes bytes = block.encode(column);
      const Block back(column, bytes, count);
      REQUIRE(back.size() == count);
      for (Row row = 0; row < count; ++row) CHECK(std::ranges::equal(back.value(column, row), expected[row]));
      // No bytes at all stand for a block of nothing.
      for (std::size_t size = 1; size < bytes.size(); size += 1 + size / 40)
        CHECK(code_of([&] { Block(column, Bytes(bytes.begin(), bytes.begin() + size), count); }) ==
              ErrorCode::corrupt);
    }
  }
}

TEST_CASE("a block of nothing takes no bytes") {
  for (const Column& column : {kNumber, kText}) {
    EditableBlock block;
    block.extend(column, 4);
    CHECK(block.encode(column).empty());
    const Block back(column, {}, 4);
    CHECK(back.value(column, 3).size() == column.width);
  }
}

TEST_CASE("a keyring with any byte changed is refused or another one") {
  const Keyring ring = Keyring::generate("Amal");
  const crypto::Secret encoded = ring.encode();
  const Bytes whole(encoded.view().begin(), encoded.view().end());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= 1;
    try {
      const Keyring other = Keyring::decode(changed);
      const crypto::Secret again = other.encode();
      CHECK(!std::ranges::equal(again.view(), whole));
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
}

TEST_CASE("the tree's tiles give the root of the definition, however often they are put down and taken up") {
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> store;
  const auto read = [&](unsigned level, std::uint64_t index) { return store.at({level, index}); };
  const auto write = [&](unsigned level, std::uint64_t index, ByteView hashes) {
    store[{level, index}] = Bytes(hashes.begin(), hashes.end());
  };
  std::vector<Digest> leaves;
  std::mt19937 random(6);
  while (leaves.size() < 1500) {
    TreeTiles tree(leaves.size(), read);
    for (auto left = 1 + random() % 40; left > 0; --left) {
      leaves.push_back(merkle::leaf_hash(number(leaves.size())));
      tree.append(leaves.back(), write);
    }
    tree.flush(write);
    CHECK(tree.size() == leaves.size());
    CHECK(tree.root(read) == naive_root(leaves, 0, leaves.size()));
  }
}

TEST_CASE("the tree grows over the border of its third level") {
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> store;
  const auto read = [&](unsigned level, std::uint64_t index) { return store.at({level, index}); };
  const auto write = [&](unsigned level, std::uint64_t index, ByteView hashes) {
    store[{level, index}] = Bytes(hashes.begin(), hashes.end());
  };
  std::vector<Digest> leaves;
  TreeTiles tree(0, read);
  for (std::uint64_t i = 0; i < 66'000; ++i) {
    leaves.push_back(merkle::leaf_hash(number(i)));
    tree.append(leaves.back(), write);
    if (i + 1 != 65'535 && i + 1 != 65'536 && i + 1 != 65'537 && i + 1 != 65'793) continue;
    tree.flush(write);
    CHECK(tree.root(read) == naive_root(leaves, 0, leaves.size()));
    CHECK(TreeTiles(i + 1, read).root(read) == tree.root(read));
  }
}
