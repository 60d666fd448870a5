#include "dalil/crypto/seal.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/secret.hpp"
#include "dalil/crypto/tags.hpp"
#include "gcm.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

Bytes random_message(std::size_t size) {
  Bytes bytes(size);
  random_bytes(bytes);
  return bytes;
}

std::vector<std::unique_ptr<Gcm>> back_ends(ByteView key) {
  std::vector<std::unique_ptr<Gcm>> all;
  all.push_back(make_openssl_gcm(key));
  if (auto mb = make_ipsec_mb_gcm(key)) all.push_back(std::move(mb));
  return all;
}

}  // namespace

TEST_CASE("AES-256-GCM gives the published answers (GCM specification, test cases 14 to 16)") {
  const Bytes key = *from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const GcmNonce nonce{0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};
  const Bytes plain = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aed"
      "f5aa0d"
      "e657ba637b39");
  const Bytes associated = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  for (const auto& gcm : back_ends(key)) {
    Bytes out(plain.size());
    CHECK(to_hex(gcm->encrypt(nonce, associated, plain, out.data())) == "76fc6ece0f4e1768cddf8853bb2d551b");
    CHECK(to_hex(out).starts_with("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"));
  }
  for (const auto& gcm : back_ends(Bytes(32, 0))) {
    Bytes out(16);
    CHECK(to_hex(gcm->encrypt({}, {}, Bytes(16, 0), out.data())) == "d0d1c8a799996bf0265b98b5d48ab919");
    CHECK(to_hex(out) == "cea7403d4d606b6e074ec5d3baf39d18");
  }
}

TEST_CASE("the back ends of AES-GCM agree for every length up to 2000 and beyond") {
  const Bytes key = random_message(32);
  const auto all = back_ends(key);
  const Bytes message = random_message((1 << 20) + 100);
  std::mt19937 random(6);
  std::vector<std::size_t> sizes{4095, 4096, 65535, 65536, 65537, (1 << 20) - 1, 1 << 20, (1 << 20) + 1};
  for (std::size_t size = 0; size <= 2000; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    const GcmNonce nonce = random_array<12>();
    const ByteView plain = ByteView(message).subspan(random() % 64, size);
    const ByteView associated = ByteView(message).first(random() % 100);
    Bytes expected(size);
    const GcmTag tag = all[0]->encrypt(nonce, associated, plain, expected.data());
    const GcmTag mac = all[0]->authenticate(nonce, plain);
    for (const auto& gcm : all) {
      Bytes out(plain.begin(), plain.end());
      REQUIRE(gcm->encrypt(nonce, associated, out, out.data()) == tag);
      REQUIRE(out == expected);
      REQUIRE(gcm->decrypt(nonce, associated, out, tag, out.data()));
      REQUIRE(std::equal(out.begin(), out.end(), plain.begin()));
      REQUIRE(gcm->authenticate(nonce, plain) == mac);
    }
  }
}

TEST_CASE("what was sealed opens again, at every size and padding") {
  const Sealer sealer(random_message(32));
  const Bytes associated = random_message(50);
  Bytes opened = random_message(7);
  for (std::size_t size = 0; size < 400; ++size) {
    for (const std::size_t pad_to : {std::size_t{1}, std::size_t{64}, std::size_t{1000}}) {
      const Bytes content = random_message(size);
      Bytes out = {1, 2, 3};
      sealer.seal(out, associated, content, pad_to);
      CHECK(out.size() == 3 + 12 + (size + 4 + pad_to - 1) / pad_to * pad_to + 16);
      CHECK(ByteView(out)[2] == 3);
      REQUIRE(sealer.open(opened, associated, ByteView(out).subspan(3)));
      REQUIRE(opened == content);
    }
  }
}

TEST_CASE("a seal that was cut or flipped anywhere stays closed") {
  const Sealer sealer(random_message(32));
  const Bytes content = random_message(70);
  Bytes sealed;
  sealer.seal(sealed, as_bytes("where"), content);
  Bytes out;
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    CHECK_FALSE(sealer.open(out, as_bytes("where"), ByteView(sealed).first(size)));
    CHECK(out.empty());
  }
  for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
    Bytes bad = sealed;
    bad[i / 8] = static_cast<std::uint8_t>(bad[i / 8] ^ 1 << i % 8);
    CHECK_FALSE(sealer.open(out, as_bytes("where"), bad));
    CHECK(out.empty());
  }
  CHECK_FALSE(sealer.open(out, as_bytes("elsewhere"), sealed));
  CHECK_FALSE(Sealer(random_message(32)).open(out, as_bytes("where"), sealed));
  CHECK(sealer.open(out, as_bytes("where"), sealed));
}

TEST_CASE("sealing twice gives different bytes") {
  const Sealer sealer(random_message(32));
  Bytes first, second;
  sealer.seal(first, {}, as_bytes("same"));
  sealer.seal(second, {}, as_bytes("same"));
  CHECK(first != second);
}

TEST_CASE("a genuine seal with an impossible length stays closed") {
  const Bytes key = random_message(32);
  const GcmNonce nonce{};
  Bytes sealed(nonce.begin(), nonce.end());
  Bytes plain = {0, 0, 0, 61};
  plain.resize(64);
  const GcmTag tag = make_openssl_gcm(key)->encrypt(nonce, {}, plain, plain.data());
  append(sealed, plain);
  append(sealed, tag);
  Bytes out;
  CHECK_FALSE(Sealer(key).open(out, {}, sealed));
  CHECK(out.empty());
}

TEST_CASE("keys of a wrong size and steps of zero are refused") {
  CHECK_THROWS_AS(Sealer(Bytes(31)), Error);
  CHECK_THROWS_AS(ChunkTagger(Bytes(16)), Error);
  Bytes out;
  CHECK_THROWS_AS(Sealer(Bytes(32)).seal(out, {}, {}, 0), Error);
}

TEST_CASE("a chunk's tag is the GMAC under nonce plus index") {
  const Bytes key = random_message(32);
  const ChunkTagger tagger(key);
  const auto openssl = make_openssl_gcm(key);
  const Bytes chunk = random_message(kTagChunkSize);
  TagNonce nonce;
  nonce.fill(0xff);
  nonce[11] = 0xfe;
  CHECK(tagger.tag(nonce, 0, chunk) == openssl->authenticate(nonce, chunk));
  TagNonce last;
  last.fill(0xff);
  CHECK(tagger.tag(nonce, 1, chunk) == openssl->authenticate(last, chunk));
  CHECK(tagger.tag(nonce, 2, chunk) == openssl->authenticate(GcmNonce{}, chunk));
  CHECK(tagger.tag(last, 0x1'0000'0000, chunk) ==
        openssl->authenticate({0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, chunk));
  CHECK(tagger.tag(GcmNonce{}, 0x0102030405060708, {}) ==
        openssl->authenticate({0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, {}));
}

TEST_CASE("a tag changes with any byte of the chunk") {
  const ChunkTagger tagger(random_message(32));
  Bytes chunk = random_message(300);
  const ChunkTag tag = tagger.tag({}, 0, chunk);
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    chunk[i] ^= 1;
    CHECK(tagger.tag({}, 0, chunk) != tag);
    chunk[i] ^= 1;
  }
  CHECK(tagger.tag({}, 0, ByteView(chunk).first(299)) != tag);
  CHECK(tagger.tag({}, 0, chunk) == tag);
}

TEST_CASE("there is a tag for each started MiB, and one for nothing") {
  CHECK(tag_count(0) == 1);
  CHECK(tag_count(1) == 1);
  CHECK(tag_count(kTagChunkSize) == 1);
  CHECK(tag_count(kTagChunkSize + 1) == 2);
}
