// Wycheproof's vectors, and the Ed25519 edge cases of C2SP/CCTV.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "age_stanzas.hpp"
#include "chacha.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/sign.hpp"
#include "gcm.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::crypto;
using nlohmann::json;

namespace {

std::optional<json> load(const std::string& path) {
  const auto file = dalil::testing::shared_dir("vectors/" + path);
  if (!file) return std::nullopt;
  return json::parse(std::ifstream(*file));
}

Bytes bytes_of(const json& test, const char* field) {
  return from_hex(test.at(field).get<std::string>()).value();
}

bool is_valid(const json& test) {
  return test.at("result") == "valid";
}

/// Calls `check(group, test)` for each test; returns how many there were.
template <typename Check>
int for_each_test(const std::string& name, Check check) {
  const auto vectors = load("wycheproof/testvectors_v1/" + name);
  int count = 0;
  if (!vectors) return count;
  for (const json& group : vectors->at("testGroups")) {
    for (const json& test : group.at("tests")) {
      INFO(name << " test " << test.at("tcId"));
      check(group, test);
      ++count;
    }
  }
  return count;
}

template <std::size_t N>
std::array<std::uint8_t, N> array_of(const Bytes& bytes) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

bool open_gcm(Gcm& gcm, const json& test, Bytes& plain) {
  const Bytes sealed = bytes_of(test, "ct");
  plain.resize(sealed.size());
  return gcm.decrypt(array_of<12>(bytes_of(test, "iv")), bytes_of(test, "aad"), sealed,
                     array_of<16>(bytes_of(test, "tag")), plain.data());
}

}  // namespace

TEST_CASE("Wycheproof: AES-256-GCM with 96-bit nonces, in every back end") {
  int checked = 0;
  for_each_test("aes_gcm_test.json", [&](const json& group, const json& test) {
    if (group.at("keySize") != 256 || group.at("ivSize") != 96 || group.at("tagSize") != 128) return;
    const Bytes key = bytes_of(test, "key");
    std::vector<std::unique_ptr<Gcm>> back_ends;
    back_ends.push_back(make_openssl_gcm(key));
    if (auto mb = make_ipsec_mb_gcm(key)) back_ends.push_back(std::move(mb));
    for (const auto& gcm : back_ends) {
      Bytes plain;
      CHECK(open_gcm(*gcm, test, plain) == is_valid(test));
      if (!is_valid(test)) continue;
      const Bytes message = bytes_of(test, "msg");
      CHECK(plain == message);
      Bytes sealed(message.size());
      const GcmTag tag =
          gcm->encrypt(array_of<12>(bytes_of(test, "iv")), bytes_of(test, "aad"), message, sealed.data());
      CHECK(sealed == bytes_of(test, "ct"));
      CHECK(to_hex(tag) == test.at("tag"));
    }
    ++checked;
  });
  if (dalil::testing::shared_dir("vectors/wycheproof")) CHECK(checked > 50);
}

TEST_CASE("Wycheproof: ChaCha20-Poly1305 with 96-bit nonces") {
  for_each_test("chacha20_poly1305_test.json", [](const json& group, const json& test) {
    if (group.at("ivSize") != 96 || group.at("tagSize") != 128) return;
    ChaChaPoly cipher(bytes_of(test, "key"));
    const auto nonce = array_of<12>(bytes_of(test, "iv"));
    const Bytes associated = bytes_of(test, "aad"), message = bytes_of(test, "msg");
    Bytes sealed = bytes_of(test, "ct");
    append(sealed, bytes_of(test, "tag"));
    Bytes plain(sealed.size());
    CHECK(cipher.open(nonce, associated, sealed, plain.data()) == is_valid(test));
    if (!is_valid(test)) return;
    plain.resize(message.size());
    CHECK(plain == message);
    Bytes again(sealed.size());
    cipher.seal(nonce, associated, message, again.data());
    CHECK(again == sealed);
  });
}

TEST_CASE("Wycheproof: HKDF-SHA256") {
  for_each_test("hkdf_sha256_test.json", [](const json&, const json& test) {
    const auto derive = [&] {
      const Bytes info = bytes_of(test, "info");
      return to_hex(
          hkdf_sha256(bytes_of(test, "ikm"), as_chars(info), test.at("size"), bytes_of(test, "salt")).view());
    };
    if (is_valid(test)) {
      CHECK(derive() == test.at("okm"));
    } else {
      CHECK_THROWS_AS(derive(), Error);
    }
  });
}

TEST_CASE("Wycheproof: HMAC-SHA256") {
  for_each_test("hmac_sha256_test.json", [](const json&, const json& test) {
    const std::string token = to_hex(KeyedToken(bytes_of(test, "key")).of(bytes_of(test, "msg")));
    const std::string expected = test.at("tag");
    CHECK(token.starts_with(expected) == is_valid(test));
  });
}

TEST_CASE("Wycheproof: Ed25519") {
  for_each_test("ed25519_test.json", [](const json& group, const json& test) {
    const auto key = array_of<32>(bytes_of(group.at("publicKey"), "pk"));
    CHECK(verify_signature(key, bytes_of(test, "msg"), bytes_of(test, "sig")) == is_valid(test));
  });
}

TEST_CASE("Wycheproof: X25519, where an all-zero secret is refused") {
  for_each_test("x25519_test.json", [](const json&, const json& test) {
    const Bytes expected = bytes_of(test, "shared");
    const bool zero = std::ranges::count(expected, 0) == 32;
    const auto shared = age::x25519(bytes_of(test, "private"), bytes_of(test, "public"));
    CHECK(shared.has_value() == !zero);
    if (shared) CHECK(to_hex(shared->view()) == test.at("shared"));
  });
}

TEST_CASE("CCTV: Ed25519 edge cases are judged as sign.hpp says") {
  const auto vectors = load("cctv/ed25519/ed25519vectors.json");
  if (!vectors) return;
  for (const json& vector : *vectors) {
    INFO("vector " << vector.at("number"));
    const json& flags = vector.at("flags");
    const auto has = [&](const char* flag) { return std::ranges::count(flags, flag) != 0; };
    const auto key = array_of<32>(bytes_of(vector, "key"));
    const std::string message = vector.at("msg");
    // A mixed or low-order key passes; what the cofactor would forgive, and a second encoding of R, do not.
    const bool expected = !has("low_order_residue") && !has("non_canonical_R");
    CHECK(verify_signature(key, as_bytes(message), bytes_of(vector, "sig")) == expected);
  }
}
