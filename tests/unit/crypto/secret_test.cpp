#include "dalil/crypto/secret.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/sign.hpp"

using namespace dalil;
using namespace dalil::crypto;

namespace {

/// Runs `check` in a forked child and says whether it returned true there.
template <typename Check>
bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("secrets start as zeros, move, and are cloned apart") {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{32}, std::size_t{64}, std::size_t{65}, std::size_t{100000}}) {
    Secret secret(size);
    CHECK(is_zero(secret.view()));
    random_bytes(secret.mutable_view());
    const Bytes copy(secret.view().begin(), secret.view().end());
    Secret clone = secret.clone();
    Secret moved(std::move(secret));
    CHECK(std::equal(moved.view().begin(), moved.view().end(), copy.begin(), copy.end()));
    clone.mutable_view()[0] ^= 1;
    CHECK(moved.view()[0] == copy[0]);
    moved = std::move(clone);
    CHECK(moved.view()[0] == (copy[0] ^ 1));
  }
  CHECK(Secret().empty());
  CHECK(Secret(ByteView()).empty());
}

TEST_CASE("a slot that was given back is zero when it is taken again") {
  std::vector<Secret> secrets;
  for (int i = 0; i < 1000; ++i) secrets.push_back(random_secret(64));
  secrets.clear();
  for (int i = 0; i < 1000; ++i) {
    secrets.emplace_back(std::size_t{64});
    REQUIRE(is_zero(secrets.back().view()));
  }
}

TEST_CASE("threads take and give back secrets without disturbing each other") {
  std::vector<std::thread> threads;
  std::array<bool, 4> intact{true, true, true, true};
  for (std::size_t t = 0; t < intact.size(); ++t) {
    threads.emplace_back([&intact, t] {
      for (int round = 0; round < 2000; ++round) {
        Secret secret(std::size_t{32});
        std::ranges::fill(secret.mutable_view(), static_cast<std::uint8_t>(t + 1));
        intact[t] = intact[t] && std::ranges::count(secret.view(), static_cast<std::uint8_t>(t + 1)) == 32;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::ranges::count(intact, true) == 4);
}

TEST_CASE("a forked child sees zeros in place of secrets") {
  const Secret small = random_secret(32);
  const Secret large = random_secret(5000);
  CHECK(holds_in_child([&] { return is_zero(small.view()) && is_zero(large.view()); }));
}

TEST_CASE("a forked child draws other random bytes than its parent") {
  static_cast<void>(random_array<16>());
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  std::array<std::uint8_t, 16> of_child{};
  CHECK(holds_in_child([&] {
    const auto drawn = random_array<16>();
    return write(pipe_ends[1], drawn.data(), drawn.size()) == 16;
  }));
  REQUIRE(read(pipe_ends[0], of_child.data(), of_child.size()) == 16);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  CHECK(random_array<16>() != of_child);
}

TEST_CASE("random bytes do not repeat, across the buffer's end and for every size") {
  std::set<std::array<std::uint8_t, 12>> seen;
  for (int i = 0; i < 5000; ++i) REQUIRE(seen.insert(random_array<12>()).second);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{255}, std::size_t{256}, std::size_t{257}, std::size_t{10000}}) {
    Bytes bytes(size);
    random_bytes(bytes);
    if (size > 200) CHECK(std::ranges::count(bytes, 0) < static_cast<std::ptrdiff_t>(size / 16));
  }
}

TEST_CASE("wiping leaves zeros") {
  Bytes bytes = {1, 2, 3};
  wipe(bytes);
  CHECK(bytes == Bytes{0, 0, 0});
  std::string text = "secret";
  const char* const where = text.data();
  wipe(text);
  CHECK(text.empty());
  CHECK(where[1] == 0);
}

TEST_CASE("constant-time comparison compares") {
  CHECK(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
  CHECK(equal_constant_time({}, {}));
}

TEST_CASE("HKDF gives the published answers (RFC 5869 appendix A)") {
  const Bytes info = *from_hex("f0f1f2f3f4f5f6f7f8f9");
  CHECK(
      to_hex(
          hkdf_sha256(Bytes(22, 0x0b), as_chars(info), 42, *from_hex("000102030405060708090a0b0c")).view()) ==
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(to_hex(hkdf_sha256(Bytes(22, 0x0b), "", 42).view()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  CHECK(hkdf_sha256({}, "", 255 * 32).size() == 255 * 32);
  CHECK_THROWS_AS(hkdf_sha256({}, "", 255 * 32 + 1), Error);
}

TEST_CASE("keyed tokens are HMAC-SHA256 (RFC 4231)") {
  CHECK(to_hex(KeyedToken(Bytes(20, 0x0b)).of(as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(KeyedToken(as_bytes("Jefe")).of(as_bytes("what do ya want "), as_bytes("for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  KeyedToken long_key(Bytes(131, 0xaa));
  const KeyedToken moved(std::move(long_key));
  CHECK(to_hex(moved.of(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("Ed25519 gives the published answers (RFC 8032 section 7.1)") {
  struct Vector {
    const char *seed, *key, *message, *signature;
  };
  constexpr Vector kVectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf"
       "5f0595b"
       "be24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2"
       "eaeb430"
       "2aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c1"
       "5e9716e"
       "d28dc027beceea1ec40a"},
  };
  for (const Vector& vector : kVectors) {
    const SigningKey key = SigningKey::from_seed(*from_hex(vector.seed));
    const Bytes message = *from_hex(vector.message);
    CHECK(to_hex(key.public_key()) == vector.key);
    CHECK(to_hex(key.sign(message)) == vector.signature);
    CHECK(verify_signature(key.public_key(), message, *from_hex(vector.signature)));
  }
}

TEST_CASE("a signature that was cut or flipped anywhere is refused") {
  const SigningKey key = SigningKey::generate();
  const Signature signature = key.sign(as_bytes("checkpoint"));
  CHECK(verify_signature(key.public_key(), as_bytes("checkpoint"), signature));
  CHECK_FALSE(verify_signature(key.public_key(), as_bytes("checkpoinT"), signature));
  CHECK_FALSE(verify_signature(SigningKey::generate().public_key(), as_bytes("checkpoint"), signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    CHECK_FALSE(verify_signature(key.public_key(), as_bytes("checkpoint"), ByteView(signature).first(i)));
    Signature bad = signature;
    bad[i] ^= 1;
    CHECK_FALSE(verify_signature(key.public_key(), as_bytes("checkpoint"), bad));
  }
  CHECK_THROWS_AS(SigningKey::from_seed(Bytes(31)), Error);
}
