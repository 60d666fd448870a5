#include "parity_set.hpp"

#include <catch2/catch.hpp>

using namespace dalil;
using namespace dalil::drives;

namespace {

constexpr std::uint64_t kMib = 1 << 20, kGib = 1 << 30;

ParitySet sample() {
  Digest digest;
  digest.bytes.fill(0xab);
  return {{5, 1},
          {{"dalil/parity/p5-0001.par2", digest, 0}, {"dalil/parity/p5-0001.vol00+50.par2", digest, 0}},
          {{"data/disk/a b", digest, 0}, {"data/disk/b", digest, 0}}};
}

std::optional<ParitySet> parsed(const std::string& text) {
  return ParitySet::parse({5, 1}, text);
}

std::vector<ParityFile> files_of(std::size_t count, std::uint64_t size) {
  std::vector<ParityFile> files;
  for (std::size_t i = 0; i < count; ++i) files.push_back({"data/" + std::to_string(i), {}, size});
  return files;
}

}  // namespace

TEST_CASE("a set's files are told by their names") {
  CHECK(ParityName{5, 1}.text() == "p5-0001");
  CHECK(ParityName{100, 12345}.text() == "p100-12345");
  for (const char* name : {"p5-0001.par2", "p5-0001.sha256", "p5-0001.vol000+50.par2"}) {
    const auto read = ParityName::of_file(name);
    REQUIRE(read);
    CHECK((read->percent == 5 && read->number == 1));
  }
  for (const char* name :
       {"p5-0001", "p5-0001.txt", "p5-1.par2", "p05-0001.par2", "p0-0001.par2", "p101-0001.par2",
        "p5-00001.par2", "p5-0000.par2", "5-0001.par2", "p-0001.par2", "p5-.par2", "README.txt",
        "p5-0001x.par2", "p5-0001.sha256.x", "", ".par2", "p99999999999-0001.par2"})
    CHECK(!ParityName::of_file(name));
}

TEST_CASE("a list says again what it was read from, and is refused otherwise") {
  const ParitySet set = sample();
  const std::string text = set.text();
  const auto read = parsed(text);
  REQUIRE(read);
  CHECK((read->par2 == set.par2 && read->files == set.files));
  CHECK(!ParitySet::parse({5, 2}, text));
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto cut = parsed(text.substr(0, length));
    if (cut) CHECK(cut->text() == text.substr(0, length));  // whole lines
    if (cut) CHECK(length == text.size() - set.files.back().path.size() - 67);
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x80);
    const auto other = parsed(flipped);
    if (other) CHECK(other->text() == flipped);
  }
}

TEST_CASE("a list cannot lead out of the payload, nor name other files as its own") {
  const std::string hex(64, 'a'), main = hex + "  dalil/parity/p5-0001.par2\n";
  CHECK(parsed(main + hex + "  data/x\n"));
  CHECK(parsed(main + hex + "  objects/aa/x.age\n"));
  for (const char* path : {"data/../x", "data/./x", "data//x", "data/", "data", "/data/x", "../x", "dalil/x",
                           "dalil/parity/p5-0002.par2", "dalil/parity/p5-0001.par2/x", "data/x/..",
                           "data/a\\b", "data/a*", "data/a?", "data/\x01"}) {
    CAPTURE(path);
    CHECK(!parsed(main + hex + "  " + path + "\n"));
    CHECK(payload_paths_in(main + hex + "  " + path + "\n").empty());
  }
  CHECK(!parsed(main));                                            // of nothing
  CHECK(!parsed(hex + "  data/x\n"));                              // without parity
  CHECK(!parsed(main + hex + "  data/y\n" + hex + "  data/x\n"));  // in another order
  CHECK(!parsed(main + hex + "  data/x\n" + hex + "  data/x\n"));  // twice
  CHECK(!parsed(main + std::string(64, 'A') + "  data/x\n"));      // in another spelling
  CHECK(!parsed(main + hex + " *data/x\n"));
}

TEST_CASE("what can be read of a damaged list is read") {
  std::string text = sample().text();
  text[3] = '!';                               // in the line of a PAR2 file
  text[text.find("data/disk/a b") - 4] = '!';  // in a digest
  CHECK(payload_paths_in(text) == std::vector<std::string>{"data/disk/b"});
}

TEST_CASE("sets are of bounded size, and of files of like sizes") {
  CHECK(group_for_parity({}, 5).empty());
  const auto small = group_for_parity(files_of(2500, 10), 5);
  REQUIRE(small.size() == 3);
  CHECK((small[0].size() == 1000 && small[2].size() == 500));
  CHECK(group_for_parity(files_of(9, kGib), 5).size() == 3);
  CHECK(group_for_parity(files_of(9, kGib), 100).size() == 5);
  CHECK(group_for_parity(files_of(3, 9 * kGib), 5).size() == 3);
  std::vector<ParityFile> mixed = files_of(1000, 10);
  for (ParityFile& file : files_of(1000, 5 * kMib))
    mixed.push_back({"data/large" + file.path, {}, file.size_bytes});
  for (const auto& group : group_for_parity(mixed, 5))
    CHECK((group.size() == 1000 || group.size() == 819 || group.size() == 181));
  std::size_t all = 0;
  for (const auto& group : group_for_parity(mixed, 5)) all += group.size();
  CHECK(all == mixed.size());
}

TEST_CASE("a set has so many blocks of parity as percent were asked for, and two at least") {
  for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{4096}, 3 * kMib, kGib, 50 * kGib})
    for (const unsigned percent : {1U, 5U, 100U}) {
      const ParityBlocks blocks = parity_blocks(files_of(3, size), percent);
      CAPTURE(size, percent);
      CHECK(blocks.size_bytes % 4 == 0);
      CHECK(blocks.size_bytes >= 4096);
      CHECK(blocks.of_payload * blocks.size_bytes >= 3 * size);
      CHECK(blocks.of_payload + blocks.of_parity <= 32768);
      CHECK(blocks.of_parity >= 2);
      CHECK(blocks.of_parity * 100 >= blocks.of_payload * percent);
      CHECK(parity_room(files_of(3, size), percent) >= blocks.of_parity * blocks.size_bytes);
    }
}
