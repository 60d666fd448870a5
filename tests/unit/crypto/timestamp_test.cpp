// Tokens are made by an authority in this process, whose clock the test sets, and by `openssl ts`.

#include "dalil/crypto/timestamp.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "testing.hpp"
#include "time_authority.hpp"

using namespace dalil;
using namespace dalil::crypto::timestamp;
using Catch::Contains;
using dalil::testing::AuthorityOptions;
using dalil::testing::TimeAuthority;

namespace {

const Digest kImprint = crypto::sha256(as_bytes("a checkpoint\n"));

/// A stamp over kImprint, and what it is judged by.
struct Stamped {
  TimeAuthority authority;
  Bytes request = make_request(kImprint);
  Bytes reply;
  Bytes token;
  Expected expected;
  explicit Stamped(AuthorityOptions options = {})
      : authority(std::move(options)), reply(authority.reply(request)) {
    token = read_reply(reply).token;
    expected = {kImprint, read_request(request)->nonce, {authority.root()}, {}};
  }
  Check check() const { return check_token(token, expected); }
};

/// The same with these options.
std::string problem_with(AuthorityOptions options) {
  return Stamped(std::move(options)).check().problem;
}

/// With each of its bytes altered in one bit, or each of its bits turned over.
std::vector<Bytes> every_flip(const Bytes& whole) {
  std::vector<Bytes> flips;
  const bool all = std::getenv("DALIL_LONG") != nullptr;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (std::size_t bit = all ? 0 : at % 8; bit < (all ? 8 : at % 8 + 1); ++bit) {
      flips.push_back(whole);
      flips.back()[at] ^= static_cast<std::uint8_t>(1 << bit);
    }
  return flips;
}

std::size_t first_difference(const Bytes& a, const Bytes& b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

/// Where a sequence of bytes lies in another, which it does once.
std::size_t place_of(ByteView part, ByteView whole) {
  const auto found = std::search(whole.begin(), whole.end(), part.begin(), part.end());
  REQUIRE(found != whole.end());
  return static_cast<std::size_t>(found - whole.begin());
}

}  // namespace

TEST_CASE("a request asks for a SHA-256, with a nonce of its own and the certificate") {
  const Bytes one = make_request(kImprint), other = make_request(kImprint);
  CHECK(one != other);
  const auto read = read_request(one);
  REQUIRE(read);
  CHECK(read->imprint == kImprint);
  CHECK(read->nonce.size() <= 8);
  CHECK(read->nonce.size() >= 5);
  CHECK(read->nonce != read_request(other)->nonce);
  CHECK(one.size() <= 70);
  // version 1, imprint (algorithm, digest), nonce, certReq TRUE: RFC 3161 section 2.4.1
  CHECK(ByteView(one).subspan(2, 3)[2] == 1);
  CHECK(to_hex(ByteView(one).last(3)) == "0101ff");
}

TEST_CASE("what is cut or no request is not read as one") {
  const Bytes whole = make_request(kImprint);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_request(ByteView(whole).first(size)));
  Bytes longer = whole;
  longer.push_back(0);
  CHECK_FALSE(read_request(longer));
  CHECK_FALSE(read_request(Bytes(kMaxBytes + 1, 0x30)));
}

TEST_CASE("a token states time, serial, policy, authority, accuracy and certificates") {
  const Stamped s;
  const auto token = read_token(s.token);
  REQUIRE(token);
  CHECK(token->imprint == kImprint);
  CHECK(token->time.rfc3339() == "2017-09-11T08:30:00Z");
  CHECK(token->serial == "1234");
  CHECK(token->policy == "1.2.3.4.1");
  CHECK(token->authority == "CN=Test authority");
  CHECK(token->accuracy_us == 1'500'100);
  CHECK(token->certificates == std::vector<Bytes>{s.authority.signer()});
  CHECK(token->nonce == s.expected.nonce);
}

TEST_CASE("a stamp by a trusted authority is valid, and its chain is told from the signer to the root") {
  const Stamped s;
  const Check check = s.check();
  CHECK(check.problem == "");
  CHECK(check.trusted);
  CHECK(check.chain == std::vector<Bytes>{s.authority.signer(), s.authority.root()});
  CHECK(Stamped({.digest = "SHA512", .key = "RSA"}).check().valid());
}

TEST_CASE("an authority's names may be in any script") {
  const Stamped s({.name = "سلطة الختم الزمني"});
  CHECK(s.check().token->authority == "CN=سلطة الختم الزمني");
}

TEST_CASE("certificates between signer and root come with the token or are given") {
  Stamped carried({.intermediate = true, .with_chain = true});
  CHECK(carried.check().chain.size() == 3);
  Stamped lacking({.intermediate = true});
  CHECK_THAT(lacking.check().problem, Contains("do not lead to a trusted one"));
  lacking.expected.helping = {lacking.authority.middle()};
  CHECK(lacking.check().problem == "");
  CHECK(lacking.check().chain.size() == 3);
  CHECK(lacking.check().chain[1] == lacking.authority.middle());
}

TEST_CASE("without trusted certificates all else is checked, as far as certificates are at hand") {
  for (const bool with_chain : {false, true}) {
    Stamped s({.intermediate = true, .with_chain = with_chain});
    s.expected.trusted.clear();
    const Check check = s.check();
    CHECK(check.problem == "");
    CHECK_FALSE(check.trusted);
    CHECK(check.chain.size() == (with_chain ? 3 : 1));
    s.expected.imprint.bytes[0] ^= 1;
    CHECK_FALSE(s.check().valid());
  }
  Stamped useless({.key_usage = ""});
  useless.expected.trusted.clear();
  CHECK_THAT(useless.check().problem, Contains("not one for time-stamps"));
  Stamped expired({.valid_from = 1'000'000'000, .valid_to = 1'000'086'400});
  expired.expected.trusted.clear();
  CHECK_THAT(expired.check().problem, Contains("had expired"));
}

TEST_CASE("a stamp over something else, for another request or by another authority is not valid") {
  Stamped s;
  s.expected.imprint = crypto::sha256(as_bytes("another\n"));
  CHECK(s.check().problem == "it is about something else");
  s.expected.imprint = kImprint;
  s.expected.nonce = read_request(make_request(kImprint))->nonce;
  CHECK_THAT(s.check().problem, Contains("nonce differs"));
  s.expected.nonce = Bytes{};
  CHECK_THAT(s.check().problem, Contains("nonce differs"));
  s.expected.nonce.reset();
  CHECK(s.check().valid());
  s.expected.trusted = {TimeAuthority().root()};
  CHECK_FALSE(s.check().valid());
  CHECK(s.check().chain.empty());
  CHECK_FALSE(s.check().trusted);
}

TEST_CASE("the signer's certificate has to be for time-stamps, for nothing else, and critically so") {
  for (const char* usage : {"", "timeStamping", "critical,timeStamping,serverAuth", "critical,serverAuth"})
    CHECK_THAT(problem_with({.key_usage = usage}), Contains("not one for time-stamps"));
}

TEST_CASE("certificates are judged at the token's own time") {
  const std::int64_t now =
      AuthorityOptions().now;  // long past: the certificates of all these tests have expired
  CHECK(problem_with({.valid_from = now, .valid_to = now + 1}) == "");
  CHECK_THAT(problem_with({.valid_from = now + 1}), Contains("not valid yet"));
  CHECK_THAT(problem_with({.valid_to = now}), Contains("had expired"));
  CHECK_THAT(problem_with({.ca_valid_from = now + 1}), Contains("not valid yet"));
  CHECK_THAT(problem_with({.ca_valid_to = now}), Contains("had expired"));
}

TEST_CASE("signatures over weak digests are refused") {
  CHECK_THAT(problem_with({.digest = "SHA1"}), Contains("too weak"));
}

TEST_CASE("a signer with an Ed25519 key is named as what cannot be checked") {
  CHECK_THAT(problem_with({.key = "ED25519"}), Contains("algorithm that the installed OpenSSL cannot check"));
}

TEST_CASE("stock openssl verifies at the token's time, and refuses now") {
  const Stamped s({.intermediate = true, .with_chain = true});
  const dalil::testing::TempDir dir;
  const auto put = [&dir](const char* name, ByteView content) {
    std::ofstream(dir / name, std::ios::binary) << as_chars(content);
  };
  put("data", as_bytes("a checkpoint\n"));
  put("token", s.token);
  put("root.pem", as_bytes(s.authority.root_pem()));
  const auto openssl = [&dir](const std::string& more) {
    const std::string command = "cd '" + dir.path() +
                                "' && openssl ts -verify -data data -in token -token_in -CAfile root.pem " +
                                more + " >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };
  CHECK(openssl("-attime 1505118600"));
  CHECK_FALSE(openssl(""));
  CHECK(s.check().valid());
}

TEST_CASE("a refusal says what the authority said") {
  TimeAuthority authority;
  Bytes request = make_request(kImprint);
  request[place_of(*from_hex("608648016503040201"), request) + 8] = 3;  // SHA-512, of 32 bytes
  const Reply reply = read_reply(authority.reply(request));
  CHECK(reply.token.empty());
  CHECK_THAT(reply.problem, Contains("rejection"));
  CHECK_THAT(reply.problem, Contains("unknown algorithm"));
  CHECK_THAT(reply.problem, Contains("\""));
}

TEST_CASE("a token that stands alone is taken as a reply") {
  const Stamped s;
  CHECK(read_reply(s.token).token == s.token);
}

TEST_CASE("a reply or token that was cut, or is followed by more, is none") {
  const Stamped s;
  for (std::size_t size = 0; size < s.reply.size(); ++size) {
    const Reply reply = read_reply(ByteView(s.reply).first(size));
    CHECK(reply.token.empty());
    CHECK_FALSE(reply.problem.empty());
  }
  for (std::size_t size = 0; size < s.token.size(); ++size) {
    CHECK_FALSE(read_token(ByteView(s.token).first(size)));
    CHECK_FALSE(check_token(ByteView(s.token).first(size), s.expected).valid());
  }
  Bytes longer = s.token;
  longer.push_back(0);
  CHECK_FALSE(check_token(longer, s.expected).valid());
  CHECK_FALSE(read_reply(Bytes(kMaxBytes + 1, 0x30)).problem.empty());
}

TEST_CASE("a token with any bit flipped is not valid") {
  const Stamped s;
  for (const Bytes& flipped : every_flip(s.token)) CHECK_FALSE(check_token(flipped, s.expected).valid());
}

TEST_CASE("a flip in a certificate that nothing rests on changes nothing else") {
  const Stamped s({.intermediate = true, .with_chain = true});
  const Check right = s.check();
  const std::size_t from = place_of(s.authority.root(), s.token), to = from + s.authority.root().size();
  for (const Bytes& flipped : every_flip(s.token)) {
    const Check check = check_token(flipped, s.expected);
    const std::size_t place = first_difference(flipped, s.token);
    if (!check.valid()) continue;
    CHECK(place >= from);
    CHECK(place < to);
    CHECK(check.chain == right.chain);
    CHECK(check.token->time == right.token->time);
    CHECK(check.token->serial == right.token->serial);
  }
}

TEST_CASE("a reply with any bit flipped gives no token, an invalid one, or the same one") {
  const Stamped s;
  for (const Bytes& flipped : every_flip(s.reply)) {
    const Reply reply = read_reply(flipped);
    CHECK(reply.token.empty() != reply.problem.empty());
    if (reply.token.empty() || reply.token == s.token) continue;
    CHECK_FALSE(check_token(reply.token, s.expected).valid());
  }
}

TEST_CASE("certificates go through PEM and back; what is none is refused") {
  const Stamped s;
  const std::vector<Bytes> both{s.authority.signer(), s.authority.root()};
  const std::string pem = write_certificates(both);
  CHECK(read_certificates(as_bytes(pem)) == both);
  CHECK(read_certificates(as_bytes("words before\n" + s.authority.root_pem())) ==
        std::vector<Bytes>{both[1]});
  CHECK(subject_of(both[1]) == "CN=Root of Test authority");
  CHECK(subject_of(Bytes{1, 2}) == "");
  CHECK_THROWS_WITH(read_certificates({}), "there is no certificate");
  CHECK_THROWS_AS(read_certificates(as_bytes("no certificate\n")), Error);
  CHECK_THROWS_AS(read_certificates(as_bytes(pem + pem.substr(0, pem.size() / 4))), Error);
  std::string broken = pem;
  broken[100] = '*';
  CHECK_THROWS_AS(read_certificates(as_bytes(broken)), Error);
}
