#include "dalil/crypto/hash.hpp"

#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <random>

#include "dalil/base/text.hpp"
#include "hash_batch.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

/// The reference: OpenSSL's own one-shot call.
Digest reference(ByteView message) {
  Digest digest;
  EVP_Digest(message.data(), message.size(), digest.bytes.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Bytes noise(std::size_t size) {
  std::mt19937_64 random(size);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::vector<Digest> references(const std::vector<ByteView>& messages) {
  std::vector<Digest> digests;
  for (const ByteView message : messages) digests.push_back(reference(message));
  return digests;
}

/// Every way there is on this processor, called by name so that none hides behind a faster one.
std::vector<std::unique_ptr<HashLanes>> all_lanes() {
  std::vector<std::unique_ptr<HashLanes>> all;
  for (const LaneKind kind : {LaneKind::sha_ni_x2, LaneKind::avx512_x16, LaneKind::avx2_x8}) {
    if (auto lanes = make_hash_lanes(kind)) all.push_back(std::move(lanes));
  }
  return all;
}

bool all_agree(const std::vector<ByteView>& messages) {
  const std::vector<Digest> expected = references(messages);
  std::vector<Digest> digests(messages.size());
  Sha256Batch batch;
  batch.hash(messages, digests);
  bool agree = digests == expected;
  for (const auto& lanes : all_lanes()) {
    std::vector<Digest> from_lanes(messages.size());
    hash_batch(*lanes, messages, from_lanes);
    agree = agree && from_lanes == expected;
  }
  return agree;
}

}  // namespace

TEST_CASE("SHA-256 gives the published answers (FIPS 180-4 examples)") {
  CHECK(sha256(as_bytes("")).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(as_bytes("abc")).hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex() ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(Bytes(1000000, 'a')).hex() ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("parts and pieces hash like the whole") {
  const Bytes whole = noise(1000);
  const ByteView view = whole;
  std::mt19937 random(4);
  Sha256Stream stream;
  for (int i = 0; i < 300; ++i) {
    const std::size_t size = random() % (whole.size() + 1);
    const std::size_t first = random() % (size + 1);
    const std::size_t second = random() % (size - first + 1);
    const ByteView a = view.first(first), b = view.subspan(first, second),
                   c = view.subspan(first + second, size - first - second);
    const Digest expected = reference(view.first(size));
    CHECK(sha256(a, b, c) == expected);
    CHECK(sha256(view.first(first), view.subspan(first, size - first)) == expected);
    stream.update(a);
    stream.update(b);
    stream.update(c);
    CHECK(stream.finish() == expected);
  }
}

TEST_CASE("every back end agrees with OpenSSL for every length up to 5000") {
  const Bytes content = noise(5000 + 64);
  std::vector<ByteView> messages;
  for (std::size_t size = 0; size <= 5000; ++size)
    messages.push_back(ByteView(content).subspan(size % 64, size));
  CHECK(all_agree(messages));
}

TEST_CASE("every back end agrees with OpenSSL around the limits of the lanes") {
  const Bytes content = noise(200000);
  std::vector<ByteView> messages;
  for (const std::size_t around : {HashLanes::kSmallestMessage, HashLanes::kLargestMessage,
                                   std::size_t{65535}, std::size_t{65536}, std::size_t{131072}}) {
    for (std::size_t size = around - 20; size <= around + 20; ++size)
      messages.push_back(ByteView(content).subspan(size % 64, size));
  }
  CHECK(all_agree(messages));
}

TEST_CASE("every back end agrees with OpenSSL for random mixes of sizes") {
  const Bytes content = noise(1 << 18);
  std::mt19937 random(5);
  for (int round = 0; round < 150; ++round) {
    const std::size_t limit = std::size_t{1} << (6 + random() % 12);
    std::vector<ByteView> messages;
    for (auto count = random() % 100; count > 0; --count) {
      messages.push_back(ByteView(content).subspan(random() % 1000, random() % limit));
    }
    REQUIRE(all_agree(messages));
  }
}

TEST_CASE("a batch object is reused and moved, and empty batches are fine") {
  Sha256Batch first;
  first.hash({}, {});
  Sha256Batch second(std::move(first));
  const Bytes content = noise(8 * 3000);
  std::vector<ByteView> messages;
  for (std::size_t i = 0; i < 8; ++i) messages.push_back(ByteView(content).subspan(i * 3000, 3000));
  std::vector<Digest> digests(messages.size());
  for (int i = 0; i < 3; ++i) {
    second.hash(messages, digests);
    CHECK(digests == references(messages));
  }
  CHECK(std::string(second.backend()).size() > 3);
}

TEST_CASE("a message that outlasts all others is kept out of the lanes") {
  const std::vector<std::size_t> even(64, 4096);
  CHECK(count_outlasting(even, 16, 8.4) == 0);
  std::vector<std::size_t> uneven(64, 600);
  uneven[0] = 60000;
  CHECK(count_outlasting(uneven, 16, 8.4) == 1);
  CHECK(count_outlasting(uneven, 2, 1.04) == 0);
  CHECK(count_outlasting(std::vector<std::size_t>(4, 4096), 16, 8.4) == 4);
  CHECK(count_outlasting({}, 16, 8.4) == 0);
}

TEST_CASE(
    "the hashes of other people's manifests are what OpenSSL says, and one stream serves many messages") {
  const std::pair<HashKind, const char*> known[] = {
      {HashKind::md5, "900150983cd24fb0d6963f7d28e17f72"},
      {HashKind::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {HashKind::sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {HashKind::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {HashKind::sha384,
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {HashKind::sha512,
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4"
       "42364"
       "3ce80e2a9ac94fa54ca49f"},
  };
  for (const auto& [kind, abc] : known) {
    HashStream stream(kind);
    for (int again = 0; again < 2; ++again) {
      stream.update(as_bytes("a"));
      stream.update(as_bytes("bc"));
      CHECK(to_hex(stream.finish()) == abc);
    }
    CHECK(digest_size(kind) * 2 == std::string_view(abc).size());
    CHECK(hash_kind_from(name_of(kind)) == kind);
  }
  CHECK(!hash_kind_from("sha3"));
  CHECK(!hash_kind_from(""));
}
