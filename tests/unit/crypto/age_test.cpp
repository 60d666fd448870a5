#include "dalil/crypto/age.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "bech32.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::crypto;
using namespace dalil::crypto::age;

namespace {

constexpr int kQuickLogN = 4;

Bytes random_message(std::size_t size) {
  Bytes bytes(size);
  random_bytes(bytes);
  return bytes;
}

std::vector<Identity> one(const Identity& identity) {
  std::vector<Identity> identities;
  identities.push_back({identity.scalar.clone()});
  return identities;
}

bool opens_to(const Opened& opened, ByteView expected) {
  return opened.failure == Failure::none && std::ranges::equal(opened.plaintext.view(), expected);
}

std::string armored(ByteView file, const std::string& line_end = "\n") {
  std::string text = "-----BEGIN AGE ENCRYPTED FILE-----" + line_end;
  const std::string encoded = to_base64(file);
  for (std::size_t at = 0; at < encoded.size(); at += 64) text += encoded.substr(at, 64) + line_end;
  return text + "-----END AGE ENCRYPTED FILE-----" + line_end;
}

}  // namespace

TEST_CASE("age: what was encrypted to a recipient opens with its identity alone") {
  const Identity mine = Identity::generate();
  const Identity other = Identity::generate();
  for (const std::size_t size : {0u, 1u, 100u, 65535u, 65536u, 65537u, 131072u, 200000u}) {
    const Bytes plaintext = random_message(size);
    const Bytes file = encrypt_to(plaintext, {other.recipient(), mine.recipient()});
    CHECK(opens_to(decrypt(file, one(mine)), plaintext));
    CHECK(opens_to(decrypt(file, one(other)), plaintext));
    CHECK(decrypt(file, one(Identity::generate())).failure == Failure::no_match);
    CHECK(decrypt(file, {}).failure == Failure::no_match);
    CHECK_FALSE(needs_passphrase(file));
    CHECK(opens_to(decrypt(as_bytes(armored(file)), one(mine)), plaintext));
    CHECK(opens_to(decrypt(as_bytes(armored(file, "\r\n")), one(mine)), plaintext));
  }
}

TEST_CASE("age: what was encrypted with a passphrase opens with it alone") {
  const Bytes plaintext = random_message(1000);
  const Bytes file = encrypt_with_passphrase(plaintext, as_bytes("كلمة السر"), kQuickLogN);
  CHECK(opens_to(decrypt_with_passphrase(file, as_bytes("كلمة السر")), plaintext));
  CHECK(opens_to(decrypt_with_passphrase(as_bytes(armored(file)), as_bytes("كلمة السر")), plaintext));
  CHECK(decrypt_with_passphrase(file, as_bytes("")).failure == Failure::no_match);
  CHECK(decrypt(file, one(Identity::generate())).failure == Failure::no_match);
  CHECK(needs_passphrase(file));
  CHECK(needs_passphrase(as_bytes(armored(file))));
  CHECK(opens_to(decrypt_with_passphrase(encrypt_with_passphrase(plaintext, {}, kQuickLogN), {}), plaintext));
}

TEST_CASE("age: nothing is released of a file that was cut anywhere") {
  const Identity identity = Identity::generate();
  const Bytes file = encrypt_to(random_message(200), {identity.recipient()});
  const std::string armor = armored(file);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Opened opened = decrypt(ByteView(file).first(size), one(identity));
    CHECK(opened.failure != Failure::none);
    CHECK(opened.plaintext.empty());
  }
  // Without its last line feed an armor is still whole.
  for (std::size_t size = 0; size + 1 < armor.size(); ++size) {
    CHECK(decrypt(as_bytes(std::string_view(armor).substr(0, size)), one(identity)).failure != Failure::none);
  }
}

TEST_CASE("age: nothing is released of a file that was flipped anywhere") {
  const Identity identity = Identity::generate();
  for (Bytes file : {encrypt_to(random_message(100), {identity.recipient()}),
                     encrypt_with_passphrase(random_message(100), as_bytes("p"), kQuickLogN)}) {
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
      file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1 << bit % 8);
      CHECK(decrypt(file, one(identity)).failure != Failure::none);
      if (needs_passphrase(file))
        CHECK(decrypt_with_passphrase(file, as_bytes("p")).failure != Failure::none);
      file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1 << bit % 8);
    }
  }
}

TEST_CASE("age: a payload beyond the caller's limit is refused") {
  const Identity identity = Identity::generate();
  const Bytes file = encrypt_to(random_message(1000), {identity.recipient()});
  CHECK(decrypt(file, one(identity), 999).failure == Failure::payload);
  CHECK(decrypt(file, one(identity), 1000).failure == Failure::none);
}

TEST_CASE("age: a work factor beyond the cap is refused before any work") {
  const Bytes file = encrypt_with_passphrase({}, as_bytes("p"), kQuickLogN);
  for (const std::string factor : {"21", "30", "63", "64", "100", "99999999999999999999"}) {
    std::string text(as_chars(file));
    text.replace(text.find(" 4\n"), 3, " " + factor + "\n");
    CHECK(decrypt_with_passphrase(as_bytes(text), as_bytes("p")).failure == Failure::work_factor);
  }
  CHECK_THROWS_AS(encrypt_with_passphrase({}, as_bytes("p"), kScryptMaxLogN + 1), Error);
  CHECK_THROWS_AS(encrypt_with_passphrase({}, as_bytes("p"), 0), Error);
}

TEST_CASE("age: identities and recipients print and parse back") {
  const Identity known =
      Identity::parse("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX");
  CHECK(std::ranges::count(known.scalar.view(), 0x42) == 32);
  CHECK(known.recipient() == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
  for (int i = 0; i < 20; ++i) {
    const Identity identity = Identity::generate();
    const Secret text = identity.encode();
    CHECK(text.size() == 74);
    CHECK(std::ranges::equal(Identity::parse(as_chars(text.view())).scalar.view(), identity.scalar.view()));
    CHECK(identity.recipient().size() == 62);
  }
}

TEST_CASE("age: an identity with any character changed is refused, and never repeated") {
  const std::string good(as_chars(Identity::generate().encode().view()));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'Q' ? 'P' : 'Q';
    CHECK_THROWS_AS(Identity::parse(bad), Error);
    bad[i] = static_cast<char>(good[i] | 0x20);
    if (bad != good) CHECK_THROWS_AS(Identity::parse(bad), Error);
    CHECK_THROWS_AS(Identity::parse(good.substr(0, i)), Error);
    try {
      Identity::parse_file("# comment\n\n" + bad.substr(1));
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(std::string(error.what()) == "line 3 of the key file is not an age identity");
      CHECK(error.hint().find(good.substr(20, 10)) == std::string::npos);
    }
  }
}

TEST_CASE("age: a key file has comments, blank lines and identities") {
  const std::string first(as_chars(Identity::generate().encode().view()));
  const std::string second(as_chars(Identity::generate().encode().view()));
  CHECK(Identity::parse_file("# created\r\n# public key\r\n" + first + "\r\n").size() == 1);
  CHECK(Identity::parse_file(first + "\n\n" + second).size() == 2);
  CHECK_THROWS_AS(Identity::parse_file("# nothing\n"), Error);
  CHECK_THROWS_AS(Identity::parse_file(""), Error);
  CHECK_THROWS_AS(Identity::parse_file(first + " " + second), Error);
}

TEST_CASE("age: a bad recipient is refused") {
  const std::string good = Identity::generate().recipient();
  const std::string low_order = bech32_encode("age", Bytes(32, 0));
  const std::string short_key = bech32_encode("age", Bytes(31, 9));
  for (std::string bad : {std::string(), std::string("age1"), good.substr(1), good + "q",
                          "AGE" + good.substr(3), low_order, short_key}) {
    CHECK_THROWS_AS(encrypt_to({}, {good, bad}), Error);
  }
  CHECK_THROWS_AS(encrypt_to({}, {}), Error);
}
