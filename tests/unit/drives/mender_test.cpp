#include "mender.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "testing.hpp"

using namespace dalil;
using namespace dalil::drives;

namespace {

constexpr archive::Row kOwnVolume = 1, kOther = 2, kThird = 3;

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

/// Copies of one content on a drive, and what a mender makes of them.
class Desk {
 public:
  explicit Desk(Bytes bytes) : content(std::move(bytes)) {
    const crypto::ChunkTagger tagger(key_);
    for (std::uint64_t i = 0; i < crypto::tag_count(content.size()); ++i)
      tags.push_back(
          tagger.tag(nonce_, i, ByteView(content).subspan(i * kChunk).first(chunk_size(content.size(), i))));
    root_ = files::Fd(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  MendSource put(const std::string& name, archive::Row volume, const Bytes& bytes) {
    std::ofstream(directory_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return {root_.get(), volume, name, "shown:" + name};
  }
  MendSource absent(const std::string& name, archive::Row volume) const {
    return {root_.get(), volume, name, "shown:" + name};
  }

  Mended mend(const Bytes* own, std::vector<MendSource> sources, std::vector<MendSource> strays = {}) {
    made.assign(content.size(), 0);
    written.assign(content.size(), false);
    const ChunkProof proof(key_, nonce_, tags, content.size());
    std::optional<PieceFile> file;
    std::vector<bool> good;
    if (own != nullptr) {
      put("own", kOwnVolume, *own);
      file.emplace(root_.get(), "own");
      jobs::Progress progress;
      good = file->survey(proof, progress, never_).good;
    }
    return Mender(proof, std::move(sources), std::move(strays), identities, never_)
        .run(file ? &*file : nullptr, good, [&](std::uint64_t offset, ByteView bytes) {
          REQUIRE(offset + bytes.size() <= made.size());
          std::ranges::copy(bytes, made.begin() + static_cast<std::ptrdiff_t>(offset));
          std::fill_n(written.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), true);
        });
  }

  /// Everything but what is said to be lost was put, and is the content.
  void check(const Mended& mended) const {
    std::vector<bool> lost(content.size(), false);
    for (const auto& [offset, size] : mended.lost)
      std::fill_n(lost.begin() + static_cast<std::ptrdiff_t>(offset), size, true);
    for (std::size_t at = 0; at < content.size(); ++at)
      if (written[at] == lost[at] || (written[at] && made[at] != content[at])) FAIL("byte " << at);
  }

  const Bytes content;
  std::vector<crypto::ChunkTag> tags;
  std::vector<crypto::age::Identity> identities;
  Bytes made;
  std::vector<bool> written;

 private:
  testing::TempDir directory_;
  const Bytes key_ = random_bytes(32, 1);
  const crypto::TagNonce nonce_{};
  files::Fd root_;
  const jobs::StopFlag never_;
};

Bytes with(Bytes bytes, std::size_t at, std::uint8_t mask = 1) {
  bytes[at] ^= mask;
  return bytes;
}

}  // namespace

TEST_CASE("each MiB comes from whoever has it, and the damaged copy keeps its own") {
  Desk desk(random_bytes(3 * kChunk + 100, 2));
  const Bytes own = with(with(desk.content, kChunk + 5), 3 * kChunk + 7);
  const auto other = desk.put("other", kOther, with(desk.content, 3 * kChunk + 9));
  const auto third = desk.put("third", kThird, with(desk.content, 0));
  const Mended mended = desk.mend(&own, {desk.absent("gone", kOther), other, third});
  CHECK(mended.complete());
  desk.check(mended);
  REQUIRE(mended.pieces.size() == 2);
  CHECK((mended.pieces[0].offset == kChunk && mended.pieces[0].size_bytes == kChunk &&
         mended.pieces[0].volume == kOther));
  CHECK((mended.pieces[1].offset == 3 * kChunk && mended.pieces[1].size_bytes == 100 &&
         mended.pieces[1].volume == kThird));
  CHECK(mended.faults.at("shown:gone") == "is missing");
  CHECK(mended.faults.at("shown:other") == "is not intact either, from byte 3145728");
}

TEST_CASE("neighbours from one source are one piece, under the name that is recorded") {
  Desk desk(random_bytes(3 * kChunk, 3));
  MendSource other = desk.put("temporary", kOther, desk.content);
  other.recorded = "dalil/parity/p5-0001.par2";
  const Mended mended = desk.mend(nullptr, {other});
  desk.check(mended);
  REQUIRE(mended.pieces.size() == 1);
  CHECK((mended.pieces[0].size_bytes == desk.content.size() && mended.pieces[0].path == other.recorded));
}

TEST_CASE("blocks are combined where no copy has the whole MiB, and lost where a block is nowhere") {
  Desk desk(random_bytes(kChunk + 8192, 4));
  const Bytes own = with(with(desk.content, 10), kChunk + 1);
  const Mended combined = desk.mend(&own, {desk.put("other", kOther, with(desk.content, 50'000)),
                                           desk.put("third", kThird, with(desk.content, kChunk + 4096))});
  CHECK(combined.complete());
  desk.check(combined);
  const Mended lost =
      desk.mend(&own, {desk.put("other", kOther, with(with(desk.content, 20), kChunk + 4096))});
  CHECK(lost.lost == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, kChunk}});
  desk.check(lost);
}

TEST_CASE("a stray is tried, and not reproached with what it is not") {
  Desk desk(random_bytes(5000, 5));
  const Mended mended = desk.mend(
      nullptr, {desk.put("bad", kOther, with(desk.content, 1))},
      {desk.put("unlike", kOwnVolume, random_bytes(5000, 6)), desk.put("stray", kOwnVolume, desk.content)});
  CHECK(mended.complete());
  CHECK(mended.pieces.at(0).path == "stray");
  CHECK(mended.faults.size() == 1);
}

TEST_CASE("every piece of an object is taken whose encryption holds") {
  Desk desk(random_bytes(3 * kChunk, 7));
  desk.identities.push_back(crypto::age::Identity{crypto::Secret(Bytes(32, 0x42))});
  Bytes object;
  crypto::age::Encryptor encryptor({desk.identities[0].recipient()},
                                   [&](ByteView made) { append(object, made); });
  encryptor.update(desk.content);
  encryptor.update(Bytes(1000, 0));  // padding
  encryptor.finish();
  const auto sealed = [&](const Bytes& bytes) {
    MendSource source = desk.put("object", kOther, bytes);
    source.sealed = true;
    return source;
  };
  const Mended whole = desk.mend(nullptr, {sealed(object)});
  CHECK(whole.complete());
  desk.check(whole);
  const Mended half = desk.mend(nullptr, {sealed(with(object, 2 * kChunk))});
  CHECK(half.lost == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{kChunk, kChunk}});
  CHECK(half.faults.at("shown:object") == "is damaged or cut");
  desk.check(half);
  const Mended both = desk.mend(nullptr, {sealed(with(object, 2 * kChunk)), [&] {
                                            MendSource other =
                                                desk.put("other", kOther, with(object, kChunk / 2));
                                            other.sealed = true;
                                            return other;
                                          }()});
  CHECK(both.complete());
  desk.check(both);
  desk.identities.clear();
  CHECK(desk.mend(nullptr, {sealed(object)}).faults.at("shown:object") ==
        "is sealed, and no recovery key was given");
}

TEST_CASE("whatever is damaged, what is intact somewhere is found and nothing else is put") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Desk desk(random_bytes(seed % 5 == 0 ? kChunk + 1 + random() % 5000 : 1 + random() % 30'000, 100 + seed));
    const std::uint64_t chunks = crypto::tag_count(desk.content.size());
    const std::size_t blocks = (desk.content.size() + kBlock - 1) / kBlock;
    std::vector<Bytes> copies(1 + random() % 3, desk.content);
    for (Bytes& copy : copies) {
      for (unsigned i = random() % 4; i > 0; --i)
        copy[random() % copy.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
      if (random() % 5 == 0) copy.resize(random() % (copy.size() + 1));
      if (random() % 8 == 0) copy.resize(copy.size() + 10);
    }
    std::vector<MendSource> sources;
    for (std::size_t i = 1; i < copies.size(); ++i)
      sources.push_back(desk.put("copy" + std::to_string(i), kOther, copies[i]));
    const Mended mended = desk.mend(&copies[0], sources);
    desk.check(mended);
    // A naive judge: a block that is right nowhere is lost, and its MiB with it; at most nine damaged blocks
    // have at most 4^9 combinations, of which fewer are tried: only chunks with few are demanded.
    for (std::uint64_t i = 0; i < chunks; ++i) {
      bool everywhere = true;
      for (std::size_t block = i * (kChunk / kBlock);
           block < std::min<std::size_t>(blocks, (i + 1) * (kChunk / kBlock)); ++block) {
        const std::size_t first = block * kBlock, size = std::min(kBlock, desk.content.size() - first);
        everywhere = everywhere && std::ranges::any_of(copies, [&](const Bytes& copy) {
                       return copy.size() >= first + size &&
                              std::equal(copy.begin() + static_cast<std::ptrdiff_t>(first),
                                         copy.begin() + static_cast<std::ptrdiff_t>(first + size),
                                         desk.content.begin() + static_cast<std::ptrdiff_t>(first));
                     });
      }
      CHECK(desk.written[i * kChunk] == everywhere);
    }
  }
}
