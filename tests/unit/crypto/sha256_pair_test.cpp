#include "sha256_pair.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "dalil/crypto/hash.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

void check_all(const std::vector<ByteView>& messages) {
  std::vector<Digest> digests(messages.size());
  std::vector<Digest*> targets;
  for (Digest& digest : digests) targets.push_back(&digest);
  Sha256Pair::hash(messages, targets);
  for (std::size_t i = 0; i < messages.size(); ++i) REQUIRE(digests[i] == sha256(messages[i]));
}

Bytes noise(std::size_t size) {
  std::mt19937_64 random(size + 1);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace

TEST_CASE("two streams give what OpenSSL gives for every pair of lengths near blocks") {
  if (!Sha256Pair::available()) return;
  const Bytes bytes = noise(700);
  for (std::size_t a = 0; a <= 320; ++a)
    for (std::size_t b = 0; b <= 320; b += 7)
      check_all({ByteView(bytes).first(a), ByteView(bytes).subspan(1, b)});
}

TEST_CASE("two streams give what OpenSSL gives for every length up to 5,000, alone and beside another") {
  if (!Sha256Pair::available()) return;
  const Bytes bytes = noise(6000);
  for (std::size_t size = 0; size <= 5000; ++size) check_all({ByteView(bytes).first(size), bytes});
  check_all({bytes});
  check_all({});
}

TEST_CASE("two streams give what OpenSSL gives for many long messages of any length") {
  if (!Sha256Pair::available()) return;
  std::mt19937 random(7);
  const Bytes bytes = noise(3 << 20);
  for (int round = 0; round < 30; ++round) {
    std::vector<ByteView> messages;
    for (unsigned long left = random() % 12; left > 0; --left) {
      const std::size_t at = random() % 4096;
      messages.push_back(ByteView(bytes).subspan(at, random() % (bytes.size() - at)));
    }
    check_all(messages);
  }
}
